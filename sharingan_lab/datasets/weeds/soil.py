"""Bare ground: furrows, clods in slanting light, stones, straw."""

import numpy as np
from PIL import Image

from sharingan_lab.datasets.weeds.drawing import SUN, patch
from sharingan_lab.datasets.weeds.plants import Rng

ROW_SPACING = 100  # pixels from one row of the crop to the next


def draw_soil(rng: Rng, size: int, turn: float, shift: float) -> np.ndarray:
    """Draw a field without plants (size, size, 3), ridged along its rows."""
    grains = ((9, 0.9), (24, 0.9), (56, 0.75), (110, 0.5), (200, 0.25))
    relief = sum(strength * _noise(rng, size, cells) for cells, strength in grains)
    relief += 2.5 * _furrows(size, turn, shift)
    slope_y, slope_x = np.gradient(relief)
    lit = np.tanh(np.cos(SUN) * slope_x + np.sin(SUN) * slope_y)
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
    return np.cos(2 * np.pi / ROW_SPACING * (across - shift)).astype(np.float32)


def _noise(rng: Rng, size: int, cells: int) -> np.ndarray:
    """Smooth noise (size, size) with a feature every 256 / cells pixels."""
    count = max(2, round(cells * size / 256))
    coarse = rng.standard_normal((count, count), dtype=np.float32)
    return np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC))


def _draw_stone(rng: Rng, canvas: np.ndarray) -> None:
    """A rounded stone, lit from the upper left and darker on the far side."""
    radius = rng.uniform(1.2, 4.5)
    centre = rng.uniform(0, len(canvas), 2)
    place, x, y = patch(canvas, centre, radius + 4)
    turn, flat = rng.uniform(0, np.pi), rng.uniform(0.6, 0.95)
    along = x * np.cos(turn) + y * np.sin(turn)
    across = (y * np.cos(turn) - x * np.sin(turn)) / flat
    distance = np.hypot(along, across)
    fall = np.hypot(x - 1.5, y - 1.5)
    canvas[place] *= (1 - 0.4 * (radius + 1 - fall).clip(0, 1))[..., None]
    facing = (x * np.cos(SUN) + y * np.sin(SUN)) / radius
    grey = rng.uniform(0.42, 0.68) * np.array([1, 0.96, 0.89], np.float32)
    alpha = (radius - distance + 0.5).clip(0, 1)[..., None]
    canvas[place] += alpha * (grey * (0.9 + 0.3 * facing[..., None]) - canvas[place])


def _draw_straw(rng: Rng, canvas: np.ndarray) -> None:
    """A pale straight piece of last year's straw."""
    reach = rng.uniform(4, 13)
    centre = rng.uniform(0, len(canvas), 2)
    place, x, y = patch(canvas, centre, reach + 2)
    turn = rng.uniform(0, np.pi)
    along = np.abs(x * np.cos(turn) + y * np.sin(turn))
    across = np.abs(y * np.cos(turn) - x * np.sin(turn))
    alpha = ((reach - along).clip(0, 1) * (1.2 - across).clip(0, 1))[..., None]
    straw = np.array([0.76, 0.66, 0.46], np.float32) * rng.uniform(0.75, 1.05)
    canvas[place] += 0.85 * alpha * (straw - canvas[place])
