"""Pictures in and out: files of any kind that Pillow reads, the pictures of a folder, and back."""

import io
import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from sharingan_lab.checks import check_images, describe
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.locations import named_path
from sharingan_lab.picture_files import check_can_write, open_image
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


def read_pixels(path: str | os.PathLike) -> np.ndarray:
    """Read an image file as 8-bit pixels (H, W, 3), RGB, turned upright.

    Grey levels come in three equal channels, 12 and 16 bits are scaled to 8, and so are floating
    point numbers from 0 to 1; CMYK and other colours are converted by Pillow. An alpha channel is
    left out: what is transparent gets the colour that is stored beneath. Of several pictures in one
    file the first is read.

    Raises
    ------
    DataError
        The file is missing, damaged, no picture, or one of more than 179 million pixels; or its
        numbers have no range that is known, as those of 32-bit integers.
    """
    with open_image(path) as file:
        upright = ImageOps.exif_transpose(file)
        if file.mode[0] in "IF":
            upright = Image.fromarray(to_8_bits(grey_levels(np.asarray(upright), file)))
        if upright.mode in ("La", "RGBa"):  # colours times alpha: Pillow divides
            upright = upright.convert(upright.mode.upper())
        upright.info.pop("transparency", None)  # Pillow would advise against leaving it out
        return np.asarray(upright.convert("RGB"))


def grey_levels(values: np.ndarray, file: Image.Image) -> np.ndarray:
    """Grey levels of more than 8 bits of a file: as uint16 to 65535, or as float32 to 1.

    A DataError says that their range is not known, or not kept.
    """
    tags = getattr(file, "tag_v2", {})  # of a TIFF
    name = getattr(file, "filename", "") or "the image"
    if file.mode == "F":
        white = 1
    elif file.mode != "I" or file.format in ("PNG", "PPM"):  # Pillow scales a PPM to 16 bits
        white = 2 ** tags.get(258, (16,))[0] - 1
    else:
        raise DataError(
            f"{name} has signed or 32-bit integers: save it with 8 or 16 bits a channel"
        )
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= white):  # so is NaN
        raise DataError(
            f"{name} has values from {low:g} to {high:g}, not from 0 to {white}: scale "
            "them, or save it with 8 or 16 bits a channel"
        )
    if file.mode == "F":
        return values.astype(np.float32)
    if white < 65535:
        values = (values * np.float32(65535 / white)).round()
    levels = values.astype(np.uint16)
    return 65535 - levels if tags.get(262) == 0 else levels  # 0 is white, which Pillow overlooks


def to_8_bits(levels: np.ndarray) -> np.ndarray:
    """The nearest 8-bit levels of uint16 to 65535, or of floats from 0 to 1.

    Examples
    --------
    >>> to_8_bits(np.array([0, 257, 65535], np.uint16)).tolist()
    [0, 1, 255]
    """
    if levels.dtype == np.uint16:
        return ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return (levels * np.float32(255)).round().astype(np.uint8)


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
