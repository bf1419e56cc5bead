"""What a photo is made of, for reading it and for writing it."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Photo:
    """A photo, upright.

    Attributes
    ----------
    pixels : ndarray
        (H, W, C): grey, grey and alpha, RGB, or RGB and alpha. uint8, uint16, or float32 from 0
        to 1.
    mode : str
        Pillow's mode of what they were taken from.
    kind : str
        Pillow's name of the file format; empty for an image in memory.
    info : dict
        What Pillow found beside the pixels: profile, resolution, texts.
    exif : bytes
        Camera, date, place; an orientation in it is that of an upright picture.
    inks : ndarray or None
        (H, W, 4), uint8, where the colours are inks.
    pictures : int
        How many the file holds; this is the first.
    source : str
        What warnings call it.
    """

    pixels: np.ndarray
    mode: str
    kind: str
    info: dict[str, Any]
    exif: bytes = b""
    inks: np.ndarray | None = None
    pictures: int = 1
    source: str = "the image"
