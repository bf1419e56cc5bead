"""The exercises of a lesson: the cell for the answer, the cell of the check, the folded solution.

An answer cell is tagged ``exercise`` and holds what a student starts from; the next cell with
``lab.check("NN.name", ...)`` is its check, and the first Markdown cell behind that begins with the
folded solution, ``<details><summary>Solution</summary>`` around a block of code that can take the
answer cell's place. So a lesson is its own student version, and its own instructor's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

ANSWER = "exercise"
SOLUTION = re.compile(r"<details><summary>Solutions?</summary>(.*?)</details>\s*", re.DOTALL)
CHECK = re.compile(r"lab\.check\(\s*\"([^\"]+)\"")
_CODE = re.compile(r"^```python\n(.*?)\n```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise: its name, the positions of its cells in the notebook, its solution."""

    name: str
    answer: int
    check: int
    solution: str


def find_exercises(notebook: NotebookNode) -> list[Exercise]:
    """Return the exercises that are complete, in order; see `problems` for the others."""
    return [found for found in _pairs(notebook) if isinstance(found, Exercise)]


def problems(notebook: NotebookNode) -> list[str]:
    """Return what is wrong with a lesson's exercises, and which solution's line shows elsewhere."""
    found = list(_pairs(notebook))
    names = [one.name for one in found if isinstance(one, Exercise)]
    twice = {name for name in names if names.count(name) > 1}
    checks = [
        m[1] for c in notebook.cells if c.cell_type == "code" for m in CHECK.finditer(c.source)
    ]
    return [
        *(one for one in found if isinstance(one, str)),
        *(f"exercise {name} occurs twice" for name in sorted(twice)),
        *(
            f"the check of {name} has no answer cell before it"
            for name in checks
            if name not in names
        ),
        *_leaks(notebook),
    ]


def without_solutions(source: str) -> str:
    """Return a Markdown cell without its folded solutions."""
    return SOLUTION.sub("", source).strip("\n")


def _cells(notebook: NotebookNode) -> Iterator[tuple[str | None, int, int | None]]:
    """Yield the name of each exercise and the positions of its answer and of its check."""
    cells = notebook.cells
    for answer, cell in enumerate(cells):
        if ANSWER in cell.metadata.get("tags", ()):
            behind = (i for i in range(answer + 1, len(cells)) if CHECK.search(cells[i].source))
            check = next(behind, None)
            yield (None if check is None else CHECK.search(cells[check].source)[1]), answer, check


def _pairs(notebook: NotebookNode) -> Iterator[Exercise | str]:
    for name, answer, check in _cells(notebook):
        if check is None:
            yield f"the exercise in cell {answer + 1} has no lab.check behind it"
            continue
        behind = notebook.cells[check + 1 :]
        text = next((c.source for c in behind if c.cell_type == "markdown"), "")
        folded = SOLUTION.match(text)
        code = _CODE.search(folded[1]) if folded else None
        if code is None:
            yield f"exercise {name} has no folded solution with a block of code behind its check"
        else:
            yield Exercise(name, answer, check, code[1])


def _leaks(notebook: NotebookNode) -> Iterator[str]:
    """Name each line of a solution that a text shows unfolded; its code cells are a student's."""
    texts = [without_solutions(c.source) for c in notebook.cells if c.cell_type == "markdown"]
    shown = {line.strip() for text in texts for line in text.splitlines()}
    for exercise in find_exercises(notebook):
        for line in exercise.solution.splitlines():
            if line.strip() and line.strip() in shown:
                yield f"a line of the solution of {exercise.name} can be seen: {line.strip()}"
