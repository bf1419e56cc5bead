"""Training: settings and recipes, the trainer, its checkpoints, its history and what that says.

A setting or recipe that cannot be is a :class:`~sharingan_lab.errors.ConfigError`, data that are
missing, too few or those of no run a :class:`~sharingan_lab.errors.DataError`; both name it and
the remedy.
"""

from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.data import training_data
from sharingan_lab.training.diagnosis import diagnose
from sharingan_lab.training.history import read_history
from sharingan_lab.training.recipes import RECIPES, recipe
from sharingan_lab.training.records import RunRecord, read_run, shipped_runs
from sharingan_lab.training.samples import read_samples
from sharingan_lab.training.trainer import Trainer

__all__ = [
    "RECIPES",
    "RunRecord",
    "TrainConfig",
    "Trainer",
    "diagnose",
    "read_history",
    "read_run",
    "read_samples",
    "recipe",
    "shipped_runs",
    "training_data",
]
