"""Which cells of a lesson an exercise needs: grading skips the experiments between them."""

import ast
from collections.abc import Iterable, Mapping, Sequence

from nbformat import NotebookNode


class Names(ast.NodeVisitor):
    """What a cell uses from outside, makes anew and changes, read in the order of execution."""

    def __init__(self, source: str = "", made: Iterable[str] = ()) -> None:
        self.used, self.made, self.changed, self.imported = set(), set(made), set(), set()
        try:
            self.visit(ast.parse(source))
        except SyntaxError:  # a student's: executing it says so
            return

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.used |= {node.id} - self.made
        else:
            self.made.add(node.id)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._in_order(node.value, *node.targets)
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

    def visit_For(self, node: ast.For) -> None:
        self._in_order(node.iter, node.target, *node.body, *node.orelse)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = {alias.asname or alias.name.split(".")[0] for alias in node.names}
        self.made |= names
        self.imported |= names

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.made.add(node.name)
        self._in_order(*node.decorator_list, *node.args.defaults)
        self._inside(node, node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.made.add(node.name)
        self._in_order(*node.bases)
        self._inside(node, node.body)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._in_order(*node.args.defaults)
        self._inside(node, [node.body])

    def _comprehension(self, node: ast.ListComp) -> None:
        parts = [part for g in node.generators for part in (g.iter, g.target, *g.ifs)]
        results = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
        self._inside(node, [*parts, *results])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def _in_order(self, *nodes: ast.AST) -> None:
        for node in nodes:
            self.visit(node)

    def _inside(self, scope: ast.AST, nodes: Iterable[ast.AST]) -> None:
        """Visit what has names of its own: only what it uses from outside is told."""
        own = {n.arg for n in ast.walk(scope) if isinstance(n, ast.arg)}
        inner = Names(made=self.made | own)
        inner._in_order(*nodes)
        self.used |= inner.used


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
