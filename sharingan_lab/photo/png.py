"""What Pillow does not do with a PNG: write 16 bits a channel, keep all that stands beside."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

XMP = b"XML:com.adobe.xmp\0\0\0\0\0"  # how its text begins: not packed, in no language
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: grey, grey and alpha, RGB, RGBA
# Chunks that say how colours are meant, how large a pixel is, when, by whom, of what.
_BESIDE = {
    b"iCCP", b"sRGB", b"cICP", b"gAMA", b"cHRM", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME",
    b"eXIf",
}  # fmt: skip


def encode_png16(pixels: np.ndarray) -> bytes:
    """Write pixels (H, W, C), uint16, C from 1 to 4, as a PNG of 16 bits a channel [1]_.

    .. [1] W3C, "Portable Network Graphics (PNG) Specification", third edition, 2025.
    """
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + 2 * channels * width), np.uint8)
    rows[:, 0] = 2  # filter "up": each byte less the one above
    rows[:, 1:] = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    rows[1:, 1:] -= rows[:-1, 1:].copy()
    head = struct.pack(">IIBBBBB", width, height, 16, _COLOURS[channels], 0, 0, 0)
    body = [(b"IHDR", head), (b"IDAT", zlib.compress(rows.data, 6)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(*each) for each in body)


def with_chunks(png: bytes, beside: list[tuple[bytes, bytes]]) -> bytes:
    """Put chunks of another PNG into this one, instead of its own of the same kinds."""
    head, *others = chunks(png)
    kept = [each for each in others if each[0] not in {kind for kind, _ in beside}]
    return _SIGNATURE + b"".join(_chunk(*each) for each in (head, *beside, *kept))


def chunks_beside(png: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG that tell of the picture and hold none of its pixels."""
    return [(kind, data) for kind, data in chunks(png) if kind in _BESIDE]


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk of an intact PNG: its kind and its data."""
    place = len(_SIGNATURE)
    while place < len(png):
        size, kind = struct.unpack_from(">I4s", png, place)
        yield kind, png[place + 8 : place + 8 + size]
        place = len(png) if kind == b"IEND" else place + size + 12


def riff_chunks(webp: bytes) -> Iterator[tuple[bytes, int]]:
    """Kind and size of each chunk of a WebP."""
    place = 12
    while place + 8 <= len(webp):
        kind, size = struct.unpack_from("<4sI", webp, place)
        yield kind, size
        place += 8 + size + size % 2


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
