"""The losses of the report: adversarial objectives, the gradient penalty, content losses.

Every loss averages over the batch and returns a scalar. Samples that do not fit are an
:class:`~sharingan_lab.errors.InputError`, an option that there is not is a
:class:`~sharingan_lab.errors.ConfigError`; both name it.
"""

from sharingan_lab.losses.decibels import DecibelLoss
from sharingan_lab.losses.objectives import OBJECTIVES, critic_loss, generator_loss
from sharingan_lab.losses.penalty import gradient_penalty
from sharingan_lab.losses.perceptual import PerceptualLoss

__all__ = [
    "OBJECTIVES",
    "DecibelLoss",
    "PerceptualLoss",
    "critic_loss",
    "generator_loss",
    "gradient_penalty",
]
