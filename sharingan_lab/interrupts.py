"""Ctrl-C and SIGTERM as a wish that is granted where the work can stop."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def stop_requested(*also: signal.Signals) -> Iterator[threading.Event]:
    """Turn SIGINT, SIGTERM and what else is named into an event, so that work is saved first."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # handlers can be set in the main thread only
        return
    signals = (signal.SIGINT, signal.SIGTERM, *also)
    before = {s: signal.signal(s, lambda *_: stop.set()) for s in signals}
    try:
        yield stop
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
