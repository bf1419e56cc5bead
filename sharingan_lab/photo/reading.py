"""Take a photo apart: colours that a network can restore, and all that shall stay as it is."""

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps
from PIL.JpegImagePlugin import get_sampling

from sharingan_lab.checks import describe
from sharingan_lab.errors import InputError
from sharingan_lab.photo.depth import bits_said, deep_colours, raw_modes, with_alpha
from sharingan_lab.photo.inks import to_light
from sharingan_lab.photo.photo import Photo
from sharingan_lab.photo.png import XMP, chunks_beside, riff_chunks
from sharingan_lab.photo.tags import (
    IPTC_TAG,
    ORIENTATION,
    STORING,
    TELLING,
    XMP_TAG,
    own_tags,
    upright_exif,
    upright_xmp,
)
from sharingan_lab.picture_files import grey_levels, open_image

# Modes of Pillow that hold their colours in another way than as grey or RGB, with or without alpha.
_PLAIN = {
    "1": "L", "La": "LA", "P": "RGB", "PA": "RGBA", "RGBa": "RGBA", "RGBX": "RGB", "YCbCr": "RGB",
    "LAB": "RGB", "HSV": "RGB",
}  # fmt: skip
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}


def read_photo(path: str | os.PathLike) -> Photo:
    """Read the first picture of a file, upright, with all its bits.

    Raises
    ------
    DataError
        The file is missing, damaged, or no picture; see `sharingan_lab.picture_files.read_pixels`.

    Examples
    --------
    >>> read_photo("missing.jpg")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such image: missing.jpg
    """
    with open_image(path) as file:
        raw, bits = raw_modes(file), bits_said(file)  # first: the next may load the pixels
        _drop_damaged_exif(file)
        deep = deep_colours(path, file, raw)
        about = _about(file, Path(file.filename))
        if deep is not None:
            return Photo(pixels=deep, **about)
        photo = _taken(ImageOps.exif_transpose(file), file, about)
    if bits > 8 and photo.pixels.dtype == np.uint8:
        warnings.warn(
            f"{path}: {bits} bits a channel are read as 8; to keep them save it as a PNG of 16",
            stacklevel=2,
        )
    return photo


def photo_of(image: Image.Image) -> Photo:
    """Take a Pillow image apart as it stands: an orientation in its Exif data is left there."""
    if 0 in image.size:
        raise InputError(f"expected an image with a pixel in it, got {image.size}")
    try:
        image.load()
    except Exception as error:  # closed or damaged: Pillow raises a dozen kinds
        raise InputError(f"the image cannot be loaded: {error}") from error
    return _taken(image, image, {"mode": image.mode, "kind": "", "info": dict(image.info)})


def as_channels(pixels: np.ndarray) -> np.ndarray:
    """View an array (H, W) or (H, W, C) as :class:`Photo` has its pixels; or an InputError.

    Examples
    --------
    >>> as_channels(np.zeros((4, 5), np.uint8)).shape
    (4, 5, 1)
    """
    if isinstance(pixels, np.matrix | np.ma.MaskedArray):
        kind = type(pixels).__name__
        raise InputError(f"expected a plain array, got a {kind}: np.asarray makes one of it")
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
    xmp = info.pop("xmp", None)
    if xmp and isinstance(xmp, bytes):
        info["xmp"] = upright_xmp(xmp)
    exif, raw = file.getexif(), info.pop("exif", b"")
    turned = exif.get(ORIENTATION, 1) != 1
    if kind == "TIFF":
        info["tags"] = own_tags(exif, TELLING)
        info["iptc"] = exif.get(IPTC_TAG)
        if "xmp" in info:
            info["tags"][XMP_TAG] = info["xmp"]
        others = sorted(tag for tag in exif.keys() - TELLING - STORING if tag >= XMP_TAG)
        if others:
            names = ", ".join(map(str, others))
            warnings.warn(f"{path}: TIFF tags {names} are left out", stacklevel=3)
        exif = own_tags(exif, TELLING - {XMP_TAG, IPTC_TAG})
    elif turned:
        raw = upright_exif(raw) if raw else own_tags(exif, exif.keys() - {ORIENTATION}).tobytes()
    if kind == "PNG":
        info |= _texts(path.read_bytes(), info.get("xmp"), turned)
    elif kind == "WEBP":
        info["lossless"] = any(name == b"VP8L" for name, _ in riff_chunks(path.read_bytes()))
    elif kind in ("JPEG", "MPO"):
        info |= _compression(file)
        info["captions"] = [data for name, data in file.applist if name == "APP13"]  # IPTC
    elif kind == "JPEG2000" and b"colr\x02" in path.read_bytes()[:1024]:
        warnings.warn(f"{path}: its colour profile is left out, as Pillow cannot", stacklevel=3)
    bytes_ = raw or (exif.tobytes() if len(exif) else b"")
    return {
        "mode": file.mode, "kind": kind, "info": info, "exif": bytes_,
        "pictures": getattr(file, "n_frames", 1), "source": str(path),
    }  # fmt: skip


def _texts(png: bytes, xmp: bytes | None, turned: bool) -> dict[str, Any]:
    """Chunks of a PNG to keep in a PNG, and what its texts are called elsewhere."""
    found: dict[str, Any] = {"chunks": [], "texts": []}
    for kind, data in chunks_beside(png):
        name, _, text = data.partition(b"\0")
        if kind == b"iTXt" and data.startswith(XMP[:-4]) and xmp:
            data = XMP + xmp
        elif kind == b"eXIf" or (turned and name.startswith(b"Raw profile type")):
            continue  # written anew; or an orientation in it would turn the picture once more
        elif kind == b"tEXt" and name == b"Comment":
            found["comment"] = text
        elif kind in (b"tEXt", b"zTXt", b"iTXt") and name != b"Raw profile type exif":
            found["texts"].append(name.decode("latin-1"))
        found["chunks"].append((kind, data))
    return found


def _compression(jpeg: Image.Image) -> dict[str, Any]:
    """How a JPEG is compressed, in the words in which Pillow is told."""
    layers = jpeg.layer
    names = bytes(layer[0] for layer in layers)
    coded = jpeg.info.get("adobe_transform", 0 if names == b"RGB" else 1)
    sampling = get_sampling(jpeg)
    return {
        "tables": [jpeg.quantization[table] for table in dict.fromkeys(each[3] for each in layers)],
        # Pillow writes no other: where it cannot, no colour gets coarser.
        "subsampling": 0 if sampling == -1 and len(layers) == 3 else sampling,
        "rgb": len(layers) == 3 and "jfif" not in jpeg.info and coded == 0,
    }


def _drop_damaged_exif(file: Image.Image) -> None:
    try:
        file.getexif()
    except OSError:  # the picture itself, which Pillow reads first
        raise
    except Exception:  # whatever it is: the picture may be whole
        file.info.pop("exif", None)
        warnings.warn(f"{file.filename}: damaged camera data are left out", stacklevel=3)


def _taken(upright: Image.Image, file: Image.Image, about: dict[str, Any]) -> Photo:
    mode, inks = upright.mode, None
    if mode[0] in "IF":
        pixels = with_alpha(grey_levels(np.asarray(upright), file)[..., None], file)
    elif mode == "CMYK":
        inks = np.asarray(upright)
        pixels = to_light(inks)
    else:
        plain = _PLAIN.get(mode, mode)
        if "transparency" in upright.info:
            plain = _WITH_ALPHA.get(plain, plain)
        pixels = np.asarray(upright if plain == mode else upright.convert(plain))
    return Photo(pixels=pixels.reshape(*pixels.shape[:2], -1), inks=inks, **about)
