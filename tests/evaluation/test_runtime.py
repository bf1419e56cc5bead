import time

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import measure_runtime


def test_time_is_that_of_the_work():
    seconds = measure_runtime(lambda: time.sleep(0.02), repeats=3)
    assert len(seconds) == 3 and min(seconds) >= 0.02


def test_the_warm_up_runs_first_and_does_not_count():
    calls = []

    def slow_at_first():
        calls.append(1)
        time.sleep(0.2 if len(calls) <= 2 else 0)

    assert max(measure_runtime(slow_at_first, repeats=3, warm_up=2)) < 0.1
    assert len(calls) == 5


def test_the_gpu_is_waited_for_before_both_readings(monkeypatch):
    events = []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: events.append("wait"))
    measure_runtime(lambda: events.append("work"), repeats=1, warm_up=0, device="cuda")
    assert events == ["wait", "work", "wait"]


def test_nothing_to_measure_is_refused():
    with pytest.raises(InputError, match="repeats is 0"):
        measure_runtime(lambda: None, repeats=0)
