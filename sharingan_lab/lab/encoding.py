"""A figure as the picture that a notebook keeps: small, in a format that every reader shows."""

import base64
import io
from typing import NamedTuple

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

_DPI = 110
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
    """Encode a figure; ``tight`` cuts off empty margins."""
    if not tight:
        return encode_pixels(_drawn(fig))
    buffer = io.BytesIO()
    fig.savefig(
        buffer, format="png", dpi=_DPI, bbox_inches="tight", pil_kwargs={"compress_level": 0}
    )
    return encode_pixels(Image.open(buffer).convert("RGB"))


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
    forms = [Encoded("image/png", _saved(picture, format="PNG")), encode_quickly(picture)]
    if picture.getcolors(_DRAWING) is not None:
        # of Pillow's ways to choose 256 colours, the one that keeps rare ones
        method, dither = Image.Quantize.MAXCOVERAGE, Image.Dither.NONE
        palette = picture.quantize(method=method, dither=dither)
        forms.append(Encoded("image/png", _saved(palette, format="PNG", optimize=True)))
    return min(forms, key=lambda form: len(form.content))


def encode_quickly(picture: Image.Image) -> Encoded:
    """Encode an RGB picture that stands for a moment only, until the next one comes."""
    return Encoded(
        "image/jpeg", _saved(picture, format="JPEG", quality=_JPEG_QUALITY, subsampling=0)
    )


def _saved(picture: Image.Image, **settings: object) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, **settings)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
