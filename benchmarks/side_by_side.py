"""Measure two ways to do the same work, turn by turn, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds a piece of work took, here and by the peer.

    ``wanted`` is the ratio that the project promises, None where it promises nothing; ``note``
    says what else was found.
    """

    task: str
    ours: float
    peer: float
    wanted: float | None
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times faster the library is."""
        return self.peer / self.ours


def compare(
    task: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    wanted: float | None,
    rounds: int = 15,
    device: torch.device = CPU,
    note: str = "",
) -> Row:
    """Return the median times of both after one call each to warm up.

    Parameters
    ----------
    task : str
        What is done, for the table.
    ours, peer : callable
        The same work without arguments.
    wanted : float or None
        The ratio that the project promises.
    rounds : int
        Number of measurements of each.
    device : torch.device
        Where the work is done: CPU time is measured, or the time until the GPU is done.
    note : str
        For the table's last column.
    """
    ours(), peer()
    times = [(_seconds(ours, device), _seconds(peer, device)) for _ in range(rounds)]
    return Row(task, *map(statistics.median, zip(*times, strict=True)), wanted, note)


def seconds_of(work: Callable[[], object], device: torch.device = CPU, rounds: int = 15) -> float:
    """Return the median time of one piece of work after a call to warm up."""
    work()
    return statistics.median(_seconds(work, device) for _ in range(rounds))


def table(rows: list[Row]) -> str:
    """Lay the rows out as Markdown."""
    head = "| task | here, ms | peer, ms | times faster | promised | |\n|---|--:|--:|--:|--:|---|\n"
    return head + "\n".join(
        f"| {row.task} | {1e3 * row.ours:.3f} | {1e3 * row.peer:.3f} | {row.ratio:.1f} "
        f"| {'' if row.wanted is None else f'{row.wanted:g}'} | {row.note} |"
        for row in rows
    )


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    """CPU time, which a busy machine does not stretch; on a GPU, time until it is done."""
    if device.type == "cpu":
        before = time.process_time()
        work()
        return time.process_time() - before
    torch.cuda.synchronize()
    before = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - before
