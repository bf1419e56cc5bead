"""Rows of pixels across an edge whose place is uncertain: the smallest deblurring task.

A camera that moved saw a ramp. The sharp edge behind it may lie anywhere within the ramp, and
nothing in the picture says where: the best answer depends on the loss alone, and is known.
"""

import torch
from torch import Tensor

from sharingan_lab.checks import check_count

DARK, BRIGHT = 0.1, 0.9  # the two walls, in [0, 1]
_REACH = 4.0  # pixels from the middle of a ramp to its ends
_FINE = 64  # places that stand for the uniform distribution within a ramp


def edge_rows(positions: Tensor, width: int = 32) -> Tensor:
    """Draw rows of pixels (..., width), dark left and bright right of positions (...).

    A position is in pixels from the left border; a fraction falls into the pixel it cuts.

    Examples
    --------
    >>> edge_rows(torch.tensor(2.5), width=4)
    tensor([0.1000, 0.1000, 0.5000, 0.9000])
    """
    check_count("width", width)
    right_ends = torch.arange(1, width + 1, device=positions.device)
    bright_part = (right_ends - positions[..., None]).clamp(0, 1)
    return DARK + (BRIGHT - DARK) * bright_part


def shifted_edges(networks: int, n: int, *, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw what a moved camera saw, and the sharp edges behind it: (networks, n, 32) each.

    The middle of each ramp is drawn uniformly from the middle quarter of the row, the true edge
    uniformly from 4 pixels around that middle. What was seen is the mean of all edges that fit it.
    The rows are as :class:`~sharingan_lab.lab.BatchedMLP` takes them.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> seen, sharp = shifted_edges(1, 2, rng=rng)
    >>> seen.shape, steepest_step(seen).max().item() < 0.2 < steepest_step(sharp).min().item()
    (torch.Size([1, 2, 32]), True)
    """
    check_count("networks", networks)
    check_count("n", n)
    draws = torch.rand(networks, n, 2, generator=rng)  # row by row
    middles = 32 * (0.375 + 0.25 * draws[..., 0])
    offsets = _REACH * (2 * draws[..., 1] - 1)
    fitting = _REACH * (2 * (torch.arange(_FINE) + 0.5) / _FINE - 1)
    return edge_rows(middles[..., None] + fitting).mean(dim=-2), edge_rows(middles + offsets)


def steepest_step(rows: Tensor) -> Tensor:
    """Largest rise from one pixel to the next, as part of the rise from wall to wall.

    1 for an edge between two pixels, 1/n for a ramp of n pixels; rows (..., width) give (...).

    Examples
    --------
    >>> round(steepest_step(edge_rows(torch.tensor(2.0), width=4)).item(), 4)
    1.0
    """
    return rows.diff(dim=-1).amax(dim=-1) / (BRIGHT - DARK)
