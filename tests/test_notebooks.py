"""The lessons as committed, and the proof that a compared cell really is compared."""

import ast
import json
import re
import subprocess
import sys
from statistics import median

import nbformat
import pytest

from sharingan_lab.lab.classroom.needs import needed
from sharingan_lab.lab.report import course
from sharingan_lab.lab.report.catalogue import Lesson, all_lessons

from .patience import PATIENCE

LESSONS = all_lessons()


def test_the_course_is_complete():
    assert [lesson.name for lesson in LESSONS] == [
        "00_start_here",
        "01_motion_blur",
        "02_classical_deblurring",
        "03_gan_background",
        "04_wasserstein_gan",
        "05_wgan_gp",
        "06_networks",
        "07_losses",
        "08_gopro_training",
        "09_image_quality",
        "10_faster_rcnn_evaluation",
        "11_your_own_photo",
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_is_committed_clean(lesson):
    assert course.check(lesson) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_says_what_for_how_long_and_where_from(lesson):
    texts = [cell.source for cell in lesson.notebook.cells if cell.cell_type == "markdown"]
    opening = "\n".join(texts[:3])
    assert re.search(r"\bAfter this lesson\b", opening)
    assert re.search(r"\bYou need\b", opening)
    assert re.search(r"\bTime\b.*\bmin", opening, re.IGNORECASE)
    assert re.search(r"^#+ .*References", "\n".join(texts), re.MULTILINE)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_modules_that_a_lesson_sends_to_are_there(lesson):
    texts = " ".join(c.source for c in lesson.notebook.cells if c.cell_type == "markdown")
    named = set(re.findall(r"\b(?:sharingan_lab|tests|benchmarks)/[\w/]+\.py\b", texts))
    assert [path for path in sorted(named) if not (lesson.path.parents[1] / path).is_file()] == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_core_path_is_short(lesson):
    """What stands under "Going further" is not part of it."""
    cells = lesson.notebook.cells
    heading = (i for i, c in enumerate(cells) if re.search(r"^## Going further$", c.source, re.M))
    core = cells[: next(heading, len(cells))]
    assert sum(c.cell_type == "code" for c in core) <= 45


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_times_of_sections_add_up(lesson):
    opening = lesson.notebook.cells[0].source
    total, parts = re.search(r"\*\*Time\*\* (\d+) minutes[^:.]*: ([^.;]*)", opening).groups()
    assert sum(map(int, re.findall(r" (\d+)(?:,|$)", parts))) == int(total) <= 75


def code_size(source):
    """Count the lines of a cell but its imports and the description of the figure it shows."""
    lines = set()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            continue
        is_shown = ast.unparse(statement).startswith("lab.show(")
        end = statement.lineno if is_shown else statement.end_lineno
        lines.update(range(statement.lineno, end + 1))
    return len(lines)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_cells_are_short(lesson):
    sizes = [code_size(c.source) for c in lesson.notebook.cells if c.cell_type == "code"]
    assert median(sizes) <= 10
    assert max(sizes) <= 24  # more does not fit on a screen beside its output


# -- comparing really compares ------------------------------------------------------------------


def run_nbval(path):
    """Run nbval as `make test` does; return the numbers of the code cells that failed."""
    words = "-q -p no:cacheprovider --nbval-lax --nbval-current-env"
    words += f" --nbval-cell-timeout={PATIENCE} --nbval-kernel-startup-timeout={PATIENCE}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words.split(), "-c", "/dev/null", str(path)],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=PATIENCE,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [int(n) for n in re.findall(r"^FAILED \S+::Cell (\d+)", done.stdout, re.MULTILINE)]


def is_compared(cell):
    return course.COMPARED in cell.metadata.get("tags", ())


def up_to_the_first_comparison(lesson):
    """Cut a lesson short behind its first compared cell, with no cell that this one can spare."""
    cells = lesson.notebook.cells
    first = next(i for i, cell in enumerate(cells) if is_compared(cell))
    return [cells[i] for i in needed(cells, [first])]


def refreshed(path, source):
    """A compared cell with the output that refreshing stores."""
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [course.COMPARED]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    assert course.refresh(Lesson(path)) == []
    return nbformat.read(path, as_version=4).cells[0]


def tampered(cell, edit):
    """Another cell of the same source, whose stored outputs were edited."""
    outputs = nbformat.from_dict(json.loads(json.dumps(cell.outputs)))
    edit(*outputs)
    kept = {"metadata": cell.metadata, "execution_count": cell.execution_count}
    return nbformat.v4.new_code_cell(cell.source, outputs=outputs, **kept)


def other_digit(output):
    holder, kind = output, "text"
    if output.output_type != "stream":
        holder, kind = output.data, next(k for k in output.data if k.startswith("text/"))
    digit = re.search(r"\d", holder[kind])
    changed = str((int(digit[0]) + 1) % 10)
    holder[kind] = holder[kind][: digit.start()] + changed + holder[kind][digit.end() :]


def digit_nobody_sees(output):
    output.metadata["sharingan"]["key_figure"]["value"] = 0.971234568


def digit_that_is_shown(output):
    output.data["text/plain"] = output.data["text/plain"].replace("0.9712", "0.9713")


@pytest.fixture(scope="module")
def failed(tmp_path_factory):
    """What fails of cells as they were stored, and of the same with other outputs; one notebook."""
    path = tmp_path_factory.mktemp("compared") / "lesson.ipynb"
    *before, compared = up_to_the_first_comparison(LESSONS[0])
    source = "from sharingan_lab.lab import key_figure\nkey_figure('F1', 0.971234567)"
    figure = refreshed(path, source)
    named = {
        "as committed": compared,
        "another digit": tampered(compared, other_digit),
        "as refreshed": figure,
        "a digit nobody sees": tampered(figure, digit_nobody_sees),
        "a digit that is shown": tampered(figure, digit_that_is_shown),
    }
    nbformat.write(nbformat.v4.new_notebook(cells=[*before, *named.values()]), path)
    names = [None] * len(before) + [*named]
    return [names[number] for number in run_nbval(path)]


def test_tampering_with_a_stored_output_fails(failed):
    assert "another digit" in failed
    assert not {None, "as committed"} & {*failed}


def test_key_figures_compare_by_what_is_shown(failed):
    """Digits that nobody sees may differ between machines: they travel in the metadata."""
    assert "a digit that is shown" in failed
    assert not {"as refreshed", "a digit nobody sees"} & {*failed}
