"""Generated top-down pictures of a field: crop rows and weeds, with exact boxes.

Every plant is a rosette of leaves. A leaf is a shape in its own coordinates: u runs from its
base (0) to its tip (1), v across it in pixels, and ``half_width(u) - |v|`` is the signed distance
to its margin, which gives smooth edges without drawing at a higher resolution.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sharingan_lab.errors import InputError

CLASS_NAMES = ("background", "crop", "weed")
CROP, WEED = 1, 2

_LIGHT = np.deg2rad(-125)  # the sun stands at the upper left
_STALK = 0.8  # half-width of a leaf's stalk, pixels
_ROW_SPACING, _PLANT_SPACING = 100, 50  # pixels


@dataclass(frozen=True)
class _Plant:
    """A plant before it is drawn: arrays of one entry a leaf, outer leaves first."""

    label: int
    angle: np.ndarray
    length: np.ndarray
    width: np.ndarray  # largest half-width, pixels
    bend: np.ndarray  # sideways bend of the tip, as a fraction of the length
    petiole: float  # fraction of the length that is bare stalk
    widest: float  # where along the blade it is widest, 0 to 1
    lobes: float  # depth of the teeth of the margin, 0 to 1
    colour: np.ndarray

    @property
    def radius(self) -> float:
        return float((self.length * np.hypot(1, self.bend)).max()) + 3


def weed_field(size: int = 256, *, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Draw one field seen from above, with the box and the class of each plant.

    Parameters
    ----------
    size : int
        Height and width in pixels, at least 64. Plants keep their size: a larger picture shows
        more ground, about 20 plants at 256.
    rng : torch.Generator
        One draw from it seeds the whole picture.

    Returns
    -------
    image : Tensor
        (3, size, size), float32 in [0, 1].
    boxes : Tensor
        (M, 4), float32, pixels as x1, y1, x2, y2: the extent of the plant's visible pixels, x2
        and y2 being the first column and row past it.
    labels : Tensor
        (M,), int64: 1 a crop plant, 2 a weed (see ``CLASS_NAMES``).

    Raises
    ------
    InputError
        The size is below 64.

    Examples
    --------
    >>> image, boxes, labels = weed_field(128, rng=torch.Generator().manual_seed(0))
    >>> image.shape, boxes.shape[1], len(boxes) == len(labels)
    (torch.Size([3, 128, 128]), 4, True)
    """
    if size < 64:
        raise InputError(f"size is {size}: a field needs at least 64 pixels")
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=rng)))
    turn, shift = rng.uniform(0, np.pi), rng.uniform(0, _ROW_SPACING)
    canvas = _soil(rng, size, turn, shift)
    owner = np.zeros((size, size), np.int32)
    plants = _plan_field(rng, _row_places(rng, size, turn, shift), size)
    for number, (plant, centre) in enumerate(plants, start=1):
        _draw_plant(rng, canvas, owner, plant, centre, number)
    canvas += rng.normal(0, 0.006, canvas.shape).astype(np.float32)
    boxes, seen = _visible_boxes(owner, len(plants))
    labels = [plant.label for plant, _ in plants]
    image = torch.from_numpy(canvas.clip(0, 1).transpose(2, 0, 1).copy())
    return image, torch.from_numpy(boxes), torch.tensor(labels)[torch.from_numpy(seen)]


def weed_fields(
    n: int, size: int = 256, *, rng: torch.Generator
) -> tuple[Tensor, list[dict[str, Tensor]]]:
    """Draw several fields, in the form that torchvision's detectors train on.

    Parameters
    ----------
    n : int
        How many. Drawing 8 equals drawing 4 and then 4 from the same generator.
    size : int
        Height and width in pixels.
    rng : torch.Generator
        Source of all randomness.

    Returns
    -------
    images : Tensor
        (n, 3, size, size) in [0, 1].
    targets : list of dict
        One a field, with ``boxes`` (M, 4) and ``labels`` (M,) as :func:`weed_field` gives them.

    Examples
    --------
    >>> images, targets = weed_fields(2, 64, rng=torch.Generator().manual_seed(0))
    >>> images.shape, sorted(targets[0])
    (torch.Size([2, 3, 64, 64]), ['boxes', 'labels'])
    """
    fields = [weed_field(size, rng=rng) for _ in range(n)]
    images = torch.stack([image for image, _, _ in fields])
    return images, [{"boxes": boxes, "labels": labels} for _, boxes, labels in fields]


# Where plants stand


def _plan_field(
    rng: np.random.Generator, places: np.ndarray, size: int
) -> list[tuple[_Plant, np.ndarray]]:
    """Choose plants and their centres (x, y): crops in rows, weeds where there is room."""
    vigour = rng.uniform(18, 26)
    planned = [(_crop(rng, vigour), centre) for centre in places]
    wanted = rng.integers(6, 13) * (size / 256) ** 2
    for _ in range(round(8 * wanted)):
        if sum(plant.label == WEED for plant, _ in planned) >= max(1, round(wanted)):
            break
        plant = _WEEDS[rng.integers(len(_WEEDS))](rng)
        centre = rng.uniform(5, size - 5, 2)
        if all(_apart(plant, centre, *other) for other in planned):
            planned.append((plant, centre))
    return planned


def _row_places(rng: np.random.Generator, size: int, turn: float, shift: float) -> np.ndarray:
    """Centres (M, 2) of the crop plants: rows at the angle turn, as far as they are in view."""
    count = int(size / _PLANT_SPACING) + 1
    across = _ROW_SPACING * np.arange(-count, count + 1) + shift
    along = _PLANT_SPACING * (np.arange(-count, count + 1) + rng.uniform(0, 1, (len(across), 1)))
    along = along + rng.normal(0, 3, along.shape)
    across = across[:, None] + rng.normal(0, 2, along.shape)
    x = along * np.cos(turn) - across * np.sin(turn)
    y = along * np.sin(turn) + across * np.cos(turn)
    places = np.stack([x, y], -1).reshape(-1, 2) + size / 2
    in_view = ((places > 8) & (places < size - 8)).all(1)
    came_up = rng.random(len(places)) > 0.08
    return places[in_view & came_up]


def _apart(plant: _Plant, centre: np.ndarray, other: _Plant, place: np.ndarray) -> bool:
    return float(np.hypot(*(centre - place))) > 0.85 * (plant.radius + other.radius)


# Forms of plants


def _spiral(rng: np.random.Generator, leaves: int) -> np.ndarray:
    """Angles of leaves as plants set them: one golden angle after another, with jitter."""
    return rng.uniform(0, 2 * np.pi) + 2.39996 * np.arange(leaves) + rng.normal(0, 0.12, leaves)


def _tint(rng: np.random.Generator, colour: tuple[float, float, float]) -> np.ndarray:
    return np.asarray(colour) * rng.normal(1, 0.1) + rng.normal(0, 0.022, 3)


def _crop(rng: np.random.Generator, vigour: float) -> _Plant:
    """A beet-like crop plant: oblong blue-green leaves, the young ones small and in the middle."""
    leaves = int(rng.integers(7, 11))
    length = vigour * rng.normal(1, 0.1) * np.linspace(1, 0.4, leaves)
    length = length * rng.normal(1, 0.06, leaves)
    return _Plant(
        CROP,
        _spiral(rng, leaves),
        length,
        length * rng.uniform(0.23, 0.29),
        rng.normal(0, 0.07, leaves),
        petiole=0.18,
        widest=0.55,
        lobes=0.1,
        colour=_tint(rng, (0.26, 0.48, 0.26)),
    )


def _broadleaf(rng: np.random.Generator) -> _Plant:
    """A low weed of round leaves on stalks."""
    leaves = int(rng.integers(5, 9))
    length = rng.uniform(9, 18) * np.linspace(1, 0.5, leaves) * rng.normal(1, 0.08, leaves)
    return _Plant(
        WEED,
        _spiral(rng, leaves),
        length,
        length * rng.uniform(0.3, 0.38),
        rng.normal(0, 0.08, leaves),
        petiole=0.4,
        widest=0.5,
        lobes=0.0,
        colour=_tint(rng, (0.31, 0.50, 0.22)),
    )


def _grass(rng: np.random.Generator) -> _Plant:
    """A tuft of narrow blades."""
    leaves = int(rng.integers(9, 17))
    length = rng.uniform(13, 24) * rng.uniform(0.6, 1, leaves)
    return _Plant(
        WEED,
        rng.uniform(0, 2 * np.pi, leaves),
        length,
        rng.uniform(1.0, 1.8, leaves),
        rng.normal(0, 0.25, leaves),
        petiole=0.0,
        widest=0.3,
        lobes=0.0,
        colour=_tint(rng, (0.37, 0.55, 0.24)),
    )


def _dock(rng: np.random.Generator) -> _Plant:
    """A rosette of narrow smooth leaves, as green as the crop."""
    leaves = int(rng.integers(6, 10))
    length = rng.uniform(13, 24) * np.linspace(1, 0.5, leaves) * rng.normal(1, 0.08, leaves)
    return _Plant(
        WEED,
        _spiral(rng, leaves),
        length,
        length * rng.uniform(0.12, 0.16),
        rng.normal(0, 0.12, leaves),
        petiole=0.2,
        widest=0.4,
        lobes=0.0,
        colour=_tint(rng, (0.27, 0.49, 0.24)),
    )


def _thistle(rng: np.random.Generator) -> _Plant:
    """A flat rosette of long, toothed, greyish leaves."""
    leaves = int(rng.integers(7, 12))
    length = rng.uniform(13, 23) * np.linspace(1, 0.45, leaves) * rng.normal(1, 0.08, leaves)
    return _Plant(
        WEED,
        _spiral(rng, leaves),
        length,
        length * rng.uniform(0.17, 0.22),
        rng.normal(0, 0.1, leaves),
        petiole=0.05,
        widest=0.6,
        lobes=0.6,
        colour=_tint(rng, (0.33, 0.49, 0.31)),
    )


def _seedling(rng: np.random.Generator) -> _Plant:
    """Two seed leaves and a pair of first true leaves, crosswise."""
    turn = rng.uniform(0, np.pi)
    length = rng.uniform(7, 11) * np.array([1, 1, 0.7, 0.7]) * rng.normal(1, 0.06, 4)
    return _Plant(
        WEED,
        turn + np.array([0, np.pi, np.pi / 2, -np.pi / 2]) + rng.normal(0, 0.1, 4),
        length,
        length * rng.uniform(0.24, 0.32),
        rng.normal(0, 0.05, 4),
        petiole=0.25,
        widest=0.6,
        lobes=0.0,
        colour=_tint(rng, (0.38, 0.55, 0.22)),
    )


_WEEDS = (_broadleaf, _grass, _thistle, _dock, _seedling)


# Drawing


def _draw_plant(
    rng: np.random.Generator,
    canvas: np.ndarray,
    owner: np.ndarray,
    plant: _Plant,
    centre: np.ndarray,
    number: int,
) -> None:
    """Lay a plant and its shadow on the canvas (H, W, 3); mark its pixels in owner (H, W)."""
    place, x, y = _patch(canvas, centre, plant.radius + 6)
    alpha, shade = _leaves(plant, x[None], y[None])
    covered = 1 - np.prod(1 - alpha, axis=0)
    patch = canvas[place] * (1 - 0.5 * _shadow(covered))[..., None]
    tone = rng.normal(1, 0.05, len(alpha)) * np.linspace(0.88, 1.15, len(alpha))
    for leaf, light, brightness in zip(alpha, shade, tone, strict=True):
        colour = (plant.colour * brightness).astype(np.float32) * light[..., None]
        patch += leaf[..., None] * (colour - patch)
    canvas[place] = patch
    owner[place][covered >= 0.5] = number


def _leaves(plant: _Plant, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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
    side = np.sin(_LIGHT - angle) * np.sign(v)  # the two halves of a blade face different ways
    midrib = np.exp(-np.square(v / 0.9))
    veins = np.cos(26 * u - 9 * np.abs(v) / width)
    rim = (distance / width).clip(0, 0.4)
    shade = 0.72 + 0.2 * u + 0.10 * side + 0.13 * midrib + 0.03 * veins + 0.35 * rim
    return alpha, shade


def _outline(plant: _Plant) -> np.ndarray:
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


def _visible_boxes(owner: np.ndarray, plants: int) -> tuple[np.ndarray, np.ndarray]:
    """Tight boxes (M, 4) of the plants that show at all, and which of them (plants,) do."""
    rows, columns = np.nonzero(owner)
    number = owner[rows, columns] - 1
    low = np.full((plants, 2), np.inf, np.float32)
    high = np.full((plants, 2), -np.inf, np.float32)
    for axis, place in enumerate((columns, rows)):
        np.minimum.at(low[:, axis], number, place.astype(np.float32))
        np.maximum.at(high[:, axis], number, place.astype(np.float32) + 1)
    seen = np.isfinite(low[:, 0])
    return np.concatenate([low, high], axis=1)[seen], seen


# Soil


def _soil(rng: np.random.Generator, size: int, turn: float, shift: float) -> np.ndarray:
    """Bare ground (size, size, 3): furrows, clods in slanting light, stones, straw."""
    grains = ((9, 0.9), (24, 0.9), (56, 0.75), (110, 0.5), (200, 0.25))
    relief = sum(strength * _noise(rng, size, cells) for cells, strength in grains)
    relief += 2.5 * _furrows(size, turn, shift)
    slope_y, slope_x = np.gradient(relief)
    lit = np.tanh(np.cos(_LIGHT) * slope_x + np.sin(_LIGHT) * slope_y)
    tone = 0.48 + 0.05 * relief + 0.09 * _noise(rng, size, 4) + 0.24 * lit
    dark = np.array([0.19, 0.13, 0.09]) * rng.normal(1, 0.08)
    light = np.array([0.64, 0.52, 0.40]) * rng.normal(1, 0.06)
    canvas = (dark + (light - dark) * tone[..., None].clip(0, 1)).astype(np.float32)
    for _ in range(rng.poisson(26 * (size / 256) ** 2)):
        _draw_stone(rng, canvas)
    for _ in range(rng.poisson(9 * (size / 256) ** 2)):
        _draw_straw(rng, canvas)
    return canvas


def _furrows(size: int, turn: float, shift: float) -> np.ndarray:
    """Height (size, size) of ridges along the crop rows, from -1 between them to 1."""
    centred = np.arange(size, dtype=np.float32) - size / 2
    across = centred[:, None] * np.cos(turn) - centred * np.sin(turn)
    return np.cos(2 * np.pi / _ROW_SPACING * (across - shift)).astype(np.float32)


def _noise(rng: np.random.Generator, size: int, cells: int) -> np.ndarray:
    """Smooth noise (size, size) with a feature every 256 / cells pixels."""
    count = max(2, round(cells * size / 256))
    coarse = rng.standard_normal((count, count), dtype=np.float32)
    return np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


def _draw_stone(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """A rounded stone, lit from the upper left and darker on the far side."""
    radius = rng.uniform(1.2, 4.5)
    centre = rng.uniform(0, len(canvas), 2)
    place, x, y = _patch(canvas, centre, radius + 4)
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.6, 0.95)
    along = x * np.cos(turn) + y * np.sin(turn)
    across = (y * np.cos(turn) - x * np.sin(turn)) / flat
    distance = np.hypot(along, across)
    fall = np.hypot(x - 1.5, y - 1.5)
    canvas[place] *= (1 - 0.4 * (radius + 1 - fall).clip(0, 1))[..., None]
    facing = (x * np.cos(_LIGHT) + y * np.sin(_LIGHT)) / radius
    grey = rng.uniform(0.42, 0.68) * np.array([1, 0.96, 0.89], np.float32)
    alpha = (radius - distance + 0.5).clip(0, 1)[..., None]
    canvas[place] += alpha * (grey * (0.9 + 0.3 * facing[..., None]) - canvas[place])


def _draw_straw(rng: np.random.Generator, canvas: np.ndarray) -> None:
    """A pale straight piece of last year's straw."""
    reach = rng.uniform(4, 13)
    centre = rng.uniform(0, len(canvas), 2)
    place, x, y = _patch(canvas, centre, reach + 2)
    turn = rng.uniform(0, np.pi)
    along = np.abs(x * np.cos(turn) + y * np.sin(turn))
    across = np.abs(y * np.cos(turn) - x * np.sin(turn))
    alpha = ((reach - along).clip(0, 1) * (1.2 - across).clip(0, 1))[..., None]
    straw = np.array([0.76, 0.66, 0.46], np.float32) * rng.uniform(0.75, 1.05)
    canvas[place] += 0.85 * alpha * (straw - canvas[place])


def _patch(
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
