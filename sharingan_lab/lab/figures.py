"""Pictures of a lesson: figures with a description, and grids of images."""

import math
from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from torch import Tensor

from sharingan_lab.checks import LIGHT, check_pixels
from sharingan_lab.errors import InputError
from sharingan_lab.lab.display import emit
from sharingan_lab.lab.encoding import encode
from sharingan_lab.lab.style import COLOURS

_CELL_WIDTHS = {1: 5.5, 2: 4.6}  # inches an image, by the number of columns
_CELL_WIDTH = 3.4  # with more columns


def show(fig: Figure, alt: str, *, cover: bool = False) -> None:
    """Put a figure on the page together with a description of what is to be seen on it.

    Parameters
    ----------
    fig : Figure
        From pyplot or made directly; it is closed afterwards, so it is never shown twice.
    alt : str
        What a reader who cannot see the figure should know: what is to be seen, not what kind
        of plot it is.
    cover : bool
        Whether this is the picture of the lesson on the report's index.

    Examples
    --------
    >>> show(Figure(), "An empty sheet.")
    An empty sheet.
    """
    if not alt.strip():
        raise InputError("lab.show needs alt='what is to be seen on the figure', got an empty text")
    kind, content = encode(fig)
    emit({kind: content, "text/plain": alt}, {kind: {"alt": alt, "cover": cover}})
    plt.close(fig)


def image_grid(
    images: Tensor | Sequence[Tensor],
    titles: Sequence[str],
    *,
    columns: int | None = None,
    zoom: tuple[int, int, int, int] | None = None,
    captions: Sequence[str] | None = None,
) -> Figure:
    """Draw images side by side, large enough to judge blur.

    Parameters
    ----------
    images : Tensor or list of Tensor
        (N, 3, H, W) in [0, 1], or N images (3, H, W), (1, 3, H, W) or grey (H, W); a grey one
        is drawn from 0 to its largest value, as suits a kernel.
    titles, captions : list of str
        One above and one below each image.
    columns : int, optional
        Images in a row; at most 3 when left out.
    zoom : (y, x, height, width), optional
        A region in pixels, framed in each image and repeated enlarged below it.

    Examples
    --------
    >>> import torch
    >>> fig = image_grid(torch.rand(2, 3, 32, 48), ["sharp", "blurred"], zoom=(0, 0, 8, 12))
    >>> [ax.get_title() for ax in fig.axes]
    ['sharp', 'blurred', '', '']
    """
    pictures = [_pixels(image) for image in images]
    captions = list(captions) if captions is not None else [""] * len(pictures)
    if not pictures or not len(titles) == len(captions) == len(pictures):
        raise InputError(
            f"image_grid needs one title and one caption an image: got {len(pictures)} images, "
            f"{len(titles)} titles, {len(captions)} captions"
        )
    columns = min(columns or min(len(pictures), 3), len(pictures))
    fig, axes = _grid_axes(pictures, columns, zoom)
    for i, picture in enumerate(pictures):
        row, column = divmod(i, columns)
        cells = axes[2 * row : 2 * row + 2, column] if zoom else axes[row : row + 1, column]
        cells[0].imshow(picture, cmap="gray", vmin=0, vmax=1)
        cells[0].set_title(titles[i])
        if zoom:
            _draw_zoom(cells[0], cells[1], picture, zoom)
        last_row = row == (len(pictures) - 1) // columns
        cells[-1].set_xlabel(captions[i] + "\n" * (not last_row))  # apart from the next title
    return fig


def _pixels(image: Tensor) -> np.ndarray:
    image = image.detach().cpu().float()
    if image.ndim == 4 and image.shape[0] == 1:
        image = image[0]
    if image.ndim == 2:
        return (image / image.max().clamp_min(1e-12)).numpy()
    if image.ndim == 3 and image.shape[0] == 3:
        check_pixels(image, "image", slack=LIGHT)
        return image.clamp(0, 1).permute(1, 2, 0).numpy()
    raise InputError(f"expected an image (3, H, W) or a grey (H, W), got {tuple(image.shape)}")


def _grid_axes(
    pictures: list[np.ndarray], columns: int, zoom: tuple[int, int, int, int] | None
) -> tuple[Figure, np.ndarray]:
    rows = math.ceil(len(pictures) / columns)
    heights = [max(p.shape[0] / p.shape[1] for p in pictures)]
    if zoom:
        heights.append(zoom[2] / zoom[3])
    width = _CELL_WIDTHS.get(columns, _CELL_WIDTH)
    size = (width * columns, rows * (width * sum(heights) + 0.55))
    fig = Figure(figsize=size, layout="constrained")
    axes = fig.subplots(rows * len(heights), columns, squeeze=False, height_ratios=heights * rows)
    for ax in axes.flat:
        bare(ax)
    for i in range(len(pictures), rows * columns):
        for ax in axes[len(heights) * (rows - 1) :, i % columns]:
            ax.remove()
    return fig, axes


def draw_picture(ax: Axes, image: Tensor, title: str, **style: object) -> AxesImage:
    """Draw an image (3, H, W), (1, 3, H, W) or (H, W) on bare axes, each pixel as it is."""
    if image.ndim > 2:
        image = image.reshape(image.shape[-3:]).permute(1, 2, 0).clamp(0, 1)
    ax.set_title(title)
    bare(ax)
    return ax.imshow(image.cpu().numpy(), **{"interpolation": "nearest", **style})


def bare(ax: Axes) -> None:
    """Take ticks, grid and frame away."""
    ax.set(xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)


def _draw_zoom(
    whole: Axes, detail: Axes, picture: np.ndarray, zoom: tuple[int, int, int, int]
) -> None:
    y, x, height, width = zoom
    frame = {"edgecolor": COLOURS[1], "facecolor": "none", "linewidth": 2}
    whole.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, **frame))
    detail.imshow(picture[y : y + height, x : x + width], cmap="gray", vmin=0, vmax=1)
    detail.spines[:].set(visible=True, color=COLOURS[1], linewidth=2)
