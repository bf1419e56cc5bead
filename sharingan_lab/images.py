"""Images as tensors: from pixels and picture files, and back."""

import io
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sharingan_lab.checks import check_images, describe
from sharingan_lab.errors import InputError
from sharingan_lab.locations import named_path
from sharingan_lab.picture_files import check_can_write, read_pixels
from sharingan_lab.picture_files import list_pictures as list_pictures  # one door to all of it
from sharingan_lab.storage import write_atomically


def from_uint8(pixels: np.ndarray) -> Tensor:
    """Turn 8-bit pixels (H, W, 3) into an image (1, 3, H, W), float32 in [0, 1].

    Examples
    --------
    >>> from_uint8(np.full((2, 4, 3), 255, np.uint8)).shape
    torch.Size([1, 3, 2, 4])
    """
    whole = isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8
    if not whole or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(f"expected uint8 pixels (H, W, 3), got {describe(pixels)}")
    return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255


def to_uint8(image: Tensor) -> np.ndarray:
    """Turn an image (1, 3, H, W) or (3, H, W) in [0, 1] into 8-bit pixels (H, W, 3).

    Values are clipped and *rounded*: truncation would darken by half a grey level.

    Examples
    --------
    >>> int(to_uint8(torch.full((3, 1, 1), 0.999)).max())
    255
    """
    alone = isinstance(image, Tensor) and image.ndim == 3 and len(image) == 3
    batch = image[None] if alone else image
    check_images(batch, "image", channels=(3,))
    if len(batch) > 1:
        raise InputError(f"one image at a time, got a batch {tuple(batch.shape)}")
    levels = (batch[0].detach().cpu().float().clamp(0, 1) * 255).round()
    return levels.to(torch.uint8).permute(1, 2, 0).numpy()


def read_image(path: str | os.PathLike) -> Tensor:
    """Read an image file as (1, 3, H, W), float32 in [0, 1], RGB, turned upright.

    See :func:`read_pixels` for what becomes of grey levels, 16 bits and alpha channels.

    Raises
    ------
    DataError
        The file is missing, or nothing that can be read as a picture.

    Examples
    --------
    >>> read_image("missing.png")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such image: missing.png
    """
    return from_uint8(read_pixels(path))


def read_uint8(path: str | os.PathLike) -> Tensor:
    """Read an image file as (3, H, W), the 8 bits that it holds; see :func:`read_pixels`."""
    return torch.tensor(read_pixels(path)).permute(2, 0, 1).contiguous()


def write_image(image: Tensor, path: str | os.PathLike) -> Path:
    """Write an image (1, 3, H, W) or (3, H, W) in [0, 1]; whole or not at all.

    The format follows the file name; JPEG is written at quality 95.

    Raises
    ------
    InputError
        The file name has an ending that names no format of :func:`written_endings`, or the image
        does not fit the format.
    StorageError
        The disk is full, or the folder cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> read_image(write_image(torch.ones(1, 3, 4, 5), f"{folder}/white.png")).mean().item()
    1.0
    """
    path = named_path(path)
    return write_atomically(path, encode_image(image, path.name))


def encode_image(image: Tensor, name: str) -> bytes:
    """The bytes of an image file of this name, see :func:`write_image`."""
    kind = check_can_write(name)
    pixels, file = Image.fromarray(to_uint8(image)), io.BytesIO()
    try:
        pixels.save(file, format=kind, quality=95)
    except (OSError, ValueError) as error:  # more pixels than the format allows
        size = f"{pixels.width} x {pixels.height}"
        raise InputError(f"cannot write {size} pixels to {name!r}: {error}; use .png") from error
    return file.getvalue()
