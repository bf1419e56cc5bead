"""Equation (1) of the report, I_b = k(M) * I_s + N: convolve with a kernel, add noise."""

import math

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from sharingan_lab.errors import InputError

BOUNDARIES = {
    "reflect": "reflect",
    "replicate": "replicate",
    "zero": "constant",
    "circular": "circular",
}


def blur(images: Tensor, kernels: Tensor, *, boundary: str = "reflect") -> Tensor:
    """Convolve images with blur kernels, the noise-free part of equation (1).

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W), float32 or float64, of any height and width.
    kernels : Tensor
        One kernel an image (N, k, k), or one for all (1, k, k); k odd or even, not larger than the
        image; not negative.
    boundary : {"reflect", "replicate", "zero", "circular"}
        What lies beyond the border: the mirrored image, its last pixel, black, or the far side.

    Returns
    -------
    Tensor
        Blurred images (N, 3, H, W), of the images' type.

    Raises
    ------
    InputError
        Images or kernels have another shape, type or values than stated.

    Notes
    -----
    A true convolution, ``out[y, x] = sum_uv k[u, v] image[y - (u - c), x - (v - c)]`` with the
    kernel's origin at ``c = k // 2``, computed as a product of Fourier transforms.

    Examples
    --------
    >>> image = torch.rand(1, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    >>> still = torch.zeros(1, 5, 5)
    >>> still[0, 2, 2] = 1.0
    >>> torch.allclose(blur(image, still), image, atol=1e-6)
    True
    """
    check_images(images)
    check_kernels(kernels, images)
    if boundary not in BOUNDARIES:
        raise InputError(f"boundary must be one of {', '.join(BOUNDARIES)}, got {boundary!r}")
    size = kernels.shape[-1]
    before, after = size - 1 - size // 2, size // 2
    padded = F.pad(images, (before, after, before, after), mode=BOUNDARIES[boundary])
    shape = [next_fast_len(side, real=True) for side in padded.shape[-2:]]
    spectrum = torch.fft.rfft2(kernels.to(images)[:, None], s=shape)
    product = torch.fft.irfft2(torch.fft.rfft2(padded, s=shape) * spectrum, s=shape)
    height, width = images.shape[-2:]
    return product[..., size - 1 : size - 1 + height, size - 1 : size - 1 + width]


def add_noise(images: Tensor, std: float, *, generator: torch.Generator) -> Tensor:
    """Add independent Gaussian noise to every pixel, the N of equation (1).

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W).
    std : float
        Standard deviation of the noise, 0 or more, in units of the image's range [0, 1].
    generator : torch.Generator
        Source of every random number.

    Returns
    -------
    Tensor
        Noisy images (N, 3, H, W), not clipped: values may leave [0, 1].

    Raises
    ------
    InputError
        The images are not images, or std is negative or not finite.

    Examples
    --------
    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> noisy = add_noise(grey, 0.1, generator=torch.Generator().manual_seed(0))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    check_images(images)
    if not (math.isfinite(std) and std >= 0):
        raise InputError(f"std must be a finite number, 0 or more, got {std}")
    drawn = math.ceil(images[0].numel() / 16) * 16  # so a batch equals its images one by one
    noise = torch.randn(len(images), drawn, generator=generator, device=generator.device)
    return images + std * noise[:, : images[0].numel()].view(images.shape).to(images)


def degrade(
    sharp: Tensor,
    kernels: Tensor,
    *,
    noise_std: float = 0.01,
    generator: torch.Generator,
    boundary: str = "reflect",
) -> Tensor:
    """Turn sharp images into blurred, noisy ones: equation (1), ``I_b = k(M) * I_s + N``.

    Parameters
    ----------
    sharp : Tensor
        Sharp images (N, 3, H, W) in [0, 1].
    kernels : Tensor
        Kernels (N, k, k) or (1, k, k); the sum of a kernel is its exposure.
    noise_std : float
        Standard deviation of the sensor's noise, before the gain.
    generator : torch.Generator
        Source of the noise.
    boundary : {"reflect", "replicate", "zero", "circular"}
        See `blur`.

    Returns
    -------
    Tensor
        Degraded images (N, 3, H, W), clipped to [0, 1].

    Raises
    ------
    InputError
        As `blur` and `add_noise`, or the images leave [0, 1].

    Notes
    -----
    An exposure below 1 darkens the image; a gain of 1 / exposure, as a camera's ISO setting,
    restores its brightness and multiplies the noise with it. A short exposure is sharp and noisy,
    a long one blurred and clean.

    Examples
    --------
    >>> from sharingan_lab.blur import random_kernels
    >>> generator = torch.Generator().manual_seed(0)
    >>> sharp = torch.full((2, 3, 48, 48), 0.5)
    >>> kernels = random_kernels(2, 15, exposure=0.1, generator=generator)
    >>> blurred = degrade(sharp, kernels, noise_std=0.001, generator=generator)
    >>> round(float(blurred.mean()), 2), round(float(blurred.std()), 2)
    (0.5, 0.01)
    """
    check_images(sharp)
    low, high = float(sharp.min()), float(sharp.max())
    if low < -1e-3 or high > 1 + 1e-3:
        raise InputError(f"images must lie in [0, 1], these lie in [{low:.3g}, {high:.3g}]")
    seen = add_noise(blur(sharp, kernels, boundary=boundary), noise_std, generator=generator)
    gain = 1 / kernels.to(sharp).sum(dim=(1, 2))
    return (gain[:, None, None, None] * seen).clamp(0, 1)


def check_images(images: Tensor) -> None:
    """Raise InputError unless these are images (N, 3, H, W), floating-point and finite."""
    if not isinstance(images, Tensor):
        raise InputError(f"images must be a torch.Tensor, got {type(images).__name__}")
    shape = tuple(images.shape)
    if images.dtype not in (torch.float32, torch.float64):
        raise InputError(
            f"images must be float32 in [0, 1], got {images.dtype}; divide 8-bit pixels by 255"
        )
    if len(shape) == 4 and shape[1] != 3 and shape[3] == 3:
        raise InputError(
            f"images must be (N, 3, H, W), got channels last {shape}; use .permute(0, 3, 1, 2)"
        )
    if len(shape) != 4 or shape[1] != 3 or 0 in shape:
        raise InputError(f"images must be (N, 3, H, W), got {shape}")
    if not bool(images.isfinite().all()):
        raise InputError("images hold NaN or infinity; every pixel must be finite")


def check_kernels(kernels: Tensor, images: Tensor) -> None:
    """Raise InputError unless these are usable blur kernels for these images."""
    if not isinstance(kernels, Tensor) or not kernels.is_floating_point():
        kind = kernels.dtype if isinstance(kernels, Tensor) else type(kernels).__name__
        raise InputError(f"kernels must be a floating-point torch.Tensor, got {kind}")
    shape, (n, _, height, width) = tuple(kernels.shape), images.shape
    if len(shape) != 3 or shape[1] != shape[2] or shape[0] not in (1, n) or shape[1] == 0:
        raise InputError(f"kernels must be (1, k, k) or ({n}, k, k) for {n} images, got {shape}")
    if shape[1] > min(height, width):
        raise InputError(
            f"a kernel of {shape[1]} x {shape[1]} is larger than the image of {height} x {width}; "
            "make it smaller or the image larger"
        )
    if not bool(kernels.isfinite().all()) or bool((kernels < 0).any()):
        raise InputError("kernels hold NaN, infinity or negative values; light cannot be negative")
    if not bool((kernels.sum(dim=(1, 2)) > 0).all()):
        raise InputError("a kernel sums to zero: without exposure there is no image")
