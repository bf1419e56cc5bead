"""A critic of the plane as a surface: its heights, their map, and the hills it puts on modes."""

import torch
from matplotlib.axes import Axes
from torch import Tensor

from sharingan_lab.errors import InputError
from sharingan_lab.lab.toys.distributions import ring_centres
from sharingan_lab.lab.toys.mlp import BatchedMLP
from sharingan_lab.lab.toys.slopes import square_mesh


@torch.no_grad()
def surface(critics: BatchedMLP, *, reach: float, side: int = 61) -> Tensor:
    """Scores (S, side, side) of S critics of the plane on a square mesh from -reach to reach.

    Examples
    --------
    >>> critics = BatchedMLP(2, (2, 8, 1), rng=torch.Generator().manual_seed(0))
    >>> surface(critics, reach=1.0, side=5).shape
    torch.Size([2, 5, 5])
    """
    points = square_mesh(side, reach).flip(1).to(critics.weights[0])
    return critics(points.expand(critics.networks, -1, -1)).view(-1, side, side).cpu()


@torch.no_grad()
def peaks(critics: BatchedMLP, centres: Tensor, *, distance: float) -> Tensor:
    """Say for each mode whether a critic puts a hill on it: (S, modes).

    True where the centre, of (modes, 2), scores higher than eight points on a circle of radius
    ``distance``; half the way to the next mode, say.

    Raises
    ------
    InputError
        The distance is not positive.

    Examples
    --------
    >>> critics = BatchedMLP(3, (2, 8, 1), rng=torch.Generator().manual_seed(0))
    >>> peaks(critics, torch.zeros(4, 2), distance=0.5).shape
    torch.Size([3, 4])
    """
    if not distance > 0:
        raise InputError(f"distance={distance} must be positive")
    circle = ring_centres(8, distance)
    places = torch.cat([torch.zeros(1, 2), circle]) + centres.cpu()[:, None]  # (modes, 9, 2)
    places = places.flatten(0, 1).to(critics.weights[0])
    scores = critics(places.expand(critics.networks, -1, -1))
    scores = scores.view(critics.networks, len(centres), 9)
    return scores[..., 0] > scores[..., 1:].amax(dim=2)


def draw_surface(ax: Axes, heights: Tensor, *, reach: float, lines: int = 12) -> None:
    """Draw one network of :func:`surface` from dark (low, generated) to light (high, real).

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_surface(ax, torch.rand(5, 5), reach=1.0)
    >>> [float(limit) for limit in ax.get_xlim()]
    [-1.0, 1.0]
    """
    ticks = torch.linspace(-reach, reach, len(heights))
    ax.contourf(ticks, ticks, heights, levels=lines, cmap="cividis", alpha=0.75)
    ax.contour(
        ticks, ticks, heights, levels=lines, colors="white", linewidths=0.6, linestyles="solid"
    )
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.grid(False)
