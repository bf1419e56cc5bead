"""Run one notebook in a kernel of this interpreter; started as a script by the report.

It imports nothing of the package, so that a worker costs neither the time nor the memory of
torch beside the kernel's own. What happens is told on standard output, one JSON object a line:
``{"kernel": pid}`` (the leader of its own process group), ``{"cell": k, "of": n}`` before each
code cell, ``{"crash": message}`` where an error left no trace in the notebook, and
``{"cpu_seconds": s}`` in the end.
"""

import functools
import json
import math
import os
import sys
from typing import TextIO

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill import PapermillExecutionError, execute_notebook


@functools.cache
def channel() -> TextIO:
    """Take standard output for the report alone: kernels inherit descriptors 1 and 2."""
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return report


def tell(**facts: object) -> None:
    """Send one line to the report."""
    print(json.dumps(facts), file=channel(), flush=True)


class ThisInterpreter(AsyncKernelManager):
    """Starts the interpreter it runs on, whatever kernel is registered as ``python3``."""

    def __init__(self, **settings: object):
        super().__init__(**settings)
        self._kernel_spec = KernelSpec(**get_kernel_dict())

    async def start_kernel(self, **settings: object) -> None:
        await super().start_kernel(**settings)
        tell(kernel=self.provisioner.pid)


def main(order: dict) -> None:
    """Execute ``order["source"]`` with its parameters into ``order["target"]``.

    Widget state is stored for the report to look for errors in it.
    """
    channel()  # before any kernel starts

    def on_cell_start(cell: dict, cell_index: int) -> None:
        if cell["cell_type"] == "code":
            tell(cell=cell_index, of=order["cells"])

    try:
        execute_notebook(
            order["source"],
            order["target"],
            order["parameters"],
            kernel_name="python3",
            kernel_manager_class=ThisInterpreter,
            progress_bar=False,
            execution_timeout=math.ceil(order["timeout"]),  # nbclient counts whole seconds
            start_timeout=order["start_timeout"],
            store_widget_state=True,
            coalesce_streams=True,
            on_cell_start=on_cell_start,
        )
    except PapermillExecutionError:
        pass  # it is in the notebook's outputs
    except CellTimeoutError:
        tell(crash=f"took longer than the {order['timeout']:g} s that a cell may take")
    except Exception as error:
        tell(crash=f"{type(error).__name__}: {error}")
    spent = os.times()  # the kernel counts as a child once it has ended
    tell(cpu_seconds=spent.children_user + spent.children_system)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
