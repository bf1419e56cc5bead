"""How a lesson's cell ends in an error: what to do, before where in the code it happened."""

from symtable import symtable
from types import TracebackType

from IPython import get_ipython

from sharingan_lab.errors import SharinganError

_WHERE = "%tb in a cell of its own shows where in the code."
_RED, _PLAIN = "\x1b[31m", "\x1b[0m"


def explain_errors(lesson: str) -> None:
    """Show from now on what helps: one line for errors of ours, a hint for cells out of order.

    Only the text on the page is another one: the cell fails as ever, so the report, papermill and
    nbval see it. Outside of IPython nothing happens. The names that the cells of the lesson with
    this number define are known to be defined there.
    """
    shell = get_ipython()
    if shell is None:
        return

    def handler(
        shell: object,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        lines = explanation(error, lesson)
        if isinstance(error, NameError):
            frames = shell.InteractiveTB.structured_traceback(kind, error, trace, tb_offset)
            lines = [*frames, *lines]
        error._render_traceback_ = lambda: lines  # IPython asks an exception for its text
        shell.showtraceback((kind, error, trace))
        del error._render_traceback_  # %tb shows the frames

    shell.set_custom_exc((SharinganError, NameError, KeyboardInterrupt), handler)


def explanation(error: BaseException, lesson: str = "") -> list[str]:
    """Return the lines that say what happened and what to do."""
    if isinstance(error, NameError):
        if error.name not in names_defined(lesson):
            return []
        return [
            f"A cell further up defines {error.name!r} and has not run: "
            'choose "Run All Above Selected Cell" in the menu "Run", then run this cell again.'
        ]
    if isinstance(error, KeyboardInterrupt):
        said = str(error) or "you stopped this cell; run it again to start it anew."
        return [f"{_RED}Stopped{_PLAIN}: {said}"]
    return [f"{_RED}{type(error).__name__}{_PLAIN}: {error}", _WHERE]


def names_defined(lesson: str) -> set[str]:
    """Return the names that the cells of a lesson define."""
    # Only here: it brings papermill and nbformat, a second or more of every lesson's start.
    from sharingan_lab.lab.report.catalogue import all_lessons

    cells = [
        cell.source
        for each in all_lessons()
        if each.number == lesson
        for cell in each.notebook.cells
        if cell.cell_type == "code"
    ]
    symbols = [s for source in cells for s in symtable(source, lesson, "exec").get_symbols()]
    return {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
