"""The world as a torus: Fourier transforms glue opposite borders of an image together.

Where they do not match, the seam holds waves of every length; a filter that amplifies waves makes
it ring, far into the image. So an image is first continued until it does match.
"""

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from sharingan_lab.errors import InputError

BOUNDARIES = ("taper", "reflect", "circular")


def make_periodic(images: Tensor, margin: int, boundary: str) -> Tensor:
    """Continue images to the right and downwards so that their far sides fit together.

    Parameters
    ----------
    images : Tensor
        Images (N, C, H, W).
    margin : int
        Least number of pixels to add in each direction, as a rule the kernel's size.
    boundary : {"taper", "reflect", "circular"}
        "taper" adds a straight ramp from each last pixel to the first one of the same row, then
        of the same column; "reflect" the mirrored image of both sides; "circular" nothing.

    Returns
    -------
    Tensor
        Images (N, C, H', W') with the given ones in their upper left corner.

    Notes
    -----
    The light that a blur carries across the border is lost, and each choice guesses it. On
    photographs cut out of a larger blurred scene the ramp loses least: the mirrored image turns
    the blur around, which contradicts the kernel; the ramp claims nothing.

    References
    ----------
    R. Liu, J. Jia, "Reducing boundary artifacts in image deconvolution", ICIP 2008, fill the same
    gap by a smooth surface.

    Examples
    --------
    >>> row = torch.tensor([[[[0.0, 0.0, 4.0]]]])
    >>> make_periodic(row, 3, "taper")[0, 0, 0].tolist()
    [0.0, 0.0, 4.0, 3.0, 2.0, 1.0]
    """
    if boundary not in BOUNDARIES:
        raise InputError(f"boundary must be one of {', '.join(BOUNDARIES)}, got {boundary!r}")
    if boundary == "taper":
        return _ramp(_ramp(images, margin, -1), margin, -2)
    if boundary == "reflect":
        margin = min(margin, *(side - 1 for side in images.shape[-2:]))
        padded = F.pad(images, (margin,) * 4, mode="reflect")
        return padded.roll((-margin, -margin), dims=(-2, -1))
    return images


def transfer(kernels: Tensor, shape: torch.Size) -> Tensor:
    """Part of each wave of images (H, W) that kernels (n, k, k) let through, (n, 1, H, W // 2 + 1).

    It is the Fourier transform of the kernels, scaled to sum to 1, with their origin at pixel
    (k // 2, k // 2).
    """
    k = kernels.shape[-1]
    scaled = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    canvas = F.pad(scaled, (0, shape[1] - k, 0, shape[0] - k))
    return torch.fft.rfft2(canvas.roll((-(k // 2), -(k // 2)), dims=(1, 2)))[:, None]


def _ramp(images: Tensor, margin: int, dim: int) -> Tensor:
    side = images.shape[dim]
    added = next_fast_len(side + margin, real=True) - side
    first, last = images.narrow(dim, 0, 1), images.narrow(dim, side - 1, 1)
    rise = torch.arange(1, added + 1, device=images.device, dtype=images.dtype) / (added + 1)
    rise = rise.view([-1 if axis == dim % images.ndim else 1 for axis in range(images.ndim)])
    return torch.cat([images, last + rise * (first - last)], dim)
