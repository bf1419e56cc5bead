"""One lesson in a kernel of its own, which can be stopped for good."""

import contextlib
import logging
import math
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill import PapermillExecutionError, execute_notebook

from sharingan_lab.errors import SharinganError
from sharingan_lab.lab.display import FOR_A_PAGE
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.findings import Failure, failures
from sharingan_lab.patience import patience

_MARKER_TAG = "papermill-error-cell-tag"


class Stopped(SharinganError):
    """The execution was stopped from outside."""


@dataclass(frozen=True)
class Executed:
    """An executed notebook without widget state, its errors, and what its kernel computed.

    CPU seconds count all cores together, up to the end of the last cell that came to one.
    """

    notebook: nbformat.NotebookNode
    failures: list[Failure]
    cpu_seconds: float


class Execution:
    """Runs a lesson with parameters in place of its own; :meth:`stop` may come from another thread.

    A cell may take ``timeout`` seconds; ``one_thread`` is how a kernel should compute beside
    others; ``for_a_page`` has explorers keep what a page's own sliders turn.
    """

    def __init__(
        self,
        lesson: Lesson,
        parameters: Mapping[str, object],
        *,
        timeout: float,
        one_thread: bool = True,
        for_a_page: bool = False,
    ):
        self.lesson, self.parameters = lesson, dict(parameters)
        self.timeout, self.one_thread, self.for_a_page = timeout, one_thread, for_a_page
        self._process: psutil.Process | None = None
        self._position, self._cpu_seconds = 0, 0.0
        self._stopped = False
        self._guard = threading.Lock()

    def run(self, on_cell: Callable[[int, int], None] = lambda cell, of: None) -> Executed:
        """Execute the lesson and wait for its end; errors in it are returned, not raised.

        ``on_cell`` is told before each code cell its position and the number of cells. Stopped is
        raised after :meth:`stop`.
        """
        with tempfile.TemporaryDirectory(prefix="sharingan-") as folder:
            scratch = Path(folder)
            crash = self._execute(scratch, on_cell)
            self._kill()  # whatever of the kernel's children is left
            if self._stopped:
                raise Stopped(f"{self.lesson.name} was stopped")
            return self._collect(scratch / "executed.ipynb", crash)

    def stop(self) -> None:
        """End the kernel now."""
        with self._guard:
            self._stopped = True
            self._kill()

    def _kernel(self, scratch: Path) -> type[AsyncKernelManager]:
        """Return what starts this interpreter, whatever kernel is registered as ``python3``."""
        execution = self

        class Kernel(AsyncKernelManager):
            def __init__(self, **settings: object):
                native = KernelSpecManager(kernel_dirs=[])
                file = str(scratch / "kernel.json")
                super().__init__(kernel_spec_manager=native, connection_file=file, **settings)

            async def start_kernel(self, **settings: object) -> None:
                quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
                with execution._guard:
                    if execution._stopped:
                        raise Stopped
                    environment = execution._environment(scratch)
                    await super().start_kernel(env=environment, **quiet, **settings)
                    execution._process = psutil.Process(self.provisioner.pid)

        return Kernel

    def _environment(self, scratch: Path) -> dict[str, str]:
        environment = dict(os.environ)
        environment["TMPDIR"] = str(scratch)  # what the kernel leaves goes with it
        environment["IPYTHONDIR"] = str(scratch / "ipython")
        environment.pop(FOR_A_PAGE, None)  # a lesson may itself have been started by a report
        if self.for_a_page:
            environment[FOR_A_PAGE] = "1"
        if self.one_thread:
            for library in ("OMP", "MKL", "OPENBLAS"):
                environment[f"{library}_NUM_THREADS"] = "1"
        return environment

    def _execute(self, scratch: Path, on_cell: Callable[[int, int], None]) -> str | None:
        """Execute the cells; return what brought the kernel down, None where nothing did."""
        cells = len(self.lesson.notebook.cells) + bool(self.parameters)  # one to set them

        def on_cell_start(cell: dict, cell_index: int) -> None:
            if cell["cell_type"] == "code":
                self._position = cell_index
                on_cell(cell_index + 1, cells)

        def on_cell_executed(**_: object) -> None:
            with contextlib.suppress(psutil.Error):  # its own time, and its children's
                self._cpu_seconds = sum(self._process.cpu_times()[:4])

        logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it has to say is returned
        try:
            execute_notebook(
                self.lesson.path,
                scratch / "executed.ipynb",
                self.parameters,
                kernel_name="python3",
                kernel_manager_class=self._kernel(scratch),
                progress_bar=False,
                execution_timeout=math.ceil(self.timeout),  # nbclient counts whole seconds
                start_timeout=patience(),
                iopub_timeout=patience(),  # for what a cell has printed to arrive
                raise_on_iopub_timeout=True,
                store_widget_state=True,  # errors may be in it
                coalesce_streams=True,
                on_cell_start=on_cell_start,
                on_cell_executed=on_cell_executed,
            )
        except PapermillExecutionError:
            pass  # it is in the notebook's outputs
        except CellTimeoutError:
            return f"took longer than the {self.timeout:g} s that a cell may take"
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return None

    def _kill(self) -> None:
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

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
