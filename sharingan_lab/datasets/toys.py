"""Toy distributions of the background lessons, and exact distances between them.

Points in the plane are small enough that everything a GAN only estimates (the optimal
discriminator, the Jensen-Shannon divergence, the earth mover's distance) can be computed.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import coo_array
from scipy.spatial.distance import cdist
from torch import Tensor

from sharingan_lab.errors import InputError


@dataclass(frozen=True)
class Normal:
    """A normal distribution on the line, with samples and density.

    Parameters
    ----------
    mean : float
        Centre.
    std : float
        Standard deviation, above 0.

    Raises
    ------
    InputError
        If the standard deviation is not positive.

    Examples
    --------
    >>> import torch
    >>> real = Normal(mean=1.0, std=0.5)
    >>> real.sample(4, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([4, 1])
    >>> round(float(real.density(torch.tensor(1.0))), 3)
    0.798
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not self.std > 0:
            raise InputError(f"std={self.std} must be positive")

    def sample(self, n: int, *, generator: torch.Generator) -> Tensor:
        """Draw n points, shape (n, 1)."""
        return self.mean + self.std * torch.randn(n, 1, generator=generator)

    def density(self, x: Tensor) -> Tensor:
        """Probability density at every entry of x."""
        z = (x - self.mean) / self.std
        return torch.exp(-z.square() / 2) / (self.std * math.sqrt(2 * math.pi))


def ring_centres(modes: int = 8, radius: float = 2.0) -> Tensor:
    """Centres of a ring of Gaussians, shape (modes, 2), counted from the right, anticlockwise.

    Examples
    --------
    >>> ring_centres(4, radius=1.0).round().abs()
    tensor([[1., 0.],
            [0., 1.],
            [1., 0.],
            [0., 1.]])
    """
    angles = 2 * math.pi * torch.arange(modes) / modes
    return radius * torch.stack([angles.cos(), angles.sin()], dim=1)


def grid_centres(side: int = 5, spacing: float = 1.0) -> Tensor:
    """Centres of a square grid of Gaussians around the origin, shape (side * side, 2).

    Examples
    --------
    >>> grid_centres(2, spacing=2.0)
    tensor([[-1., -1.],
            [-1.,  1.],
            [ 1., -1.],
            [ 1.,  1.]])
    """
    ticks = spacing * (torch.arange(side) - (side - 1) / 2)
    return torch.cartesian_prod(ticks, ticks)


def gaussian_mixture(
    n: int, centres: Tensor, std: float, *, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw points from equally likely Gaussians.

    Parameters
    ----------
    n : int
        Number of points.
    centres : Tensor
        (modes, 2), as from :func:`ring_centres` or :func:`grid_centres`.
    std : float
        Standard deviation of every Gaussian along both axes.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    points : Tensor
        (n, 2).
    labels : Tensor
        (n,), the index of the centre each point was drawn around.

    Examples
    --------
    >>> import torch
    >>> generator = torch.Generator().manual_seed(0)
    >>> points, labels = gaussian_mixture(5, ring_centres(), 0.02, generator=generator)
    >>> points.shape, labels.shape
    (torch.Size([5, 2]), torch.Size([5]))
    """
    labels = torch.randint(len(centres), (n,), generator=generator)
    noise = torch.randn(n, centres.shape[1], generator=generator)
    return centres[labels] + std * noise, labels


def swiss_roll(n: int, *, noise: float = 0.25, generator: torch.Generator) -> Tensor:
    """Draw points from a spiral: the Swiss roll seen from its end.

    Parameters
    ----------
    n : int
        Number of points.
    noise : float
        Standard deviation around the spiral, before the division by 7.5 that brings the roll to
        about unit spread.
    generator : torch.Generator
        Source of randomness.

    Returns
    -------
    Tensor
        (n, 2).

    References
    ----------
    .. [1] I. Gulrajani et al., "Improved training of Wasserstein GANs", 2017, figure 1: the same
       roll, scaled the same way.

    Examples
    --------
    >>> import torch
    >>> swiss_roll(7, generator=torch.Generator().manual_seed(0)).shape
    torch.Size([7, 2])
    """
    angle = 1.5 * math.pi * (1 + 2 * torch.rand(n, generator=generator))
    spiral = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return (spiral + noise * torch.randn(n, 2, generator=generator)) / 7.5


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """Jensen-Shannon divergence of two histograms, in nats.

    Parameters
    ----------
    p, q : Tensor
        Non-negative weights over the same cells, any one shape; each is scaled to sum to 1.

    Returns
    -------
    float
        From 0 (equal) to log 2 (nothing in common).

    Raises
    ------
    InputError
        If the shapes differ, a weight is negative, or all weights are 0.

    Notes
    -----
    The mean of KL(p || m) and KL(q || m) with m = (p + q) / 2. At the optimal discriminator the
    value of equation 2 is 2 JS - log 4.

    Examples
    --------
    >>> import torch
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
    """Cheapest way to turn one pile of earth into another.

    Parameters
    ----------
    cost : Tensor
        (n, m): cost of moving one unit from place i to place j, usually a distance.
    supply : Tensor
        (n,) mass that lies at each place; scaled to sum to 1.
    demand : Tensor
        (m,) mass that is wanted at each place; scaled to sum to 1.

    Returns
    -------
    plan : Tensor
        (n, m), mass moved from i to j: rows sum to the supply, columns to the demand.
    work : float
        Total cost of the plan: the earth mover's distance if ``cost`` is a distance.

    Raises
    ------
    InputError
        If the shapes do not fit, or the masses are negative or all 0.

    Notes
    -----
    A linear programme, solved exactly; made for tens of places, not thousands.

    Examples
    --------
    >>> import torch
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
    result = linprog(
        cost.double().flatten().numpy(),
        A_eq=_marginals(*cost.shape),
        b_eq=torch.cat([supply, demand]).numpy(),
    )
    return torch.from_numpy(result.x).reshape(cost.shape).to(cost.dtype), float(result.fun)


def _marginals(n: int, m: int) -> coo_array:
    """Matrix that takes a flattened (n, m) plan to its row sums, then its column sums."""
    row, column = np.divmod(np.arange(n * m), m)
    entries = np.concatenate([row, n + column]), np.tile(np.arange(n * m), 2)
    return coo_array((np.ones(2 * n * m), entries), shape=(n + m, n * m))


def earth_movers_distance(x: Tensor, y: Tensor) -> float:
    """Exact earth mover's (Wasserstein-1) distance between two equally large sets of points.

    Parameters
    ----------
    x, y : Tensor
        (n, d) each; every point weighs 1 / n, the cost is the Euclidean distance.

    Returns
    -------
    float
        Mean distance that a point travels under the best one-to-one assignment.

    Raises
    ------
    InputError
        If the shapes differ.

    Notes
    -----
    Between equally many equal weights some best transport plan is an assignment, so scipy's
    ``linear_sum_assignment`` gives the exact value. Two samples of one distribution are not at
    distance 0: the distance between samples is above the distance between distributions.

    Examples
    --------
    >>> import torch
    >>> x = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    >>> earth_movers_distance(x, x.flip(0) + torch.tensor([0.0, 3.0]))
    3.0
    """
    if x.shape != y.shape or x.ndim != 2:
        raise InputError(
            f"x has shape {tuple(x.shape)}, y {tuple(y.shape)}: give two (n, d) sets of one size"
        )
    cost = cdist(x.detach().cpu().numpy(), y.detach().cpu().numpy())
    return float(cost[linear_sum_assignment(cost)].mean())


def mode_coverage(
    points: Tensor, centres: Tensor, *, radius: float, least: int = 1
) -> tuple[int, float]:
    """Count the modes that samples reach, and the share of samples that reach any.

    Parameters
    ----------
    points : Tensor
        (n, d) samples.
    centres : Tensor
        (modes, d) centres of the modes.
    radius : float
        A sample is good if its nearest centre is at most this far.
    least : int
        A mode is covered if at least this many good samples lie at it.

    Returns
    -------
    covered : int
        Number of modes covered.
    good : float
        Share of good samples, 0 to 1.

    Examples
    --------
    >>> import torch
    >>> points = torch.tensor([[2.0, 0.1], [2.1, 0.0], [0.0, 0.0], [0.0, 2.0]])
    >>> mode_coverage(points, ring_centres(), radius=0.3)
    (2, 0.75)
    """
    distance, nearest = torch.cdist(points, centres).min(dim=1)
    good = distance <= radius
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= least).sum()), float(good.double().mean())
