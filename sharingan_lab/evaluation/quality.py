"""How close a restored picture is to the sharp one: PSNR and SSIM."""

from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.checks import check_images
from sharingan_lab.errors import InputError

# SSIM as scikit-image defines it with gaussian_weights=True: sigma 1.5, cut at 3.5 sigma.
_SIGMA = 1.5
RADIUS = 5
_C1, _C2 = 0.01**2, 0.03**2

# In words, for whatever prints values: of an SSIM without its definition nobody can say anything.
DEFINITIONS = {
    "PSNR": "10 log10(1 / MSE) in dB; data range 1 (8 bits / 255), values not rounded; "
    "the mean over all pixels and the three colours (RGB); no border cut off",
    "SSIM": "Gaussian window of 11 x 11, sigma 1.5, population covariances, C1 = 0.01^2, "
    "C2 = 0.03^2, data range 1, not rounded; each colour of RGB, then their mean; windows inside "
    "the picture only (no padding); equal to scikit-image's with gaussian_weights=True, sigma=1.5, "
    "use_sample_covariance=False",
}


def psnr(images: Tensor, references: Tensor) -> Tensor:
    """Peak signal-to-noise ratio, one value an image, in decibels.

    ``10 log10(1 / MSE)``, the mean squared error taken over all pixels and channels.

    Parameters
    ----------
    images, references : Tensor
        (N, 3, H, W), or grey (N, 1, H, W), in [0, 1], float32 or float64. Values are used as they
        are, neither clipped nor rounded: noise may lead out, by up to half of the range.

    Returns
    -------
    Tensor
        (N,), float64; infinite where the two images are equal.

    Notes
    -----
    The mean of the PSNR of several images is not the PSNR of their mean error; papers report
    the first, and so does :func:`evaluate_pairs`.

    Examples
    --------
    >>> grey = torch.full((1, 3, 8, 8), 0.5)
    >>> round(psnr(grey + 0.1, grey).item(), 3)
    20.0
    """
    check_pair(images, references)
    error = (images.double() - references.double()).square().mean(dim=(1, 2, 3))
    return -10 * torch.log10(error)


def finite_psnr(images: Tensor, references: Tensor) -> Tensor:
    """:func:`psnr`, at most 50 dB: for means over pairs of which some may be without blur.

    Examples
    --------
    >>> grey = torch.full((1, 3, 8, 8), 0.5)
    >>> finite_psnr(grey, grey).item()
    50.0
    """
    return psnr(images, references).clamp(max=50.0)


def ssim(images: Tensor, references: Tensor) -> Tensor:
    """Structural similarity index, one value an image, from -1 to 1 (equal).

    Parameters
    ----------
    images, references : Tensor
        As for :func:`psnr`, at least 11 pixels high and wide.

    Returns
    -------
    Tensor
        (N,), float64: the mean over channels and over all windows that lie inside the image.

    Notes
    -----
    There are several definitions in use. This is the one of the original paper [1]_ applied to
    each colour channel; `DEFINITIONS` says it in full.

    References
    ----------
    .. [1] Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: Image quality assessment: from
       error visibility to structural similarity. IEEE TIP 13(4), 2004, equation 13.

    Examples
    --------
    >>> image = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    >>> ssim(image, image).tolist()
    [1.0, 1.0]
    """
    return ssim_map(images, references).mean(dim=(1, 2, 3))


def ssim_map(images: Tensor, references: Tensor) -> Tensor:
    """SSIM of every window, before :func:`ssim` averages it.

    Takes what :func:`ssim` does, and gives (N, C, H - 10, W - 10), float64.

    Examples
    --------
    >>> ssim_map(torch.zeros(1, 3, 16, 20), torch.zeros(1, 3, 16, 20)).shape
    torch.Size([1, 3, 6, 10])
    """
    check_pair(images, references)
    if min(images.shape[-2:]) < 2 * RADIUS + 1:
        size = tuple(images.shape[-2:])
        raise InputError(f"images of {size} are smaller than SSIM's 11 x 11 window")
    pairs = zip(images, references, strict=True)  # one at a time, which a CPU's cache can hold
    maps = [compare_windows(x.double(), y.double(), gaussian_means) for x, y in pairs]
    return torch.stack(maps)


def compare_windows(x: Tensor, y: Tensor, means: Callable, spread: float = 1.0) -> Tensor:
    """SSIM of every window of x and y, float64, by a way to take the mean of every window.

    `spread` multiplies variances: n / (n - 1) makes those of a window of n pixels unbiased.
    """
    mean_x, mean_y = means(x), means(y)
    variance_x = spread * (means(x * x) - mean_x**2)
    variance_y = spread * (means(y * y) - mean_y**2)
    covariance = spread * (means(x * y) - mean_x * mean_y)
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    return luminance * (2 * covariance + _C2) / (variance_x + variance_y + _C2)


def evaluate_pairs(restored: Tensor, sharp: Tensor) -> dict[str, float | list[float]]:
    """Measure a batch of restored images against the sharp ones.

    Parameters
    ----------
    restored, sharp : Tensor
        (N, 3, H, W) in [0, 1].

    Returns
    -------
    dict
        ``psnr`` (dB) and ``ssim``: means over the images; ``psnr_each`` and ``ssim_each``:
        one value an image.

    Examples
    --------
    >>> image = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    >>> result = evaluate_pairs(image * 0.9, image)
    >>> sorted(result), len(result["psnr_each"])
    (['psnr', 'psnr_each', 'ssim', 'ssim_each'], 2)
    """
    decibels, similarity = psnr(restored, sharp), ssim(restored, sharp)
    return {
        "psnr": decibels.mean().item(),
        "ssim": similarity.mean().item(),
        "psnr_each": decibels.tolist(),
        "ssim_each": similarity.tolist(),
    }


def gaussian_means(images: Tensor) -> Tensor:
    """Gaussian-weighted mean of every 11 x 11 window inside the images, as two passes of 11."""
    return _means_along(_means_along(images, -2), -1)


def _means_along(images: Tensor, dim: int) -> Tensor:
    """Weighted means of 11 neighbours: shifted copies, which a CPU adds up faster than conv2d."""
    weights, count = gaussian_weights().tolist(), images.shape[dim] - 2 * RADIUS
    means = weights[RADIUS] * images.narrow(dim, RADIUS, count)
    for i in range(RADIUS):  # the window is symmetric
        pair = images.narrow(dim, i, count) + images.narrow(dim, 2 * RADIUS - i, count)
        means.add_(pair, alpha=weights[i])
    return means


def gaussian_weights() -> Tensor:
    """The 11 weights of a window along one direction, float64."""
    offsets = torch.arange(-RADIUS, RADIUS + 1, dtype=torch.float64)
    weights = torch.exp(-0.5 * (offsets / _SIGMA) ** 2)
    return weights / weights.sum()


def check_pair(images: Tensor, references: Tensor) -> None:
    """Raise InputError unless these are two batches of images of one shape."""
    check_images(images)
    check_images(references, "references")
    if images.shape != references.shape:
        shapes = f"{tuple(images.shape)} and {tuple(references.shape)}"
        raise InputError(f"images and references must have one shape, got {shapes}")
