"""What Pillow does not do with a BMP: say that a fourth channel is alpha."""

import struct

_PLAIN, _V4 = 40, 108  # bytes of a header, and of one with masks
_MASKS = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)


def with_alpha_mask(bmp: bytes) -> bytes:
    """The 32-bit BMP that Pillow writes of an RGBA image, with a header that names its channels.

    Microsoft, "BITMAPV4HEADER structure (wingdi.h)", Win32 documentation.
    """
    head, more = bytearray(bmp[: 14 + _PLAIN]), _V4 - _PLAIN
    (size, _, start) = struct.unpack_from("<3I", head, 2)
    struct.pack_into("<3I", head, 2, size + more, 0, start + more)
    struct.pack_into("<I", head, 14, _V4)
    struct.pack_into("<I", head, 30, 3)  # pixels as the masks say
    masks = struct.pack("<4I4s", *_MASKS, b"BGRs")  # colours are sRGB
    return bytes(head) + masks.ljust(more, b"\0") + bmp[len(head) :]
