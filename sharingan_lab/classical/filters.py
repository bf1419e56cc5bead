"""One division a wave: inverse filter, Wiener, Tikhonov, and Wiener with a ratio of its own.

All take and return images as `inverse_filter` does.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from skimage import restoration
from torch import Tensor

from sharingan_lab.checks import check_images, check_kernels, check_number, check_rng
from sharingan_lab.classical.borders import make_periodic, transfer
from sharingan_lab.errors import InputError

Gain = Callable[[Tensor, Tensor], Tensor]


def inverse_filter(
    blurred: Tensor, kernels: Tensor, *, cutoff: float = 1e-3, boundary: str = "taper"
) -> Tensor:
    """Divide by the kernel's spectrum: exact without noise, useless with it.

    Parameters
    ----------
    blurred : Tensor
        Blurred images (N, 3, H, W), or grey (N, 1, H, W), in [0, 1].
    kernels : Tensor
        Their kernels (N, k, k), or one for all (1, k, k). Only the shape of a kernel counts: it is
        scaled to sum to 1, so brightness is kept.
    cutoff : float
        Frequencies of which the kernel passes no more than this part are left out, 0 or more.
    boundary : {"taper", "reflect", "circular"}
        What lies beyond the border: "taper" joins opposite borders by a ramp, which suits pictures
        of a world that goes on; "reflect" takes the mirrored image; "circular" the far side, for
        pictures blurred that way.

    Returns
    -------
    Tensor
        Restored images of the same shape, clipped to [0, 1].

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
    check_number("cutoff", cutoff, 0)

    def gain(passed: Tensor, _roughness: Tensor) -> Tensor:
        return torch.where(passed.abs() > cutoff, 1 / passed, 0)

    return _filter(blurred, kernels, gain, boundary)


def wiener(
    blurred: Tensor, kernels: Tensor, *, noise_to_signal: float = 0.03, boundary: str = "taper"
) -> Tensor:
    """Divide where the signal is stronger than the noise, hold back where it is not.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`.
    noise_to_signal : float
        Power of the noise over power of the sharp image, taken as equal at all frequencies;
        0 or more.

    Notes
    -----
    ``X = conj(K) Y / (|K|^2 + noise_to_signal)`` on the image less its mean: the method is meant
    for signals around zero, and would darken the mean as if it were noise. With a constant ratio
    this is also Tikhonov's method with the identity as penalty. Equal to scikit-image's ``wiener``
    with that penalty, on whole batches.

    References
    ----------
    N. Wiener, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series", 1949.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> rng = torch.Generator().manual_seed(0)
    >>> sharp = torch.rand(1, 3, 60, 80, generator=rng)
    >>> kernel = linear_kernel(1.5, 30, 5)
    >>> blurred = degrade(sharp, kernel, rng=rng)
    >>> restored = wiener(blurred, kernel, noise_to_signal=0.001)
    >>> bool((restored - sharp).square().mean() < 0.1 * (blurred - sharp).square().mean())
    True
    """
    check_number("noise_to_signal", noise_to_signal, 0)

    def gain(passed: Tensor, _roughness: Tensor) -> Tensor:
        held_back = _divide(passed.conj(), passed.abs().square() + noise_to_signal)
        held_back[..., 0, 0] = 1  # the mean
        return held_back

    return _filter(blurred, kernels, gain, boundary)


def tikhonov(
    blurred: Tensor, kernels: Tensor, *, weight: float = 0.02, boundary: str = "taper"
) -> Tensor:
    """Find the smooth image that, blurred again, comes close to the one given.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`.
    weight : float
        Price of roughness, 0 or more.

    Notes
    -----
    Minimises ``|k * x - y|^2 + weight |l * x|^2`` with the Laplacian l, which measures roughness;
    in the Fourier domain ``X = conj(K) Y / (|K|^2 + weight |L|^2)``. Fine detail is held back more
    than coarse: photographs have less of it. Equal to scikit-image's ``wiener`` as it stands (it
    says Wiener-Hunt), on whole batches.

    References
    ----------
    A. N. Tikhonov, "Solution of incorrectly formulated problems and the regularization method",
    1963. B. R. Hunt, "A matrix theory proof of the discrete convolution theorem", 1971.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> rng = torch.Generator().manual_seed(0)
    >>> ramp = torch.linspace(0, 1, 80).expand(1, 3, 60, 80)
    >>> kernel = linear_kernel(5, 0, 7)
    >>> blurred = degrade(ramp, kernel, rng=rng)
    >>> restored = tikhonov(blurred, kernel, weight=1.0)
    >>> bool((restored - ramp).square().mean() < (blurred - ramp).square().mean())
    True
    """
    check_number("weight", weight, 0)

    def gain(passed: Tensor, roughness: Tensor) -> Tensor:
        return _divide(passed.conj(), passed.abs().square() + weight * roughness.square())

    return _filter(blurred, kernels, gain, boundary)


def unsupervised_wiener(
    blurred: Tensor, kernels: Tensor, *, boundary: str = "taper", rng: torch.Generator
) -> Tensor:
    """Tikhonov's method that finds its weight by itself, from the noise it sees.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`. Images at least 3 pixels high and wide.
    rng : torch.Generator
        Source of every random number.

    Notes
    -----
    The strengths of noise and roughness are unknowns with a probability of their own: the method
    draws images, strengths, images in turn (Gibbs sampling) and returns the mean of the images.
    By scikit-image, colour by colour.

    References
    ----------
    F. Orieux, J.-F. Giovannelli, T. Rodet, "Bayesian estimation of regularization and point spread
    function parameters for Wiener-Hunt deconvolution", JOSA A 27, 2010, section 3.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> rng = torch.Generator().manual_seed(0)
    >>> ramp = torch.linspace(0, 1, 80).expand(1, 3, 60, 80)
    >>> kernel = linear_kernel(5, 0, 7)
    >>> blurred = degrade(ramp, kernel, rng=rng)
    >>> restored = unsupervised_wiener(blurred, kernel, rng=rng)
    >>> bool((restored - ramp).square().mean() < (blurred - ramp).square().mean())
    True
    """
    check_rng(rng)
    periodic, passed = _prepare(blurred, kernels, boundary)
    if min(blurred.shape[-2:]) < 3:
        raise InputError(f"images must have 3 x 3 pixels or more, got {tuple(blurred.shape)}")
    # A kernel as wide as the image: scikit-image takes some shapes for half a spectrum.
    height, width = periodic.shape[-2:]
    spread = torch.fft.irfft2(passed, s=(height, width)).roll((height // 2, width // 2), (-2, -1))
    arrays = periodic.cpu().numpy(), spread.expand(len(blurred), -1, -1, -1).cpu().numpy()
    seeds = torch.randint(2**62, (len(blurred),), generator=rng, device=rng.device).tolist()

    def restored(image: np.ndarray, kernel: np.ndarray, seed: int) -> list[np.ndarray]:
        sample = partial(restoration.unsupervised_wiener, clip=False)
        return [sample(channel, kernel[0], rng=seed)[0] for channel in image]

    return _finish(torch.tensor(np.array(list(map(restored, *arrays, seeds)))), blurred)


def _filter(blurred: Tensor, kernels: Tensor, gain: Gain, boundary: str) -> Tensor:
    """Multiply every wave by a gain: from the part that passes the kernel, and its roughness."""
    periodic, passed = _prepare(blurred, kernels, boundary)
    spectrum = gain(passed, _laplacian(periodic)) * torch.fft.rfft2(periodic)
    return _finish(torch.fft.irfft2(spectrum, s=periodic.shape[-2:]), blurred)


def _prepare(blurred: Tensor, kernels: Tensor, boundary: str) -> tuple[Tensor, Tensor]:
    """Periodic images and the kernels' spectra; in float64, as gains may be large."""
    check_images(blurred, "blurred")
    check_kernels(kernels, blurred)
    periodic = make_periodic(blurred.double(), kernels.shape[-1], boundary)
    return periodic, transfer(kernels.to(periodic), periodic.shape[-2:])


def _finish(restored: Tensor, blurred: Tensor) -> Tensor:
    height, width = blurred.shape[-2:]
    return restored[..., :height, :width].clamp(0, 1).to(blurred)


def _divide(top: Tensor, bottom: Tensor) -> Tensor:
    """Quotient, or 0 where nothing is left of a wave and no penalty decides."""
    return torch.where(bottom > 0, top / bottom, 0)


def _laplacian(images: Tensor) -> Tensor:
    """Transfer function of "four times a pixel less its four neighbours", from 0 to 8."""
    height, width = images.shape[-2:]
    rows = torch.fft.fftfreq(height, dtype=images.dtype, device=images.device)[:, None]
    columns = torch.fft.rfftfreq(width, dtype=images.dtype, device=images.device)
    return 4 - 2 * (2 * torch.pi * rows).cos() - 2 * (2 * torch.pi * columns).cos()
