"""Camera shake in space: the scene turned and moved, frame by frame, and averaged."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.checks import LIGHT, check_floats, check_images, check_number
from sharingan_lab.errors import InputError

PADDING = {"reflect": "reflection", "replicate": "border", "zero": "zeros"}


def camera_shake(
    images: Tensor, poses: Tensor, *, focal: float | None = None, boundary: str = "reflect"
) -> Tensor:
    """Average an image over the poses that a hand-held camera takes while the shutter is open.

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W) or (N, 1, H, W) of a flat scene that faces the camera.
    poses : Tensor
        Poses (N, T, 6), or one path for all (1, T, 6), equally spaced in time: how the scene has
        turned about the axes x (right), y (down) and z (into the scene), in degrees, and how far it
        has moved along them, as a part of its distance; seen from the camera, and not out of sight.
    focal : float, optional
        Focal length in pixels, more than 0; the longer side of the image if not given, which is a
        normal lens.
    boundary : {"reflect", "replicate", "zero"}
        What lies beyond the border; see `blur`.

    Returns
    -------
    Tensor
        Blurred images, of the images' shape and type.

    Notes
    -----
    A pose with rotation R and translation t moves pixel p to ``K (R + t n') K^-1 p``, a homography,
    with the lens K (focal length, principal point in the middle) and the scene's plane n = (0, 0,
    1). The result is the mean of the warped frames, sampled bilinearly. Turning about z blurs the
    corners more than the middle, so no single kernel describes it; moving along x by a part a of
    the distance shifts the image by ``a * focal`` pixels, and is `blur` with the path's kernel.

    References
    ----------
    Whyte et al., "Non-uniform deblurring for shaken images", IJCV 2012. Hartley and Zisserman,
    "Multiple View Geometry in Computer Vision", 2003, section 13.1.

    Examples
    --------
    >>> image = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    >>> poses = torch.zeros(1, 2, 6)
    >>> torch.allclose(camera_shake(image, poses), image, atol=1e-4)
    True
    >>> poses[0, 1, 3] = 1 / 32  # the second frame lies one pixel further right
    >>> shifted = camera_shake(image, poses)[..., 1:]
    >>> torch.allclose(shifted, (image[..., 1:] + image[..., :-1]) / 2, atol=1e-4)
    True
    """
    return sum(_frames(images, poses, focal, boundary)) / poses.shape[1]


def warp(
    images: Tensor, poses: Tensor, *, focal: float | None = None, boundary: str = "reflect"
) -> Tensor:
    """Return the frames whose mean `camera_shake` is, one for each pose.

    Parameters
    ----------
    images, poses, focal, boundary
        As `camera_shake` takes them.

    Returns
    -------
    Tensor
        Frames (N, T, C, H, W), of the images' type.

    Examples
    --------
    >>> image = torch.rand(1, 3, 24, 32, generator=torch.Generator().manual_seed(0))
    >>> from sharingan_lab.blur import random_poses
    >>> poses = random_poses(1, 5, rng=torch.Generator().manual_seed(0))
    >>> frames = warp(image, poses)
    >>> frames.shape, torch.allclose(frames.mean(dim=1), camera_shake(image, poses))
    (torch.Size([1, 5, 3, 24, 32]), True)
    """
    return torch.stack(list(_frames(images, poses, focal, boundary)), dim=1)


def margin(poses: Tensor, height: int, width: int) -> Tensor:
    """Return how far beyond the border of an image a shaken camera looks.

    Parameters
    ----------
    poses : Tensor
        Paths (N, T, 6); see `camera_shake`.
    height, width : int
        Size of the image in pixels; its longer side is the focal length.

    Returns
    -------
    Tensor
        Pixels (N,), 0 or more, double precision: an image cut with so wide a margin around it can
        be shaken by the path, and the margin cut off, without a trace of what lies beyond.

    Examples
    --------
    >>> poses = torch.zeros(1, 2, 6)
    >>> poses[0, 1, 3] = 3 / 32  # the second frame lies three pixels further right
    >>> round(float(margin(poses, 24, 32)), 4)
    3.0
    """
    _check_poses(poses)
    half = torch.tensor([width - 1, height - 1], dtype=torch.float64, device=poses.device) / 2
    signs = half.new_tensor([[-1, -1], [1, -1], [-1, 1], [1, 1]])
    corners = torch.cat([signs * half, half.new_ones(4, 1)], dim=1)
    back = torch.linalg.inv(homographies(poses, float(max(height, width))))
    seen = torch.einsum("ntij,cj->ntci", back, corners)
    beyond = (seen[..., :2] / seen[..., 2:]).abs() - half  # straight lines stay straight
    return beyond.amax(dim=(1, 2, 3)).clamp(min=0)


def _frames(images: Tensor, poses: Tensor, focal: float | None, boundary: str) -> Iterator[Tensor]:
    """Yield the images (N, C, H, W) as each pose shows them, sampled bilinearly."""
    check_images(images, slack=LIGHT)
    _check_poses(poses, len(images))
    if boundary not in PADDING:
        raise InputError(f"boundary must be one of {', '.join(PADDING)}, got {boundary!r}")
    height, width = images.shape[-2:]
    focal = float(max(height, width)) if focal is None else focal
    check_number("focal", focal, 1e-6)
    back = torch.linalg.inv(homographies(poses.to(images.device), focal))
    for moment in on_grid(back, height, width).unbind(1):  # (N or 1, 3, 3)
        yield look(images, moment, (height, width), PADDING[boundary])


def homographies(poses: Tensor, focal: float) -> Tensor:
    """Maps (n, T, 3, 3) of pixels, counted from the middle, that poses (n, T, 6) stand for.

    Examples
    --------
    >>> poses = torch.zeros(1, 1, 6)
    >>> poses[..., 3] = 0.1  # to the right by a tenth of the distance
    >>> homographies(poses, focal=50.0)[0, 0].round()[0]
    tensor([1., 0., 5.], dtype=torch.float64)
    """
    x, y, z = torch.deg2rad(poses[..., :3].double()).unbind(-1)
    still = torch.zeros_like(x)
    turn = torch.stack([still, -z, y, z, still, -x, -y, x, still], dim=-1).unflatten(-1, (3, 3))
    motion = torch.linalg.matrix_exp(turn)
    motion[..., 2] += poses[..., 3:].double()  # t n', with n = (0, 0, 1)
    if not bool((motion[..., 2, 2] > 0).all()):
        raise InputError("a pose turns or moves the scene behind the camera; make it smaller")
    lens = torch.diag(motion.new_tensor([focal, focal, 1.0]))
    return lens @ motion @ torch.linalg.inv(lens)


def on_grid(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps (..., 3, 3) to places from -1 to 1 on images, instead of pixels from their middle."""
    half = maps.new_tensor([max(width - 1, 1) / 2, max(height - 1, 1) / 2, 1.0])
    return maps / half[:, None]


def look(images: Tensor, maps: Tensor, size: tuple[int, int], padding: str) -> Tensor:
    """What (height, width) pixels about the middle show, when maps (N or 1, 3, 3) say of where."""
    y, x = (torch.arange(n, dtype=maps.dtype, device=maps.device) - (n - 1) / 2 for n in size)
    along, down, middle = maps[..., None, None].unbind(2)  # each (N or 1, 3, 1, 1)
    # no product of matrices, which a GPU may round to three digits
    seen = torch.addcmul(torch.addcmul(middle, down, y[:, None]), along, x)
    grid = (seen[:, :2] / seen[:, 2:]).permute(0, 2, 3, 1).to(images)
    grid = grid.expand(len(images), -1, -1, -1)
    return F.grid_sample(images, grid, padding_mode=padding, align_corners=True)


def _check_poses(poses: Tensor, n: int | None = None) -> None:
    form = "(N, T, 6)" if n is None else f"(1, T, 6) or ({n}, T, 6) for {n} images"
    check_floats(poses, "poses", form)
    if poses.ndim != 3 or poses.shape[2] != 6 or (n and len(poses) not in (1, n)):
        raise InputError(f"poses must be {form}, got {tuple(poses.shape)}")
