"""Equation (1) of the report: one kernel for each picture, and a sensor's noise."""

import torch
from torch import Tensor

from sharingan_lab.blur.camera import shoot
from sharingan_lab.blur.convolution import convolve
from sharingan_lab.blur.noise import sensor_noise
from sharingan_lab.checks import check_images, check_kernels, check_number


def degrade(
    sharp: Tensor,
    kernels: Tensor,
    *,
    noise_std: float = 0.01,
    photons: float | None = None,
    gamma: float = 1.0,
    highlights: float = 1.0,
    rng: torch.Generator,
    boundary: str = "reflect",
) -> Tensor:
    """Turn sharp images into blurred, noisy ones: equation (1), ``I_b = k(M) * I_s + N``.

    Parameters
    ----------
    sharp : Tensor
        Sharp images (N, 3, H, W), or grey (N, 1, H, W), in [0, 1].
    kernels : Tensor
        Kernels (N, k, k) or (1, k, k); the sum of a kernel is its exposure.
    noise_std, photons : float
        The sensor's noise, before the gain; see `add_noise`.
    gamma : float
        The camera's response, from 1 to 4: pixel value = light ** (1 / gamma). 1 takes the values
        for light, as the report does; 2.2 blurs and adds noise in linear light, as cameras do.
    highlights : float
        How bright white pixels really were, 1 or more: the sensor holds no more than 1, the scene
        may. With 10, a lamp ten times too bright draws its path across the image.
    rng : torch.Generator
        Source of the noise.
    boundary : {"reflect", "replicate", "zero", "circular"}
        See `blur`.

    Returns
    -------
    Tensor
        Degraded images, of the same shape, clipped to [0, 1].

    Notes
    -----
    An exposure below 1 darkens the image; a gain of 1 / exposure, as a camera's ISO setting,
    restores its brightness and multiplies the noise with it. A short exposure is sharp and noisy,
    a long one blurred and clean.

    Examples
    --------
    >>> from sharingan_lab.blur import random_kernels
    >>> rng = torch.Generator().manual_seed(0)
    >>> sharp = torch.full((2, 3, 48, 48), 0.5)
    >>> kernels = random_kernels(2, 15, exposure=0.1, rng=rng)
    >>> blurred = degrade(sharp, kernels, noise_std=0.001, rng=rng)
    >>> round(float(blurred.mean()), 2), round(float(blurred.std()), 2)
    (0.5, 0.01)
    """
    check_images(sharp, slack=1e-3)
    check_kernels(kernels, sharp)
    check_number("gamma", gamma, 1, 4)
    check_number("highlights", highlights, 1)
    kernels = kernels.to(sharp)
    (taken,) = shoot(
        sharp,
        lambda light: [convolve(light, kernels, boundary)],
        lambda light: sensor_noise(light, noise_std, photons, rng),
        gamma=gamma,
        highlights=highlights,
        gain=1 / kernels.sum(dim=(1, 2))[:, None, None, None],
    )
    return taken
