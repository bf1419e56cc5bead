"""Guess, compare, correct: Richardson and Lucy's method, with a known and an unknown kernel."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.checks import check_count, check_floats, check_images, check_kernels
from sharingan_lab.classical.borders import make_periodic, transfer
from sharingan_lab.errors import InputError

DARKEST = 1e-6  # what counts as black: a ratio of two darker values says nothing


def richardson_lucy(
    blurred: Tensor, kernels: Tensor, *, iterations: int = 20, boundary: str = "taper"
) -> Tensor:
    """Correct a guess again and again by the ratio of what was seen to what it predicts.

    Parameters
    ----------
    blurred, kernels, boundary
        See `inverse_filter`, as for what is returned.
    iterations : int
        Number of corrections, at least 1. Stopping early is what holds back the noise.

    Notes
    -----
    ``x <- x . (k' * (y / (k * x)))`` from a grey x, with k' the kernel turned by 180 degrees: it
    climbs the likelihood of a Poisson (photon-counting) model and never turns negative. Equal to
    scikit-image's function away from the border, which that one takes for black; on whole batches,
    with Fourier transforms of the images' own type, and several times as fast.

    References
    ----------
    W. H. Richardson, "Bayesian-based iterative method of image restoration", JOSA 1972.
    L. B. Lucy, "An iterative technique for the rectification of observed distributions", 1974.

    Examples
    --------
    >>> from sharingan_lab.blur import degrade, linear_kernel
    >>> rng = torch.Generator().manual_seed(0)
    >>> sharp = (torch.rand(1, 3, 60, 80, generator=rng) > 0.9).float()
    >>> kernel = linear_kernel(5, 0, 7)
    >>> blurred = degrade(sharp, kernel, rng=rng)
    >>> restored = richardson_lucy(blurred, kernel)
    >>> bool((restored - sharp).square().mean() < 0.5 * (blurred - sharp).square().mean())
    True
    """
    check_images(blurred, "blurred")
    check_kernels(kernels, blurred)
    check_count("iterations", iterations)
    seen = make_periodic(blurred.clamp_min(0), kernels.shape[-1], boundary)
    passed = transfer(kernels.to(seen), seen.shape[-2:])
    guess = torch.full_like(seen, 0.5)
    for _ in range(iterations):
        guess = _correct_image(guess, seen, passed)
    height, width = blurred.shape[-2:]
    return guess[..., :height, :width].clamp(0, 1)


def blind_richardson_lucy(
    blurred: Tensor,
    size: int,
    *,
    start: Tensor | None = None,
    iterations: int = 20,
    kernel_steps: int = 30,
    boundary: str = "taper",
) -> tuple[Tensor, Tensor]:
    """Guess image and kernel, and correct them in turn: deblurring with an unknown kernel.

    Parameters
    ----------
    blurred, boundary
        See `inverse_filter`; each image has a kernel of its own, the same everywhere in it.
    size : int
        Height and width of the kernels to look for, pixels; not larger than the image.
    start : Tensor, optional
        First guess of the kernels, (N, size, size) or (1, size, size); if not given, a bell of
        standard deviation 1 px: too small a guess does less harm than too large a one.
    iterations : int
        Rounds, at least 1. One round corrects the image once and the kernel `kernel_steps` times.
    kernel_steps : int
        At least 1.

    Returns
    -------
    restored : Tensor
        Images of the same shape, restored by `richardson_lucy` with the kernels found.
    kernels : Tensor
        (N, size, size), not negative, each sums to 1 and has its centre of mass in its middle.

    Notes
    -----
    Image x and kernel k take equal parts in ``k * x``, so the same correction serves both:
    ``x <- x . (k' * r)`` and ``k <- k . (x' * r)`` with the ratio ``r = y / (k * x)``, the second
    scaled so that k sums to 1. The kernel is sought in the mean of the colours, from x = y.

    The problem has no single solution: a point for a kernel and the blurred image itself explain
    the data perfectly, and with many rounds the kernel shrinks towards that. What is found depends
    on where one starts and when one stops.

    References
    ----------
    G. R. Ayers, J. C. Dainty, "Iterative blind deconvolution method and its applications", Optics
    Letters 13, 1988. D. A. Fish, A. M. Brinicombe, E. R. Pike, J. G. Walker, "Blind deconvolution
    by means of the Richardson-Lucy algorithm", JOSA A 12, 1995, equations 4 and 5.

    Examples
    --------
    >>> from sharingan_lab.blur import blur, random_kernels
    >>> rng = torch.Generator().manual_seed(0)
    >>> stars = 0.1 + 0.9 * (torch.rand(1, 1, 64, 64, generator=rng) > 0.99)
    >>> true = random_kernels(1, 9, rng=rng)
    >>> restored, kernel = blind_richardson_lucy(blur(stars, true), 9)
    >>> bool(torch.cosine_similarity(kernel.flatten(), true.flatten(), dim=0) > 0.9)
    True
    """
    check_images(blurred, "blurred")
    check_count("size", size)
    check_count("iterations", iterations)
    check_count("kernel_steps", kernel_steps)
    if start is not None:
        check_floats(start, "start", f"(n, {size}, {size})")
    kernels = _bell(size, blurred) if start is None else start.to(blurred)
    check_kernels(kernels, blurred)
    if kernels.shape[-1] != size:
        raise InputError(f"start must be (n, {size}, {size}), got {tuple(kernels.shape)}")
    mean = blurred.mean(dim=1, keepdim=True).clamp_min(DARKEST)
    seen = make_periodic(mean, size, boundary)
    starts = kernels.expand(len(seen), -1, -1)
    pairs = zip(seen.split(1), starts.split(1), strict=True)  # one fits into a CPU's cache
    found = [_find_kernel(image, first, iterations, kernel_steps) for image, first in pairs]
    kernels = centre_kernels(torch.cat(found))
    return richardson_lucy(blurred, kernels, boundary=boundary), kernels


def _correct_image(guess: Tensor, seen: Tensor, passed: Tensor) -> Tensor:
    """One step of Richardson and Lucy: spread the ratio back along the kernel."""
    ratio = _ratio(passed * torch.fft.rfft2(guess), seen)
    return guess * torch.fft.irfft2(passed.conj() * ratio, s=seen.shape[-2:]).clamp_min(0)


def _find_kernel(seen: Tensor, kernel: Tensor, iterations: int, kernel_steps: int) -> Tensor:
    """Correct image and kernel in turn; seen (1, 1, H, W), kernel (1, k, k)."""
    middle = kernel.shape[-1] // 2
    guess, kernel = seen, kernel / kernel.sum()
    for _ in range(iterations):
        guess = _correct_image(guess, seen, transfer(kernel, seen.shape[-2:]))
        # moved so that a kernel in the upper left corner has its origin in its middle
        spectrum = torch.fft.rfft2(guess.roll((-middle, -middle), dims=(-2, -1)))
        for _ in range(kernel_steps):
            kernel = _correct_kernel(kernel, spectrum, seen)
    return kernel


def _correct_kernel(kernel: Tensor, spectrum: Tensor, seen: Tensor) -> Tensor:
    """The same step with image and kernel exchanged, within the kernel's own size.

    Rows are transformed where the kernel has some, which saves a quarter of the time.
    """
    (height, width), size = seen.shape[-2:], kernel.shape[-1]
    passed = torch.fft.fft(torch.fft.rfft(kernel, width), height, dim=-2)
    ratio = _ratio(passed * spectrum, seen)
    rows = torch.fft.ifft(spectrum.conj() * ratio, dim=-2)[:, 0, :size]
    corrected = kernel * torch.fft.irfft(rows, width)[..., :size].clamp_min(0)
    return corrected / corrected.sum()


def _ratio(predicted: Tensor, seen: Tensor) -> Tensor:
    """Transform of what was seen over what the guess predicts, that one given transformed."""
    prediction = torch.fft.irfft2(predicted, s=seen.shape[-2:])
    return torch.fft.rfft2(seen / prediction.clamp_min(DARKEST))


def _bell(size: int, images: Tensor) -> Tensor:
    offset = torch.arange(size, device=images.device, dtype=images.dtype) - size // 2
    row = torch.exp(-0.5 * offset.square())
    return (row[:, None] * row)[None]


def centre_kernels(kernels: Tensor) -> Tensor:
    """Move each kernel's centre of mass to pixel (k // 2, k // 2), in parts of a pixel.

    Parameters
    ----------
    kernels : Tensor
        Kernels (n, k, k).

    Returns
    -------
    Tensor
        Kernels (n, k, k) that sum to 1. What a move pushes over the edge is lost.

    Examples
    --------
    >>> kernel = torch.zeros(1, 5, 5)
    >>> kernel[0, 2, 3] = 4.0
    >>> centre_kernels(kernel)[0, 2].round(decimals=4).tolist()
    [0.0, 0.0, 1.0, 0.0, 0.0]
    """
    kernels = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    for _ in range(3):  # what is lost at the edge moves the centre once more, a little
        kernels = _move_to_middle(kernels)
    return kernels


def _move_to_middle(kernels: Tensor) -> Tensor:
    size = kernels.shape[-1]
    index = torch.arange(size, device=kernels.device, dtype=kernels.dtype) - size // 2
    across, down = (kernels.sum(dim=dim) @ index * 2 / size for dim in (1, 2))
    move = torch.eye(2, 3, device=kernels.device, dtype=kernels.dtype).repeat(len(kernels), 1, 1)
    move[:, :, 2] = torch.stack([across, down], dim=1)
    grid = F.affine_grid(move, [len(kernels), 1, size, size], align_corners=False)
    moved = F.grid_sample(kernels[:, None], grid, align_corners=False)[:, 0]
    return moved / moved.sum(dim=(1, 2), keepdim=True)
