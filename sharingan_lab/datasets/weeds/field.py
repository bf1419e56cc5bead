"""Generated top-down pictures of a field: crop rows and weeds, with exact boxes."""

import numpy as np
import torch
from scipy.ndimage import find_objects
from torch import Tensor

from sharingan_lab.checks import check_count, check_rng
from sharingan_lab.datasets.weeds.drawing import draw_plant
from sharingan_lab.datasets.weeds.plants import WEED, WEEDS, Plant, Rng, crop
from sharingan_lab.datasets.weeds.soil import ROW_SPACING, draw_soil

CLASS_NAMES = ("background", "crop", "weed")
_PLANT_SPACING = 50  # pixels along a row


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

    Examples
    --------
    >>> image, boxes, labels = weed_field(128, rng=torch.Generator().manual_seed(0))
    >>> image.shape, boxes.shape[1], len(boxes) == len(labels)
    (torch.Size([3, 128, 128]), 4, True)
    """
    check_count("size", size, 64)
    check_rng(rng)
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=rng)))
    turn, shift = rng.uniform(0, np.pi), rng.uniform(0, ROW_SPACING)
    canvas = draw_soil(rng, size, turn, shift)
    owner = np.zeros((size, size), np.int32)
    plants = _plan_field(rng, _row_places(rng, size, turn, shift), size)
    for number, (plant, centre) in enumerate(plants, start=1):
        draw_plant(rng, canvas, owner, plant, centre, number)
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


def _plan_field(rng: Rng, places: np.ndarray, size: int) -> list[tuple[Plant, np.ndarray]]:
    """Choose plants and their centres (x, y): crops in rows, weeds where there is room."""
    vigour = rng.uniform(18, 26)
    planned = [(crop(rng, vigour), centre) for centre in places]
    wanted = rng.integers(6, 13) * (size / 256) ** 2
    for _ in range(round(8 * wanted)):
        if sum(plant.label == WEED for plant, _ in planned) >= max(1, round(wanted)):
            break
        plant = WEEDS[rng.integers(len(WEEDS))](rng)
        centre = rng.uniform(5, size - 5, 2)
        if all(_apart(plant, centre, *other) for other in planned):
            planned.append((plant, centre))
    return planned


def _row_places(rng: Rng, size: int, turn: float, shift: float) -> np.ndarray:
    """Centres (M, 2) of the crop plants: rows at the angle turn, as far as they are in view."""
    count = int(size / _PLANT_SPACING) + 1
    across = ROW_SPACING * np.arange(-count, count + 1) + shift
    along = _PLANT_SPACING * (np.arange(-count, count + 1) + rng.uniform(0, 1, (len(across), 1)))
    along = along + rng.normal(0, 3, along.shape)
    across = across[:, None] + rng.normal(0, 2, along.shape)
    x = along * np.cos(turn) - across * np.sin(turn)
    y = along * np.sin(turn) + across * np.cos(turn)
    places = np.stack([x, y], -1).reshape(-1, 2) + size / 2
    in_view = ((places > 8) & (places < size - 8)).all(1)
    came_up = rng.random(len(places)) > 0.08
    return places[in_view & came_up]


def _apart(plant: Plant, centre: np.ndarray, other: Plant, place: np.ndarray) -> bool:
    return float(np.hypot(*(centre - place))) > 0.85 * (plant.radius + other.radius)


def _visible_boxes(owner: np.ndarray, plants: int) -> tuple[np.ndarray, np.ndarray]:
    """Tight boxes (M, 4) of the plants that show at all, and which of them (plants,) do."""
    found = find_objects(owner, plants)
    seen = np.array([place is not None for place in found], bool)
    boxes = [(x.start, y.start, x.stop, y.stop) for y, x in filter(None, found)]
    return np.array(boxes, np.float32).reshape(-1, 4), seen
