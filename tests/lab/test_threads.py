"""How many threads a lesson computes on, whatever this machine does at the moment."""

import psutil
import pytest
import torch

from sharingan_lab.lab.lesson import choose_threads


@pytest.mark.parametrize(
    ("busy", "most", "chosen"),
    [
        ([0, 0], 2, 2),
        ([8, 6], 2, 2),  # a browser and JupyterLab beside it
        ([100, 0], 2, 1),
        ([50, 50], 2, 1),  # one process that moves from core to core
        ([100, 100], 2, 1),
        ([100, 0, 0, 0, 30, 20, 0, 10], 4, 4),
        ([100, 100, 0, 0, 100, 100, 100, 0], 8, 3),
    ],
)
def test_as_many_as_there_are_idle_cores(busy, most, chosen, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: most)
    monkeypatch.setattr(psutil, "cpu_count", lambda: len(busy))
    monkeypatch.setattr(psutil, "cpu_percent", lambda seconds, percpu: busy)
    assert choose_threads() == chosen


def test_what_the_environment_says_stays(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    monkeypatch.setattr(psutil, "cpu_percent", lambda seconds, percpu: [100, 100])
    assert choose_threads() == 2
