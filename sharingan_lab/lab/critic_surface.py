"""A critic of the plane as a map with contour lines."""

import torch
from matplotlib.axes import Axes
from torch import Tensor


@torch.no_grad()
def surface(critics: torch.nn.Module, *, reach: float, side: int = 61) -> Tensor:
    """Scores of batched critics on a square mesh around the origin.

    Parameters
    ----------
    critics : BatchedMLP
        S networks from 2 inputs to 1 output.
    reach : float
        Largest coordinate of the mesh.
    side : int
        Points along an edge.

    Returns
    -------
    Tensor
        (S, side, side) on the CPU, row by row from the lowest second coordinate.

    Examples
    --------
    >>> from sharingan_lab.networks.toys import BatchedMLP
    >>> critics = BatchedMLP(2, (2, 8, 1), generator=torch.Generator().manual_seed(0))
    >>> surface(critics, reach=1.0, side=5).shape
    torch.Size([2, 5, 5])
    """
    ticks = torch.linspace(-reach, reach, side)
    first, second = torch.meshgrid(ticks, ticks, indexing="xy")
    points = torch.stack([first, second], dim=-1).flatten(0, 1).to(critics.weights[0])
    return critics(points.expand(critics.networks, -1, -1)).view(-1, side, side).cpu()


def draw_surface(ax: Axes, heights: Tensor, *, reach: float, lines: int = 12) -> None:
    """Draw a surface from dark (low scores, generated) to light (high scores, real).

    Parameters
    ----------
    ax : Axes
        Where to draw.
    heights : Tensor
        (side, side), one network of :func:`surface`.
    reach : float
        As given to :func:`surface`.
    lines : int
        Contour lines, equally far apart in height.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().subplots()
    >>> draw_surface(ax, torch.rand(5, 5), reach=1.0)
    >>> [float(limit) for limit in ax.get_xlim()]
    [-1.0, 1.0]
    """
    ticks = torch.linspace(-reach, reach, len(heights))
    ax.contourf(ticks, ticks, heights, levels=lines, cmap="cividis", alpha=0.75)
    ax.contour(
        ticks, ticks, heights, levels=lines, colors="white", linewidths=0.6, linestyles="solid"
    )
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.grid(False)
