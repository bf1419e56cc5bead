"""Distributions on the line and in the plane, small enough to compute what a GAN only estimates."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sharingan_lab.errors import InputError


@dataclass(frozen=True)
class Normal:
    """A normal distribution on the line, with samples and density.

    Examples
    --------
    >>> real = Normal(mean=1.0, std=0.5)
    >>> real.sample(4, rng=torch.Generator().manual_seed(0)).shape
    torch.Size([4, 1])
    >>> round(float(real.density(torch.tensor(1.0))), 3)
    0.798
    """

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not self.std > 0:
            raise InputError(f"std={self.std} must be positive")

    def sample(self, n: int, *, rng: torch.Generator) -> Tensor:
        """Draw n points, shape (n, 1)."""
        return self.mean + self.std * torch.randn(n, 1, generator=rng)

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
    n: int, centres: Tensor, std: float, *, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Draw points from equally likely Gaussians around centres (modes, 2).

    Returns
    -------
    points, labels : Tensor
        (n, 2), and (n,): the index of the centre each point was drawn around.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> points, labels = gaussian_mixture(5, ring_centres(), 0.02, rng=rng)
    >>> points.shape, labels.shape
    (torch.Size([5, 2]), torch.Size([5]))
    """
    labels = torch.randint(len(centres), (n,), generator=rng)
    noise = torch.randn(n, centres.shape[1], generator=rng)
    return centres[labels] + std * noise, labels


def swiss_roll(n: int, *, noise: float = 0.25, rng: torch.Generator) -> Tensor:
    """Draw points (n, 2) from a spiral: the Swiss roll seen from its end.

    ``noise`` is the standard deviation around the spiral, before the division by 7.5 that brings
    the roll to about unit spread, as in I. Gulrajani et al., "Improved training of Wasserstein
    GANs", 2017, figure 1.

    Examples
    --------
    >>> swiss_roll(7, rng=torch.Generator().manual_seed(0)).shape
    torch.Size([7, 2])
    """
    angle = 1.5 * math.pi * (1 + 2 * torch.rand(n, generator=rng))
    spiral = angle[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return (spiral + noise * torch.randn(n, 2, generator=rng)) / 7.5


def mode_coverage(
    points: Tensor, centres: Tensor, *, radius: float, least: int = 1
) -> tuple[int, float]:
    """Count the modes that samples reach, and the share of samples that reach any.

    Parameters
    ----------
    points, centres : Tensor
        (n, d) samples and (modes, d) centres.
    radius : float
        A sample is good if its nearest centre is at most this far.
    least : int
        A mode is covered if at least this many good samples lie at it.

    Examples
    --------
    >>> points = torch.tensor([[2.0, 0.1], [2.1, 0.0], [0.0, 0.0], [0.0, 2.0]])
    >>> mode_coverage(points, ring_centres(), radius=0.3)
    (2, 0.75)
    """
    distance, nearest = torch.cdist(points, centres).min(dim=1)
    good = distance <= radius
    counts = torch.bincount(nearest[good], minlength=len(centres))
    return int((counts >= least).sum()), float(good.double().mean())
