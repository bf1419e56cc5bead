"""The benchmark's own arithmetic; the peers themselves are installed by `make bench` alone."""

import time

import pytest

from benchmarks.side_by_side import Row, compare, table


def test_the_ratio_is_that_of_the_median_times(monkeypatch):
    clock, slow_once = [0.0], iter([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])

    def ours():
        clock[0] += 0.002 + next(slow_once)

    def peer():
        clock[0] += 0.008

    monkeypatch.setattr(time, "process_time", lambda: clock[0])
    assert compare("spin", ours, peer, wanted=2, rounds=5).ratio == pytest.approx(4)


def test_the_table_says_what_was_measured_and_what_was_promised():
    lines = table([Row("blur", ours=0.001, peer=0.0045, wanted=3.0)]).splitlines()
    assert lines[0] == "| task | here, ms | peer, ms | times faster | promised | |"
    assert lines[2] == "| blur | 1.000 | 4.500 | 4.5 | 3 |  |"
