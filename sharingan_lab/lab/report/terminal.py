"""Lines for the person who waits: plain ones in a log, a live last line on a terminal."""

import shutil
import sys
from typing import TextIO

_CLEAR_LINE = "\r\x1b[K"


class Terminal:
    """Writes lines, and on a terminal a last line that is redrawn in place."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stdout
        self._shown = False

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(line, file=self.stream, flush=True)

    def status(self, text: str) -> None:
        """Redraw the last line; nothing where the output is not a terminal."""
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(_CLEAR_LINE + text[:width])
            self.stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the last line away."""
        if self._shown:
            self.stream.write(_CLEAR_LINE)
            self._shown = False
