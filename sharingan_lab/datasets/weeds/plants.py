"""The forms of plants: every one is a rosette of leaves, the outer ones first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

CROP, WEED = 1, 2
Rng = np.random.Generator


@dataclass(frozen=True)
class Plant:
    """A plant before it is drawn: arrays of one entry a leaf, lengths in pixels."""

    label: int
    angle: np.ndarray
    length: np.ndarray
    width: np.ndarray  # largest half-width
    bend: np.ndarray  # sideways bend of the tip, as a fraction of the length
    petiole: float  # fraction of the length that is bare stalk
    widest: float  # where along the blade it is widest, 0 to 1
    lobes: float  # depth of the teeth of the margin, 0 to 1
    colour: np.ndarray

    @property
    def radius(self) -> float:
        """How far from its centre it reaches, and a little more."""
        return float((self.length * np.hypot(1, self.bend)).max()) + 3


class _Form(NamedTuple):
    """What all plants of a kind have in common; see `Plant`."""

    leaves: tuple[int, int]  # from the first to below the second
    youngest: float  # length of the innermost leaf, as a fraction of the outermost
    spread: float  # of the lengths
    width: tuple[float, float]  # as a fraction of the length
    bend: float  # standard deviation
    petiole: float
    widest: float
    lobes: float
    colour: tuple[float, float, float]


_BEET = _Form((7, 11), 0.4, 0.06, (0.23, 0.29), 0.07, 0.18, 0.55, 0.1, (0.26, 0.48, 0.26))
_BROADLEAF = _Form((5, 9), 0.5, 0.08, (0.3, 0.38), 0.08, 0.4, 0.5, 0.0, (0.31, 0.50, 0.22))
_DOCK = _Form((6, 10), 0.5, 0.08, (0.12, 0.16), 0.12, 0.2, 0.4, 0.0, (0.27, 0.49, 0.24))
_THISTLE = _Form((7, 12), 0.45, 0.08, (0.17, 0.22), 0.1, 0.05, 0.6, 0.6, (0.33, 0.49, 0.31))


def crop(rng: Rng, vigour: float) -> Plant:
    """A beet-like crop plant: oblong blue-green leaves, the young ones small and in the middle."""
    return _rosette(rng, CROP, _BEET, lambda: vigour * rng.normal(1, 0.1))


def broadleaf(rng: Rng) -> Plant:
    """A low weed of round leaves on stalks."""
    return _rosette(rng, WEED, _BROADLEAF, lambda: rng.uniform(9, 18))


def dock(rng: Rng) -> Plant:
    """A rosette of narrow smooth leaves, as green as the crop."""
    return _rosette(rng, WEED, _DOCK, lambda: rng.uniform(13, 24))


def thistle(rng: Rng) -> Plant:
    """A flat rosette of long, toothed, greyish leaves."""
    return _rosette(rng, WEED, _THISTLE, lambda: rng.uniform(13, 23))


def grass(rng: Rng) -> Plant:
    """A tuft of narrow blades."""
    leaves = int(rng.integers(9, 17))
    length = rng.uniform(13, 24) * rng.uniform(0.6, 1, leaves)
    angle = rng.uniform(0, 2 * np.pi, leaves)
    width, bend = rng.uniform(1.0, 1.8, leaves), rng.normal(0, 0.25, leaves)
    colour = _tint(rng, (0.37, 0.55, 0.24))
    return Plant(WEED, angle, length, width, bend, petiole=0, widest=0.3, lobes=0, colour=colour)


def seedling(rng: Rng) -> Plant:
    """Two seed leaves and a pair of first true leaves, crosswise."""
    turn = rng.uniform(0, np.pi)
    length = rng.uniform(7, 11) * np.array([1, 1, 0.7, 0.7]) * rng.normal(1, 0.06, 4)
    angle = turn + np.array([0, np.pi, np.pi / 2, -np.pi / 2]) + rng.normal(0, 0.1, 4)
    width, bend = length * rng.uniform(0.24, 0.32), rng.normal(0, 0.05, 4)
    colour = _tint(rng, (0.38, 0.55, 0.22))
    return Plant(WEED, angle, length, width, bend, petiole=0.25, widest=0.6, lobes=0, colour=colour)


WEEDS = (broadleaf, grass, thistle, dock, seedling)


def _rosette(rng: Rng, label: int, form: _Form, longest: Callable[[], float]) -> Plant:
    """Leaves as plants set them: one golden angle after another, with jitter."""
    leaves = int(rng.integers(*form.leaves))
    length = longest() * np.linspace(1, form.youngest, leaves) * rng.normal(1, form.spread, leaves)
    angle = rng.uniform(0, 2 * np.pi) + 2.39996 * np.arange(leaves) + rng.normal(0, 0.12, leaves)
    width, bend = length * rng.uniform(*form.width), rng.normal(0, form.bend, leaves)
    colour = _tint(rng, form.colour)
    return Plant(label, angle, length, width, bend, form.petiole, form.widest, form.lobes, colour)


def _tint(rng: Rng, colour: tuple[float, float, float]) -> np.ndarray:
    return np.asarray(colour) * rng.normal(1, 0.1) + rng.normal(0, 0.022, 3)
