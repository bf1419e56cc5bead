"""Deblurring with a known kernel, before networks: four ways to undo ``I_b = k * I_s + N``.

Section 1.2.2 of the report names them. All take the kernel for known: they are *non-blind*.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from skimage import restoration
from skimage.restoration import uft
from torch import Tensor

from sharingan_lab.blur.checks import check_images, check_kernels
from sharingan_lab.errors import InputError

Restorer = Callable[[np.ndarray, np.ndarray], np.ndarray]


def inverse_filter(
    blurred: Tensor, kernels: Tensor, *, cutoff: float = 1e-3, boundary: str = "reflect"
) -> Tensor:
    """Divide by the kernel's spectrum: exact without noise, useless with it.

    Parameters
    ----------
    blurred : Tensor
        Blurred images (N, 3, H, W) in [0, 1].
    kernels : Tensor
        Their kernels (N, k, k), or one for all (1, k, k). Only the shape of a kernel counts: it is
        scaled to sum to 1, so brightness is kept.
    cutoff : float
        Frequencies of which the kernel passes no more than this part are left out, 0 or more.
    boundary : {"reflect", "circular"}
        "reflect" pads with the mirrored image first, for pictures of the world; "circular" takes
        the far side for the neighbour, for pictures blurred that way.

    Returns
    -------
    Tensor
        Restored images (N, 3, H, W), clipped to [0, 1].

    Raises
    ------
    InputError
        Images, kernels or a setting are not as stated.

    Notes
    -----
    ``X = Y / K`` in the Fourier domain, for blurred image Y and kernel K. Where K is small, the
    noise in Y is multiplied by a large number.

    Examples
    --------
    >>> from sharingan_lab.blur import blur, linear_kernel
    >>> sharp = torch.rand(1, 3, 30, 40, generator=torch.Generator().manual_seed(0))
    >>> kernel = linear_kernel(1.5, 30, 5)
    >>> blurred = blur(sharp, kernel, boundary="circular")
    >>> restored = inverse_filter(blurred, kernel, boundary="circular")
    >>> torch.allclose(restored, sharp, atol=1e-3)
    True
    """
    _check_number("cutoff", cutoff)

    def divide(channel: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        spectrum = uft.ir2tf(kernel, channel.shape)
        usable = np.abs(spectrum) > cutoff
        inverse = np.divide(1, spectrum, out=np.zeros_like(spectrum), where=usable)
        return np.fft.irfft2(np.fft.rfft2(channel) * inverse, s=channel.shape)

    return _each_channel(blurred, kernels, divide, boundary)


def wiener(
    blurred: Tensor, kernels: Tensor, *, noise_to_signal: float = 0.03, boundary: str = "reflect"
) -> Tensor:
    """Divide where the signal is stronger than the noise, hold back where it is not.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`.
    noise_to_signal : float
        Power of the noise over power of the sharp image, taken as equal at all frequencies;
        0 or more.

    Returns
    -------
    Tensor
        Restored images (N, 3, H, W), clipped to [0, 1].

    Raises
    ------
    InputError
        Images, kernels or a setting are not as stated.

    Notes
    -----
    ``X = conj(K) Y / (|K|^2 + noise_to_signal)``, by scikit-image, on the image less its mean: the
    method is meant for signals around zero, and would darken the mean as if it were noise. With a
    constant ratio this is also Tikhonov's method with the identity as penalty.

    References
    ----------
    N. Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> generator = torch.Generator().manual_seed(0)
    >>> sharp = torch.rand(1, 3, 60, 80, generator=generator)
    >>> kernel = linear_kernel(1.5, 30, 5)
    >>> blurred = degrade(sharp, kernel, generator=generator)
    >>> restored = wiener(blurred, kernel, noise_to_signal=0.001)
    >>> bool((restored - sharp).square().mean() < 0.1 * (blurred - sharp).square().mean())
    True
    """
    _check_number("noise_to_signal", noise_to_signal)

    def solve(channel: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        flat = np.ones((channel.shape[0], channel.shape[1] // 2 + 1), complex)
        mean = channel.mean()
        return mean + restoration.wiener(channel - mean, kernel, noise_to_signal, flat, clip=False)

    return _each_channel(blurred, kernels, solve, boundary)


def tikhonov(
    blurred: Tensor, kernels: Tensor, *, weight: float = 0.02, boundary: str = "reflect"
) -> Tensor:
    """Find the smooth image that, blurred again, comes close to the one given.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`.
    weight : float
        Price of roughness, 0 or more.

    Returns
    -------
    Tensor
        Restored images (N, 3, H, W), clipped to [0, 1].

    Raises
    ------
    InputError
        Images, kernels or a setting are not as stated.

    Notes
    -----
    Minimises ``|k * x - y|^2 + weight |l * x|^2`` with the Laplacian l, which measures roughness;
    in the Fourier domain ``X = conj(K) Y / (|K|^2 + weight |L|^2)``. scikit-image calls it the
    Wiener-Hunt method. Fine detail is held back more than coarse: photographs have less of it.

    References
    ----------
    A. N. Tikhonov, "Solution of incorrectly formulated problems and the regularization method",
    1963. B. R. Hunt, "A matrix theory proof of the discrete convolution theorem", 1971.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> generator = torch.Generator().manual_seed(0)
    >>> ramp = torch.linspace(0, 1, 80).expand(1, 3, 60, 80)
    >>> kernel = linear_kernel(5, 0, 7)
    >>> blurred = degrade(ramp, kernel, generator=generator)
    >>> restored = tikhonov(blurred, kernel, weight=1.0)
    >>> bool((restored - ramp).square().mean() < (blurred - ramp).square().mean())
    True
    """
    _check_number("weight", weight)

    def solve(channel: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return restoration.wiener(channel, kernel, weight, clip=False)

    return _each_channel(blurred, kernels, solve, boundary)


def richardson_lucy(blurred: Tensor, kernels: Tensor, *, iterations: int = 20) -> Tensor:
    """Correct a guess again and again by the ratio of what was seen to what it predicts.

    Parameters
    ----------
    blurred, kernels
        See `inverse_filter`; the image is padded with its mirror image.
    iterations : int
        Number of corrections, at least 1. Stopping early is what holds back the noise.

    Returns
    -------
    Tensor
        Restored images (N, 3, H, W), clipped to [0, 1].

    Raises
    ------
    InputError
        Images, kernels or a setting are not as stated.

    Notes
    -----
    ``x <- x . (k' * (y / (k * x)))`` from a grey x, with k' the kernel turned by 180 degrees:
    it climbs the likelihood of a Poisson (photon-counting) model and never turns negative. By
    scikit-image.

    References
    ----------
    W. H. Richardson, "Bayesian-based iterative method of image restoration", JOSA 1972.
    L. B. Lucy, "An iterative technique for the rectification of observed distributions", 1974.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> generator = torch.Generator().manual_seed(0)
    >>> sharp = (torch.rand(1, 3, 60, 80, generator=generator) > 0.9).float()
    >>> kernel = linear_kernel(5, 0, 7)
    >>> blurred = degrade(sharp, kernel, generator=generator)
    >>> restored = richardson_lucy(blurred, kernel)
    >>> bool((restored - sharp).square().mean() < 0.5 * (blurred - sharp).square().mean())
    True
    """
    if not isinstance(iterations, int) or iterations < 1:
        raise InputError(f"iterations must be a whole number, at least 1, got {iterations!r}")

    def iterate(channel: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        return restoration.richardson_lucy(channel.clip(0), kernel, iterations, clip=False)

    return _each_channel(blurred, kernels, iterate, "reflect")


def _each_channel(blurred: Tensor, kernels: Tensor, restorer: Restorer, boundary: str) -> Tensor:
    """Pad, restore every channel of every image on its own, crop and clip."""
    check_images(blurred)
    check_kernels(kernels, blurred)
    if boundary not in ("reflect", "circular"):
        raise InputError(f"boundary must be reflect or circular, got {boundary!r}")
    margin = min(kernels.shape[-1], *(side - 1 for side in blurred.shape[-2:]))
    margin = margin if boundary == "reflect" else 0
    padded = F.pad(blurred.double().cpu(), (margin,) * 4, mode="reflect").numpy()
    shapes = [_centred(kernel) for kernel in kernels.expand(len(blurred), -1, -1)]
    restored = np.array(
        [
            [restorer(channel, kernel) for channel in image]
            for image, kernel in zip(padded, shapes, strict=True)
        ]
    )
    height, width = blurred.shape[-2:]
    inner = restored[..., margin : margin + height, margin : margin + width]
    return torch.from_numpy(inner).clamp(0, 1).to(blurred)


def _centred(kernel: Tensor) -> np.ndarray:
    """Kernel that sums to 1, of odd size: there all conventions agree on where the middle is."""
    even = 1 - kernel.shape[-1] % 2
    odd = F.pad(kernel.double().cpu(), (0, even, 0, even))
    return (odd / odd.sum()).numpy()


def _check_number(name: str, value: float) -> None:
    if not (np.isfinite(value) and value >= 0):
        raise InputError(f"{name} must be a finite number, 0 or more, got {value}")
