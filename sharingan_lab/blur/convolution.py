"""The product k * I_s of equation (1): convolution of images with blur kernels."""

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from sharingan_lab.blur.backend import compiled_loops
from sharingan_lab.checks import LIGHT, check_images, check_kernels
from sharingan_lab.errors import InputError

BOUNDARIES = {
    "reflect": "reflect",
    "replicate": "replicate",
    "zero": "constant",
    "circular": "circular",
}
FEW = 300  # pixels of a kernel up to which adding shifted images beats the Fourier transform


def blur(images: Tensor, kernels: Tensor, *, boundary: str = "reflect") -> Tensor:
    """Convolve images with blur kernels, the noise-free part of equation (1).

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W), or grey (N, 1, H, W), float32 or float64, of any height and width;
        white at 1. Lamps may be brighter, differences negative, up to a size of 31.
    kernels : Tensor
        One kernel an image (N, k, k), or one for all (1, k, k); k odd or even, not larger than the
        image; not negative.
    boundary : {"reflect", "replicate", "zero", "circular"}
        What lies beyond the border: the mirrored image, its last pixel, black, or the far side.

    Returns
    -------
    Tensor
        Blurred images, of the images' shape and type.

    Notes
    -----
    A true convolution, ``out[y, x] = sum_uv k[u, v] image[y - (u - c), x - (v - c)]`` with the
    kernel's origin at ``c = k // 2``. A path lights few of its kernel's pixels: on a CPU each of
    these shifts the image and adds it (:mod:`sharingan_lab.blur.backend`). Dense kernels, other
    devices and gradients take the product of Fourier transforms.

    Examples
    --------
    >>> image = torch.rand(1, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    >>> still = torch.zeros(1, 5, 5)
    >>> still[0, 2, 2] = 1.0
    >>> torch.allclose(blur(image, still), image, atol=1e-6)
    True
    """
    check_images(images, slack=LIGHT)
    check_kernels(kernels, images)
    return convolve(images, kernels.to(images), boundary)


def convolve(images: Tensor, kernels: Tensor, boundary: str = "reflect") -> Tensor:
    """Do as `blur` for images and kernels of one type and place that are known to be fit.

    Nothing is checked, which is half of the time for a small image; on a GPU nothing waits.
    """
    return convolve_inside(pad(images, kernels.shape[-1], boundary), kernels)


def convolve_inside(images: Tensor, kernels: Tensor) -> Tensor:
    """Convolve only where the whole kernel lies on the image: k - 1 rows and columns are lost."""
    compiled = compiled_loops(images, kernels)
    if compiled is None or int(kernels.count_nonzero((1, 2)).max()) > FEW:
        return _by_fourier(images, kernels)
    lost = kernels.shape[-1] - 1
    out = images.new_empty(*images.shape[:2], *(side - lost for side in images.shape[-2:]))
    every = kernels.expand(len(images), -1, -1)
    arrays = (x.detach().contiguous().numpy() for x in (images, every, out))
    compiled.convolve(*arrays)
    return out


def pad(images: Tensor, size: int, boundary: str) -> Tensor:
    """Add what a kernel (size, size) sees beyond the border: size - 1 rows and columns."""
    if boundary not in BOUNDARIES:
        raise InputError(f"boundary must be one of {', '.join(BOUNDARIES)}, got {boundary!r}")
    before, after = size - 1 - size // 2, size // 2
    return F.pad(images, (before, after, before, after), mode=BOUNDARIES[boundary])


def _by_fourier(padded: Tensor, kernels: Tensor) -> Tensor:
    """Convolve padded images (n, c, h + k - 1, w + k - 1) with kernels (1 or n, k, k)."""
    size = kernels.shape[-1]
    shape = [next_fast_len(side, real=True) for side in padded.shape[-2:]]
    spectrum = torch.fft.rfft2(kernels[:, None], s=shape)
    product = torch.fft.irfft2(torch.fft.rfft2(padded, s=shape) * spectrum, s=shape)
    height, width = padded.shape[-2:]
    return product[..., size - 1 : height, size - 1 : width]
