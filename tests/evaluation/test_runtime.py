import time

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import measure_runtime


def test_time_is_that_of_the_work():
    seconds = measure_runtime(lambda: time.sleep(0.02), repeats=3)
    assert len(seconds) == 3 and min(seconds) >= 0.02


def test_the_warm_up_runs_first_and_does_not_count(monkeypatch):
    clock, taken = [0.0], iter([0.2, 0.3, 0.04, 0.05, 0.06])

    def slow_at_first():
        clock[0] += next(taken)

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    seconds = measure_runtime(slow_at_first, repeats=3, warm_up=2)
    assert seconds == pytest.approx([0.04, 0.05, 0.06])
    assert next(taken, None) is None


def test_the_gpu_is_waited_for_before_both_readings(monkeypatch):
    events = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: events.append("wait"))
    measure_runtime(lambda: events.append("work"), repeats=1, warm_up=0, device="cuda")
    assert events == ["wait", "work", "wait"]


def test_nothing_to_measure_is_refused():
    with pytest.raises(InputError, match="repeats is 0"):
        measure_runtime(lambda: None, repeats=0)
