"""Pictures in and out: files of any kind that Pillow reads, the pictures of a folder, and back."""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from sharingan_lab.checks import check_images, describe
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically

# What Pillow knows by its ending and is no picture, or nothing that it reads without help.
_NO_PICTURES = {"BUFR", "EPS", "FLI", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}
# What holds every colour of a photograph; a GIF has 256 of them.
_WRITTEN = {"AVIF", "BMP", "JPEG", "JPEG2000", "PNG", "TGA", "TIFF", "WEBP"}
# Pictures that Pillow does not read, at least not each of its builds.
_FOREIGN = {
    ".arw", ".avif", ".cr2", ".cr3", ".dng", ".heic", ".heif", ".hif", ".jxl", ".nef", ".orf",
    ".raf", ".rw2", ".svg",
}  # fmt: skip
_COMPANIONS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


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
            upright = Image.fromarray(_scaled(np.asarray(upright), file))
        if upright.mode in ("La", "RGBa"):  # colours times alpha: Pillow divides
            upright = upright.convert(upright.mode.upper())
        upright.info.pop("transparency", None)  # Pillow would advise against leaving it out
        return np.asarray(upright.convert("RGB"))


@contextlib.contextmanager
def open_image(path: str | os.PathLike) -> Iterator[Image.Image]:
    """Open an image file with Pillow; whatever goes wrong with it in the block is a DataError.

    Examples
    --------
    >>> with open_image("."):
    ...     pass
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: . is a folder, not an image
    """
    path = named_path(path)
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder, not an image")
        if not path.is_file():  # nor a pipe, which would be waited for
            raise DataError(f"no such image: {path}")
        with Image.open(path) as file:
            yield file
    except DataError:
        raise
    except Exception as error:  # damaged files: Pillow raises a dozen kinds
        raise DataError(f"cannot read {path} as an image: {_reason(error, path)}") from error


def _reason(error: Exception, path: Path) -> str:
    text = " ".join(
        (getattr(error, "strerror", None) or str(error) or type(error).__name__).split()
    )
    if isinstance(error, MemoryError):
        return "there is not enough memory for it; make it smaller"
    if isinstance(error, Image.DecompressionBombError):
        return f"{text.partition(', could')[0]}; make it smaller, or crop it"
    if path.suffix.lower() in _FOREIGN:
        return f"{text}; save it as JPEG or PNG first"
    return f"{text}; is the file whole? If so, save it as JPEG or PNG first"


def _scaled(values: np.ndarray, file: Image.Image) -> np.ndarray:
    """Grey levels of more than 8 bits as 8 bits."""
    tags = getattr(file, "tag_v2", {})  # of a TIFF
    if file.mode == "F":
        white = 1
    elif file.mode != "I" or file.format in ("PNG", "PPM"):  # Pillow scales a PPM to 16 bits
        white = 2 ** tags.get(258, (16,))[0] - 1
    else:
        raise DataError(
            f"{file.filename} has signed or 32-bit integers: save it with 8 or 16 bits a channel"
        )
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= white):  # so is NaN
        raise DataError(
            f"{file.filename} has values from {low:g} to {high:g}, not from 0 to {white}: scale "
            "them, or save it with 8 or 16 bits a channel"
        )
    levels = (values * np.float32(255 / white)).round().astype(np.uint8)
    return 255 - levels if tags.get(262) == 0 else levels  # 0 is white, which Pillow overlooks


def list_pictures(folder: str | os.PathLike, least: int = 1) -> list[Path]:
    """List the pictures of a folder by their names, without those of its subfolders.

    A picture is what has the ending of one that Pillow reads, other than films and pages. Hidden
    files and those that operating systems put beside pictures are ignored; what else is passed over
    is counted and named in a warning.

    Raises
    ------
    DataError
        The folder is missing, or has fewer pictures than `least`.

    Examples
    --------
    >>> list_pictures("missing")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    folder = named_path(folder)
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    known = Image.registered_extensions()
    pictures, others = [], {}
    for path in sorted(folder.iterdir()):
        ending = path.suffix.lower()
        if path.name.startswith(".") or path.name.lower() in _COMPANIONS:
            continue
        if path.is_dir():
            others.setdefault("folder", []).append(path.name)
        elif known.get(ending) in Image.OPEN.keys() - _NO_PICTURES:
            pictures.append(path)
        else:
            kind = f"{ending[1:].upper()} file" if ending in _FOREIGN else "other file"
            others.setdefault(kind, []).append(path.name)
    passed_over = "; ".join(_counted(kind, names) for kind, names in sorted(others.items()))
    if len(pictures) < least:
        also = f"; passed over: {passed_over}" if passed_over else ""
        found = f"{len(pictures) or 'no'} picture{'s' * (len(pictures) > 1)}"
        raise DataError(f"{folder} holds {found}, at least {least} needed{also}")
    if passed_over:
        warnings.warn(f"passed over in {folder}: {passed_over}", stacklevel=3)
    return pictures


def _counted(kind: str, names: list[str]) -> str:
    shown = ", ".join(names[:3]) + " ..." * (len(names) > 3)
    remedy = "" if kind in ("folder", "other file") else ": save as JPEG or PNG first"
    return f"{len(names)} {kind}{'s' * (len(names) > 1)} ({shown}{remedy})"


def written_endings() -> set[str]:
    """Endings of file names that :func:`write_image` knows."""
    known = Image.registered_extensions()
    return {ending for ending, kind in known.items() if kind in _WRITTEN & Image.SAVE.keys()}


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
    ending = Path(name).suffix.lower()
    if ending not in written_endings():
        raise InputError(f"cannot write {name!r}: end the name in .png or .jpg")
    pixels, file = Image.fromarray(to_uint8(image)), io.BytesIO()
    try:
        pixels.save(file, format=Image.registered_extensions()[ending], quality=95)
    except (OSError, ValueError) as error:  # more pixels than the format allows
        size = f"{pixels.width} x {pixels.height}"
        raise InputError(f"cannot write {size} pixels to {name!r}: {error}; use .png") from error
    return file.getvalue()
