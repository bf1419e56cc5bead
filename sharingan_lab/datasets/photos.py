"""Photographs that need no download: the ones that travel inside scikit-image's wheel."""

from collections.abc import Callable
from functools import cache

import numpy as np
import skimage.data
import torch
from skimage.color import gray2rgb
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.errors import InputError
from sharingan_lab.images import from_uint8

_COLOUR: dict[str, Callable[[], np.ndarray]] = {
    "astronaut": skimage.data.astronaut,
    "chelsea": skimage.data.chelsea,
    "coffee": skimage.data.coffee,
    "motorcycle": lambda: skimage.data.stereo_motorcycle()[0],
    "rocket": skimage.data.rocket,
    "retina": skimage.data.retina,
    "tissue": skimage.data.immunohistochemistry,
    "hubble": skimage.data.hubble_deep_field,
}
_GREY: dict[str, Callable[[], np.ndarray]] = {
    "camera": skimage.data.camera,
    "brick": skimage.data.brick,
    "coins": skimage.data.coins,
    "grass": skimage.data.grass,
    "gravel": skimage.data.gravel,
}


def photo_names(*, grey: bool = False) -> tuple[str, ...]:
    """Names that :func:`photo` knows: everyday scenes first, then scientific pictures.

    `grey` also names the grey-level pictures, which come with three equal channels.

    Examples
    --------
    >>> photo_names()[:5]
    ('astronaut', 'chelsea', 'coffee', 'motorcycle', 'rocket')
    """
    return (*_COLOUR, *_GREY) if grey else tuple(_COLOUR)


def photo(name: str, size: int | None = None) -> Tensor:
    """Load one photograph, offline.

    Parameters
    ----------
    name : str
        One of ``photo_names(grey=True)``.
    size : int, optional
        Side in pixels of the square that is wanted: the largest centred square, resized
        (bicubic, antialiased). By default the picture keeps its own size.

    Returns
    -------
    Tensor
        (1, 3, H, W), float32 in [0, 1], RGB.

    Examples
    --------
    >>> photo("chelsea").shape
    torch.Size([1, 3, 300, 451])
    >>> photo("chelsea", size=96).shape
    torch.Size([1, 3, 96, 96])
    """
    image = _load(name).clone()
    return image if size is None else _centre_square(image, size)


def photos(size: int, names: tuple[str, ...] | None = None) -> Tensor:
    """Load several photographs as one batch of squares.

    Parameters
    ----------
    size : int
        Side in pixels.
    names : tuple of str, optional
        Which ones; all of :func:`photo_names` by default.

    Returns
    -------
    Tensor
        (N, 3, size, size), float32 in [0, 1].

    Examples
    --------
    >>> photos(64, names=("coffee", "rocket")).shape
    torch.Size([2, 3, 64, 64])
    """
    return torch.cat([photo(name, size) for name in (names or photo_names())])


@cache
def _load(name: str) -> Tensor:
    load = {**_COLOUR, **_GREY}.get(name)
    if load is None:
        known = ", ".join(photo_names(grey=True))
        raise InputError(f"no photograph named {name!r}; the bundled ones are {known}")
    pixels = np.asarray(load())
    return from_uint8(gray2rgb(pixels) if pixels.ndim == 2 else pixels[..., :3])


def _centre_square(image: Tensor, size: int) -> Tensor:
    if size < 1:
        raise InputError(f"size is {size}: a side needs at least one pixel")
    height, width = image.shape[-2:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = image[..., top : top + side, left : left + side]
    return interpolate(square, (size, size), mode="bicubic", antialias=True).clamp(0, 1)
