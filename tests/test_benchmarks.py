"""The benchmark's own arithmetic; the peers themselves are installed by `make bench` alone."""

import time

import pytest

from benchmarks.side_by_side import Row, compare, table


def spin(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_the_ratio_is_the_peers_time_over_ours():
    row = compare("spin", lambda: spin(0.002), lambda: spin(0.008), wanted=2, rounds=5)
    assert row.ratio == pytest.approx(4, rel=0.2)


def test_the_table_says_what_was_measured_and_what_was_promised():
    lines = table([Row("blur", ours=0.001, peer=0.0045, wanted=3.0)]).splitlines()
    assert lines[0] == "| task | here, ms | peer, ms | times faster | promised | |"
    assert lines[2] == "| blur | 1.000 | 4.500 | 4.5 | 3 |  |"
