"""What students hand in: whatever they and their editors do, an answer is what they see judged."""

import copy

import nbformat
import pytest
from nbformat import v4

from sharingan_lab.lab.classroom.build import student
from sharingan_lab.lab.classroom.exercises import ANSWER
from sharingan_lab.lab.classroom.grader import Sheet
from sharingan_lab.lab.classroom.handed_in import read

from .conftest import write


def position(notebook, start):
    return next(i for i, cell in enumerate(notebook.cells) if cell.source.startswith(start))


def judged(lesson, notebook, path):
    """The states of a submission's exercises, and their messages, judged in this process."""
    submitted = read(write(path / "a.ipynb", notebook))
    found = {}
    Sheet.of(lesson, [submitted]).judge(
        submitted, lambda name, state, message: found.update({name: (state, message)}), skip=()
    )
    return found


@pytest.fixture
def handed_in(lesson):
    """The small lesson with a right first answer."""
    notebook = student(lesson.notebook)
    notebook.cells[position(notebook, "your_")].source = "your_decibels = 26"
    return notebook


def colab(notebook):
    """No ids, no tags, as other editors save."""
    notebook.nbformat_minor = 0
    for cell in notebook.cells:
        del cell["id"]
        cell.metadata = {"id": "x", "colab": {}}


def tags_without_sense(notebook):
    for cell in notebook.cells:
        cell.metadata["tags"] = None


def ids_without_sense(notebook):
    notebook.nbformat_minor = 4  # nbformat reads ids of later ones
    for cell in notebook.cells:
        cell["id"] = ["x"]


def copied_below(notebook):
    i = position(notebook, "your_")
    notebook.cells.insert(
        i + 1, v4.new_code_cell("your_decibels = 26", metadata={"tags": [ANSWER]})
    )
    notebook.cells[i].source = "your_decibels = 1"


def copied_above(notebook):
    stub = v4.new_code_cell("your_decibels = None  # a number", metadata={"tags": [ANSWER]})
    notebook.cells.insert(position(notebook, "lab.check"), stub)


def in_a_cell_of_its_own(notebook):
    i = position(notebook, "your_")
    notebook.cells[i].source = "your_decibels = None  # a number"
    notebook.cells.insert(i + 1, v4.new_code_cell("your_decibels = 26"))


def solved_behind_the_check(notebook):
    i = position(notebook, "your_")
    notebook.cells[i].source = "your_decibels = None  # a number"
    again = [v4.new_code_cell("your_decibels = 26"), v4.new_code_cell(notebook.cells[i + 1].source)]
    notebook.cells[i + 2 : i + 2] = again


def for_ipython(notebook):
    notebook.cells[
        position(notebook, "your_")
    ].source = "%%time\nyour_decibels = 26\ndisplay(your_decibels)\n!pip list"


def with_an_import_of_the_lessons(notebook):
    notebook.cells[position(notebook, "from")].source += "\nimport numpy as np\n1 / 0"
    notebook.cells[position(notebook, "your_")].source = "your_decibels = np.float32(26)"


@pytest.mark.parametrize(
    "edit",
    [
        colab,
        tags_without_sense,
        ids_without_sense,
        copied_below,
        copied_above,
        in_a_cell_of_its_own,
        solved_behind_the_check,
        for_ipython,
        with_an_import_of_the_lessons,
    ],
)
def test_a_right_answer_stays_right(lesson, handed_in, tmp_path, edit):
    edit(handed_in)
    found = judged(lesson.notebook, handed_in, tmp_path)
    assert found["00.1"][0] == "right", found
    assert found["00.my_psnr"][0] == "open", found


@pytest.mark.parametrize(
    "answer", ["your_decibels = " + "+".join(["1"] * 20000), "x = '\0'", "your_decibels = quit()"]
)
def test_what_python_does_not_take_is_not_yet(lesson, handed_in, tmp_path, answer):
    handed_in.cells[position(handed_in, "your_")].source = answer
    assert judged(lesson.notebook, handed_in, tmp_path)["00.1"][0] == "not yet"


@pytest.fixture
def lesson_08():
    """Three exercises; the lesson defines `suspect` anew before the second."""
    notebook = v4.new_notebook()
    row = "{'content': 0.3 * 0.9**i, 'wasserstein': 0.5 * 2.0**i, 'penalty': 0.01}"
    grows = f"suspect = [{row} for i in range(12)]"
    solution = "<details><summary>Solution</summary>\n\n```python\n{}\n```\n\n</details>"
    for name, stub, given in (
        ("1", "hours", ""),
        ("4", "finding", ", suspect=suspect"),
        ("2", "my_learning_rate", ""),
    ):
        notebook.cells += [
            v4.new_code_cell(grows),
            v4.new_code_cell(f"{stub} = None", metadata={"tags": [ANSWER]}),
            v4.new_code_cell(f'lab.check("08.{name}", {stub}{given})'),
            v4.new_markdown_cell(solution.format(f"{stub} = 1")),
        ]
    notebook.cells.insert(0, v4.new_code_cell("from sharingan_lab import lab"))
    return notebook


def test_the_lesson_defines_its_names_anew_and_checks_get_the_lessons(lesson_08, tmp_path):
    notebook = copy.deepcopy(lesson_08)
    notebook.cells[position(notebook, "hours")].source = "hours, suspect = 17.5, []"
    notebook.cells[
        position(notebook, "finding")
    ].source = "assert suspect\nsuspect = []\nfinding = 'Diverging critic'"
    found = judged(lesson_08, notebook, tmp_path)
    assert [found[f"08.{n}"][0] for n in ("1", "4", "2")] == ["right", "right", "open"], found


def test_an_earlier_answer_does_not_choose_what_a_check_is_given(lesson_08, tmp_path):
    again = [i for i, cell in enumerate(lesson_08.cells) if cell.source.startswith("suspect")][1]
    del lesson_08.cells[again]
    notebook = copy.deepcopy(lesson_08)
    steep = "[{'content': 0.3 * 0.9**i, 'wasserstein': 0.5, 'penalty': 5.0 * i} for i in range(12)]"
    notebook.cells[position(notebook, "hours")].source = f"hours, suspect = 17.5, {steep}"
    notebook.cells[position(notebook, "finding")].source = "finding = 'Steep critic'"
    seen = judged(lesson_08, notebook, tmp_path)["08.4"]
    assert seen[0] == "not yet" and "true as well" not in seen[1], seen


@pytest.mark.parametrize(
    "attack",
    [
        "from sharingan_lab import lab\nfrom sharingan_lab.lab.checks.verdict import Verdict\n"
        "lab.check = lambda name, *answers, **given: Verdict(name, 'right', {'seen': ''})",
        "from sharingan_lab.lab.checks import lesson_08\n"
        "def exercise_1(*_): return 'fine'\nexercise_1.__module__ = lesson_08.__name__\n"
        "lesson_08.exercise_1 = exercise_1",
        "from sharingan_lab.lab.checks import lesson_08\nlesson_08.expect = lambda *_: None",
    ],
)
def test_a_check_that_an_answer_replaces_gives_no_point(lesson_08, tmp_path, attack):
    notebook = copy.deepcopy(lesson_08)
    notebook.cells[position(notebook, "hours")].source = f"{attack}\nhours = 1"
    notebook.cells[position(notebook, "finding")].source = "finding = 'No gain'"
    found = judged(lesson_08, notebook, tmp_path)
    assert [state for state, _ in found.values()] == ["not yet", "not yet", "open"], found
    if "lab.check" not in attack:
        assert "the answer changes sharingan_lab.lab.checks.lesson_08." in found["08.1"][1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings_are_read(lesson, tmp_path, encoding):
    text = nbformat.writes(lesson.notebook)
    path = tmp_path / "a.ipynb"
    path.write_bytes(text.encode(encoding))
    assert len(read(path).cells) == len(lesson.notebook.cells)
