"""A critic of the plane as a surface: its heights, its slopes, the hills it puts on modes."""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from torch import Tensor

from sharingan_lab.errors import InputError
from sharingan_lab.lab.toys.distributions import ring_centres
from sharingan_lab.lab.toys.mlp import BatchedMLP


def input_gradients(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Gradient (..., d) of every point's score with respect to the point: where the score rises.

    One derivative, of the sum of all scores, gives them all, as the score of a point depends on
    that point alone. In a critic with batch normalisation it does not.

    Examples
    --------
    >>> input_gradients(lambda x: (x**2).sum(dim=-1), torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points)
    return gradient


def square_mesh(side: int, reach: float) -> Tensor:
    """Points of a square mesh from -reach to reach, shape (side * side, 2), row by row.

    Examples
    --------
    >>> square_mesh(2, 1.0)[:3]
    tensor([[-1., -1.],
            [-1.,  1.],
            [ 1., -1.]])
    """
    ticks = torch.linspace(-reach, reach, side)
    return torch.cartesian_prod(ticks, ticks)


def steepest_slope(critics: BatchedMLP, *, side: int = 15) -> Tensor:
    """Steepest slope (S,) that each of S critics of the plane shows on a mesh from -2.5 to 2.5.

    The largest norm of the slopes between neighbours, ``side`` points in a row, 2 or more; a lower
    bound of the Lipschitz constant, differentiable with respect to the weights.

    Examples
    --------
    >>> critic = BatchedMLP(1, (2, 1), rng=torch.Generator().manual_seed(0))
    >>> critic.weights[0].data = torch.tensor([[[3.0], [4.0]]])
    >>> round(steepest_slope(critic).item(), 4)
    5.0
    """
    if side < 2:
        raise InputError(f"side={side}: a slope needs 2 points or more along an edge")
    mesh = square_mesh(side, 2.5).to(critics.weights[0])
    heights = critics(mesh.expand(critics.networks, -1, -1)).view(-1, side, side)
    step = 5 / (side - 1)
    along = heights.diff(dim=1)[:, :, :-1] / step
    across = heights.diff(dim=2)[:, :-1] / step
    # a tiny summand keeps the root differentiable where a critic is flat
    return (along.square() + across.square() + 1e-30).sqrt().flatten(1).amax(dim=1)


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
    ``distance``, above 0; half the way to the next mode, say.

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


def draw_surface(ax: Axes, heights: Tensor, *, reach: float) -> None:
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
    ax.contourf(ticks, ticks, heights, levels=12, cmap="cividis", alpha=0.75)
    lines = {"colors": "white", "linewidths": 0.6, "linestyles": "solid"}
    ax.contour(ticks, ticks, heights, levels=12, **lines)
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.grid(False)
