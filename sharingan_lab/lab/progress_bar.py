"""A progress bar that still reads well in a saved notebook."""

import html
import time

from IPython.display import display

from sharingan_lab.lab.display import Bundle

_REDRAW_SECONDS = 0.2


class progress:
    """Show how far a loop of ``total`` steps has come; the last state stays on the page.

    Examples
    --------
    >>> with progress(3, "training") as bar:
    ...     for step in range(3):
    ...         bar.update(f"loss {1 / (step + 1):.2f}")  # doctest: +ELLIPSIS
    training: 0 of 3...
    """

    def __init__(self, total: int, label: str):
        self.total, self.label = total, label
        self.done, self.text = 0, ""

    def __enter__(self) -> "progress":
        self._start = self._drawn = time.monotonic()
        self._handle = display(self._bundle(""), display_id=True)  # None in a terminal
        return self

    def update(self, text: str = "", steps: int = 1) -> None:
        """Count ``steps`` steps as done and say how things stand."""
        self.done += steps
        self.text = text or self.text
        if time.monotonic() - self._drawn >= _REDRAW_SECONDS:
            self._redraw("")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        by_the_reader = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._redraw("stopped by you" if by_the_reader else "stopped by an error" if kind else "")

    def _redraw(self, ending: str) -> None:
        self._drawn = time.monotonic()
        if self._handle is not None:
            self._handle.update(self._bundle(ending))

    def _bundle(self, ending: str) -> Bundle:
        seconds = time.monotonic() - self._start
        parts = [f"{self.done} of {self.total}", f"{seconds:.0f} s", self.text, ending]
        state = ", ".join(part for part in parts if part)
        markup = (
            f'<div class="sharingan-progress"><label>{html.escape(self.label)} '
            f'<progress value="{self.done}" max="{self.total}"></progress> '
            f"{html.escape(state)}</label></div>"
        )
        return Bundle({"text/html": markup, "text/plain": f"{self.label}: {state}"})
