"""The folder of a run as the run writes it: settings, history, pictures, events, checkpoints."""

from pathlib import Path
from typing import Any

from torch import Tensor

from sharingan_lab.errors import ConfigError
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically
from sharingan_lab.training.checkpoints import RunState, newest_checkpoint, save_checkpoint
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.history import Row, write_history
from sharingan_lab.training.samples import write_samples
from sharingan_lab.training.tensorboard import EventLog

# Settings that a continued run may change: they decide where and how often, not what.
_FREE_ON_RESUME = {
    "device", "workers", "checkpoint_seconds", "data_root", "sharp_root", "real_root",
    "frame_cache", "critic_limit", "tensorboard", "cuda_graph", "precision",
}  # fmt: skip


class RunFolder:
    """Where a run is kept; without a path, and by all processes but one, nothing is written.

    `leads` says whether this process writes for all.
    """

    def __init__(self, path: str | Path | None, config: TrainConfig, *, leads: bool):
        self.path = named_path(path) if path is not None else None
        self.config = config
        self.writes = self.path is not None and leads
        self._events: EventLog | None = None
        self._sheet: Path | None = None  # the last one

    def find(self, resume: bool) -> tuple[Path, dict[str, Any]] | None:
        """Return the checkpoint to go on from and its facts; None where the run begins.

        A run that is not to be resumed, or had other settings, is a ConfigError.
        """
        if self.path is None:
            return None
        settings = self.path / "config.json"
        if not settings.exists() and not any(self.path.glob("checkpoints/step-*")):
            return None
        if not resume:
            raise ConfigError(f"{self.path} holds a run already: resume it or choose another")
        if settings.exists():
            self._check_same(TrainConfig.read(settings), settings)
        found = newest_checkpoint(self.path)
        if found:
            self._check_same(TrainConfig().with_settings(**found[1]["settings"]), found[0])
        return found

    def _check_same(self, before: TrainConfig, place: Path) -> None:
        old, new = vars(before), vars(self.config)
        differ = [k for k in new if new[k] != old[k] and k not in _FREE_ON_RESUME]
        if differ:
            changes = ", ".join(f"{k} {old[k]!r} -> {new[k]!r}" for k in differ)
            raise ConfigError(
                f"{self.path} was started with other settings, says {place.name}: {changes}"
            )

    def begin(self, *, anew: bool = True) -> None:
        """Write the settings; of a run that goes on, only where they are missing."""
        if self.writes and (anew or not (self.path / "config.json").exists()):
            write_atomically(self.path / "config.json", self.config.to_json())

    def go_on(self, step: int, history: list[Row]) -> None:
        """Put the history back as it was at the checkpoint, and let events follow on that step."""
        if self.writes and self.config.tensorboard:
            self._events = EventLog(self.path, step)
        if history:
            self.write_history(history)

    def write_history(self, history: list[Row]) -> None:
        """Write the rows."""
        if self.writes:
            write_history(history, self.path)

    def write_samples(self, step: int, *rows: Tensor) -> None:
        """Write a sheet of blurred, restored and sharp crops."""
        if self.writes:
            self._sheet = write_samples(self.path, step, *rows)

    def watch(self, row: Row) -> None:
        """Write a new row, and the sheet that belongs to it, for TensorBoard."""
        if self._events:
            self._events.add(row, self._sheet if "psnr" in row else None)

    def save(self, step: int, state: RunState) -> None:
        """Write the history, which is among the facts, and a checkpoint."""
        if self.writes:
            write_history(state.facts["history"], self.path)
            facts = state.facts | {"settings": vars(self.config)}
            save_checkpoint(self.path, step, state._replace(facts=facts))
