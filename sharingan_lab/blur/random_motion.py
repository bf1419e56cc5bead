"""Random motion: kernels of random paths, and poses of a hand that shakes."""

import torch
from torch import Tensor

from sharingan_lab.blur.kernels import EXPOSURE, rasterize
from sharingan_lab.blur.trajectories import ALGORITHM_LENGTH, LENGTH, sample_trajectories
from sharingan_lab.checks import check_count, check_each, check_number, check_rng

PART = {True: 64, False: 4096}  # paths at a time: what a CPU's cache holds, what keeps a GPU busy


def random_kernels(
    n: int,
    kernel_size: int = 64,
    *,
    rng: torch.Generator,
    path_length: float | Tensor | None = None,
    exposure: float | Tensor = 1.0,
    steps: int = 2000,
    **walk,
) -> Tensor:
    """Draw random motion-blur kernels: paths, then kernels.

    Parameters
    ----------
    n : int
        Number of kernels.
    kernel_size : int
        Height and width of the kernels in pixels.
    rng : torch.Generator
        Source of every random number.
    path_length : float or Tensor, optional
        Length of the path in pixels, one or one a kernel (n,); ``60 * kernel_size / 64`` if not
        given.
    exposure : float or Tensor
        Part of the path that is exposed, in (0, 1]: the sum of each kernel.
    steps, **walk
        Number of positions, and the walk's ``inertia``, ``gaussian``, ``impulse`` and ``anxiety``:
        see `sample_trajectories`.

    Returns
    -------
    Tensor
        Kernels (n, kernel_size, kernel_size), float32; see `rasterize`.

    Examples
    --------
    >>> kernels = random_kernels(4, 33, rng=torch.Generator().manual_seed(0))
    >>> kernels.shape, [round(float(total), 4) for total in kernels.sum(dim=(1, 2))]
    (torch.Size([4, 33, 33]), [1.0, 1.0, 1.0, 1.0])
    """
    check_count("kernel_size", kernel_size)
    path_length = ALGORITHM_LENGTH * kernel_size / 64 if path_length is None else path_length
    lengths = check_each("path_length", path_length, n, *LENGTH)
    exposures = check_each("exposure", exposure, n, *EXPOSURE)
    check_rng(rng)
    part = PART[rng.device.type == "cpu"]
    kernels = torch.empty(n, kernel_size, kernel_size, device=rng.device)
    for start in range(0, n, part):  # the paths of a part at a time: they take more room
        some = slice(start, min(start + part, n))
        paths = sample_trajectories(
            some.stop - start, steps=steps, path_length=lengths[some], rng=rng, **walk
        )
        kernels[some] = rasterize(paths, kernel_size, exposures[some])
    return kernels


def random_poses(
    n: int,
    frames: int = 32,
    *,
    rng: torch.Generator,
    rotation: float = 1.0,
    translation: float = 0.01,
    **walk,
) -> Tensor:
    """Draw random paths of a shaken camera for `camera_shake`.

    Parameters
    ----------
    n : int
        Number of paths, at least 1.
    frames : int
        Number of poses on each path, from 2 to 2,000.
    rng : torch.Generator
        Source of every random number.
    rotation : float
        Length in degrees of the walk that each pair of angles makes, from 0 to 45.
    translation : float
        Length of the walk that each pair of coordinates makes, as a part of the distance, from 0
        to 0.5.
    **walk
        The walk's ``inertia``, ``gaussian``, ``impulse`` and ``anxiety``; see
        `sample_trajectories`.

    Returns
    -------
    Tensor
        Poses (n, frames, 6), float32, whose mean is zero, so that the image stays in place.

    Notes
    -----
    Three walks make a path: one of the angles about x and y, one of the position along x and y, and
    one of the angle about z and the position along z.

    Examples
    --------
    >>> poses = random_poses(2, 8, rng=torch.Generator().manual_seed(0))
    >>> poses.shape, bool(poses.mean(dim=1).abs().max() < 1e-6)
    (torch.Size([2, 8, 6]), True)
    """
    check_count("n", n)
    check_count("frames", frames, 2, 2000)
    check_number("rotation", rotation, 0, 45)
    check_number("translation", translation, 0, 0.5)
    paths = sample_trajectories(3 * n, path_length=1.0, rng=rng, **walk)
    moments = torch.linspace(0, paths.shape[1] - 1, frames).round().long()
    tilt, shift, depth = paths[:, moments].unflatten(0, (n, 3)).unbind(1)
    angles = rotation * torch.cat([tilt, depth[..., :1]], dim=2)
    places = translation * torch.cat([shift, depth[..., 1:]], dim=2)
    poses = torch.cat([angles, places], dim=2)
    return poses - poses.mean(dim=1, keepdim=True)
