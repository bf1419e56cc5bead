"""The N of equation (1): what the sensor adds to the light."""

import math

import torch
from torch import Tensor

from sharingan_lab.checks import LIGHT, check_images, check_number, check_rng
from sharingan_lab.errors import InputError


def add_noise(
    images: Tensor, noise_std: float, *, photons: float | None = None, rng: torch.Generator
) -> Tensor:
    """Add a sensor's noise: read noise, the same everywhere, and the shot noise of light.

    Parameters
    ----------
    images : Tensor
        Amounts of light (N, 3, H, W) or (N, 1, H, W), where 1 fills a pixel of the sensor.
    noise_std : float
        Standard deviation of the Gaussian read noise, 0 or more, in units of the range [0, 1].
    photons : float, optional
        Number of photons that a pixel of value 1 collects, more than 0; of light that is not
        negative. Fewer photons, more shot noise; without this argument there is none.
    rng : torch.Generator
        Source of every random number.

    Returns
    -------
    Tensor
        Noisy images, of the same shape, not clipped: values may leave [0, 1].

    Notes
    -----
    A pixel of value x counts Poisson(x * photons) photons, so its variance is ``x / photons +
    noise_std^2``: the Poisson-Gaussian model. 1,000 photons are a dark scene or a small sensor,
    10,000 or more a bright one. Without photons, a batch gets the noise of its images one by one.

    References
    ----------
    Foi et al., "Practical Poissonian-Gaussian noise modeling and fitting for single-image
    raw-data", IEEE TIP 2008.

    Examples
    --------
    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> noisy = add_noise(grey, 0.1, rng=torch.Generator().manual_seed(0))
    >>> round(float(noisy.std()), 2)
    0.1
    >>> counted = add_noise(grey, 0.0, photons=50, rng=torch.Generator().manual_seed(0))
    >>> round(float(counted.std()), 2)
    0.1
    """
    check_images(images, slack=LIGHT)
    return sensor_noise(images, noise_std, photons, rng)


def sensor_noise(
    images: Tensor, noise_std: float, photons: float | None, rng: torch.Generator
) -> Tensor:
    """Do as `add_noise` for images that are known to be fit."""
    check_number("noise_std", noise_std, 0)
    check_rng(rng)
    if photons is not None:
        images = _count(images, photons, rng)
    return images + noise_std * gaussian_like(images, rng)


def gaussian_like(images: Tensor, rng: torch.Generator) -> Tensor:
    """Draw a standard normal number for each value of images, on the generator's device first."""
    values = images[0].numel()
    # a multiple of 16, so that a batch equals its images one by one
    drawn = math.ceil(values / 16) * 16
    noise = torch.randn(len(images), drawn, generator=rng, device=rng.device)
    return noise[:, :values].view(images.shape).to(images)


def _count(images: Tensor, photons: float, rng: torch.Generator) -> Tensor:
    """Replace the light by the light of the photons that happened to arrive."""
    check_number("photons", photons, 1e-9)
    low = float(images.min())
    if low < -1e-3:
        raise InputError(f"photons cannot be counted in negative light, got {low:.3g}")
    expected = (images.double().clamp(min=0) * photons).to(rng.device)
    return (torch.poisson(expected, generator=rng) / photons).to(images)
