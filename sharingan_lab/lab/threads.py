"""How many threads a lesson computes on: as many as there are idle cores."""

import os

import psutil
import torch

_SECONDS = 0.25  # that the cores are watched for


def choose_threads() -> int:
    """Return how many threads pay: torch's own number, but no more than there are idle cores.

    Threads that share a layer wait for the slowest of them. On a core that something else uses it
    is late, so two threads on one idle core are slower than one. ``OMP_NUM_THREADS`` has the last
    word where it is set.
    """
    most = torch.get_num_threads()
    if most == 1 or "OMP_NUM_THREADS" in os.environ:
        return most
    busy = sum(psutil.cpu_percent(_SECONDS, percpu=True)) / 100
    return max(1, min(most, round(psutil.cpu_count() - busy)))
