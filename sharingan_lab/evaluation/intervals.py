"""How sure a mean is that comes from a sample of pictures."""

from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.checks import check_count, check_number
from sharingan_lab.errors import InputError


def bootstrap_interval(
    values: Tensor,
    statistic: Callable[[Tensor], Tensor] = lambda means: means,
    *,
    level: float = 0.95,
    draws: int = 2000,
    rng: torch.Generator,
) -> tuple[float, float]:
    """Interval of a mean, or of what is computed from means, over pictures that were drawn.

    As many pictures as there are are drawn with replacement, many times over; the interval holds
    the middle `level` of the results. A paired difference is the mean of the differences, so that
    what makes a picture hard for both counts for neither.

    Parameters
    ----------
    values : Tensor
        (N,), or (N, ...) where the statistic needs several means: one finite entry a picture.
    statistic : callable
        From means (draws, ...) over the pictures to the results (draws,). F1, for example, follows
        from the mean counts of right and wrong finds. By default the mean itself. Results that
        are NaN, such as a share of nothing, are left out.
    level : float
        Part of the draws that lies in the interval.
    draws : int
        How many times pictures are drawn.
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
    check_count("draws", draws)
    check_number("level", level, 0, 1)
    if values.ndim == 0 or len(values) == 0:
        raise InputError(f"values must be (N, ...), one a picture, got {tuple(values.shape)}")
    if not bool(values.isfinite().all()):
        raise InputError("NaN or infinity in values: leave such pictures out, and say so")
    chosen = torch.randint(len(values), (draws, len(values)), generator=rng)
    counts = torch.zeros(draws, len(values), dtype=torch.float64)
    counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64))
    means = torch.tensordot(counts / len(values), values.double().cpu(), dims=1)
    results = statistic(means)
    if results.shape != (draws,):
        raise InputError(f"the statistic must give ({draws},), got {tuple(results.shape)}")
    tail = (1 - level) / 2
    low, high = results.nanquantile(torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return low, high
