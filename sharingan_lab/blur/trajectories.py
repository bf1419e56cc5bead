"""The path that a point of the scene draws on the sensor while the shutter is open."""

import math
from dataclasses import dataclass
from functools import cache
from numbers import Real

import torch
from torch import Tensor

from sharingan_lab.blur.backend import compiled_loops
from sharingan_lab.checks import Range, check_count, check_each, check_range, check_rng

ALGORITHM_LENGTH = 60.0  # the length, in pixels, for which Algorithm 1 states its constants
LENGTH = ("of pixels, finite and 0 or more", 0.0)
SETTINGS = 5  # random words that choose a walk's settings, before those of its steps
WORD = 62  # random bits of a word; of a step's, 16 and 16 push and 30 decide about an impulse
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

    Notes
    -----
    With unit velocity v, position x in pixels and complex standard normal noise N, one step is

        v <- v + anxiety * (gaussian * N - inertia * x)
        v <- v / |v|
        x <- x + v * path_length / (steps - 1)

    and with probability ``impulse * anxiety`` a term of about ``-2 v``, turned by up to half a
    radian, comes on top: a reversal. It is :func:`walk` with what :func:`throw_dice` drew.

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
    return walk(throw_dice(n, steps, rng=rng), path_length, inertia, gaussian, impulse, anxiety)


@dataclass(frozen=True)
class Dice:
    """The random numbers of n walks, packed: who wants plain tensors asks for its properties.

    ``words`` (n, 5 + steps - 1), int64, are whole numbers below ``2**62``: five for the settings of
    each walk, then one for each step.
    """

    words: Tensor

    @property
    def settings(self) -> Tensor:
        """Uniform numbers in [0, 1), (n, 5): direction, inertia, gaussian, impulse, anxiety."""
        return self.words[:, :SETTINGS].double() / 2**WORD

    @property
    def pushes(self) -> Tensor:
        """Standard normal numbers (n, steps - 1, 2): the vector N of each step."""
        words = self.words[:, SETTINGS:]
        normal = _normal_table().to(words.device)
        return torch.stack([normal[words & 0xFFFF], normal[(words >> 16) & 0xFFFF]], dim=2)

    @property
    def luck(self) -> Tensor:
        """Uniform numbers in [0, 1), (n, steps - 1).

        A step whose luck is below ``p = impulse * anxiety`` has an impulse, turned by
        ``luck / p - 0.5`` radian.
        """
        return (self.words[:, SETTINGS:] >> 32).double() / 2**30


def throw_dice(n: int, steps: int = 2000, *, rng: torch.Generator) -> Dice:
    """Draw the random numbers of n walks, path by path.

    Parameters
    ----------
    n, steps : int
        Numbers of paths and of the positions on each; see `sample_trajectories`.
    rng : torch.Generator
        Source of every random number. Drawing for eight paths equals drawing for four and then for
        four more, bit for bit.

    Examples
    --------
    >>> dice = throw_dice(3, 100, rng=torch.Generator().manual_seed(0))
    >>> dice.pushes.shape, round(float(dice.pushes.std()), 1)
    (torch.Size([3, 99, 2]), 1.0)
    """
    check_count("n", n)
    check_count("steps", steps, 2)
    check_rng(rng)
    shape = (n, SETTINGS + steps - 1)
    return Dice(torch.randint(2**WORD, shape, generator=rng, device=rng.device))


@cache
def _normal_table() -> Tensor:
    """Make 65,536 equally probable values of the standard normal distribution: its quantiles."""
    return torch.special.ndtri((torch.arange(2**16, dtype=torch.float64) + 0.5) / 2**16)


def walk(
    dice: Dice,
    path_length: float | Tensor = 60.0,
    inertia: Range = (0.0, 0.7),
    gaussian: Range = (0.0, 10.0),
    impulse: Range = (0.0, 0.2),
    anxiety: Range | Tensor = (0.0, 0.1),
) -> Tensor:
    """Walk as `sample_trajectories` does, with random numbers that were drawn before.

    Parameters
    ----------
    dice : Dice
        See :func:`throw_dice`.
    path_length, inertia, gaussian, impulse, anxiety
        See `sample_trajectories`; the anxiety may also be one for each path (n,). On a CPU with
        numba the walk runs in compiled code (:mod:`sharingan_lab.blur.backend`).

    Returns
    -------
    Tensor
        Positions (n, steps, 2) in pixels, float32.

    Examples
    --------
    >>> dice = throw_dice(3, 100, rng=torch.Generator().manual_seed(0))
    >>> walk(dice, path_length=10.0).shape
    torch.Size([3, 100, 2])
    """
    bits = dice.words[:, SETTINGS:]
    n, moves = bits.shape
    scale = check_each("path_length", path_length, n, *LENGTH).to(bits.device) / moves
    chance = dice.settings.T
    anxiety = _spread("anxiety", anxiety, chance[4])
    settings = (
        2 * math.pi * chance[0],
        anxiety * _spread("gaussian", gaussian, chance[2]),
        anxiety * _spread("impulse", impulse, chance[3]),
        anxiety * _spread("inertia", inertia, chance[1]) * ALGORITHM_LENGTH / moves,
    )
    compiled = compiled_loops(bits)
    if compiled is None:
        return (_walk(dice, *settings) * scale[:, None, None]).float()
    points = torch.empty(n, moves + 1, 2)
    numbers = (x.contiguous().numpy() for x in (*settings, _normal_table(), scale))
    compiled.walk(bits.numpy(), *numbers, points.numpy())
    return points


def _walk(dice: Dice, angle: Tensor, spread: Tensor, impulse: Tensor, pull: Tensor) -> Tensor:
    """Run n walks in units of one step; the result is (n, steps, 2), in double precision.

    Complex numbers stand for vectors of the plane; the other arguments (n,) are the settings of
    each walk.
    """
    pushes = spread[:, None] * torch.view_as_complex(dice.pushes)
    v = torch.polar(torch.ones_like(angle), angle)
    x = torch.zeros_like(v)
    points = [x]
    turns = _turns(dice.luck, impulse[:, None])
    for push, turn in zip(pushes.unbind(1), turns.unbind(1), strict=True):
        v = torch.sgn(v * turn + push - pull * x)  # sgn: the vector of length 1 in that direction
        x = x + v
        points.append(x)
    return torch.view_as_real(torch.stack(points, dim=1))


def _turns(luck: Tensor, probability: Tensor) -> Tensor:
    """Factor on the velocity at each step: 1, or 1 + 2 exp(i (pi + jitter)) at an impulse."""
    jitter = luck / probability - 0.5  # where an impulse happens, evenly spread over (-0.5, 0.5)
    reversal = 1 + torch.polar(torch.full_like(jitter, 2.0), math.pi + jitter)
    return torch.where(luck < probability, reversal, torch.ones_like(reversal))


def _spread(name: str, bounds: Range, uniform: Tensor) -> Tensor:
    """Map uniform numbers in [0, 1) onto the range asked for; a tensor (n,) is taken as it is."""
    if isinstance(bounds, Tensor):
        return bounds
    if isinstance(bounds, Real):
        bounds = float(bounds)  # of numpy, too
    low, high = check_range(name, bounds, 0, LARGEST[name])
    return low + (high - low) * uniform
