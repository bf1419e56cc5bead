"""Training: settings and recipes, the trainer, its checkpoints and its history."""

from sharingan_lab.training.config import RECIPES, TrainConfig, recipe
from sharingan_lab.training.history import read_history
from sharingan_lab.training.trainer import Trainer

__all__ = ["RECIPES", "TrainConfig", "Trainer", "read_history", "recipe"]
