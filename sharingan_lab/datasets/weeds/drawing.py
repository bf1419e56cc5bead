"""Drawing a plant: smooth edges without drawing at a higher resolution.

A leaf is a shape in its own coordinates: u runs from its base (0) to its tip (1), v across it in
pixels, and ``half_width(u) - |v|`` is the signed distance to its margin.
"""

import numpy as np

from sharingan_lab.datasets.weeds.plants import Plant, Rng

SUN = np.deg2rad(-125)  # it stands at the upper left
_STALK = 0.8  # half-width of a leaf's stalk, pixels


def draw_plant(
    rng: Rng, canvas: np.ndarray, owner: np.ndarray, plant: Plant, centre: np.ndarray, number: int
) -> None:
    """Lay a plant and its shadow on the canvas (H, W, 3); mark its pixels in owner (H, W)."""
    place, x, y = patch(canvas, centre, plant.radius + 6)
    alpha, shade = _leaves(plant, x[None], y[None])
    covered = 1 - np.prod(1 - alpha, axis=0)
    ground = canvas[place] * (1 - 0.5 * _shadow(covered))[..., None]
    tone = rng.normal(1, 0.05, len(alpha)) * np.linspace(0.88, 1.15, len(alpha))
    for leaf, light, brightness in zip(alpha, shade, tone, strict=True):
        colour = (plant.colour * brightness).astype(np.float32) * light[..., None]
        ground += leaf[..., None] * (colour - ground)
    canvas[place] = ground
    owner[place][covered >= 0.5] = number


def _leaves(plant: Plant, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coverage and brightness (leaves, h, w) of each leaf at pixels x (1, 1, w), y (1, h, 1)."""
    angle, length, width, bend = (
        values.astype(np.float32)[:, None, None]
        for values in (plant.angle, plant.length, plant.width, plant.bend)
    )
    u = (x * np.cos(angle) + y * np.sin(angle)) / length
    v = y * np.cos(angle) - x * np.sin(angle) - bend * length * u * u
    place = (256 * u.clip(0, 0.999)).astype(np.uint8)
    half = np.maximum(width * _outline(plant)[place], _STALK * (u < 0.7))
    distance = half - np.abs(v)
    alpha = (distance + 0.5).clip(0, 1) * ((u > 0) & (u < 1))
    side = np.sin(SUN - angle) * np.sign(v)  # the two halves of a blade face different ways
    midrib = np.exp(-np.square(v / 0.9))
    veins = np.cos(26 * u - 9 * np.abs(v) / width)
    rim = (distance / width).clip(0, 0.4)
    shade = 0.72 + 0.2 * u + 0.10 * side + 0.13 * midrib + 0.03 * veins + 0.35 * rim
    return alpha, shade


def _outline(plant: Plant) -> np.ndarray:
    """Half-width along a leaf, at 256 places from base to tip, as a fraction of the largest."""
    blade = ((np.linspace(0, 1, 256) - plant.petiole) / (1 - plant.petiole)).clip(0, 1)
    rise = plant.widest / (1 - plant.widest)
    swell = np.sqrt((blade / plant.widest) ** rise * (1 - blade) / (1 - plant.widest))
    return (swell * (1 - plant.lobes * np.mod(6 * blade, 1))).astype(np.float32)


def _shadow(covered: np.ndarray) -> np.ndarray:
    """Soft shadow that falls three pixels to the lower right of what is covered."""
    moved = np.zeros_like(covered)
    moved[3:, 3:] = covered[:-3, :-3]
    for axis in (0, 1):
        moved = (np.roll(moved, 1, axis) + 2 * moved + np.roll(moved, -1, axis)) / 4
    return moved


def patch(
    canvas: np.ndarray, centre: np.ndarray, reach: float
) -> tuple[tuple[slice, slice], np.ndarray, np.ndarray]:
    """The part of a canvas around a centre (x, y): its slices, and x, y of its pixel centres."""
    first = np.maximum(np.floor(centre - reach), 0).astype(int)
    last = np.minimum(np.ceil(centre + reach), len(canvas)).astype(int)
    x, y = (
        np.arange(first[axis], last[axis], dtype=np.float32) + np.float32(0.5 - centre[axis])
        for axis in (0, 1)
    )
    return np.s_[first[1] : last[1], first[0] : last[0]], x[None, :], y[:, None]
