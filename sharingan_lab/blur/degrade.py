"""Equation (1) of the report as a camera has it: light, motion, noise, gain, clipping, response."""

import torch
from torch import Tensor

from sharingan_lab.blur.convolution import convolve
from sharingan_lab.blur.noise import sensor_noise
from sharingan_lab.checks import check_images, check_kernels, check_number

WHITE = 0.9  # values from here to 1 may hide light that the sensor could not hold


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

    Raises
    ------
    InputError
        As `blur` and `add_noise`, the images leave [0, 1], or gamma or highlights are out of range.

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
    arrived = convolve(scene_light(sharp, gamma, highlights), kernels, boundary).clamp(min=0)
    seen = sensor_noise(arrived, noise_std, photons, rng)
    gain = 1 / kernels.sum(dim=(1, 2))
    value = (gain[:, None, None, None] * seen).clamp(0, 1)
    return value if gamma == 1 else value ** (1 / gamma)


def scene_light(values: Tensor, gamma: float | Tensor, highlights: float | Tensor = 1.0) -> Tensor:
    """Undo the response, and give white pixels the light that they were too full to show.

    Parameters
    ----------
    values : Tensor
        Pixels (N, 3, H, W) or (N, 1, H, W) in [0, 1].
    gamma, highlights : float or Tensor
        See `degrade`; one for all, or one an image, (N, 1, 1, 1).

    Examples
    --------
    >>> scene_light(torch.tensor([0.5, 1.0]).view(1, 1, 1, 2), 2.0, highlights=10.0).flatten()
    tensor([ 0.2500, 10.0000])
    """
    light = values if _is_one(gamma) else values.clamp(min=0) ** gamma
    if _is_one(highlights):
        return light
    brightest = values.amax(dim=1, keepdim=True)
    hidden = ((brightest - WHITE) / (1 - WHITE)).clamp(0, 1)
    return light * (1 + (highlights - 1) * hidden)


def _is_one(number: float | Tensor) -> bool:
    return not isinstance(number, Tensor) and number == 1
