"""Colours of four inks, and back with as much black ink as before."""

import numpy as np


def to_light(inks: np.ndarray) -> np.ndarray:
    """RGB (H, W, 3) of inks (H, W, 4), cyan, magenta, yellow, black; both uint8.

    What an ink leaves of the light that the black one leaves: (1 - C)(1 - K), and so on.
    """
    left = 255 - inks.astype(np.uint16)
    return ((left[..., :3] * left[..., 3:] + 127) // 255).astype(np.uint8)


def to_inks(light: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Inks (H, W, 4) of RGB (H, W, 3), with the black of the inks before where it lets it.

    Examples
    --------
    >>> inks = np.array([[[10, 200, 30, 100]]], np.uint8)
    >>> to_inks(to_light(inks), inks).tolist()
    [[[10, 200, 30, 100]]]
    """
    light = light.astype(np.int32)
    black = np.minimum(before[..., 3:], 255 - light.max(axis=2, keepdims=True))
    left = np.maximum(255 - black, 1)
    change = (to_light(before) - light) * 255 / left
    anew = 255 - light * 255 / left
    colours = np.where(black == before[..., 3:], before[..., :3] + change, anew)
    return np.concatenate([colours.round().clip(0, 255), black], axis=2).astype(np.uint8)
