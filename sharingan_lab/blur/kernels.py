"""Blur kernels: how long the light of one scene point fell on each pixel."""

import math

import torch
from torch import Tensor

from sharingan_lab.blur.backend import compiled_loops
from sharingan_lab.checks import check_count, check_each, check_floats, check_number
from sharingan_lab.errors import InputError

EXPOSURE = ("in (0, 1]", 1e-300, 1.0)


def rasterize(
    trajectories: Tensor, kernel_size: int = 64, exposure: float | Tensor = 1.0
) -> Tensor:
    """Turn paths into kernels: each position leaves its share of light on four pixels.

    Parameters
    ----------
    trajectories : Tensor
        Paths (n, steps, 2) in pixels, as (x, y), equally spaced in time.
    kernel_size : int
        Height and width of the kernels in pixels, odd or even.
    exposure : float or Tensor
        Part of the time for which the shutter is open, in (0, 1]; one value, or one a path (n,).

    Returns
    -------
    Tensor
        Kernels (n, kernel_size, kernel_size), float32, not negative. Each sums to its exposure, and
        its centroid lies at index ``kernel_size // 2``, so that blurring does not move the image.

    Notes
    -----
    A position between four pixels shares its light among them bilinearly. A path that leaves the
    canvas is shrunk about its centroid until it just fits; with a size of at least 32 and a length
    of at most ``60 * kernel_size / 64`` none has to be.

    Examples
    --------
    >>> path = torch.tensor([[[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]]])
    >>> rasterize(path, kernel_size=3)[0, 1] * 3
    tensor([1., 1., 1.])
    """
    check_count("kernel_size", kernel_size)
    check_floats(trajectories, "trajectories", "(n, steps, 2)")
    if trajectories.ndim != 3 or trajectories.shape[2] != 2:
        raise InputError(f"trajectories must be (n, steps, 2), got {tuple(trajectories.shape)}")
    exposures = check_each("exposure", exposure, len(trajectories), *EXPOSURE)
    exposures = exposures.contiguous().to(trajectories.device)
    compiled = compiled_loops(trajectories)
    if compiled is None:
        return _splat(trajectories.double(), exposures, kernel_size).float()
    kernels = torch.empty(len(trajectories), kernel_size, kernel_size)
    points = trajectories.detach().float().contiguous().numpy()
    compiled.splat(points, exposures.numpy(), kernels.numpy())
    return kernels


def _splat(trajectories: Tensor, exposures: Tensor, size: int) -> Tensor:
    """Leave the light of paths (n, steps, 2) on kernels (n, size, size), in double precision."""
    n, steps, _ = trajectories.shape
    passed = torch.arange(steps, dtype=torch.float64, device=trajectories.device)
    weights = (exposures[:, None] * steps - passed).clamp(0, 1) / steps
    points = _fit(trajectories, weights, size)
    corner = points.floor()
    fraction = points - corner
    kernels = torch.zeros(n, size * size, dtype=torch.float64, device=points.device)
    for neighbour in ((0, 0), (1, 0), (0, 1), (1, 1)):
        step = corner.new_tensor(neighbour)
        column, row = (corner + step).long().clamp(max=size - 1).unbind(2)
        share = torch.where(step == 1, fraction, 1 - fraction).prod(2)
        kernels.scatter_add_(1, row * size + column, weights * share)
    return kernels.view(n, size, size)


def linear_kernel(length: float, angle: float, kernel_size: int) -> Tensor:
    """Make the kernel of a straight, even motion.

    Parameters
    ----------
    length : float
        Length of the motion in pixels, 0 or more; 0 gives the kernel that changes nothing.
    angle : float
        Direction in degrees: 0 is along the rows, 90 along the columns, counted anticlockwise as
        one sees the image.
    kernel_size : int
        Height and width of the kernel in pixels.

    Returns
    -------
    Tensor
        Kernel (1, kernel_size, kernel_size), float32, that sums to 1; see `rasterize` for a motion
        that does not fit.

    Examples
    --------
    >>> linear_kernel(0, 0, 3)[0]
    tensor([[0., 0., 0.],
            [0., 1., 0.],
            [0., 0., 0.]])
    """
    check_count("kernel_size", kernel_size)
    check_number("length", length, 0)
    check_number("angle", angle, -math.inf)
    steps = 64 * max(1, math.ceil(length))  # 64 positions a pixel: exact to 1e-4
    along = ((torch.arange(steps, dtype=torch.float64) + 0.5) / steps - 0.5) * length
    turn = math.radians(angle)
    path = torch.stack([along * math.cos(turn), -along * math.sin(turn)], dim=1)
    return rasterize(path[None], kernel_size)


def _fit(points: Tensor, weights: Tensor, size: int) -> Tensor:
    """Move each path's centroid to (size // 2, size // 2); shrink a path that leaves the canvas."""
    centroid = (weights[..., None] * points).sum(1, keepdim=True) / weights.sum(1)[:, None, None]
    offset = torch.where(weights[..., None] > 0, points - centroid, 0.0)
    before, after = size // 2, size - 1 - size // 2
    reach = torch.stack([-offset.amin((1, 2)) / before, offset.amax((1, 2)) / after])
    scale = 1 / torch.nan_to_num(reach, nan=0.0).amax(0).clamp(min=1.0)
    return (size // 2 + offset * scale[:, None, None]).clamp(0, size - 1)
