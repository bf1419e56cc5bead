"""Unsharp masking: the oldest trick of photo software, which knows nothing of the blur."""

import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor

from sharingan_lab.checks import check_images, check_number


def unsharp_mask(images: Tensor, *, amount: float = 1.0, radius: float = 1.5) -> Tensor:
    """Add to each image what a gaussian blur would take away from it.

    Parameters
    ----------
    images : Tensor
        Images (N, 3, H, W), or grey (N, 1, H, W), in [0, 1].
    amount : float
        How many times the difference is added, 0 or more.
    radius : float
        Standard deviation of the gaussian in pixels, 0 or more.

    Returns
    -------
    Tensor
        Sharpened images of the same shape, clipped to [0, 1].

    Notes
    -----
    ``x + amount (x - g * x)`` with the gaussian g; beyond the border the image is mirrored. Noise
    is amplified with the edges. Equal to scikit-image's ``unsharp_mask``, on whole batches. No
    gradient passes.

    Examples
    --------
    >>> edge = torch.tensor([0.2, 0.2, 0.2, 0.6, 0.6, 0.6]).expand(1, 3, 4, 6)
    >>> unsharp_mask(edge, amount=0.5, radius=1.0)[0, 0, 0]
    tensor([0.1991, 0.1883, 0.1399, 0.6601, 0.6117, 0.6009])
    """
    check_images(images)
    check_number("amount", amount, 0)
    check_number("radius", radius, 0)
    pixels = images.detach().cpu().numpy()
    lost = pixels - gaussian_filter(pixels, (0, 0, radius, radius))
    return torch.from_numpy((pixels + amount * lost).clip(0, 1)).to(images)
