"""The builds for students, instructors and nbgrader."""

import re

import nbformat
import pytest

from sharingan_lab.lab.classroom.build import build
from sharingan_lab.lab.report.catalogue import all_lessons

# What nbgrader 0.9 demands of a cell's metadata (schema 3): types, and what may be together.
KEYS = {
    "grade": bool, "grade_id": str, "locked": bool, "schema_version": int, "solution": bool,
    "task": bool,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(lesson, tmp_path_factory):
    folder = tmp_path_factory.mktemp("builds")
    build([lesson], folder)
    return folder


def read(path):
    return nbformat.read(path, as_version=4)


def sources(notebook):
    return [cell.source for cell in notebook.cells]


def test_the_student_build_holds_no_solution(folder, lesson):
    made = sources(read(folder / "student" / "00_small.ipynb"))
    assert not any("Solution" in text or "12 * half" in text or "log10" in text for text in made)
    assert "**2.** Write it." in made and "your_decibels = None  # a number" in made
    assert len(made) == len(lesson.notebook.cells) - 1  # the last text was a solution only


def test_the_instructor_build_is_solved(folder, lesson):
    made = sources(read(folder / "instructor" / "00_small.ipynb"))
    assert "your_decibels = 20 + 12 * half" in made
    assert "your_decibels = None  # a number" not in made
    assert len(made) == len(lesson.notebook.cells)


def test_the_nbgrader_build_is_the_exercises_and_what_they_need(folder):
    notebook = read(folder / "nbgrader" / "source" / "00_small" / "00_small.ipynb")
    made = sources(notebook)
    assert not any("long_experiment" in text for text in made)
    assert "half = torch.tensor(0.5)" in made and "# 1. Half of an error?" in made
    (answer,) = (text for text in made if text.startswith("your_decibels"))
    assert answer == (
        "your_decibels = None  # a number\n\n\n"
        "### BEGIN SOLUTION\nyour_decibels = 20 + 12 * half\n### END SOLUTION"
    )
    assert (folder / "nbgrader" / "nbgrader_config.py").is_file()


def check_marks(notebook):
    ids = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        marks = cell.metadata.nbgrader
        assert {key: type(marks[key]) for key in KEYS} == KEYS
        assert set(marks) == set(KEYS) | ({"points"} if marks.grade else set())
        assert marks.schema_version == 3 and re.fullmatch(r"[\w-]+", marks.grade_id)
        assert marks.locked is not marks.solution and not (marks.grade and marks.solution)
        assert marks.solution == ("### BEGIN SOLUTION" in cell.source)
        assert marks.grade == ("assert verdict.right" in cell.source)
        ids.append(marks.grade_id)
    assert len(set(ids)) == len(ids)
    return ids


def test_nbgraders_marks(folder):
    path = folder / "nbgrader" / "source" / "00_small" / "00_small.ipynb"
    ids = check_marks(read(path))
    assert {"exercise-00-1", "exercise-00-1-check", "exercise-00-my_psnr-check"} <= set(ids)


def test_the_whole_course_builds(tmp_path):
    lessons = all_lessons()
    build(lessons, tmp_path)
    names = sorted(lesson.path.name for lesson in lessons)
    for kind in ("student", "instructor"):
        assert sorted(p.name for p in (tmp_path / kind).iterdir()) == names
    for path in (tmp_path / "nbgrader" / "source").rglob("*.ipynb"):
        check_marks(read(path))
    for path in (tmp_path / "student").iterdir():
        text = path.read_text("utf-8")
        assert "<summary>Solution</summary>" not in text and "are folded away" not in text
