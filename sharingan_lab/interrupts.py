"""Ctrl-C and SIGTERM: both stop the work, at once and tidily or where it can be saved."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence


@contextlib.contextmanager
def stop_requested(*also: signal.Signals) -> Iterator[threading.Event]:
    """Turn SIGINT, SIGTERM and what else is named into an event, so that work is saved first."""
    stop = threading.Event()
    with _handling((signal.SIGINT, signal.SIGTERM, *also), lambda *_: stop.set()):
        yield stop


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does: what is half-written is taken away."""
    with _handling((signal.SIGTERM,), signal.default_int_handler):
        yield


@contextlib.contextmanager
def _handling(signals: Sequence[signal.Signals], handler: Callable) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # handlers can be set in the main thread only
        return
    before = {s: signal.signal(s, handler) for s in signals}
    try:
        yield
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
