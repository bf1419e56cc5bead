"""Distances between distributions, exact where points in the plane allow it.

A GAN only estimates them: the Jensen-Shannon divergence through its discriminator, the earth
mover's distance through its critic.
"""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist
from torch import Tensor

from sharingan_lab.errors import InputError


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """Jensen-Shannon divergence of two histograms, in nats: 0 (equal) to log 2 (nothing in common).

    The mean of KL(p || m) and KL(q || m) with m = (p + q) / 2. At the optimal discriminator the
    value of equation 2 is 2 JS - log 4.

    Parameters
    ----------
    p, q : Tensor
        Weights over the same cells, any one shape, none negative; each is scaled to sum to 1.

    Examples
    --------
    >>> round(jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])), 4)
    0.6931
    """
    if p.shape != q.shape:
        raise InputError(f"p has shape {tuple(p.shape)}, q has {tuple(q.shape)}: make them equal")
    p, q = (_normalised(weights.double()) for weights in (p, q))
    middle = (p + q) / 2
    return float(
        (torch.xlogy(p, p) + torch.xlogy(q, q)).sum() / 2 - torch.xlogy(middle, middle).sum()
    )


def _normalised(weights: Tensor) -> Tensor:
    if bool((weights < 0).any()) or not float(weights.sum()) > 0:
        raise InputError("weights must not be negative, and their sum must be positive")
    return weights / weights.sum()


def transport_plan(cost: Tensor, supply: Tensor, demand: Tensor) -> tuple[Tensor, float]:
    """Cheapest way to turn one pile of earth into another: a linear programme, solved exactly.

    Parameters
    ----------
    cost : Tensor
        (n, m): of moving one unit from place i to place j, usually a distance; tens of places.
    supply, demand : Tensor
        (n,) mass that lies, (m,) mass that is wanted at each place, none negative; scaled to sum
        to 1.

    Returns
    -------
    plan : Tensor
        (n, m), mass moved from i to j: rows sum to the supply, columns to the demand.
    work : float
        Total cost of the plan: the earth mover's distance if ``cost`` is a distance.

    Examples
    --------
    >>> cost = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> plan, work = transport_plan(cost, torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5]))
    >>> work
    0.5
    """
    if cost.shape != (len(supply), len(demand)):
        raise InputError(
            f"cost has shape {tuple(cost.shape)}, expected ({len(supply)}, {len(demand)}): "
            "one row a supply, one column a demand"
        )
    supply, demand = _normalised(supply.double()), _normalised(demand.double())
    n, m = cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))  # sums of a plan
    result = linprog(
        cost.double().flatten().numpy(),
        A_eq=np.concatenate([rows, columns]),
        b_eq=torch.cat([supply, demand]).numpy(),
    )
    return torch.from_numpy(result.x).reshape(cost.shape).to(cost.dtype), float(result.fun)


def earth_movers_distance(x: Tensor, y: Tensor) -> float:
    """Exact earth mover's (Wasserstein-1) distance between two equally large sets of points (n, d).

    The mean way of a point under the best one-to-one assignment: between equally many equal weights
    some best transport plan is one. Two samples of one distribution are not at distance 0.

    Examples
    --------
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> earth_movers_distance(x, x.flip(0) + torch.tensor([0.0, 3.0]))
    3.0
    """
    cost, partner = _matched(x, y)
    return float(cost[np.arange(len(cost)), partner].mean())


def _matched(x: Tensor, y: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Ways (n, n) from each x to each y, and the partner of each x under the best assignment."""
    if x.shape != y.shape or x.ndim != 2:
        raise InputError(
            f"the sets have shapes {tuple(x.shape)} and {tuple(y.shape)}: "
            "give two (n, d) sets of one size"
        )
    cost = cdist(_array(x), _array(y))
    return cost, linear_sum_assignment(cost)[1]


def _array(points: Tensor) -> np.ndarray:
    return points.detach().cpu().double().numpy()


def optimal_critic(real: Tensor, fake: Tensor) -> Callable[[Tensor], Tensor]:
    r"""Best critic there is of equation (4), computed, between two equally large sets (n, d).

    The critic takes points (m, d) to heights (m,), is nowhere steeper than 1, and the mean height
    of ``real`` minus that of ``fake`` is their earth mover's distance.

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
    cost, partner = _matched(real, fake)
    tops, feet = _array(real), _array(fake)[partner]
    cost = cost[:, partner]
    heights = _real_heights(cost)

    def critic(points: Tensor) -> Tensor:
        lowest = (heights - cdist(_array(points), tops)).max(axis=1)
        highest = (heights - cost.diagonal() + cdist(_array(points), feet)).min(axis=1)
        return torch.from_numpy((lowest + highest) / 2).to(points)

    return critic


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
