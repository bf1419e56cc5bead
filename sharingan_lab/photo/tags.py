"""Tags of Exif and TIFF: those that tell of a picture, and those of an upright one."""

import re
import struct

from PIL import Image

ORIENTATION = 0x0112
FOLDERS = {34665, 34853}  # of Exif: how the picture was taken, and where
XMP_TAG, IPTC_TAG = 700, 33723
# Of a TIFF's tags those that tell of the picture, and not how its pixels are stored: names, dates,
# stars, where on a map it lies (GeoTIFF), what Windows writes (XP). From 700 up few say how.
TELLING = {
    269, 270, 271, 272, 285, 305, 306, 315, 316, XMP_TAG, 18246, 18249, 33432, 33550, IPTC_TAG,
    33922, 34264, 34735, 34736, 34737, *range(40091, 40096), *FOLDERS,
}  # fmt: skip
STORING = {32995, 32996, 32997, 32998, 33421, 33422, 34675}


def own_tags(exif: Image.Exif, tags: set[int]) -> Image.Exif:
    """A copy that needs no file any more, of these tags."""
    copy = Image.Exif()
    for tag in sorted(tags & exif.keys()):
        copy[tag] = dict(exif.get_ifd(tag)) if tag in FOLDERS else _kept(exif[tag])
    return copy


def _kept(value: object) -> object:
    """A text as the bytes that it was where Pillow would write question marks."""
    foreign = isinstance(value, str) and not value.isascii()
    return value.encode("latin-1", "replace") if foreign else value


def upright_exif(exif: bytes) -> bytes:
    """The same Exif data, bit by bit, but for the orientation."""
    start = 6 if exif.startswith(b"Exif\0\0") else 0
    order = "<" if exif[start : start + 2] == b"II" else ">"
    (folder,) = struct.unpack_from(f"{order}I", exif, start + 4)
    (count,) = struct.unpack_from(f"{order}H", exif, start + folder)
    upright = bytearray(exif)
    for entry in range(start + folder + 2, start + folder + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", exif, entry)
        if tag == ORIENTATION:
            struct.pack_into(f"{order}I" if kind == 4 else f"{order}H", upright, entry + 8, 1)
    return bytes(upright)


def upright_xmp(data: bytes) -> bytes:
    """The orientation, which may stand here once more, as that of an upright picture."""
    return re.sub(rb"(tiff:Orientation\s*(?:=\s*[\"']|>))\d", rb"\g<1>1", data)
