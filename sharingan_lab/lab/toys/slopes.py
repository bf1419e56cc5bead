"""How steep critics are: at any point, and for toys on a mesh, which images do not allow."""

from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.errors import InputError
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


def steepest_slope(critics: BatchedMLP, *, side: int = 15, reach: float = 2.5) -> Tensor:
    """Steepest slope (S,) that each of S critics of the plane shows on a mesh from -reach to reach.

    The largest norm of the slopes between neighbours, a lower bound of the Lipschitz constant;
    differentiable with respect to the weights.

    Raises
    ------
    InputError
        The mesh has no two points along an edge.

    Examples
    --------
    >>> critic = BatchedMLP(1, (2, 1), rng=torch.Generator().manual_seed(0))
    >>> critic.weights[0].data = torch.tensor([[[3.0], [4.0]]])
    >>> round(steepest_slope(critic).item(), 4)
    5.0
    """
    if side < 2:
        raise InputError(f"side={side}: a slope needs 2 points or more along an edge")
    mesh = square_mesh(side, reach).to(critics.weights[0])
    heights = critics(mesh.expand(critics.networks, -1, -1)).view(-1, side, side)
    step = 2 * reach / (side - 1)
    along = heights.diff(dim=1)[:, :, :-1] / step
    across = heights.diff(dim=2)[:, :-1] / step
    # a tiny summand keeps the root differentiable where a critic is flat
    return (along.square() + across.square() + 1e-30).sqrt().flatten(1).amax(dim=1)
