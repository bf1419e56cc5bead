"""The path that a point of the scene draws on the sensor while the shutter is open."""

import math

import torch
from torch import Tensor

from sharingan_lab.errors import InputError

Range = float | tuple[float, float]

ALGORITHM_LENGTH = 60.0  # the length, in pixels, for which Algorithm 1 states its constants
LARGEST = {"inertia": 10.0, "gaussian": 100.0, "impulse": 1.0, "anxiety": 1.0}


def sample_trajectories(
    n: int,
    *,
    steps: int = 2000,
    length: float = 60.0,
    generator: torch.Generator,
    inertia: Range = (0.0, 0.7),
    gaussian: Range = (0.0, 10.0),
    impulse: Range = (0.0, 0.2),
    anxiety: Range = (0.0, 0.1),
) -> Tensor:
    """Draw random camera-shake paths: Algorithm 1 of DeblurGAN, for many paths at once.

    A point moves at constant speed. At every step its direction is disturbed by a little Gaussian
    noise, pulled back towards where it started, and now and then reversed by an impulse.

    Parameters
    ----------
    n : int
        Number of paths, at least 1.
    steps : int
        Number of positions on each path, at least 2. The noise acts once a step, so a path with
        more steps is also a wilder one: keep 2000 to have the published statistics.
    length : float
        Length of the whole path in pixels, not negative. It only scales the path: the same
        generator state with twice the length gives the same path, twice as large.
    generator : torch.Generator
        Source of every random number.
    inertia, gaussian, impulse, anxiety : float or (float, float)
        A fixed value, or the range from which each path draws its own, uniformly. Pull towards
        the start (up to 10); strength of the Gaussian disturbance (up to 100); probability of an
        impulse (up to 1); and the nervousness that multiplies all three (up to 1).

    Returns
    -------
    Tensor
        Positions (n, steps, 2) in pixels, float32, as (x, y) with y downwards; each path starts
        at (0, 0).

    Raises
    ------
    InputError
        A count, the length or a range is out of bounds.

    Notes
    -----
    With unit velocity v, position x in pixels and complex standard normal noise N, one step is

        v <- v + anxiety * (gaussian * N - inertia * x)
        v <- v / |v|
        x <- x + v * length / (steps - 1)

    and with probability ``impulse * anxiety`` a term of about ``-2 v``, turned by up to half a
    radian, comes on top: a reversal. The numbers are drawn sample by sample, so drawing eight paths
    equals drawing four and then four more. Where the reference code measures x in pixels whatever
    the length, here x is measured on a path of length 60.

    References
    ----------
    Kupyn et al., "DeblurGAN", CVPR 2018, Algorithm 1. Boracchi and Foi, "Modeling the performance
    of image restoration from motion blur", IEEE TIP 2012.

    Examples
    --------
    >>> paths = sample_trajectories(2, generator=torch.Generator().manual_seed(0))
    >>> paths.shape
    torch.Size([2, 2000, 2])
    >>> travelled = (paths[:, 1:] - paths[:, :-1]).norm(dim=2).sum(dim=1)
    >>> [round(float(length), 3) for length in travelled]
    [60.0, 60.0]
    """
    _check_counts(n, steps, length)
    shape, device = (n, 5 + 4 * steps), generator.device
    chance = torch.rand(shape, generator=generator, dtype=torch.float64, device=device).cpu()
    walk, noise, shocks = chance[:, :5].T, chance[:, 5 : 5 + 2 * steps], chance[:, 5 + 2 * steps :]
    inertia = _spread("inertia", inertia, walk[1])
    gaussian = _spread("gaussian", gaussian, walk[2])
    impulse = _spread("impulse", impulse, walk[3])
    anxiety = _spread("anxiety", anxiety, walk[4])
    start = torch.polar(torch.ones(n, dtype=torch.float64), 2 * math.pi * walk[0])
    pushes = (anxiety * gaussian)[:, None] * _complex_normal(noise)
    turns = _turns(shocks, impulse * anxiety)
    pull = anxiety * inertia * ALGORITHM_LENGTH / (steps - 1)
    points = _walk(start, pushes.T.contiguous(), turns.T.contiguous(), pull)
    return (torch.view_as_real(points) * (length / (steps - 1))).float()


def _walk(v: Tensor, pushes: Tensor, turns: Tensor, pull: Tensor) -> Tensor:
    """Run the walks (n,) through all steps, in units of one step; the result is (n, steps)."""
    x = torch.zeros_like(v)
    points = [x]
    for push, turn in zip(pushes[1:], turns[1:], strict=True):
        v = torch.sgn(v * turn + push - pull * x)  # sgn: the vector of length 1 in that direction
        x = x + v
        points.append(x)
    return torch.stack(points, dim=1)


def _complex_normal(uniform: Tensor) -> Tensor:
    """Turn uniform numbers (n, 2 m) into complex normal ones (n, m) by the Box-Muller method.

    torch.randn would not do: its numbers depend on how many are asked for in one call.
    """
    radius, angle = uniform.chunk(2, dim=1)
    return torch.polar(torch.sqrt(-2 * torch.log1p(-radius)), 2 * math.pi * angle)


def _turns(uniform: Tensor, probability: Tensor) -> Tensor:
    """Factor on the velocity at each step: 1, or 1 + 2 exp(i (pi + jitter)) at an impulse."""
    hit, jitter = uniform.chunk(2, dim=1)
    reversal = 1 + torch.polar(torch.full_like(jitter, 2.0), math.pi + jitter - 0.5)
    return torch.where(hit < probability[:, None], reversal, torch.ones_like(reversal))


def _spread(name: str, bounds: Range, uniform: Tensor) -> Tensor:
    """Map uniform numbers in [0, 1) onto the range asked for."""
    low, high = bounds if isinstance(bounds, tuple) else (bounds, bounds)
    if not 0 <= low <= high <= LARGEST[name]:
        raise InputError(
            f"{name} must be a number or a (low, high) range within [0, {LARGEST[name]:g}], "
            f"got {bounds!r}"
        )
    return low + (high - low) * uniform


def _check_counts(n: int, steps: int, length: float) -> None:
    if n < 1:
        raise InputError(f"n must be at least 1 path, got {n}")
    if steps < 2:
        raise InputError(f"steps must be at least 2, got {steps}")
    if not (math.isfinite(length) and length >= 0):
        raise InputError(f"length must be a finite number of pixels, 0 or more, got {length}")
