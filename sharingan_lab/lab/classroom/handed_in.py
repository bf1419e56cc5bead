"""What a student handed in: any file at all, read as cells, with the answers found in them."""

import ast
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sharingan_lab.lab.classroom.exercises import ANSWER, CHECK, find_exercises
from sharingan_lab.lab.classroom.needs import Names

_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?\??[ \t]*)$", re.MULTILINE)


def read(path: Path) -> NotebookNode | str:
    """Return the cells of a file that was handed in, without outputs, or say why there are none."""
    try:
        cells = nbformat.reads(path.read_bytes(), as_version=4).cells
        return NotebookNode(cells=[_plain(cell) for cell in cells])
    except Exception as error:  # whatever the file holds
        said = f"{type(error).__name__} {' '.join(str(error).split())[:200]}"
        return f"the file is no notebook: {said}"


def _plain(cell: NotebookNode) -> NotebookNode:
    source, tags = str(cell.source), cell.get("metadata", {}).get("tags") or []
    if cell.cell_type == "code":
        source = without_magics(source)
    return NotebookNode(
        cell_type=cell.cell_type,
        id=str(cell.get("id")),  # whatever it is, as it is looked up
        source=source,
        metadata=NotebookNode(tags=list(tags)),
    )


def without_magics(source: str) -> str:
    r"""Return a cell as Python: lines for IPython alone do nothing, as grading has no IPython.

    >>> without_magics("%%time\nif x:\n    !pip list")
    'pass\nif x:\n    pass'
    >>> without_magics("?x\nx.mean??\ny = 'why?'")
    "pass\npass\ny = 'why?'"
    >>> without_magics("y = (x\n  % 4)")
    'y = (x\n  % 4)'
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _MAGIC.sub(r"\1pass", source)
    return source


def answers_of(submitted: NotebookNode, lesson: NotebookNode) -> dict[str, str]:
    """Return the answers in a copy of a lesson by exercise, as the notebook would execute them.

    An answer is in the cell of the exercise's id, and before its check in cells with the tag of an
    answer (a copy, or where an editor gave other ids) and in those that were added and define its
    names once more. Where there are several, what nobody has changed does not count.
    """
    exercises = {e.name: e for e in find_exercises(lesson)}
    stubs = {name: lesson.cells[e.answer] for name, e in exercises.items()}
    by_id = {cell.id: name for name, cell in stubs.items()}
    makes = {name: Names(cell.source).made for name, cell in stubs.items()}
    given = {cell.source for cell in lesson.cells}
    found, ahead = {}, None  # the exercise whose check comes next
    for cell in reversed([c for c in submitted.cells if c.cell_type == "code"]):
        check = CHECK.search(cell.source)
        ahead = check[1] if check else ahead
        name = by_id.get(cell.id)
        if name is None and ahead in exercises:
            added = cell.source not in given and Names(cell.source).made & makes[ahead]
            is_stub = cell.source == stubs[ahead].source
            name = ahead if added or is_stub or ANSWER in cell.metadata.tags else None
        if name is not None:
            found.setdefault(name, []).insert(0, cell.source)
    for name, parts in found.items():
        changed = [part for part in parts if part != stubs[name].source]
        found[name] = "\n\n\n".join(changed or parts[:1])
    return found


def added_to(submitted: NotebookNode, lesson: NotebookNode) -> list[NotebookNode]:
    """Return the code that a student added: whole cells, and imports in cells of the lesson."""
    sources = {cell.source for cell in lesson.cells}
    answers = {lesson.cells[e.answer].id for e in find_exercises(lesson)}
    ids = {cell.id for cell in lesson.cells} - answers
    code = [c for c in submitted.cells if c.cell_type == "code" and c.source not in sources]
    return [
        NotebookNode(cell, source=_imports(cell.source)) if cell.id in ids else cell
        for cell in code
        if cell.id not in answers
    ]


def _imports(source: str) -> str:
    try:
        lines = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    return "\n".join(ast.unparse(n) for n in lines if isinstance(n, ast.Import | ast.ImportFrom))
