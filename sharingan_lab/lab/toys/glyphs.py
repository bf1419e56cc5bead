"""Small letters and their blurred pictures: an image-to-image task with known answers.

There are few letters, so that every sharp picture that may lie behind a blurred one can be
counted, and what a network should answer can be computed.
"""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.lab.figures import draw_picture

LETTERS = "bpdq"
_FINER = 4  # letters are drawn this many times larger, then averaged


def mirrored_letters() -> tuple[Tensor, Tensor]:
    """Draw b, p, d and q in every position: one letter and its mirror images, white on black.

    p is b upside down, d is b seen in a mirror, q is both: pixel for pixel, which no font promises.
    A camera that pans vertically cannot tell b from p, nor d from q. The positions reach one pixel
    from the middle along both axes.

    Returns
    -------
    images : Tensor
        (36, 1, 16, 16) in [0, 1], letter after letter.
    labels : Tensor
        (36,), the index of each letter in ``LETTERS``.

    Examples
    --------
    >>> images, labels = mirrored_letters()
    >>> [LETTERS[i] for i in labels[::9]]
    ['b', 'p', 'd', 'q']
    >>> torch.equal(images[4].flip(1), images[13])
    True
    """
    b = _draw_b()
    letters = [b, b.flip(0), b.flip(1), b.flip(0, 1)]
    places = list(product((-1, 0, 1), repeat=2))
    images = torch.stack([x.roll(place, (0, 1)) for x in letters for place in places])
    return images[:, None], torch.arange(len(LETTERS)).repeat_interleave(len(places))


def _draw_b() -> Tensor:
    """Draw the letter in the middle of a picture (16, 16)."""
    side = 16 * _FINER
    font = ImageFont.load_default(side * 7 / 8)
    canvas = Image.new("L", (side, side))
    left, top, right, bottom = font.getbbox("b", stroke_width=1)
    corner = ((side - left - right) / 2, (side - top - bottom) / 2)
    ImageDraw.Draw(canvas).text(corner, "b", fill=255, font=font, stroke_width=1)
    return torch.from_numpy(np.asarray(canvas.reduce(_FINER), np.float32) / 255)


def pan(images: Tensor, angle: float) -> Tensor:
    """Blur by a camera that pans so far that every pixel sees all of its row or column.

    Parameters
    ----------
    images : Tensor
        (N, 1, size, size), dark at the border; beyond it all is black.
    angle : float
        In degrees. At 90 every pixel holds the sum of its column over 2 * size - 2, at 0 of its
        row.

    Examples
    --------
    >>> letters, _ = mirrored_letters()
    >>> streaks = pan(letters, 90.0)
    >>> torch.allclose(streaks[:, :, 0], letters.sum(dim=2) / 30, atol=1e-3)
    True
    """
    size = images.shape[-1]
    margin = size // 2
    wide = F.pad(images, (margin,) * 4)
    kernel = linear_kernel(2 * size - 1, angle, 2 * size - 1)
    blurred = blur(wide, kernel, boundary="zero")
    return blurred[..., margin : margin + size, margin : margin + size].clamp(min=0)


def draw_rows(rows: Sequence[Tensor], names: Sequence[str]) -> Figure:
    """Draw rows of letters or of their streaks below each other, the name of a row on its left.

    Black is 0 and white 1; a picture that stays below 1/2 is dim streaks, and white is 0.35 there.

    Parameters
    ----------
    rows : list of Tensor
        (N, size * size) or (N, ..., size, size) each, N pictures in every row.
    names : list of str
        One a row.

    Examples
    --------
    >>> letters, _ = mirrored_letters()
    >>> fig = draw_rows([letters[:8], pan(letters[:8], 90.0)], ["sharp", "blurred"])
    >>> len(fig.axes), [ax.get_ylabel() for ax in fig.axes[::8]]
    (16, ['sharp', 'blurred'])
    """
    columns = len(rows[0])
    side = min(1.4, 7.6 / columns)  # inches
    fig = Figure(figsize=(1.4 + side * columns, 1.05 * side * len(rows)), layout="constrained")
    grid = fig.subplots(len(rows), columns, squeeze=False)
    for axes, pictures, name in zip(grid, rows, names, strict=True):
        for ax, picture in zip(axes, pictures, strict=True):
            size = math.isqrt(picture.numel())
            top = 1 if picture.max() > 0.5 else 0.35
            draw_picture(ax, picture.reshape(size, size), "", vmin=0, vmax=top)
        axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return fig
