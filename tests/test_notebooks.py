"""The lessons as committed, and the proof that a compared cell really is compared."""

import ast
import json
import re
import subprocess
import sys
from statistics import median

import nbformat
import pytest

from sharingan_lab.lab.report import course
from sharingan_lab.lab.report.catalogue import all_lessons

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
    """Run nbval as `make test` does; return the names of the cells that failed."""
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
    return re.findall(r"^FAILED \S+::(Cell \d+)", done.stdout, re.MULTILINE)


def up_to_the_first_comparison(lesson):
    """Cut a lesson short behind its first compared cell; return it with that cell's code number."""
    notebook = nbformat.from_dict(json.loads(json.dumps(lesson.notebook)))
    numbered = [cell for cell in notebook.cells if cell.cell_type == "code"]
    compared = next(c for c in numbered if course.COMPARED in c.metadata.get("tags", ()))
    notebook.cells = notebook.cells[: notebook.cells.index(compared) + 1]
    return notebook, compared, numbered.index(compared)


def texts_of(output):
    """Name the places of an output that hold text."""
    if output.output_type == "stream":
        return [(output, "text")]
    return [(output.data, kind) for kind in output.data if kind.startswith("text/")]


def test_tampering_with_a_stored_output_fails(tmp_path):
    notebook, compared, number = up_to_the_first_comparison(LESSONS[0])
    path = tmp_path / "lesson.ipynb"
    nbformat.write(notebook, path)
    assert run_nbval(path) == []

    holder, kind = texts_of(compared.outputs[0])[0]
    digit = re.search(r"\d", holder[kind])
    tampered = str((int(digit[0]) + 1) % 10)
    holder[kind] = holder[kind][: digit.start()] + tampered + holder[kind][digit.end() :]
    nbformat.write(notebook, path)
    assert run_nbval(path) == [f"Cell {number}"]


def test_key_figures_compare_by_what_is_shown(tmp_path):
    """Digits that nobody sees may differ between machines: they travel in the metadata."""
    source = "from sharingan_lab.lab import key_figure\nkey_figure('F1', 0.971234567)"
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [course.COMPARED]})
    path = tmp_path / "figure.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    lesson = type(LESSONS[0])(path)
    assert course.refresh(lesson) == []
    notebook = nbformat.read(path, as_version=4)
    (output,) = notebook.cells[0].outputs
    output.metadata["sharingan"]["key_figure"]["value"] = 0.971234568
    nbformat.write(notebook, path)
    assert run_nbval(path) == []
    output.data["text/plain"] = output.data["text/plain"].replace("0.9712", "0.9713")
    nbformat.write(notebook, path)
    assert run_nbval(path) == ["Cell 0"]
