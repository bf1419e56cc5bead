"""One exposure of one photograph: path, kernel, blurred picture, and what they measure.

What does not change is not computed anew: a function here keeps its last result.
"""

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from sharingan_lab.blur import degrade, rasterize, sample_trajectories
from sharingan_lab.evaluation import psnr, ssim
from sharingan_lab.lab.explorers.blur.settings import Settings

KERNEL_SIZE = 64


class Quality(NamedTuple):
    """How close a picture is to the sharp one."""

    decibels: float
    similarity: float

    def __str__(self) -> str:
        return f"PSNR {self.decibels:.2f} dB, SSIM {self.similarity:.3f}"


class Shot(NamedTuple):
    """One exposure.

    Attributes
    ----------
    path : Tensor
        Positions (1, 2000, 2) in pixels.
    kernel : Tensor
        (1, 64, 64); sums to the exposure.
    sharp, clean, blurred : Tensor
        Photographs (1, 3, H, W) in [0, 1]: as it is, blurred without noise, and with it.
    quality : Quality
        Of the blurred one.
    """

    path: Tensor
    kernel: Tensor
    sharp: Tensor
    clean: Tensor
    blurred: Tensor
    quality: Quality

    @property
    def noise_std(self) -> float:
        """Standard deviation of what the noise changed, after gain and clipping."""
        return float((self.blurred - self.clean).std())


def expose(sharp: Tensor, settings: Settings) -> Shot:
    """Follow one photograph down the whole road of lesson 01.

    Parameters
    ----------
    sharp : Tensor
        Photograph (1, 3, H, W) in [0, 1], at least 64 pixels high and wide.
    settings : Settings
        Path and noise both follow from its seed.

    Examples
    --------
    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> shot = expose(grey, Settings(path_length=20.0, exposure=0.5))
    >>> shot.path.shape, round(float(shot.kernel.sum()), 3), shot.blurred.shape
    (torch.Size([1, 2000, 2]), 0.5, torch.Size([1, 3, 64, 64]))
    """
    path, state = _walk(settings.seed, *settings.walk.items())
    kernel = _kernel(path, settings.exposure)
    clean, blurred = _develop(sharp, kernel, state, *settings.sensor.items())
    return Shot(path, kernel, sharp, clean, blurred, quality(blurred, sharp))


@lru_cache(maxsize=4)
def quality(picture: Tensor, sharp: Tensor) -> Quality:
    """Measure a picture (1, 3, H, W) against the sharp one."""
    return Quality(psnr(picture, sharp).item(), ssim(picture, sharp).item())


@lru_cache(maxsize=1)
def _walk(seed: int, *walk: tuple[str, float]) -> tuple[Tensor, Tensor]:
    """The path, and the state of the generator after it: from there the noise is drawn."""
    rng = torch.Generator().manual_seed(seed)
    path = sample_trajectories(1, rng=rng, **dict(walk))
    return path, rng.get_state()


@lru_cache(maxsize=1)
def _kernel(path: Tensor, exposure: float) -> Tensor:
    return rasterize(path, KERNEL_SIZE, exposure)


@lru_cache(maxsize=1)
def _develop(
    sharp: Tensor, kernel: Tensor, state: Tensor, *sensor: tuple[str, float | str | None]
) -> tuple[Tensor, Tensor]:
    """The blurred photograph without noise and with it."""
    rng = torch.Generator()
    rng.set_state(state)
    chosen = dict(sensor)
    quiet = chosen | {"noise_std": 0.0, "photons": None}
    clean = degrade(sharp, kernel, **quiet, rng=torch.Generator())
    return clean, degrade(sharp, kernel, **chosen, rng=rng)
