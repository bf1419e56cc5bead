"""The best critic there is, computed instead of trained: earth mover's distance by its dual."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Tensor

from sharingan_lab.errors import InputError


def optimal_critic(real: Tensor, fake: Tensor) -> Callable[[Tensor], Tensor]:
    r"""Exact best critic of equation (4) between two equally large sets of points (n, d).

    The critic takes points (m, d) to heights (m,), is nowhere steeper than 1, and the mean height
    of ``real`` minus that of ``fake`` is their earth mover's distance.

    Raises
    ------
    InputError
        The shapes differ.

    Notes
    -----
    Let y(i) be the partner of x(i) under the best assignment. The heights must fall by the whole
    way from each point to its partner, and nowhere faster than the way:
    u(i) - (u(k) - \|x(k) - y(k)\|) <= \|x(i) - y(k)\|. These are the conditions of shortest paths,
    found by Bellman-Ford; the best assignment has no cycle of negative length. Between the points
    the height is half-way between the lowest that is 1-Lipschitz, max over i of
    u(i) - \|z - x(i)\|, and the highest, min over k of v(k) + \|z - y(k)\|, v being the heights of
    the partners. Where several critics are best this is one of them [1]_.

    References
    ----------
    .. [1] G. Peyre, M. Cuturi, "Computational optimal transport", 2019, chapters 3 and 6.

    Examples
    --------
    >>> real, fake = torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [4.0]])
    >>> critic = optimal_critic(real, fake)
    >>> (critic(real).mean() - critic(fake).mean()).item()
    3.0
    """
    if real.shape != fake.shape or real.ndim != 2:
        raise InputError(
            f"real has shape {tuple(real.shape)}, fake {tuple(fake.shape)}: "
            "give two (n, d) sets of one size"
        )
    tops, feet = _array(real), _array(fake)
    cost = cdist(tops, feet)
    _, partner = linear_sum_assignment(cost)
    cost, feet = cost[:, partner], feet[partner]
    heights = _real_heights(cost)

    def critic(points: Tensor) -> Tensor:
        lowest = (heights - cdist(_array(points), tops)).max(axis=1)
        highest = (heights - cost.diagonal() + cdist(_array(points), feet)).min(axis=1)
        return torch.from_numpy((lowest + highest) / 2).to(points)

    return critic


def _array(points: Tensor) -> np.ndarray:
    return points.detach().cpu().double().numpy()


def _real_heights(cost: np.ndarray) -> np.ndarray:
    """Heights of the real points; ``cost[i, k]`` is the way from i to the partner of k."""
    climb = cost - cost.diagonal()
    heights = np.zeros(len(cost))
    for _ in range(len(cost)):
        lower = (heights + climb).min(axis=1)
        if np.allclose(lower, heights, rtol=0, atol=1e-12):
            break
        heights = lower
    return heights
