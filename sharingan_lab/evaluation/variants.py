"""Other definitions of PSNR and SSIM that are in use, so that figures can be told apart.

None is used for a table of this package but those that compare definitions; it means `psnr` and
`ssim` of `quality` wherever it says PSNR and SSIM. Each takes images and references as these do,
in colour, and gives one value an image, (N,) in float64.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from sharingan_lab.evaluation.quality import (
    RADIUS,
    check_pair,
    compare_windows,
    gaussian_means,
    gaussian_weights,
    psnr,
    ssim,
)


def psnr_wrapped(images: Tensor, references: Tensor) -> Tensor:
    """PSNR of bytes that wrap around, as DeblurGAN's reference code once computed it.

    The difference and its square stay bytes: 3 - 5 is 254, and its square is 4; 20 squared is 144.
    No error counts for more than 255 of 65,025, so that large ones nearly vanish.
    """
    check_pair(images, references)
    difference = _bytes(images) - _bytes(references)
    error = (difference * difference).double().mean(dim=(1, 2, 3))
    return 10 * torch.log10(255**2 / error)


def psnr_truncated(images: Tensor, references: Tensor) -> Tensor:
    """PSNR of restored images that were cut off to bytes, not rounded: half a level darker.

    The references come from files, whose bytes are exact.
    """
    check_pair(images, references)
    levels = images.double().clamp(0, 1) * 255
    cut = (levels + 1e-4).floor()  # what is a whole level but for the arithmetic stays it
    return psnr(cut / 255, _bytes(references).double() / 255)


def psnr_luma(images: Tensor, references: Tensor) -> Tensor:
    """PSNR of the brightness Y of YCbCr alone, as many tables of restoration have it.

    ITU-R BT.601 as MATLAB's ``rgb2ycbcr``: Y lies in [16, 235] of 255, yet the range is taken for
    255, which alone adds 1.3 dB.
    """
    return psnr(_luma(images), _luma(references))


def ssim_luma(images: Tensor, references: Tensor) -> Tensor:
    """SSIM of the brightness Y alone; see :func:`psnr_luma`."""
    return ssim(_luma(images), _luma(references))


def ssim_padded(images: Tensor, references: Tensor) -> Tensor:
    """SSIM with the same Gaussian window, at every pixel: what lies beyond the border is black.

    A widespread short implementation for PyTorch computes it so. The border agrees in being black,
    which flatters.
    """
    return _mean_ssim(images, references, lambda x: gaussian_means(pad(x, [RADIUS] * 4)))


def ssim_box(images: Tensor, references: Tensor) -> Tensor:
    """SSIM with a flat window of 7 x 7 and unbiased variances: scikit-image's default."""
    return _mean_ssim(images, references, lambda x: avg_pool2d(x, 7, stride=1), 49 / 48)


def ssim_volume(images: Tensor, references: Tensor) -> Tensor:
    """SSIM with a window that also runs across the colours, as if they were a third direction.

    As some scripts of restoration papers compute it, after MATLAB on arrays of three dimensions:
    contrast between the colours counts as structure, and it survives nearly everything. Beyond the
    border, and beyond red and blue, the last value is repeated.
    """
    across = torch.zeros(3, 3, dtype=torch.float64)
    for offset, weight in zip(range(-RADIUS, RADIUS + 1), gaussian_weights(), strict=True):
        for channel in range(3):
            across[channel, min(max(channel + offset, 0), 2)] += weight

    def means(x: Tensor) -> Tensor:
        flat = gaussian_means(pad(x, [RADIUS] * 4, mode="replicate"))
        return torch.einsum("dc,nchw->ndhw", across.to(x), flat)

    return _mean_ssim(images, references, means)


def cw_ssim(images: Tensor, references: Tensor) -> Tensor:
    """CW-SSIM as the package pyssim computes it: what DeblurGAN's code calls SSIM.

    Images are made grey and rounded to bytes.

    Notes
    -----
    The idea [1]_ is to compare complex wavelets, which hardly notice a small shift. Here the
    picture is read row after row as one line, and compared through 30 real wavelets ("Mexican
    hats") of widths 1 to 30 along it, with K = 0.01 for levels up to 255. So its values are high
    for nearly everything, and say nothing of other definitions.

    References
    ----------
    .. [1] M. P. Sampat, Z. Wang, S. Gupta, A. C. Bovik, M. K. Markey: Complex wavelet structural
       similarity. IEEE TIP 18(11), 2009.

    Examples
    --------
    >>> image = torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(0))
    >>> round(cw_ssim(image, image).item(), 6)
    1.0
    """
    check_pair(images, references)
    pairs = zip(images, references, strict=True)
    values = [_compare_lines(_line(x), _line(y)) for x, y in pairs]
    return torch.tensor(values, dtype=torch.float64, device=images.device)


def _compare_lines(x: np.ndarray, y: np.ndarray, constant: float = 0.01) -> float:
    """Compare two lines (n,) by their wavelet coefficients (30, n)."""
    a, b = (_wavelet_transform(line) for line in (x, y))
    both = 2 * abs(a * b).sum(0) + constant
    sizes = both / ((a * a).sum(0) + (b * b).sum(0) + constant)
    phases = (2 * abs((a * b).sum(0)) + constant) / both
    return (sizes * phases).mean()


def _wavelet_transform(line: np.ndarray) -> np.ndarray:
    """Convolve a line with each wavelet, centred."""
    from scipy.signal import fftconvolve  # here: it takes long to import and is seldom needed

    rows = []
    for width in range(1, 31):
        points = min(10 * width, len(line))
        offsets = (np.arange(points) - (points - 1) / 2) / width
        scale = 2 / ((3 * width) ** 0.5 * np.pi**0.25)
        wavelet = scale * (1 - offsets**2) * np.exp(-(offsets**2) / 2)
        rows.append(fftconvolve(line, wavelet, mode="same"))
    return np.stack(rows)


def _line(image: Tensor) -> np.ndarray:
    """Rows of a grey picture of bytes, as Pillow makes it, one behind the other."""
    red, green, blue = _bytes(image).int()
    grey = (19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16
    return grey.double().flatten().cpu().numpy()


def _bytes(images: Tensor) -> Tensor:
    return (images.clamp(0, 1) * 255).round().to(torch.uint8)


def _luma(images: Tensor) -> Tensor:
    red, green, blue = images.double().split(1, dim=1)
    return (16 + 65.481 * red + 128.553 * green + 24.966 * blue) / 255


def _mean_ssim(images: Tensor, references: Tensor, means, spread: float = 1.0) -> Tensor:
    check_pair(images, references)
    x, y = images.double(), references.double()
    return compare_windows(x, y, means, spread).mean(dim=(1, 2, 3))


PSNR_VARIANTS = {
    "as everywhere here": psnr,
    "brightness Y": psnr_luma,
    "bytes, truncated": psnr_truncated,
    "bytes, wrapping": psnr_wrapped,
}
SSIM_VARIANTS = {
    "Gaussian window, as everywhere here": ssim,
    "Gaussian, black beyond the border": ssim_padded,
    "box of 7 x 7, scikit-image's default": ssim_box,
    "brightness Y": ssim_luma,
    "window across the colours (3-D)": ssim_volume,
    "CW-SSIM of pyssim": cw_ssim,
}
