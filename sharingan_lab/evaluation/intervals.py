"""The mean of a measure over pictures, and how sure it is."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from sharingan_lab.checks import check_rng
from sharingan_lab.errors import InputError

_DRAWS = 2000
# Of every mean that this package prints; a command states it beside the figures.
INTERVAL = "95 % bootstrap interval of the mean over pictures (percentiles of 2000 draws, seed 0)"


def bootstrap_interval(
    values: Tensor,
    statistic: Callable[[Tensor], Tensor] = lambda means: means,
    *,
    rng: torch.Generator,
) -> tuple[float, float]:
    """95 % interval of a mean, or of what is computed from means, over pictures that were drawn.

    As many pictures as there are are drawn with replacement, 2,000 times over; the interval holds
    the middle 95 % of the results. A paired difference is the mean of the differences, so that
    what makes a picture hard for both counts for neither.

    Parameters
    ----------
    values : Tensor
        (N,), or (N, ...) where the statistic needs several means: one finite entry a picture.
    statistic : callable
        From means (2000, ...) over the pictures to the results (2000,). F1, for example, follows
        from the mean counts of right and wrong finds. By default the mean itself. Results that
        are NaN, such as a share of nothing, are left out.
    rng : torch.Generator
        Source of the draws.

    Returns
    -------
    low, high : float
        Of N = 1 both are the value itself: one picture says nothing about others.

    References
    ----------
    .. [1] B. Efron: Bootstrap methods: another look at the jackknife. Annals of Statistics, 1979.

    Examples
    --------
    >>> decibels = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> low, high = bootstrap_interval(decibels, rng=torch.Generator().manual_seed(0))
    >>> 1 < low < 3 < high < 5
    True
    """
    if values.ndim == 0 or len(values) == 0:
        raise InputError(f"values must be (N, ...), one a picture, got {tuple(values.shape)}")
    if not bool(values.isfinite().all()):
        raise InputError("NaN or infinity in values: leave such pictures out, and say so")
    check_rng(rng)
    chosen = torch.randint(len(values), (_DRAWS, len(values)), generator=rng)
    counts = torch.zeros(chosen.shape, dtype=torch.float64)
    counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64))
    means = torch.tensordot(counts / len(values), values.double().cpu(), dims=1)
    results = statistic(means)
    if results.shape != (_DRAWS,):
        raise InputError(f"the statistic must give ({_DRAWS},), got {tuple(results.shape)}")
    tail = (1 - 0.95) / 2
    low, high = results.nanquantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return low, high


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
