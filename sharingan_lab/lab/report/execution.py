"""One lesson in a worker process with a kernel of its own, which can be stopped for good."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from sharingan_lab.errors import SharinganError
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.findings import Failure, failures

_WORKER = Path(__file__).with_name("worker.py")
_GRACE_SECONDS = 120  # for the start and the end of a kernel, beside the time for a cell
_MARKER_TAG = "papermill-error-cell-tag"


class Stopped(SharinganError):
    """The execution was stopped from outside."""


@dataclass(frozen=True)
class Executed:
    """An executed notebook without widget state, its errors, and what its kernel computed.

    CPU seconds count all cores together; 0 where the kernel's end could not be awaited.
    """

    notebook: nbformat.NotebookNode
    failures: list[Failure]
    cpu_seconds: float


class Execution:
    """Runs a lesson with parameters in place of its own; :meth:`stop` may come from another thread.

    A cell may take ``timeout`` seconds; ``one_thread`` is how a kernel should compute beside
    others.
    """

    def __init__(
        self,
        lesson: Lesson,
        parameters: Mapping[str, object],
        *,
        timeout: float,
        one_thread: bool = True,
    ):
        self.lesson, self.parameters = lesson, dict(parameters)
        self.timeout, self.one_thread = timeout, one_thread
        self._worker: subprocess.Popen | None = None
        self._kernel: int | None = None
        self._position, self._cpu_seconds = 0, 0.0
        self._stopped = self._gave_up = False
        self._guard = threading.Lock()

    def run(self, on_cell: Callable[[int, int], None] = lambda cell, of: None) -> Executed:
        """Execute the lesson and wait for its end; errors in it are returned, not raised.

        ``on_cell`` is told before each code cell its position and the number of cells.

        Raises
        ------
        Stopped
            :meth:`stop` was called.
        """
        with tempfile.TemporaryDirectory(prefix="sharingan-") as scratch:
            crash = self._work(Path(scratch), on_cell)
            if self._stopped:
                raise Stopped(f"{self.lesson.name} was stopped")
            return self._collect(Path(scratch) / "executed.ipynb", crash)

    def stop(self) -> None:
        """End the worker and its kernel now."""
        with self._guard:
            self._stopped = True
            self._kill()

    def _work(self, scratch: Path, on_cell: Callable[[int, int], None]) -> str | None:
        """Run the worker; return what brought it down, None where nothing did."""
        crash = None
        with (scratch / "worker.log").open("w+") as log:
            self._start(scratch, log.fileno())
            for event in self._events():
                if "cell" in event:
                    self._position = event["cell"]
                    on_cell(self._position + 1, event["of"])
                crash = event.get("crash", crash)
                self._cpu_seconds = event.get("cpu_seconds", self._cpu_seconds)
            self._finish()
            log.seek(0)
            last = (log.read().strip().splitlines() or ["no message"])[-1]
        if self._gave_up:
            return f"no answer for {self.timeout + _GRACE_SECONDS:g} s"
        if self._worker.returncode != 0 and crash is None:
            return f"the worker ended with code {self._worker.returncode}: {last}"
        return crash

    def _start(self, scratch: Path, log: int) -> None:
        order = {
            "source": str(self.lesson.path),
            "target": str(scratch / "executed.ipynb"),
            "parameters": self.parameters,
            "timeout": self.timeout,
            "start_timeout": _GRACE_SECONDS,
            "cells": len(self.lesson.notebook.cells) + bool(self.parameters),  # one to set them
        }
        with self._guard:
            if self._stopped:
                raise Stopped(f"{self.lesson.name} was stopped")
            self._worker = subprocess.Popen(
                [sys.executable, "-P", str(_WORKER), json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment(scratch),
                text=True,
                start_new_session=True,  # Ctrl-C is for the report to hear, not for its workers
            )

    def _environment(self, scratch: Path) -> dict[str, str]:
        environment = dict(os.environ)
        environment["TMPDIR"] = str(scratch)  # what the kernel leaves goes with it
        environment["IPYTHONDIR"] = str(scratch / "ipython")
        environment["JUPYTER_RUNTIME_DIR"] = str(scratch / "runtime")
        if self.one_thread:
            for library in ("OMP", "MKL", "OPENBLAS"):
                environment[f"{library}_NUM_THREADS"] = "1"
        return environment

    def _events(self) -> Iterator[dict]:
        watchdog = self._watch()
        for line in self._worker.stdout:
            event = json.loads(line)
            self._kernel = event.get("kernel", self._kernel)
            watchdog.cancel()
            watchdog = self._watch()
            yield event
        watchdog.cancel()

    def _watch(self) -> threading.Timer:
        """Kill a worker that says nothing for longer than any cell may take."""
        watchdog = threading.Timer(self.timeout + _GRACE_SECONDS, self._give_up)
        watchdog.daemon = True
        watchdog.start()
        return watchdog

    def _give_up(self) -> None:
        with self._guard:
            self._gave_up = True
            self._kill()

    def _finish(self) -> None:
        self._worker.stdout.close()
        self._worker.wait()
        with self._guard:
            self._kill()  # whatever of the kernel's children is left

    def _kill(self) -> None:
        for leader in (self._worker and self._worker.pid, self._kernel):
            if leader:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(leader, signal.SIGKILL)

    def _collect(self, path: Path, crash: str | None) -> Executed:
        """Read what was executed; a lesson that never started counts as it lies on disk."""
        notebook = nbformat.read(path if path.is_file() else self.lesson.path, as_version=4)
        notebook.cells = [
            cell for cell in notebook.cells if _MARKER_TAG not in cell.metadata.get("tags", ())
        ]
        found = failures(notebook)
        if crash:
            # The cell that was running says KeyboardInterrupt at most: the cause is outside.
            cell = _number(notebook, self._position)
            found = [failure for failure in found if failure.cell != cell]
            found.append(Failure(cell, crash))
        notebook.metadata.pop("widgets", None)
        return Executed(notebook, found, self._cpu_seconds)


def _number(notebook: nbformat.NotebookNode, position: int) -> int | None:
    """Return the number beside a cell, or the one it would have had next."""
    counts = [c.get("execution_count") or 0 for c in notebook.cells[:position]]
    return notebook.cells[position].get("execution_count") or max(counts, default=0) + 1
