"""The mean of a measure over pictures, and how sure it is."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.intervals import bootstrap_interval

# Of every mean that this package prints; a command states it beside the figures.
INTERVAL = "95 % bootstrap interval of the mean over pictures (percentiles of 2000 draws, seed 0)"


class Average(NamedTuple):
    """A mean over pictures, the ends of its 95 % interval, and over how many it is.

    Examples
    --------
    >>> print(Average(24.12, 23.4, 24.9, 300))
    24.12 (23.40 to 24.90)
    >>> f"{Average(0.3, -0.1, 0.7, 300):+.1f}"
    '+0.3 (-0.1 to +0.7)'
    """

    mean: float
    low: float
    high: float
    pictures: int

    def __format__(self, digits: str) -> str:
        mean, low, high = (format(number, digits or ".2f") for number in self[:3])
        return f"{mean} ({low} to {high})" if self.pictures > 1 else mean

    def __str__(self) -> str:
        return format(self, "")


def average(values: Sequence[float]) -> Average:
    """Mean over pictures with the interval that :data:`INTERVAL` states.

    Parameters
    ----------
    values : sequence of float
        One a picture. What is not finite, the PSNR of an identical picture and differences to it,
        is left out and not counted, unless there is nothing else.

    Examples
    --------
    >>> average([20.0, 22.0, 24.0, float("inf")]).mean
    22.0
    >>> average([float("inf")])
    Average(mean=inf, low=inf, high=inf, pictures=0)
    """
    if len(values) == 0:
        raise InputError("no pictures: there is no mean")
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return Average(values[0], values[0], values[0], 0)
    kept = torch.tensor(finite, dtype=torch.float64)
    low, high = bootstrap_interval(kept, rng=torch.Generator().manual_seed(0))
    return Average(kept.mean().item(), low, high, len(finite))
