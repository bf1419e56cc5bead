"""The lessons as they are committed: clean, complete, with the outputs that tests compare.

A cell tagged ``nbval-check-output`` keeps its output and its number; nbval skips a cell without
a number, so a comparison without one would pass on anything. Every other cell is kept empty.
"""

import ast
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import nbformat
from nbformat import NotebookNode

from sharingan_lab.lab.classroom import exercises
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.equations import EquationError
from sharingan_lab.lab.report.execution import Execution
from sharingan_lab.lab.report.findings import Failure
from sharingan_lab.lab.report.markdown import markdown
from sharingan_lab.patience import patience

COMPARED = "nbval-check-output"
PARAMETERS = {"mode": str, "data_root": str, "out_dir": str, "seed": int, "device": str}

_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(home|root|tmp|usr|var|opt|mnt|Users|work)/|[A-Z]:\\\\")
_HANGS = re.compile(r"\b(interact|interactive|Output)\(|\btqdm\b")


def check(lesson: Lesson) -> list[str]:
    """Return what is wrong with a committed lesson, one line a problem; empty when all is well."""
    notebook = lesson.notebook
    checks = (
        _check_metadata,
        _check_parameters,
        _check_outputs,
        _check_pictures,
        _check_paths,
        _check_equations,
        _check_widgets,
        exercises.problems,
    )
    return [f"{lesson.name}: {problem}" for one in checks for problem in one(notebook)]


def refresh(lesson: Lesson) -> list[Failure]:
    """Execute a lesson in quick mode and store the outputs of its compared cells, no others.

    Its errors are returned; the file is left alone where there is one.
    """
    execution = Execution(lesson, {}, timeout=patience())
    with ThreadPoolExecutor(1) as pool:  # in the main thread, nbclient would catch Ctrl-C
        running = pool.submit(execution.run)
        try:
            executed = running.result()
        finally:
            execution.stop()
    if executed.failures:
        return executed.failures
    notebook = nbformat.read(lesson.path, as_version=4)
    results = {cell.id: cell for cell in executed.notebook.cells}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kept = COMPARED in cell.metadata.get("tags", ())
            cell.outputs = results[cell.id].outputs if kept else []
            cell.execution_count = results[cell.id].execution_count if kept else None
    lesson.path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    return []


def _code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    return ((i, c) for i, c in enumerate(notebook.cells, 1) if c.cell_type == "code")


def _check_metadata(notebook: NotebookNode) -> Iterator[str]:
    name = notebook.metadata.get("kernelspec", {}).get("name")
    if name != "python3":
        yield f"its kernel is {name!r}, not 'python3'"
    for key in ("papermill", "widgets"):
        if key in notebook.metadata:
            yield f"metadata of an executed copy is left in it: {key}"


def _check_parameters(notebook: NotebookNode) -> Iterator[str]:
    cells = [c for _, c in _code_cells(notebook) if "parameters" in c.metadata.get("tags", ())]
    if len(cells) != 1:
        yield f"it has {len(cells)} cells tagged 'parameters', not one"
        return
    found = {}
    lines = cells[0].source.splitlines()
    for statement in ast.parse(cells[0].source).body:
        if not _is_typed_literal(statement):
            yield f"parameters: {ast.unparse(statement)!r} is no typed literal (name: type = value)"
            continue
        found[statement.target.id] = type(statement.value.value)
        if "#" not in lines[statement.lineno - 1]:
            yield f"parameters: {statement.target.id} has no comment"
    for name, kind in PARAMETERS.items():
        if found.get(name) is not kind:
            yield f"parameters: {name} of type {kind.__name__} is missing"


def _is_typed_literal(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.annotation, ast.Name)
        and type(statement.value.value).__name__ == statement.annotation.id
    )


def _check_outputs(notebook: NotebookNode) -> Iterator[str]:
    compared = 0
    for number, cell in _code_cells(notebook):
        is_compared = COMPARED in cell.metadata.get("tags", ())
        compared += is_compared
        if is_compared and not (cell.outputs and cell.execution_count):
            yield f"cell {number} is compared but has no stored output: sharingan course refresh"
        if not is_compared and (cell.outputs or cell.execution_count):
            yield f"cell {number} has an output although nothing compares it"
    if not compared:
        yield f"no cell is tagged {COMPARED!r}: nothing of it is compared"


def _check_pictures(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown" and re.search(r"!\[\s*\]\(", cell.source):
            yield f"cell {number} has a picture without a description"
        if cell.cell_type == "code":
            calls = (
                node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)
            )
            for call in calls:
                if ast.unparse(call.func) == "lab.show" and not _has_description(call):
                    yield f"cell {number} shows a figure without alt='what is to be seen'"


def _has_description(call: ast.Call) -> bool:
    given = [k.value for k in call.keywords if k.arg == "alt"] or call.args[1:2]
    return bool(given) and not (isinstance(given[0], ast.Constant) and not given[0].value.strip())


def _check_paths(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, 1):
        texts = [cell.source]
        for output in cell.get("outputs", ()):
            texts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
        found = _ABSOLUTE_PATH.search("\n".join(texts))
        if found:
            yield f"cell {number} has an absolute path: {found[0]}..."


def _check_equations(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            try:
                markdown(cell.source)
            except EquationError as error:
                yield f"cell {number}: {error}"


def _check_widgets(notebook: NotebookNode) -> Iterator[str]:
    for number, cell in _code_cells(notebook):
        found = _HANGS.search(cell.source)
        if found:
            yield f"cell {number} uses {found[0]!r}, which can hang an executed notebook"
