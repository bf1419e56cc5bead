"""What a critic of the plane looks like: its slope at any point, and the hills it puts on modes."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.errors import InputError
from sharingan_lab.networks.toys import BatchedMLP


def input_gradients(critic: Callable[[Tensor], Tensor], points: Tensor) -> Tensor:
    """Gradient of every point's score with respect to the point.

    Parameters
    ----------
    critic : callable
        Maps (..., d) points to scores; the score of a point depends on that point alone.
    points : Tensor
        (..., d).

    Returns
    -------
    Tensor
        (..., d), detached: towards where the score rises, as long as it rises steeply.

    Notes
    -----
    One derivative, of the sum of all scores, gives them all. In a critic with batch
    normalisation it does not: there a score depends on every point.

    Examples
    --------
    >>> input_gradients(lambda x: (x**2).sum(dim=-1), torch.tensor([[1.0, 0.0], [0.0, 2.0]]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    points = points.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points)
    return gradient


@torch.no_grad()
def peaks(critics: BatchedMLP, centres: Tensor, *, distance: float, around: int = 8) -> Tensor:
    """Say for each mode whether a critic puts a hill on it.

    Parameters
    ----------
    critics : BatchedMLP
        S networks from 2 inputs to 1 output.
    centres : Tensor
        (modes, 2).
    distance : float
        How far from a centre to compare, above 0; half the way to the next mode, say.
    around : int
        Points to compare with, on a circle.

    Returns
    -------
    Tensor
        (S, modes), True where the centre scores higher than every point around it.

    Raises
    ------
    InputError
        If the distance is not positive.

    Examples
    --------
    >>> import torch
    >>> critics = BatchedMLP(3, (2, 8, 1), generator=torch.Generator().manual_seed(0))
    >>> peaks(critics, torch.zeros(4, 2), distance=0.5).shape
    torch.Size([3, 4])
    """
    if not distance > 0:
        raise InputError(f"distance={distance} must be positive")
    angles = 2 * math.pi * torch.arange(around) / around
    circle = distance * torch.stack([angles.cos(), angles.sin()], dim=1)
    places = (
        torch.cat([torch.zeros(1, 2), circle]) + centres.cpu()[:, None]
    )  # (modes, 1 + around, 2)
    places = places.flatten(0, 1).to(critics.weights[0])
    scores = critics(places.expand(critics.networks, -1, -1))
    scores = scores.view(critics.networks, len(centres), 1 + around)
    return scores[..., 0] > scores[..., 1:].amax(dim=2)
