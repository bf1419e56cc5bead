"""The one way a lesson puts something on the page: a bundle of formats for one output."""

from IPython.display import DisplayHandle, display


class Bundle:
    """One output in several formats; a plain terminal prints its text.

    Parameters
    ----------
    data : dict
        MIME type to content; ``text/plain`` is required, it is what a screen reader or a
        terminal gets.
    metadata : dict, optional
        Facts about the output that are not shown, such as ``{"image/png": {"alt": ...}}``.

    Examples
    --------
    >>> Bundle({"text/plain": "hello", "text/html": "<b>hello</b>"})
    hello
    """

    def __init__(self, data: dict[str, str], metadata: dict | None = None):
        self.data, self.metadata = data, metadata or {}

    def __repr__(self) -> str:
        return self.data["text/plain"]

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        return self.data, self.metadata


def emit(data: dict[str, str], metadata: dict | None = None) -> None:
    """Display one bundle.

    Examples
    --------
    >>> emit({"text/plain": "hello"})
    hello
    """
    display(Bundle(data, metadata))


def emit_live(data: dict[str, str]) -> DisplayHandle | None:
    """Display one bundle that can be redrawn later; None where there is no notebook."""
    return display(Bundle(data), display_id=True)
