"""Camera paths side by side on one scale, so that lesson 01 can compare them by eye."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.errors import InputError
from sharingan_lab.lab.style import COLOURS

_PIECES = 200  # of one colour each


def path_grid(paths: Tensor, titles: Sequence[str]) -> Figure:
    """Draw paths (n, steps, 2) in pixels, x and y downwards, coloured by time, all on one scale.

    Three in a row, each around its centre of mass.

    Examples
    --------
    >>> import torch
    >>> fig = path_grid(torch.rand(2, 50, 2), ["one", "two"])
    >>> [ax.get_title() for ax in fig.axes[:2]]
    ['one', 'two']
    """
    if paths.ndim != 3 or paths.shape[2] != 2 or len(paths) != len(titles):
        raise InputError(
            f"path_grid needs paths (n, steps, 2) and n titles, got {tuple(paths.shape)} and "
            f"{len(titles)} titles"
        )
    points = (paths - paths.mean(dim=1, keepdim=True)).double().cpu().numpy()
    reach = 1.05 * float(np.abs(points).max()) or 1.0
    rows = math.ceil(len(points) / 3)
    fig = Figure(figsize=(9.5, 9.5 / 3 * rows + 0.6), layout="constrained")
    axes = fig.subplots(rows, 3, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, path, title in zip(axes, points, titles, strict=False):
        lines = draw_path(ax, path, title, reach)
    for ax in axes[len(points) :]:
        ax.remove()
    fig.supxlabel("x (px)")
    fig.supylabel("y (px)")
    fig.colorbar(lines, ax=fig.axes, label="time (% of the path)", shrink=0.6)
    return fig


def draw_path(
    ax: Axes, path: np.ndarray, title: str, reach: float, *, share: float = 1.0
) -> LineCollection:
    """Draw points (steps, 2) coloured by time, up to a share of it, with a ring at the first."""
    cuts = np.linspace(0, len(path) - 1, _PIECES + 1).round().astype(int)
    pieces = [path[a : b + 1] for a, b in pairwise(cuts)]
    time = np.linspace(0, 100 * share, _PIECES)
    lines = LineCollection(pieces, array=time, cmap="viridis", clim=(0, 100), linewidths=2)
    ax.add_collection(lines)
    ax.plot(*path[0], "o", color=COLOURS[1], fillstyle="none")
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach), aspect="equal")
    ax.set_title(title)
    return lines
