"""How long something takes, measured so that the figure means something."""

import time
from collections.abc import Callable

import torch

from sharingan_lab.errors import InputError


def measure_runtime(
    work: Callable[[], object],
    *,
    repeats: int = 5,
    warm_up: int = 1,
    device: torch.device | str = "cpu",
) -> list[float]:
    """Time a piece of work several times, after it has warmed up.

    Parameters
    ----------
    work : callable
        Called without arguments; what it returns is dropped.
    repeats : int
        Timed calls, at least 1.
    warm_up : int
        Calls before them that do not count: the first one allocates memory and chooses kernels.
    device : device
        Where the work runs. CUDA returns before the work is done: it is waited for, before the
        clock starts and before it stops.

    Returns
    -------
    list of float
        Seconds of each timed call, in order. Report their median: the mean is at the mercy of
        whatever else the computer was doing.

    Examples
    --------
    >>> len(measure_runtime(lambda: sum(range(1000)), repeats=3))
    3
    """
    if repeats < 1:
        raise InputError(f"repeats is {repeats}: measure at least once")
    for _ in range(warm_up):
        work()
    seconds = []
    for _ in range(repeats):
        _wait_for(torch.device(device))
        start = time.perf_counter()
        work()
        _wait_for(torch.device(device))
        seconds.append(time.perf_counter() - start)
    return seconds


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
