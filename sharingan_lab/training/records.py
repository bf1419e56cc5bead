"""A run read back from its folder, finished or not."""

import json
from dataclasses import dataclass
from pathlib import Path

from sharingan_lab.errors import DataError
from sharingan_lab.locations import named_path, shipped_dir
from sharingan_lab.training.checkpoints import newest_checkpoint
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.history import Row, read_history
from sharingan_lab.training.samples import sample_sheets


@dataclass(frozen=True)
class RunRecord:
    """What a run folder holds.

    Attributes
    ----------
    config : TrainConfig
        Its settings.
    history : list of dict
        Its rows, see :class:`sharingan_lab.training.Trainer`.
    samples : dict
        Its sheets of pictures by their step.
    step : int
        Generator updates up to the newest checkpoint; 0 where there is none.
    seconds : float
        What these took.
    """

    config: TrainConfig
    history: list[Row]
    samples: dict[int, Path]
    step: int
    seconds: float

    @property
    def losses(self) -> list[Row]:
        """The rows with losses."""
        return [row for row in self.history if "content" in row]

    @property
    def checks(self) -> list[Row]:
        """The rows with PSNR and SSIM."""
        return [row for row in self.history if "psnr" in row]

    @property
    def share(self) -> float:
        """How much of the run is done, from 0 to 1: of its epochs, or of its minutes."""
        return self.config.share_done(self.history[-1]["epoch"], self.seconds)

    @property
    def finished(self) -> bool:
        """Whether the run came to the end of its epochs, or its time is up."""
        return self.share >= 1


def read_run(run_dir: str | Path) -> RunRecord:
    """Read the settings, the history, the pictures and the cost of a run.

    Parameters
    ----------
    run_dir : path
        What ``sharingan train --out`` was given.

    Examples
    --------
    >>> read_run("no_run")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no_run holds no run: there is no config.json of 'sharingan train'
    """  # noqa: E501
    run_dir = named_path(run_dir)
    settings = run_dir / "config.json"
    if not settings.is_file():
        raise DataError(f"{run_dir} holds no run: there is no config.json of 'sharingan train'")
    config = TrainConfig.read(settings)
    history = read_history(run_dir)
    if not history:
        raise DataError(f"the run in {run_dir} has an empty history: wait for its first checkpoint")
    _, kept = newest_checkpoint(run_dir) or (None, {"step": 0, "seconds": 0.0})
    return RunRecord(config, history, sample_sheets(run_dir), kept["step"], kept["seconds"])


def shipped_runs(name: str) -> list[RunRecord]:
    """Read how a shipped generator was trained: the runs that led to it, each from the one before.

    Of their histories the validations are kept, and no pictures.

    Parameters
    ----------
    name : str
        One of :func:`.shipped_generators`.

    Examples
    --------
    >>> [run.config.content for run in shipped_runs("lite")][-1]
    'decibels'
    """
    path = shipped_dir() / f"{name}-training.json"
    if not path.is_file():
        raise DataError(f"there is no {path}: choose a generator that ships, such as 'lite'")
    return [
        RunRecord(TrainConfig().with_settings(**run.pop("settings")), samples={}, **run)
        for run in json.loads(path.read_text())
    ]
