"""Grading a class: every exercise of everybody, whatever one submission does."""

import copy
import csv
import os
import shutil

import nbformat
import pytest

from sharingan_lab.cli import main
from sharingan_lab.errors import DataError
from sharingan_lab.lab.classroom.build import instructor, student
from sharingan_lab.lab.classroom.grading import FIELDS, find_submissions

from .conftest import write

FORGED = {"found": {"00.1": {"state": "right", "message": ""}}, "reason": ""}
FORGES = f"""import contextlib, json, os
for place in range(1, 64):
    with contextlib.suppress(OSError):
        os.write(place, json.dumps({FORGED}).encode() + b"\\n")
"""
HANGS = "import time\nyour_decibels = 26\nwhile True:\n    time.sleep(1)"


def answered(lesson, first=None, second=None, edit=lambda notebook: None):
    notebook = student(lesson.notebook)
    for start, answer in (("your_decibels", first), ("def my_psnr", second)):
        (cell,) = (c for c in notebook.cells if c.source.startswith(start))
        cell.source = answer or cell.source
    edit(notebook)
    return notebook


def add_helper(notebook):
    cell = nbformat.v4.new_code_cell("double = lambda x: 2 * x")
    notebook.cells.insert(0, cell)


def cheat(notebook):
    for cell in notebook.cells:
        if "lab.check(" in cell.source:
            cell.source = 'lab.check("00.1", 26)'


def renumber(notebook):
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"other-{number}"


def drop_answer(notebook):
    notebook.cells = [c for c in notebook.cells if not c.source.startswith("your_")]


@pytest.fixture(scope="module")
def handed_in(lesson, tmp_path_factory):
    folder = tmp_path_factory.mktemp("handed_in")
    psnr = "import torch\n\n\ndef my_psnr(x, y):\n    return -10 * ((x - y) ** 2).mean().log10()"
    crash = "import ctypes\nyour_decibels = 26\n"
    made = {
        "ada": instructor(lesson.notebook),
        "bob": student(lesson.notebook),
        "cheat": answered(lesson, "your_decibels = 14\nlab = None", edit=cheat),
        "crash": answered(lesson, "your_decibels = 26", crash + "ctypes.string_at(0)"),
        "exit": answered(lesson, "import os\nos._exit(3)", psnr),
        "hang": answered(lesson, "your_decibels = 26", HANGS),
        "help": answered(lesson, "your_decibels = double(13)", psnr, edit=add_helper),
        "ids": answered(lesson, "your_decibels = 20 + 12 * half", psnr, edit=renumber),
        "lost": answered(lesson, second=psnr, edit=drop_answer),
        "kill": answered(lesson, f"{FORGES}os.kill(os.getppid(), 9)", psnr),
        "raise": answered(lesson, "your_decibels = 26 +", "raise SystemExit"),
        "zoe": answered(lesson, "your_decibels = 26", psnr),
    }
    for name, notebook in made.items():
        write(folder / name / "00_small.ipynb", copy.deepcopy(notebook))
    for name, text in {
        "broken": "no notebook at all",
        "cells": '{"cells": [{}]}',
        "list": "[]",
    }.items():
        (folder / name).mkdir()
        (folder / name / "00_small.ipynb").write_text(text)
    shutil.copytree(folder / "zoe", folder / os.fsdecode(b"jos\xe9"))
    (folder / "zoe" / "answers.zip").write_text("")
    return folder


@pytest.fixture(scope="module")
def grades(handed_in, lesson, tmp_path_factory):
    """The table, read back: (student, exercise) -> row."""
    table = tmp_path_factory.mktemp("table") / "grades.csv"
    words = ["course", "grade", str(handed_in), "-o", str(table), "--timeout", "20"]
    assert main([*words, "--notebooks", str(lesson.path.parent)]) == 0
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert tuple(reader.fieldnames) == FIELDS
    return {(row["student"], row["exercise"].removeprefix("00.")): row for row in rows}


def states(grades, student):
    return [grades[student, exercise]["state"] for exercise in ("1", "my_psnr")]


def test_solutions_get_full_points_and_empty_answers_none(grades):
    assert states(grades, "ada") == ["right", "right"]
    assert states(grades, "bob") == ["open", "open"]
    assert [grades["ada", "1"]["points"], grades["bob", "1"]["points"]] == ["1", "0"]


def test_a_hanging_and_a_crashing_submission_lose_nobody_elses_grade(grades):
    assert states(grades, "zoe") == ["right", "right"]
    assert len(grades) == 2 * 16
    assert states(grades, "kill") == ["not graded", "not graded"]
    assert "ended the process that grades" in grades["kill", "1"]["message"]


def test_a_name_that_is_no_text_can_be_told(grades):
    assert states(grades, "jos\\udce9") == ["right", "right"]


def test_they_keep_what_they_had_solved(grades):
    assert states(grades, "hang") == ["right", "not graded"]
    assert "longer than 20 s" in grades["hang", "my_psnr"]["message"]
    assert states(grades, "crash") == ["right", "not graded"]
    assert "ended its process" in grades["crash", "my_psnr"]["message"]
    assert states(grades, "exit") == ["not graded", "right"]


def test_an_error_in_an_answer_is_a_message(grades):
    assert states(grades, "raise") == ["not yet", "not yet"]
    assert "SyntaxError" in grades["raise", "1"]["message"]
    assert "look: line 1" in grades["raise", "1"]["message"]
    assert "SystemExit" in grades["raise", "my_psnr"]["message"]


def test_the_check_is_the_courses(grades):
    assert states(grades, "cheat") == ["not yet", "open"]


def test_cells_that_a_student_added_are_used(grades):
    assert states(grades, "help") == ["right", "right"]


def test_cells_with_other_ids_are_found_by_their_check(grades):
    assert states(grades, "ids") == ["right", "right"]


def test_what_was_not_handed_in_is_named(grades):
    assert states(grades, "lost") == ["missing", "right"]
    for name in ("broken", "cells", "list"):
        assert "no notebook" in grades[name, "1"]["message"]


def test_who_handed_in_what(lesson, tmp_path):
    for name in ("a/00_small", "b/x/00_small", "00_small_c", "d/00_small/00_small"):
        write(tmp_path / f"{name}.ipynb", lesson.notebook)
    assert [s.student for s in find_submissions(tmp_path, [lesson])] == ["c", "a", "b/x", "d"]


def test_what_has_another_name_is_known_by_its_checks_and_the_rest_is_told(lesson, tmp_path):
    for name in ("ada/Untitled", "bob/00_Small"):
        write(tmp_path / f"{name}.ipynb", lesson.notebook)
    for name in ("ada/notes.ipynb", "ada/00_small.zip", ".git/00_small.ipynb"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    left_out = []
    found = find_submissions(tmp_path, [lesson], left_out.append)
    assert [s.student for s in found] == ["ada/Untitled", "bob"]
    assert [path.name for path in left_out] == ["00_small.zip", "notes.ipynb"]


def test_a_folder_without_submissions_is_an_error(lesson, tmp_path):
    with pytest.raises(DataError, match="no submission in"):
        find_submissions(tmp_path, [lesson])
    assert main(["course", "grade", str(tmp_path / "nowhere")]) == 2
