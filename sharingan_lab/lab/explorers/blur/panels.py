"""Photographs as panels: arrays to PNG to HTML, the part in view, and the noise made visible."""

import base64
import html
import io

import numpy as np
from PIL import Image
from torch import Tensor

from sharingan_lab.images import to_uint8

_RUNS = 3  # zlib's Z_RLE: a third quicker than any other way, and no larger for photographs
LOUDER = 5  # how many times the noise is amplified to be seen


def data_uri(content: bytes, kind: str) -> str:
    """Return an address that holds the content itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def png(pixels: np.ndarray) -> bytes:
    """Encode 8-bit pixels (H, W), (H, W, 3) or (H, W, 4), quickly rather than small."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1, compress_type=_RUNS)
    return buffer.getvalue()


def in_view(image: Tensor, zoom: int, across: int, down: int) -> Tensor:
    """Cut the part out of an image (1, 3, H, W) that is looked at.

    It is ``zoom`` times narrower and lower, and lies so many percent of the way across and down.
    """
    height, width = (max(1, side // zoom) for side in image.shape[-2:])
    top = round((image.shape[-2] - height) * down / 100)
    left = round((image.shape[-1] - width) * across / 100)
    return image[..., top : top + height, left : left + width]


def loud_noise(blurred: Tensor, clean: Tensor) -> Tensor:
    """Show what the noise changed, amplified, around a middle grey."""
    return (0.5 + LOUDER * (blurred - clean)).clamp(0, 1)


def photograph(title: str, image: Tensor, zoom: tuple[int, int, int], caption: str) -> str:
    """Return a figure with the part of a photograph that is in view, and words below it.

    An enlargement repeats pixels and blurs nothing.
    """
    part = in_view(image, *zoom)
    source = data_uri(png(to_uint8(part)), "image/png")
    height, width = part.shape[-2:]
    pixelated = ' class="pixelated"' if zoom[0] > 1 else ""
    alt = html.escape(f"Photograph, {title}: {caption}", quote=True)
    return (
        f"<figure><h3>{html.escape(title)}</h3>"
        f'<img{pixelated} src="{source}" alt="{alt}" decoding="sync" '
        f'width="{width}" height="{height}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
