"""The path that a point of the scene draws on the sensor while the shutter is open."""

import math
from functools import cache

import torch
from torch import Tensor

from sharingan_lab.blur.backend import compiled_loops
from sharingan_lab.checks import check_count, check_each
from sharingan_lab.errors import InputError

Range = float | tuple[float, float]

ALGORITHM_LENGTH = 60.0  # the length, in pixels, for which Algorithm 1 states its constants
LENGTH = ("of pixels, finite and 0 or more", 0.0)
DRAWS = 5  # random words that choose the settings of a walk, before those of its steps
WORD = 62  # random bits a step: 16 and 16 for the Gaussian disturbance, 30 for the impulse
LARGEST = {"inertia": 10.0, "gaussian": 100.0, "impulse": 1.0, "anxiety": 1.0}


def sample_trajectories(
    n: int,
    *,
    steps: int = 2000,
    path_length: float | Tensor = 60.0,
    rng: torch.Generator,
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
    path_length : float or Tensor
        Length of the whole path in pixels, not negative; one, or one a path (n,). It only scales
        the path: the same state of `rng` with twice the length gives the same path, twice as
        large.
    rng : torch.Generator
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
        A count, the path's length or a range is out of bounds.

    Notes
    -----
    With unit velocity v, position x in pixels and complex standard normal noise N, one step is

        v <- v + anxiety * (gaussian * N - inertia * x)
        v <- v / |v|
        x <- x + v * path_length / (steps - 1)

    and with probability ``impulse * anxiety`` a term of about ``-2 v``, turned by up to half a
    radian, comes on top: a reversal. Each step takes one random word, path by path, so drawing
    eight paths equals drawing four and then four more, bit for bit. On a CPU with numba the walk
    runs in compiled code (:mod:`sharingan_lab.blur.backend`).

    Where the reference code measures x in pixels whatever the length, here x is measured on a path
    of length 60.

    References
    ----------
    Kupyn et al., "DeblurGAN", CVPR 2018, Algorithm 1. Boracchi and Foi, "Modeling the performance
    of image restoration from motion blur", IEEE TIP 2012.

    Examples
    --------
    >>> paths = sample_trajectories(2, rng=torch.Generator().manual_seed(0))
    >>> paths.shape
    torch.Size([2, 2000, 2])
    >>> travelled = (paths[:, 1:] - paths[:, :-1]).norm(dim=2).sum(dim=1)
    >>> [round(float(length), 3) for length in travelled]
    [60.0, 60.0]
    """
    check_count("steps", steps, 2)
    lengths = check_each("path_length", path_length, n, *LENGTH)
    device = rng.device
    words = torch.randint(2**WORD, (n, DRAWS + steps - 1), generator=rng, device=device)
    return walk_by_words(words, lengths.to(device), inertia, gaussian, impulse, anxiety)


def walk_by_words(
    words: Tensor,
    lengths: Tensor,
    inertia: Range = (0.0, 0.7),
    gaussian: Range = (0.0, 10.0),
    impulse: Range = (0.0, 0.2),
    anxiety: Range = (0.0, 0.1),
) -> Tensor:
    """Walk as `sample_trajectories` does, by random bits that were drawn before.

    Parameters
    ----------
    words : Tensor
        Random whole numbers below ``2**62``, (n, 5 + steps - 1), int64: five for the settings of
        each walk, then one for each step.
    lengths : Tensor
        Length of each path in pixels (n,), double precision.
    inertia, gaussian, impulse, anxiety : float or (float, float)
        See `sample_trajectories`.

    Returns
    -------
    Tensor
        Positions (n, steps, 2) in pixels, float32.

    Raises
    ------
    InputError
        A range is out of bounds.

    Examples
    --------
    >>> words = torch.randint(2**62, (3, 5 + 99), generator=torch.Generator().manual_seed(0))
    >>> walk_by_words(words, torch.full((3,), 10.0, dtype=torch.float64)).shape
    torch.Size([3, 100, 2])
    """
    steps = words.shape[1] - DRAWS + 1
    chance = words[:, :DRAWS].T.double() / 2**WORD
    anxiety = _spread("anxiety", anxiety, chance[4])
    settings = (
        2 * math.pi * chance[0],
        anxiety * _spread("gaussian", gaussian, chance[2]),
        anxiety * _spread("impulse", impulse, chance[3]),
        anxiety * _spread("inertia", inertia, chance[1]) * ALGORITHM_LENGTH / (steps - 1),
    )
    return _scaled_walk(words[:, DRAWS:], settings, lengths / (steps - 1))


def _scaled_walk(words: Tensor, settings: tuple[Tensor, ...], scale: Tensor) -> Tensor:
    """Run the walks and stretch each by its scale (n,); the result is (n, steps, 2), float32."""
    compiled = compiled_loops(words)
    if compiled is None:
        return (_walk(words, *settings) * scale[:, None, None]).float()
    points = torch.empty(len(words), words.shape[1] + 1, 2)
    numbers = (x.contiguous().numpy() for x in (*settings, _normal_table(), scale))
    compiled.walk(words.numpy(), *numbers, points.numpy())
    return points


def _walk(words: Tensor, angle: Tensor, spread: Tensor, impulse: Tensor, pull: Tensor) -> Tensor:
    """Run n walks in units of one step; the result is (n, steps, 2), in double precision.

    Complex numbers stand for vectors of the plane. ``words`` (n, steps - 1) hold the random bits of
    each step, the other arguments (n,) the settings of each walk.
    """
    pushes, turns = spread[:, None] * _complex_normal(words), _turns(words, impulse[:, None])
    v = torch.polar(torch.ones_like(angle), angle)
    x = torch.zeros_like(v)
    points = [x]
    for push, turn in zip(pushes.unbind(1), turns.unbind(1), strict=True):
        v = torch.sgn(v * turn + push - pull * x)  # sgn: the vector of length 1 in that direction
        x = x + v
        points.append(x)
    return torch.view_as_real(torch.stack(points, dim=1))


def _complex_normal(words: Tensor) -> Tensor:
    """Turn the lowest 32 bits of each word into a complex normal number: 16 bits for each part."""
    normal = _normal_table().to(words.device)
    return torch.complex(normal[words & 0xFFFF], normal[(words >> 16) & 0xFFFF])


@cache
def _normal_table() -> Tensor:
    """Make 65,536 equally probable values of the standard normal distribution: its quantiles."""
    return torch.special.ndtri((torch.arange(2**16, dtype=torch.float64) + 0.5) / 2**16)


def _turns(words: Tensor, probability: Tensor) -> Tensor:
    """Factor on the velocity at each step: 1, or 1 + 2 exp(i (pi + jitter)) at an impulse."""
    luck = (words >> 32).double() / 2**30
    jitter = luck / probability - 0.5  # where an impulse happens, evenly spread over (-0.5, 0.5)
    reversal = 1 + torch.polar(torch.full_like(jitter, 2.0), math.pi + jitter)
    return torch.where(luck < probability, reversal, torch.ones_like(reversal))


def _spread(name: str, bounds: Range, uniform: Tensor) -> Tensor:
    """Map uniform numbers in [0, 1) onto the range asked for; a tensor (n,) is taken as it is."""
    if isinstance(bounds, Tensor):
        return bounds
    low, high = bounds if isinstance(bounds, tuple) else (bounds, bounds)
    if not 0 <= low <= high <= LARGEST[name]:
        raise InputError(
            f"{name} must be a number or a (low, high) range within [0, {LARGEST[name]:g}], "
            f"got {bounds!r}"
        )
    return low + (high - low) * uniform
