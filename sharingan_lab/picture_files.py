"""Files that hold pictures: which Pillow reads and writes, which a folder has, and opening them."""

import contextlib
import functools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

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
            raise DataError(f"no such image: {path}")
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
    if isinstance(error, MemoryError):
        return "there is not enough memory for it; make it smaller"
    if isinstance(error, Image.DecompressionBombError):
        return f"{text.partition(', could')[0]}; make it smaller, or crop it"
    if path.suffix.lower() in _FOREIGN:
        also = ", or pip install pillow-heif" if path.suffix.lower() in _HEIF else ""
        return f"{text}; save it as JPEG or PNG first{also}"
    return f"{text}; is the file whole? If so, save it as JPEG or PNG first"
