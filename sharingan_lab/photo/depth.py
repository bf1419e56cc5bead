"""More than 8 bits a channel: what a file says of them, and colours of 16 that Pillow cuts."""

import os
import re
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from sharingan_lab.errors import DataError
from sharingan_lab.picture_files import open_image

_OTHER_END = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}
# Where a file says its depth that Pillow cuts to 8 bits: ISO/IEC 15444-1 (SIZ), AV1-ISOBMFF (av1C),
# ISO/IEC 23008-12 (pixi), and the SGI image file format.
_SAYS = {
    "AVIF": rb"av1C\x81.(.)",
    "HEIF": rb"pixi\0{4}.(.)",
    "JPEG2000": rb"\xff\x4f\xff\x51.{38}(.)",
    "SGI": rb"^\x01\xda.(.)",
}


def bits_said(file: Image.Image) -> int:
    """Bits a channel by what the opened file says, before its pixels are loaded; 8 if nothing."""
    if file.format == "TIFF":
        return max(file.tag_v2.get(258, (8,)))
    if file.format == "PPM":
        white = file.tile[0][3][1:] if isinstance(file.tile[0][3], tuple) else ()
        return int(white[0]).bit_length() if white else 8
    says = _SAYS.get(file.format)
    found = says and re.search(says, Path(file.filename).read_bytes(), re.DOTALL)
    if not found:
        return 8
    byte = found[1][0]
    if file.format == "AVIF":  # high, and twelve
        return 8 + 2 * (byte >> 6 & 1) + 2 * (byte >> 6 & byte >> 5 & 1)
    return {"HEIF": byte, "JPEG2000": (byte & 127) + 1, "SGI": 8 * byte}[file.format]


def deep_colours(path: str | os.PathLike, file: Image.Image, raw: set[str]) -> np.ndarray | None:
    """Colours of 16 bits, of which Pillow hands out the upper eight.

    Told that the bytes stand in the other order, it hands out the lower ones.
    """
    bits = getattr(file, "tag_v2", {}).get(258, ())  # of a TIFF
    apart = getattr(file, "tag_v2", {}).get(284) == 2
    name = raw.pop() if len(raw) == 1 else ""
    if name.startswith("RGBa;16") or (apart and max(bits, default=8) > 8):
        raise DataError(f"{path} has 16 bits in an order that is not known here: save it as PNG")
    if ";16" not in name or file.mode not in ("RGB", "RGBA"):
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
    return with_alpha(high << 8 | low, file)


def with_alpha(pixels: np.ndarray, file: Image.Image) -> np.ndarray:
    """Pixels of 16 bits, and alpha where one of their colours stands for transparent."""
    key = file.info.get("transparency")
    if key is None or pixels.dtype != np.uint16:
        return pixels
    clear = (pixels == np.array(key, np.uint16)).all(axis=2, keepdims=True)
    return np.concatenate([pixels, np.where(clear, 0, 65535).astype(np.uint16)], axis=2)


def raw_modes(file: Image.Image) -> set[str]:
    """How the pixels stand in an opened file, in Pillow's words."""
    heads = (tile[3] if isinstance(tile[3], str) else (tile[3] or ("",))[0] for tile in file.tile)
    return {head if isinstance(head, str) else "" for head in heads}


def _set_raw_mode(file: Image.Image, name: str) -> None:
    def changed(tile: tuple) -> tuple:
        rest = () if isinstance(tile[3], str) else tile[3][1:]
        args = (name, *rest) if rest else name
        return getattr(tile, "_make", tuple)((*tile[:3], args))

    file.tile = [changed(tile) for tile in file.tile]
