"""How long tests wait for what must come, and what they tell somebody who waits for them.

No test measures the machine: a time limit only ends what hangs. Whoever has a machine so slow that
even this is too short stretches it: ``SHARINGAN_PATIENCE=3 make test``.

As a plugin of pytest (``-p tests.patience`` for the lessons, `conftest.py` for the rest) it gives
nbval the same patience, names what has been going on for long, and ends what never would: the
processes of a test that takes several times as long are killed, and so the test fails.
"""

import os
import threading
import time
from contextlib import contextmanager, suppress
from time import monotonic

import pytest

from sharingan_lab.patience import patience

PATIENCE = patience()  # seconds
_HANGS = 3 * PATIENCE  # of one test, in which several things may be waited for
_SILENCE = 20.0  # seconds after which one would like to know what goes on
_going_on = []  # what, and since when; the innermost last


def wait_until(true, what, pause=0.1):
    """Look every so many seconds until something is true, and return it."""
    end = monotonic() + PATIENCE
    while not (found := true()):
        assert monotonic() < end, f"waited {PATIENCE} s for {what}, in vain"
        time.sleep(pause)
    return found


def pytest_configure(config):
    for limit in ("nbval_cell_timeout", "nbval_kernel_startup_timeout"):
        if hasattr(config.option, limit):
            setattr(config.option, limit, PATIENCE)
    terminal = os.dup(2)  # here, before the tests' own output is caught
    threading.Thread(target=_tell, args=(terminal,), daemon=True).start()


def pytest_itemcollected(item):
    if hasattr(item, "output_timeout"):  # a cell: nbval would give its output 5 s to arrive
        item.output_timeout = PATIENCE


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    cell = getattr(item, "cell", None)  # of a lesson
    line = f": {cell.source.splitlines()[0]}" if cell and cell.source else ""
    with _told(item.nodeid + line):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef):
    purpose = (fixturedef.func.__doc__ or "").strip().splitlines()
    with _told(" ".join([f"setting up {fixturedef.argname}:", *purpose[:1]]).rstrip(":")):
        return (yield)


@contextmanager
def _told(what):
    _going_on.append((what, monotonic()))
    try:
        yield
    finally:
        _going_on.pop()


def _tell(terminal):
    pause = threading.Event()  # tests put other clocks and sleeps in place of those of `time`
    while not pause.wait(_SILENCE):
        long = [what for what, since in _going_on.copy() if monotonic() - since >= _SILENCE]
        if long:
            os.write(terminal, f"\nstill at {', '.join(long)}\n".encode())
        if hangs := end_what_hangs():
            os.write(terminal, f"\n{hangs}\n".encode())


def end_what_hangs():
    """Kill the processes of a test, such as kernels, if it has been going on for too long."""
    for what, since in _going_on[:1]:
        if monotonic() - since >= _HANGS:
            import psutil  # here: the library's tests run without the course, which brings it

            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    process.kill()
            return f"killed all processes of {what}, which hangs"
    return None
