"""Ctrl-C and SIGTERM as a wish that is granted between two steps."""

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def stop_requested() -> Iterator[threading.Event]:
    """Turn SIGINT and SIGTERM into an event, so that a step is finished and saved first."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop  # handlers can be set in the main thread only
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {s: signal.signal(s, lambda *_: stop.set()) for s in signals}
    try:
        yield stop
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
