"""Three notebooks from each lesson: for students, for instructors, for nbgrader."""

import ast
import copy
from collections.abc import Mapping, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode, v4

from sharingan_lab.lab.classroom.exercises import Exercise, find_exercises, without_solutions
from sharingan_lab.lab.classroom.needs import needed
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.storage import write_atomically

_FOLDED = "; solutions are folded away"  # said in the lessons, not true of what students get
_CONFIG = '''"""How nbgrader makes assignments of the lessons' exercises: see INSTRUCTORS.md."""

c = get_config()
c.CourseDirectory.course_id = "sharingan"
c.ClearSolutions.code_stub = {"python": "# your answer"}
c.ExecutePreprocessor.timeout = 300  # seconds for a cell
'''


def build(lessons: Sequence[Lesson], folder: Path) -> None:
    """Write ``student``, ``instructor`` and ``nbgrader`` into a folder."""
    for lesson in lessons:
        file, notebook = f"{lesson.name}.ipynb", lesson.notebook
        _write(folder / "student" / file, student(notebook))
        _write(folder / "instructor" / file, instructor(notebook))
        if find_exercises(notebook):
            _write(folder / "nbgrader" / "source" / lesson.name / file, nbgrader(notebook))
    write_atomically(folder / "nbgrader" / "nbgrader_config.py", _CONFIG)


def _write(path: Path, notebook: NotebookNode) -> None:
    write_atomically(path, nbformat.writes(notebook) + "\n")


def student(notebook: NotebookNode) -> NotebookNode:
    """Return the lesson without its folded solutions."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = without_solutions(cell.source).replace(_FOLDED, "")
    notebook.cells = [cell for cell in notebook.cells if cell.source]
    return notebook


def instructor(notebook: NotebookNode) -> NotebookNode:
    """Return the lesson with every exercise solved."""
    notebook = copy.deepcopy(notebook)
    for exercise in find_exercises(notebook):
        notebook.cells[exercise.answer].source = exercise.solution
    return notebook


def nbgrader(notebook: NotebookNode) -> NotebookNode:
    """Return the exercises with what they need, marked for ``nbgrader generate_assignment``.

    The experiments of the lesson are left out: grading a class would repeat them for everybody.
    """
    exercises = find_exercises(notebook)
    answers = {e.answer: e for e in exercises}
    checks = {e.check: e for e in exercises}
    kept = set(required(notebook, exercises))
    kept |= {text for e in exercises if (text := _task(notebook, e.answer)) is not None}
    made = copy.deepcopy(notebook)
    for i in kept:
        cell = made.cells[i]
        if cell.cell_type == "markdown":
            cell.source = without_solutions(cell.source)
            continue
        cell.outputs, cell.execution_count, cell.metadata = [], None, NotebookNode()
        if i in answers:
            solved = f"### BEGIN SOLUTION\n{answers[i].solution}\n### END SOLUTION"
            cell.source = f"{cell.source}\n\n\n{solved}"
            cell.metadata.nbgrader = _marks(_id(answers[i].name), solution=True)
        elif i in checks:
            cell.source = failing(cell.source)
            cell.metadata.nbgrader = _marks(f"{_id(checks[i].name)}-check", grade=True)
        else:
            cell.metadata.nbgrader = _marks(f"given-{i}")
    title = v4.new_markdown_cell("# Exercises\n\nThe lesson explains what they are about.")
    title.id = "exercises"
    made.cells = [title, *(made.cells[i] for i in sorted(kept) if made.cells[i].source)]
    return made


def required(
    notebook: NotebookNode,
    exercises: Sequence[Exercise],
    answers: Mapping[int, Sequence[str]] | None = None,
) -> list[int]:
    """Return the positions of the code cells that the exercises and their solutions need.

    `answers` are other sources for the answer cells at these positions.
    """
    cells = notebook.cells
    code = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    own = [i for e in exercises for i in range(e.answer, e.check + 1) if i in code]
    start = [i for i in code if "lab.setup(" in cells[i].source]
    instead = {e.answer: [e.solution, *(answers or {}).get(e.answer, ())] for e in exercises}
    return needed(cells, own, always=start, instead=instead)


def failing(check: str) -> str:
    """Let the cell of a check end in an error unless the answer is right.

    >>> print(failing('lab.check("00.1", x)'))
    verdict = lab.check("00.1", x)
    print(verdict)
    assert verdict.right, "see the message above"
    """
    last = ast.parse(check).body[-1]
    lines = check.splitlines()
    lines[last.lineno - 1] = f"verdict = {lines[last.lineno - 1]}"
    return "\n".join([*lines, "print(verdict)", 'assert verdict.right, "see the message above"'])


def _task(notebook: NotebookNode, answer: int) -> int | None:
    texts = [i for i in range(answer) if notebook.cells[i].cell_type == "markdown"]
    return texts[-1] if texts else None


def _id(name: str) -> str:
    return f"exercise-{name.replace('.', '-')}"


def _marks(grade_id: str, *, grade: bool = False, solution: bool = False) -> NotebookNode:
    """Return what nbgrader 0.9 keeps in a cell's metadata (its schema 3)."""
    marks = {
        "grade": grade,
        "grade_id": grade_id,
        "locked": not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    return NotebookNode(marks | ({"points": 1} if grade else {}))
