"""The lessons as they should be committed: what the check finds, what refreshing does."""

import json

import nbformat
import pytest

from sharingan_lab.lab.report import course
from sharingan_lab.lab.report.catalogue import Lesson

COMPARED = {"tags": [course.COMPARED]}


@pytest.fixture
def clean(lesson_maker, tmp_path):
    """A clean lesson; a changed copy is written by the function that is returned."""
    path = lesson_maker(
        tmp_path, "01_a", "# A\n\n$x^2$", "lab.show(fig, alt='A line.')", "print(1)"
    )
    notebook = nbformat.read(path, as_version=4)
    cell = notebook.cells[-1]
    cell.metadata, cell.execution_count = COMPARED, 3
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="1\n")]

    def change(edit=lambda notebook: None):
        changed = nbformat.from_dict(json.loads(json.dumps(notebook)))
        edit(changed)
        nbformat.write(changed, path)
        return course.check(Lesson(path))

    return change


def test_a_clean_lesson_has_no_problems(clean):
    assert clean() == []


def set_source(index, source):
    def edit(notebook):
        notebook.cells[index].source = source

    return edit


def replace_source(index, old, new):
    def edit(notebook):
        assert old in notebook.cells[index].source
        notebook.cells[index].source = notebook.cells[index].source.replace(old, new)

    return edit


def test_another_kernel(clean):
    def edit(notebook):
        notebook.metadata.kernelspec.name = "conda-env"

    assert clean(edit) == ["01_a: its kernel is 'conda-env', not 'python3'"]


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (replace_source(1, "seed: int = 0", "seed = 0"), "no typed literal"),
        (replace_source(1, "seed: int = 0", "seed: int = 2 * 3"), "no typed literal"),
        (replace_source(1, "  # of every random number", ""), "seed has no comment"),
        (replace_source(1, "seed: int", "sead: int"), "seed of type int is missing"),
        (set_source(0, "# A\n\n$\\nosuchmacro$"), "\\nosuchmacro is unknown"),
        (set_source(0, "# A\n\n![](picture.png)"), "a picture without a description"),
        (set_source(2, "lab.show(fig)"), "shows a figure without alt="),
        (set_source(2, "lab.show(fig, alt=' ')"), "shows a figure without alt="),
        (set_source(2, "open('/home/me/photo.png')"), "an absolute path: /home/"),
        (set_source(2, "interact(f, x=3)"), "can hang"),
    ],
)
def test_a_source_that_is_not_clean(clean, edit, problem):
    problems = clean(edit)
    assert len(problems) >= 1
    assert problem in problems[-1] + problems[0]


def test_a_compared_cell_without_its_number_compares_nothing(clean):
    def edit(notebook):
        notebook.cells[-1].execution_count = None

    (problem,) = clean(edit)
    assert "cell 4 is compared but has no stored output" in problem


def test_an_output_that_nothing_compares(clean):
    def edit(notebook):
        notebook.cells[-1].metadata = {}

    assert len(clean(edit)) == 2  # the output, and that nothing is compared


def test_an_absolute_path_in_an_output(clean):
    def edit(notebook):
        notebook.cells[-1].outputs[0].text = "saved to /tmp/x.png\n"

    assert "an absolute path: /tmp/" in clean(edit)[0]


def test_addresses_are_no_paths(clean):
    assert clean(set_source(0, "# A\n\nSee https://example.org/home/x and opt/var/")) == []


def test_refresh_stores_compared_outputs_only(lesson_maker, tmp_path):
    path = lesson_maker(tmp_path, "01_a", "# A", "print('free')", "print(seed + 1)")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].metadata = COMPARED
    nbformat.write(notebook, path)
    assert course.refresh(Lesson(path)) == []
    refreshed = nbformat.read(path, as_version=4)
    assert [cell.get("execution_count") for cell in refreshed.cells] == [None, None, None, 3]
    assert [bool(cell.get("outputs")) for cell in refreshed.cells] == [False, False, False, True]
    assert refreshed.cells[-1].outputs[0].text == "1\n"
    assert course.check(Lesson(path)) == []


def test_refresh_leaves_a_lesson_with_an_error_alone(lesson_maker, tmp_path):
    path = lesson_maker(tmp_path, "01_a", "# A", "1 / 0")
    before = path.read_bytes()
    (failure,) = course.refresh(Lesson(path))
    assert "ZeroDivisionError" in failure.message
    assert path.read_bytes() == before
