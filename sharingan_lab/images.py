"""Image files at the edge of the library: bytes on disk to float tensors and back."""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from sharingan_lab.errors import DataError, InputError

# What a folder of pictures is searched for.
IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def from_uint8(pixels: np.ndarray) -> Tensor:
    """Turn 8-bit pixels (H, W, 3) into an image (1, 3, H, W), float32 in [0, 1].

    Examples
    --------
    >>> from_uint8(np.full((2, 4, 3), 255, np.uint8)).shape
    torch.Size([1, 3, 2, 4])
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(
            f"expected uint8 pixels of shape (H, W, 3), got {pixels.dtype} {pixels.shape}"
        )
    return torch.tensor(pixels).permute(2, 0, 1)[None].float() / 255


def to_uint8(image: Tensor) -> np.ndarray:
    """Turn an image (1, 3, H, W) or (3, H, W) in [0, 1] into 8-bit pixels (H, W, 3).

    Values are clipped and *rounded*: truncation would darken by half a grey level.

    Examples
    --------
    >>> int(to_uint8(torch.full((3, 1, 1), 0.999)).max())
    255
    """
    if image.ndim == 4 and image.shape[0] == 1:
        image = image[0]
    if image.ndim != 3 or image.shape[0] != 3:
        raise InputError(f"expected one image (1, 3, H, W) or (3, H, W), got {tuple(image.shape)}")
    levels = (image.detach().cpu().float().clamp(0, 1) * 255).round()
    return levels.to(torch.uint8).permute(1, 2, 0).numpy()


def read_image(path: str | os.PathLike) -> Tensor:
    """Read an image file as (1, 3, H, W), float32 in [0, 1], RGB, turned upright.

    Raises
    ------
    DataError
        The file is missing or is not an image that Pillow can decode.

    Examples
    --------
    >>> read_image("missing.png")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such image: missing.png
    """
    return from_uint8(read_pixels(path))


def read_pixels(path: str | os.PathLike) -> np.ndarray:
    """Read an image file as 8-bit pixels (H, W, 3), RGB, turned upright.

    Raises
    ------
    DataError
        The file is missing or is not an image that Pillow can decode.

    Examples
    --------
    >>> import tempfile
    >>> read_pixels(write_image(torch.ones(1, 3, 4, 5), f"{tempfile.mkdtemp()}/white.png")).shape
    (4, 5, 3)
    """
    path = Path(path)
    if not path.is_file():
        raise DataError(f"no such image: {path}")
    try:
        with Image.open(path) as file:
            upright = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"cannot read {path} as an image: {error}") from error
    return np.asarray(upright)


def write_image(image: Tensor, path: str | os.PathLike) -> Path:
    """Write an image (1, 3, H, W) or (3, H, W) in [0, 1]; whole or not at all.

    The format follows the file name; JPEG is written at quality 95.

    Raises
    ------
    InputError
        The file name has an ending that names no image format.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> read_image(write_image(torch.ones(1, 3, 4, 5), f"{folder}/white.png")).mean().item()
    1.0
    """
    path = Path(path)
    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise InputError(f"cannot write {path.name!r}: end the name in .png or .jpg")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            Image.fromarray(to_uint8(image)).save(file, format=kind, quality=95)
        os.chmod(partial, 0o644)
        os.replace(partial, path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
    return path
