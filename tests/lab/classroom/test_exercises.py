"""Exercises are found, and what is wrong with them is named."""

import copy
import importlib.util
import re
from pathlib import Path

import pytest

from sharingan_lab.lab.checks.verdict import find
from sharingan_lab.lab.classroom.exercises import find_exercises, problems
from sharingan_lab.lab.report.catalogue import all_lessons


def test_exercises_with_their_solutions(lesson):
    first, second = find_exercises(lesson.notebook)
    assert (first.name, first.solution) == ("00.1", "your_decibels = 20 + 12 * half")
    assert second.name == "00.my_psnr" and second.solution.startswith("def my_psnr(")
    assert problems(lesson.notebook) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('lab.check("00.1", your_decibels)', "pass", "exercise 00.my_psnr"),
        ("<summary>Solution", "<summary>Answer", "exercise 00.1 has no folded solution"),
        ('"00.my_psnr"', '"00.1"', "exercise 00.1 occurs twice"),
        ("```python", "```", "exercise 00.1 has no folded solution with a block of code"),
        (
            "# 1. Half",
            "your_decibels = 20 + 12 * half\n\n# 1. Half",
            "a line of the solution of 00.1",
        ),
    ],
)
def test_what_is_wrong_is_named(lesson, old, new, problem):
    notebook = copy.deepcopy(lesson.notebook)
    assert sum(old in cell.source for cell in notebook.cells)
    for cell in notebook.cells:
        cell.source = cell.source.replace(old, new)
    assert any(problem in text for text in problems(notebook)), problems(notebook)


def test_a_check_without_an_answer_cell_is_named(lesson):
    notebook = copy.deepcopy(lesson.notebook)
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)
    assert problems(notebook) == [
        "the check of 00.1 has no answer cell before it",
        "the check of 00.my_psnr has no answer cell before it",
    ]


def test_every_exercise_of_the_course_has_its_check_and_every_check_its_exercise():
    for one in all_lessons():
        names = [e.name for e in find_exercises(one.notebook)]
        assert all(name.startswith(f"{one.number}.") and callable(find(name)) for name in names)
        spec = importlib.util.find_spec(f"sharingan_lab.lab.checks.lesson_{one.number}")
        checks = re.findall(r"^def ([a-z]\w+)", Path(spec.origin).read_text(), re.M) if spec else []
        written = {name.split(".")[1] for name in names}
        assert written == {check.removeprefix("exercise_") for check in checks}, one.name
