"""Files that hold pictures: which Pillow reads and writes, which a folder has, and their pixels."""

import contextlib
import functools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from sharingan_lab.errors import DataError, InputError
from sharingan_lab.locations import named_path

# What Pillow knows by its ending and is no picture, or nothing that it reads without help.
_NO_PICTURES = {"BUFR", "EPS", "FLI", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"}
# What holds every colour of a photograph; a GIF has 256 of them.
_WRITTEN = {"AVIF", "BMP", "HEIF", "JPEG", "JPEG2000", "PNG", "TGA", "TIFF", "WEBP"}
# Pictures that Pillow does not read, at least not each of its builds.
_FOREIGN = {
    ".arw", ".avif", ".cr2", ".cr3", ".dng", ".heic", ".heif", ".hif", ".jxl", ".nef", ".orf",
    ".raf", ".rw2", ".svg",
}  # fmt: skip
_HEIF = {".heic", ".heif", ".hif"}
_COMPANIONS = {"thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx"}


@functools.cache
def _formats() -> dict[str, str]:
    """Format of each ending; a phone's HEIC among them where pillow-heif is installed."""
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return Image.registered_extensions()


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
    known = _formats()
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
    known = _formats()
    return {ending for ending, kind in known.items() if kind in _WRITTEN & Image.SAVE.keys()}


def check_can_write(name: str | os.PathLike) -> str:
    """Pillow's format for a file of this name, or an InputError.

    Examples
    --------
    >>> check_can_write("a.JPG")
    'JPEG'
    """
    ending = Path(name).suffix.lower()
    if ending not in written_endings():
        raise InputError(f"cannot write {Path(name).name!r}: end the name in .png or .jpg")
    return _formats()[ending]


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
            other = ", but a broken link, pipe or device: name a file"
            raise DataError(f"no such image: {path}{other if os.path.lexists(path) else ''}")
        _formats()
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
    if os.path.isfile(path) and not os.path.getsize(path):
        return "the file is empty; copy it again from where it came"
    if isinstance(error, MemoryError):
        return "there is not enough memory for it; make it smaller"
    if isinstance(error, Image.DecompressionBombError):
        return f"{text.partition(', could')[0]}; make it smaller, or crop it"
    if path.suffix.lower() in _FOREIGN:
        also = ", or pip install pillow-heif" if path.suffix.lower() in _HEIF else ""
        return f"{text}; save it as JPEG or PNG first{also}"
    return f"{text}; is the file whole? If so, save it as JPEG or PNG first"


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
