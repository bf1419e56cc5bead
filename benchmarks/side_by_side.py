"""Measure two ways to do the same work, turn by turn, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds a piece of work took, here and by the peer."""

    task: str
    ours: float
    peer: float
    wanted: float

    @property
    def ratio(self) -> float:
        """How many times faster the library is."""
        return self.peer / self.ours


def compare(
    task: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    wanted: float,
    rounds: int = 15,
) -> Row:
    """Return the median CPU times of both after one call each to warm up.

    Parameters
    ----------
    task : str
        What is done, for the table.
    ours, peer : callable
        The same work without arguments.
    wanted : float
        The ratio that the project promises.
    rounds : int
        Number of measurements of each.
    """
    ours(), peer()
    times = [(_cpu_seconds(ours), _cpu_seconds(peer)) for _ in range(rounds)]
    return Row(task, *map(statistics.median, zip(*times, strict=True)), wanted)


def table(rows: list[Row]) -> str:
    """Lay the rows out as Markdown."""
    head = "| task | here, ms | peer, ms | times faster | promised |\n|---|--:|--:|--:|--:|\n"
    return head + "\n".join(
        f"| {row.task} | {1e3 * row.ours:.3f} | {1e3 * row.peer:.3f} "
        f"| {row.ratio:.1f} | {row.wanted:g} |"
        for row in rows
    )


def _cpu_seconds(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
