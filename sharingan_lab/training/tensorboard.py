"""The history of a run for TensorBoard, written live as it grows.

``history.csv`` stays the record; TensorBoard is a window on it. Rows are written when they are
measured, so that a run can be watched. One that goes on from a checkpoint marks what came after
it as void, and TensorBoard leaves that out.
"""

import importlib.util
import io
import os
import socket
import time
from pathlib import Path
from typing import Any

from sharingan_lab.errors import ConfigError
from sharingan_lab.images import read_image
from sharingan_lab.storage import writing_to
from sharingan_lab.training.checkpoints import RESUME
from sharingan_lab.training.history import LOSSES, QUALITY, Row

_GROUPS = {"loss": LOSSES, "validation": QUALITY, "schedule": ("epoch", "learning_rate")}


def require_tensorboard() -> None:
    """Raise a ConfigError with the remedy where the package ``tensorboard`` is missing."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ConfigError(
            "tensorboard=True needs the package tensorboard: pip install "
            "'sharingan-lab[tensorboard]', or set tensorboard=False"
        )


class EventLog:
    """Events of a run in its folder ``tensorboard``; show them with ``tensorboard --logdir runs``.

    PyTorch's own writer works in a thread, whose failure on a full disk would end as a traceback
    beside a run that goes on; here a row is on the disk when :meth:`add` returns.

    `after` is the step that the run goes on from: what an earlier session wrote for later steps is
    void. A disk that is full or read-only is a StorageError.
    """

    def __init__(self, run_dir: Path, after: int = 0):
        from tensorboard.compat.proto.event_pb2 import SessionLog

        name = f"events.out.tfevents.{time.time_ns():019d}.{socket.gethostname()}.{os.getpid()}"
        self._run_dir, self._path = run_dir, run_dir / "tensorboard" / name
        void_from = after + 1 if after else 0
        begun = SessionLog(status=SessionLog.START)
        self._append({"file_version": "brain.Event:2"}, {"step": void_from, "session_log": begun})

    def add(self, row: Row, sheet: Path | None = None) -> None:
        """Write a row of the history, and the sheet of pictures that belongs to it."""
        from torch.utils.tensorboard.summary import image, scalar

        summaries = [
            scalar(f"{group}/{name}", row[name])
            for group, names in _GROUPS.items()
            for name in names
            if name in row
        ]
        if sheet is not None:
            summaries.append(image("blurred, restored, sharp", read_image(sheet)))
        self._append(*({"step": row["step"], "summary": summary} for summary in summaries))

    def _append(self, *events: dict[str, Any]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        records = io.BytesIO()
        for event in events:
            whole = Event(wall_time=time.time(), **event)
            RecordWriter(records).write(whole.SerializeToString())
        with writing_to(self._run_dir, RESUME):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(records.getvalue())
