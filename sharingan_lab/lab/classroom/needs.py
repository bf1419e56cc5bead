"""Which cells of a lesson an exercise needs: grading skips the experiments between them."""

import ast
import contextlib
from collections.abc import Iterable, Mapping, Sequence

from nbformat import NotebookNode

# What is read in another order than it is written in.
_ORDER = {
    ast.Assign: ("value", "targets"),
    ast.For: ("iter", "target", "body", "orelse"),
    ast.comprehension: ("iter", "target", "ifs"),
    ast.ListComp: ("generators", "elt"),
    ast.SetComp: ("generators", "elt"),
    ast.GeneratorExp: ("generators", "elt"),
    ast.DictComp: ("generators", "key", "value"),
}


class Names(ast.NodeVisitor):
    """What a cell uses from outside, makes anew and changes, read in the order of execution."""

    def __init__(self, source: str = "", made: Iterable[str] = ()) -> None:
        self.used, self.made, self.changed, self.imported = set(), set(made), set(), set()
        # What a student wrote may be no Python, or too deep: executing it says so.
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            self.visit(ast.parse(source))

    def generic_visit(self, node: ast.AST) -> None:
        for field in _ORDER.get(type(node), node._fields):
            children = getattr(node, field, None)
            for child in children if isinstance(children, list) else [children]:
                if isinstance(child, ast.AST):
                    self.visit(child)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.used |= {node.id} - self.made
        else:
            self.made.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.generic_visit(node)
        self.changed |= {base for target in node.targets if (base := _base(target))}

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        base = node.target.id if isinstance(node.target, ast.Name) else _base(node.target)
        self.used |= {base} - self.made
        self.changed.add(base)

    def visit_Expr(self, node: ast.Expr) -> None:
        self.visit(node.value)
        if isinstance(node.value, ast.Call) and (base := _base(node.value.func)):
            self.changed.add(base)  # called for its effect

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
        self.made |= names
        self.imported |= names

    visit_ImportFrom = visit_Import

    def _scope(self, node: ast.AST) -> None:
        """Visit what has names of its own: only what it uses from outside is told."""
        self.made |= {node.name} if hasattr(node, "name") else set()
        for default in getattr(getattr(node, "args", None), "defaults", ()):
            self.visit(default)
        own = {n.arg for n in ast.walk(node) if isinstance(n, ast.arg)}
        inner = Names(made=self.made | own)
        inner.generic_visit(node)
        self.used |= inner.used

    visit_FunctionDef = visit_ClassDef = visit_Lambda = _scope
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _scope


def _base(target: ast.AST) -> str | None:
    """Return the name whose item, attribute or method this is."""
    is_part = False
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Call):
        target, is_part = target.func if isinstance(target, ast.Call) else target.value, True
    return target.id if is_part and isinstance(target, ast.Name) else None


def needed(
    cells: Sequence[NotebookNode],
    targets: Iterable[int],
    *,
    always: Iterable[int] = (),
    instead: Mapping[int, Iterable[str]] | None = None,
) -> list[int]:
    """Return the positions of the code cells that the targets need, they themselves included.

    For each name that a cell uses these are the last cell before it that makes the name, and those
    in between that change it. `always` are wanted whatever they make; `instead` holds other sources
    that may take a cell's place, an exercise's solution for example.
    """
    names = {i: Names(c.source) for i, c in enumerate(cells) if c.cell_type == "code"}
    modules = set().union(*(n.imported for n in names.values()))
    used = {i: set(n.used) for i, n in names.items()}
    for i, sources in (instead or {}).items():
        used[i].update(*(Names(source).used for source in sources))
    found, queue = set(), [*targets, *always]
    while queue:
        position = queue.pop()
        if position in found:
            continue
        found.add(position)
        for name in used[position]:
            for i in sorted((i for i in names if i < position), reverse=True):
                if name in names[i].made:
                    queue.append(i)
                    break
                if name in names[i].changed - modules:
                    queue.append(i)
    return sorted(found)
