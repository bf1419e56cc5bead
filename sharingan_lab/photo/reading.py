"""Take a photo apart: colours that a network can restore, and all that shall stay as it is."""

import os
import re
import struct
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import get_sampling

from sharingan_lab.checks import describe
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import grey_levels, open_image
from sharingan_lab.photo.inks import to_light
from sharingan_lab.photo.png import chunks_beside, riff_chunks

# Modes of Pillow that hold their colours in another way than as grey or RGB, with or without alpha.
_PLAIN = {
    "1": "L", "La": "LA", "P": "RGB", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB",
    "LAB": "RGB", "HSV": "RGB",
}  # fmt: skip
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
_ORIENTATION = 0x0112
FOLDERS = {34665, 34853}  # of Exif: how the picture was taken, and where
# Of a TIFF's tags those that tell of the picture, and not how its pixels are stored.
_TELLING = {269, 270, 271, 272, 285, 305, 306, 315, 316, 700, 33432, 33723, *FOLDERS}
_OTHER_END = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


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
    """

    pixels: np.ndarray
    mode: str
    kind: str
    info: dict[str, Any]
    exif: bytes = b""
    inks: np.ndarray | None = None
    pictures: int = 1


def read_photo(path: str | os.PathLike) -> Photo:
    """Read the first picture of a file, upright, with all its bits.

    Raises
    ------
    DataError
        The file is missing, damaged, or no picture, see :func:`sharingan_lab.images.read_pixels`.

    Examples
    --------
    >>> read_photo("missing.jpg")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such image: missing.jpg
    """
    with open_image(path) as file:
        raw = set(_raw_modes(file))  # first: what comes next may load the pixels
        _drop_damaged_exif(file)
        deep = _deep_colours(path, file, raw)
        about = _about(file, Path(file.filename))
        if deep is not None:
            return Photo(pixels=deep, **about)
        return _taken(ImageOps.exif_transpose(file), file, about)


def photo_of(image: Image.Image) -> Photo:
    """Take a Pillow image apart as it stands: an orientation in its Exif data is left there."""
    return _taken(image, image, {"mode": image.mode, "kind": "", "info": dict(image.info)})


def as_channels(pixels: np.ndarray) -> np.ndarray:
    """View an array (H, W) or (H, W, C) as :class:`Photo` has its pixels; or an InputError.

    Examples
    --------
    >>> as_channels(np.zeros((4, 5), np.uint8)).shape
    (4, 5, 1)
    """
    shaped = pixels[..., None] if pixels.ndim == 2 else pixels
    if shaped.ndim != 3 or shaped.shape[2] not in range(1, 5) or not shaped.size:
        raise InputError(
            f"expected an array (H, W) or (H, W, C), C up to 4: got {describe(pixels)}"
        )
    if shaped.dtype in (np.uint8, np.uint16):
        return shaped
    if shaped.dtype not in (np.float32, np.float64):
        raise InputError(f"expected uint8, uint16 or floats in [0, 1], got {describe(pixels)}")
    if not (shaped.min() >= 0 and shaped.max() <= 1):  # so is NaN
        raise InputError(f"floats must lie in [0, 1], got {describe(pixels)}")
    return shaped


def _about(file: Image.Image, path: Path) -> dict[str, Any]:
    """What of the file is no pixel."""
    info, kind = dict(file.info), file.format
    if info.get("xmp"):
        info["xmp"] = _upright_xmp(info["xmp"])
    exif, raw = file.getexif(), info.pop("exif", b"")
    turned = exif.get(_ORIENTATION, 1) != 1
    if kind == "TIFF":
        exif = _own(exif, _TELLING)
        info["tags"] = {tag: exif[tag] for tag in exif}
    elif turned:
        raw = _upright_exif(raw) if raw else _own(exif, exif.keys() - {_ORIENTATION}).tobytes()
    if kind == "PNG":
        beside = [each for each in chunks_beside(path.read_bytes()) if each[0] != b"eXIf"]
        info["chunks"] = [
            (name, _upright_xmp(data)) for name, data in beside if not (turned and _packed(data))
        ]
    elif kind == "WEBP":
        info["lossless"] = any(name == b"VP8L" for name, _ in riff_chunks(path.read_bytes()))
    elif kind in ("JPEG", "MPO"):
        info |= {"tables": list(file.quantization.values()), "subsampling": get_sampling(file)}
        info["captions"] = [data for name, data in file.applist if name == "APP13"]  # IPTC
    elif kind == "JPEG2000" and b"colr\x02" in path.read_bytes()[:1024]:
        warnings.warn(f"{path}: its colour profile is left out, as Pillow cannot", stacklevel=3)
    bytes_ = raw or (exif.tobytes() if len(exif) else b"")
    pictures = getattr(file, "n_frames", 1)
    return {"mode": file.mode, "kind": kind, "info": info, "exif": bytes_, "pictures": pictures}


def _drop_damaged_exif(file: Image.Image) -> None:
    try:
        file.getexif()
    except OSError:  # the picture itself, which Pillow reads first
        raise
    except Exception:  # whatever it is: the picture may be whole
        file.info.pop("exif", None)
        warnings.warn(f"{file.filename}: damaged camera data are left out", stacklevel=3)


def _upright_exif(exif: bytes) -> bytes:
    """The same Exif data, bit by bit, but for the orientation."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = "<" if exif[start : start + 2] == b"II" else ">"
    (folder,) = struct.unpack_from(f"{order}I", exif, start + 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start + folder)
    upright = bytearray(exif)
    for entry in range(start + folder + 2, start + folder + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", exif, entry)
        if tag == _ORIENTATION:
            struct.pack_into(f"{order}I" if kind == 4 else f"{order}H", upright, entry + 8, 1)
    return bytes(upright)


def _packed(chunk: bytes) -> bool:
    """Whether a text of a PNG holds an orientation that cannot be seen from outside."""
    return chunk.startswith((b"Raw profile type", b"XML:com.adobe.xmp\0\1"))


def _upright_xmp(data: bytes) -> bytes:
    """The orientation, which may stand here once more, as that of an upright picture."""
    return re.sub(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))\d", rb"\g<1>1", data)


def _own(exif: Image.Exif, tags: set[int]) -> Image.Exif:
    """A copy that needs no file any more, of these tags."""
    copy = Image.Exif()
    for tag in sorted(tags & exif.keys()):
        copy[tag] = dict(exif.get_ifd(tag)) if tag in FOLDERS else _kept(exif[tag])
    return copy


def _kept(value: object) -> object:
    """A text as the bytes that it was where Pillow would write question marks."""
    foreign = isinstance(value, str) and not value.isascii()
    return value.encode("latin-1", "replace") if foreign else value


def _taken(upright: Image.Image, file: Image.Image, about: dict[str, Any]) -> Photo:
    mode, inks = upright.mode, None
    if mode[0] in "IF":
        pixels = _with_alpha(grey_levels(np.asarray(upright), file)[..., None], file)
    elif mode == "CMYK":
        inks = np.asarray(upright)
        pixels = to_light(inks)
    else:
        plain = _PLAIN.get(mode, mode)
        if "transparency" in upright.info:
            plain = _WITH_ALPHA.get(plain, plain)
        pixels = np.asarray(upright if plain == mode else upright.convert(plain))
    return Photo(pixels=pixels.reshape(*pixels.shape[:2], -1), inks=inks, **about)


def _deep_colours(path: str | os.PathLike, file: Image.Image, raw: set[str]) -> np.ndarray | None:
    """Colours of 16 bits, of which Pillow hands out the upper eight.

    Told that the bytes stand in the other order, it hands out the lower ones.
    """
    bits = getattr(file, "tag_v2", {}).get(258, ())  # of a TIFF
    apart = getattr(file, "tag_v2", {}).get(284) == 2
    name = raw.pop() if len(raw) == 1 else ""
    if name.startswith("RGBa;16") or (apart and max(bits, default=8) > 8):
        raise DataError(f"{path} has 16 bits in an order that is not known here: save it as PNG")
    if ";16" not in name or file.mode not in ("RGB", "RGBA"):
        if max(bits, default=8) > 8 and len(bits) > 1:
            warnings.warn(f"{path}: 16 bits a channel are read as 8", stacklevel=3)
        return None
    with open_image(path) as again:
        if "exif" not in file.info:
            again.info.pop("exif", None)  # damaged, or none
        if name.startswith("LA"):  # grey and alpha: four bytes, as of RGBA
            _set_raw_mode(again, "RGBA")
            four = np.asarray(ImageOps.exif_transpose(again)).astype(np.uint16)
            return four[..., ::2] << 8 | four[..., 1::2]
        _set_raw_mode(again, name[:-1] + _OTHER_END[name[-1]])
        low = np.asarray(ImageOps.exif_transpose(again)).astype(np.uint16)
    high = np.asarray(ImageOps.exif_transpose(file)).astype(np.uint16)
    return _with_alpha(high << 8 | low, file)


def _with_alpha(pixels: np.ndarray, file: Image.Image) -> np.ndarray:
    """Pixels of 16 bits, and alpha where one of their colours stands for transparent."""
    key = file.info.get("transparency")
    if key is None or pixels.dtype != np.uint16:
        return pixels
    clear = (pixels == np.array(key, np.uint16)).all(axis=2, keepdims=True)
    return np.concatenate([pixels, np.where(clear, 0, 65535).astype(np.uint16)], axis=2)


def _raw_modes(file: Image.Image) -> Iterator[str]:
    for tile in getattr(file, "tile", ()):
        raw = tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0]
        yield raw if isinstance(raw, str) else ""


def _set_raw_mode(file: Image.Image, name: str) -> None:
    def changed(tile: tuple) -> tuple:
        rest = () if isinstance(tile[3], str) else tile[3][1:]
        args = (name, *rest) if rest else name
        return getattr(tile, "_make", tuple)((*tile[:3], args))

    file.tile = [changed(tile) for tile in file.tile]
