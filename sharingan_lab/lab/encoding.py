"""A figure as the picture that a notebook keeps: small, in a format that every reader shows."""

import base64
import io
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

_DPI = 110
_MARGIN = 0.1  # inches around what is drawn
_DRAWING = 20_000  # colours: a drawing has fewer, a photograph of its size has more
_JPEG_QUALITY = 85


class Encoded(NamedTuple):
    """A picture in base64 and its MIME type."""

    kind: str
    content: str

    @property
    def uri(self) -> str:
        """An address that holds the picture itself."""
        return f"data:{self.kind};base64,{self.content}"


def encode(fig: Figure, *, tight: bool = True) -> Encoded:
    """Encode a figure; ``tight`` cuts empty margins off and adds room for what sticks out."""
    return encode_pixels(_trimmed(fig) if tight else _drawn(fig))


def _trimmed(fig: Figure) -> Image.Image:
    """The pixels within the margins; where nothing sticks out, drawn once and not twice."""
    picture, box, sheet = _drawn(fig), fig.get_tightbbox(), fig.bbox_inches
    if min(box.x0, box.y0, sheet.x1 - box.x1, sheet.y1 - box.y1) < 0:
        buffer = io.BytesIO()
        uncompressed = {"compress_level": 0}
        fig.savefig(buffer, format="png", dpi=_DPI, bbox_inches="tight", pil_kwargs=uncompressed)
        return Image.open(buffer).convert("RGB")
    left, below, right, above = (_DPI * box.padded(_MARGIN).extents).round().astype(int).tolist()
    width, height = picture.size
    return picture.crop(
        (max(0, left), max(0, height - above), min(width, right), min(height, height - below))
    )


def encode_small(fig: Figure) -> Encoded:
    """Encode a figure, margins and all, as one of many for a web page: small, with some loss."""
    return Encoded("image/webp", _saved(_drawn(fig), format="WEBP", quality=75, method=2))


def _drawn(fig: Figure) -> Image.Image:
    """The pixels of a whole figure; matplotlib's own way to save it would draw it twice."""
    fig.set_dpi(_DPI)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def encode_pixels(picture: Image.Image) -> Encoded:
    """Encode an RGB picture in the smallest of the forms that show it well.

    A drawing needs no more than 256 colours, a PNG with a palette. A photograph becomes a JPEG
    that keeps the colours at full resolution; one whose pixels are enlarged, a PNG.
    """
    form, settings = picture, {"compress_level": 3}  # more takes three times as long
    if picture.getcolors(_DRAWING) is not None:
        # of Pillow's ways to choose 256 colours, the one that keeps rare ones
        method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
        form, settings = picture.quantize(method=method, dither=dither), {}
    exact = Encoded("image/png", _saved(form, format="PNG", **settings))
    return min(exact, encode_quickly(picture), key=lambda form: len(form.content))


def encode_quickly(picture: Image.Image) -> Encoded:
    """Encode an RGB picture that stands for a moment only, until the next one comes."""
    return Encoded(
        "image/jpeg", _saved(picture, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    )


def _saved(picture: Image.Image, **settings: object) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, **settings)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
