"""Blur that is not the same everywhere: blended kernels, and an object that moves by itself."""

import torch
from torch import Tensor

from sharingan_lab.blur.convolution import blur
from sharingan_lab.checks import LIGHT, check_floats, check_images, check_kernels, check_light
from sharingan_lab.errors import InputError


def blur_varying(images: Tensor, kernels: Tensor, weights: Tensor) -> Tensor:
    """Blur each region of an image with a kernel of its own, with smooth transitions.

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W) or (N, 1, H, W).
    kernels : Tensor
        m kernels for all images (m, k, k), or m for each (N, m, k, k).
    weights : Tensor
        How much each kernel counts at each pixel: (m, H, W), or (N, m, H, W); not negative, and
        summing to 1 at every pixel. See `blending_weights`.

    Returns
    -------
    Tensor
        Blurred images, of the images' shape and type.

    Notes
    -----
    ``out = sum_j w_j . (k_j * I)``: between two regions the result is a mixture of both blurs. With
    equal kernels it is `blur`.

    References
    ----------
    Hirsch et al., "Efficient filter flow for space-variant multiframe blind deconvolution",
    CVPR 2010.

    Examples
    --------
    >>> from sharingan_lab.blur import linear_kernel
    >>> image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> kernels = torch.cat([linear_kernel(0, 0, 9), linear_kernel(8, 0, 9)])
    >>> blurred = blur_varying(image, kernels, blending_weights(1, 2, 32, 32))
    >>> change = (blurred - image).abs().mean(dim=(0, 1, 2))
    >>> bool(change[:8].max() < 1e-6 < change[-8:].min())
    True
    """
    check_images(images, slack=LIGHT)
    check_light(kernels, "(m, k, k)")
    n, channels, height, width = images.shape
    if kernels.ndim not in (3, 4) or (kernels.ndim == 4 and len(kernels) not in (1, n)):
        raise InputError(
            f"kernels must be (m, k, k) or ({n}, m, k, k) for {n} images, "
            f"got {tuple(kernels.shape)}"
        )
    each = kernels.expand(n, *kernels.shape[-3:])
    m = each.shape[1]
    _check_weights(weights, (n, m, height, width))
    copies = images[:, None].expand(n, m, channels, height, width).flatten(0, 1)
    blurred = blur(copies, each.flatten(0, 1))
    return (weights.to(images).unsqueeze(-3) * blurred.unflatten(0, (n, m))).sum(dim=1)


def blending_weights(rows: int, columns: int, height: int, width: int) -> Tensor:
    """Make the weights of a grid of regions that pass smoothly into each other.

    Parameters
    ----------
    rows, columns : int
        Number of regions below and beside each other, at least 1.
    height, width : int
        Size of the images, at least as many pixels as regions.

    Returns
    -------
    Tensor
        Weights (rows * columns, height, width), float32, region by region along the rows. At every
        pixel they sum to 1; in the middle of a region its own is 1.

    Notes
    -----
    From the middle of one region to the middle of the next a weight falls as ``cos^2``.

    Examples
    --------
    >>> weights = blending_weights(1, 2, 1, 8)[:, 0]
    >>> weights[0].round(decimals=2)
    tensor([1.0000, 1.0000, 0.9600, 0.6900, 0.3100, 0.0400, 0.0000, 0.0000])
    >>> torch.allclose(weights.sum(dim=0), torch.ones(8))
    True
    """
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise InputError(
            f"a grid of {rows} x {columns} regions needs at least 1 x 1 regions and a pixel for "
            f"each, got an image of {height} x {width}"
        )
    weights = _windows(rows, height)[:, None, :, None] * _windows(columns, width)[None, :, None, :]
    return weights.flatten(0, 1).float()


def blur_object(background: Tensor, thing: Tensor, mask: Tensor, kernels: Tensor) -> Tensor:
    """Move an object before a still background while the shutter is open.

    Parameters
    ----------
    background, thing : Tensor
        Images (N, 3, H, W) or (N, 1, H, W): the scene without the object, and the object's colours
        (only those under the mask are seen).
    mask : Tensor
        Where the object is in the middle of its motion, (N, 1, H, W) or (1, 1, H, W), in [0, 1].
    kernels : Tensor
        Kernels of the object's motion, (N, k, k) or (1, k, k); scaled to sum to 1.

    Returns
    -------
    Tensor
        Images (N, 3, H, W) or (N, 1, H, W).

    Notes
    -----
    At each moment the pixel shows ``mask . thing + (1 - mask) . background``, moved with the
    object; the average over the exposure is ``k * (mask . thing) + (1 - k * mask) . background``.
    The object's edge lets the background through: no convolution of the whole picture does that.

    Examples
    --------
    >>> from sharingan_lab.blur import linear_kernel
    >>> black, white = torch.zeros(1, 3, 9, 15), torch.ones(1, 3, 9, 15)
    >>> mask = torch.zeros(1, 1, 9, 15)
    >>> mask[..., 6:9] = 1
    >>> blur_object(black, white, mask, linear_kernel(2, 0, 5))[0, 0, 4, 4:11]
    tensor([0.0000, 0.2500, 0.7500, 1.0000, 0.7500, 0.2500, 0.0000])
    """
    check_images(background, "background", slack=LIGHT)
    check_images(thing, "thing", slack=LIGHT)
    check_images(mask, "mask", channels=(1,), slack=0)
    if thing.shape != background.shape:
        raise InputError(
            f"background and object must have one shape, got {tuple(background.shape)} and "
            f"{tuple(thing.shape)}"
        )
    n, _, height, width = background.shape
    if mask.shape not in ((n, 1, height, width), (1, 1, height, width)):
        raise InputError(f"mask must be ({n}, 1, {height}, {width}), got {tuple(mask.shape)}")
    check_kernels(kernels, background)
    kernels = kernels / kernels.sum(dim=(1, 2), keepdim=True)
    mask = mask.to(background).expand(n, -1, -1, -1)
    covered = blur(mask, kernels)
    return blur(mask * thing, kernels) + (1 - covered) * background


def _windows(count: int, length: int) -> Tensor:
    """Make ``count`` windows (count, length) that sum to 1 at every pixel."""
    place = (torch.arange(length, dtype=torch.float64) + 0.5) * count / length - 0.5
    distance = (place.clamp(0, count - 1) - torch.arange(count)[:, None]).abs().clamp(max=1)
    return torch.cos(distance * torch.pi / 2) ** 2


def _check_weights(weights: Tensor, shape: tuple[int, int, int, int]) -> None:
    form = f"{shape[1:]} or {shape} for these kernels"
    check_floats(weights, "weights", form)
    if tuple(weights.shape) not in (shape, shape[1:]):
        raise InputError(f"weights must be {form}, got {tuple(weights.shape)}")
    if bool((weights < 0).any()):
        raise InputError("negative values in weights: each must be 0 or more")
    error = float((weights.sum(dim=-3) - 1).abs().max())
    if error > 1e-4:
        raise InputError(f"weights must sum to 1 at every pixel, they are off by up to {error:.3g}")
