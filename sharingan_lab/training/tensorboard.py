"""The history of a run for TensorBoard, written live as it grows.

``history.csv`` stays the record; TensorBoard is a window on it. Rows are written when they are
measured, so that a run can be watched. One that goes on from a checkpoint marks what came after
it as void, and TensorBoard leaves that out.
"""

import importlib.util
from pathlib import Path

from sharingan_lab.errors import ConfigError
from sharingan_lab.images import read_image
from sharingan_lab.training.history import Row

_GROUPS = {
    "loss": (
        "wasserstein", "penalty", "critic_loss", "adversarial", "content", "generator_loss",
    ),
    "validation": ("psnr", "ssim", "input_psnr", "input_ssim"),
    "schedule": ("epoch", "learning_rate"),
}  # fmt: skip


def require_tensorboard() -> None:
    """Raise a ConfigError with the remedy where the package ``tensorboard`` is missing."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ConfigError(
            "tensorboard=True needs the package tensorboard: pip install "
            "'sharingan-lab[tensorboard]', or set tensorboard=False"
        )


class EventLog:
    """Events of a run in its folder ``tensorboard``; show them with ``tensorboard --logdir runs``.

    Parameters
    ----------
    run_dir : Path
        Folder of the run.
    after : int
        Step that the run goes on from; what an earlier session wrote for later steps is void.

    Raises
    ------
    ConfigError
        The package ``tensorboard`` is missing.
    """

    def __init__(self, run_dir: Path, after: int = 0):
        require_tensorboard()
        from torch.utils.tensorboard import SummaryWriter

        void_from = after + 1 if after else None
        self._writer = SummaryWriter(run_dir / "tensorboard", purge_step=void_from)

    def __enter__(self) -> "EventLog":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def add(self, row: Row, sheet: Path | None = None) -> None:
        """Write a row of the history, and the sheet of pictures that belongs to it."""
        for group, names in _GROUPS.items():
            for name in names:
                if name in row:
                    self._writer.add_scalar(f"{group}/{name}", row[name], row["step"])
        if sheet is not None:
            title = "blurred, restored, sharp"
            self._writer.add_image(title, read_image(sheet)[0], row["step"])
        self._writer.flush()
