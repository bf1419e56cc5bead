"""When a run must stop: numbers that are not finite, and a critic that runs away."""

import math

from torch import nn

from sharingan_lab.errors import TrainingError
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.diagnosis import steepness
from sharingan_lab.training.history import Row


def refuse_broken_losses(losses: dict[str, float], step: int) -> None:
    """Raise a TrainingError that names the losses that are not finite."""
    if bad := [name for name, value in losses.items() if not math.isfinite(value)]:
        raise _not_finite(", ".join(bad), step)


def refuse_broken_weights(networks: dict[str, nn.Module], step: int) -> None:
    """Raise a TrainingError that names a network whose weights are not finite."""
    for name, network in networks.items():
        if not all(weight.isfinite().all() for weight in network.parameters()):
            raise _not_finite(f"weights of the {name}", step)


def refuse_runaway_critic(row: Row, config: TrainConfig) -> None:
    """Raise a TrainingError where losses betray a critic steeper than ``config.critic_limit``."""
    limit = config.critic_limit
    if not limit or "penalty" not in row:
        return
    slope = steepness(row["wasserstein"], row["penalty"], config.crop)
    if slope > limit:
        raise TrainingError(
            f"runaway critic by step {row['step']}: wasserstein {row['wasserstein']:.4g} "
            f"and penalty {row['penalty']:.4g} mean a slope of {slope:.3g}, critic_limit is "
            f"{limit:g}; the run stops, the last good checkpoint is kept; try a larger "
            "lambda_gp or a smaller learning_rate, or critic_limit=0 to let it run"
        )


def _not_finite(what: str, step: int) -> TrainingError:
    return TrainingError(
        f"{what} not finite by step {step}: the run stops, the last good "
        "checkpoint is kept; try a smaller learning_rate"
    )
