"""What came out of an executed notebook: errors, key figures, notices, the cover picture."""

import ast
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from sharingan_lab.lab.display import METADATA_KEY, POSITIONS
from sharingan_lab.lab.encoding import Encoded

_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_INJECTED = "injected-parameters"  # papermill's tag of the cell that it adds
_PICTURES = ("image/png", "image/jpeg")
_LONGEST_MESSAGE = 240
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Failure:
    """An error in one line, and the number of its cell; None where no cell is to blame."""

    cell: int | None
    message: str


@dataclass(frozen=True)
class Cover:
    """The picture of a lesson on the index and its description."""

    picture: Encoded
    alt: str


def failures(notebook: NotebookNode) -> list[Failure]:
    """Return the errors in cells and inside widgets, in the order of the cells.

    A callback that raises inside an ``Output`` widget leaves its cell looking well: the error is
    in the widget's state only.
    """
    found = [
        Failure(cell.execution_count, _message(output))
        for cell, output in _outputs(notebook)
        if output.output_type == "error"
    ]
    return found + [
        Failure(_cell_showing(notebook, model), f"inside a widget: {_message(output)}")
        for model, state in _widgets(notebook).items()
        for output in state["state"].get("outputs", ())
        if output["output_type"] == "error"
    ]


def key_figures(notebook: NotebookNode) -> list[dict]:
    """Return the key figures in the order of the cells."""
    return _facts(notebook, "key_figure")


def notices(notebook: NotebookNode) -> list[str]:
    """Return the notices in the order of the cells, each once."""
    return list(dict.fromkeys(_facts(notebook, "notice")))


def is_injected(cell: NotebookNode) -> bool:
    """Whether a cell was added by papermill, to set parameters."""
    return _INJECTED in cell.metadata.get("tags", ())


def has_sliders(notebook: NotebookNode) -> bool:
    """Whether an output keeps pictures for a page's own sliders."""
    return any(POSITIONS in output.get("data", {}) for _, output in _outputs(notebook))


def parameters(notebook: NotebookNode) -> dict[str, str]:
    """Return the lesson's parameters as it ran with them: its own, then those set from outside."""
    found = {}
    for tag in ("parameters", _INJECTED):
        for cell in notebook.cells:
            if cell.cell_type == "code" and tag in cell.metadata.get("tags", ()):
                found |= _literals(cell.source)
    return found


def _literals(source: str) -> dict[str, str]:
    """Name to value of what a cell assigns; a text is given without its quotes."""
    found = {}
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # the cell itself says so on the page
        return found
    for statement in statements:
        match statement:
            case ast.AnnAssign(target=name, value=value) | ast.Assign(targets=[name], value=value):
                text = getattr(value, "value", None)
                found[ast.unparse(name)] = text if isinstance(text, str) else ast.unparse(value)
    return found


def cover(notebook: NotebookNode) -> Cover | None:
    """Return the picture marked as cover, else the first one, else None."""
    pictures = [
        (output, Encoded(kind, output.data[kind]))
        for _, output in _outputs(notebook)
        for kind in _PICTURES
        if kind in output.get("data", {})
    ]
    marked = [(o, picture) for o, picture in pictures if _about_picture(o).get("cover")]
    for output, picture in marked or pictures:
        return Cover(picture, picture_alt(output))
    return None


def picture_alt(output: NotebookNode) -> str:
    """Return the description of a picture: its own, else the output's text."""
    own = _about_picture(output).get("alt", "")
    text = output.data.get("text/plain", "")
    return own or (text if not text.startswith("<") else "") or "A figure without a description."


def _about_picture(output: NotebookNode) -> dict:
    """What the metadata of an output say of its picture."""
    return next((output.metadata[kind] for kind in _PICTURES if kind in output.metadata), {})


def _outputs(notebook: NotebookNode) -> Iterator[tuple[NotebookNode, NotebookNode]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            yield cell, output


def _facts(notebook: NotebookNode, kind: str) -> list:
    carriers = (
        output.get("metadata", {}).get(METADATA_KEY, {}) for _, output in _outputs(notebook)
    )
    return [carrier[kind] for carrier in carriers if kind in carrier]


def _message(output: dict) -> str:
    text = _ANSI.sub("", f"{output['ename']}: {output['evalue']}")
    return textwrap.shorten(text, _LONGEST_MESSAGE)


def _widgets(notebook: NotebookNode) -> dict:
    return notebook.metadata.get("widgets", {}).get(_WIDGET_STATE, {}).get("state", {})


def _cell_showing(notebook: NotebookNode, model: str) -> int | None:
    for cell, output in _outputs(notebook):
        view = output.get("data", {}).get(WIDGET_VIEW)
        if view and model in _descendants(_widgets(notebook), view["model_id"]):
            return cell.execution_count
    return None


def _descendants(widgets: dict, root: str) -> set[str]:
    found, waiting = set(), [root]
    while waiting:
        model = waiting.pop()
        if model not in found:
            found.add(model)
            children = widgets.get(model, {}).get("state", {}).get("children", ())
            waiting += [child.removeprefix("IPY_MODEL_") for child in children]
    return found
