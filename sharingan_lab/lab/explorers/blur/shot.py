"""One exposure of one photograph, what it measures, and two ways back from it.

What does not change is not computed anew: a function here keeps its last result.
"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from sharingan_lab.blur import degrade, rasterize, sample_trajectories
from sharingan_lab.classical import richardson_lucy, wiener
from sharingan_lab.evaluation.quality import psnr, ssim
from sharingan_lab.lab.explorers.blur.settings import KERNEL_SIZE, sensor, walk


class Quality(NamedTuple):
    """How close a picture is to the sharp one."""

    decibels: float
    similarity: float

    @property
    def psnr(self) -> str:
        """The decibels as readers understand them, those of equal pictures too."""
        equal = math.isinf(self.decibels)
        return "without end: equal pictures" if equal else f"{self.decibels:.2f} dB"

    def __str__(self) -> str:
        return f"PSNR {self.psnr}, SSIM {self.similarity:.3f}"


class Shot(NamedTuple):
    """One exposure, and how close its picture is to the sharp one.

    Path (1, 2000, 2) in pixels; kernel (1, 64, 64), sums to the exposure; photographs (1, 3, H, W)
    in [0, 1], as it is, blurred without noise, and with it.
    """

    exposure: float
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


def expose(sharp: Tensor, values: Mapping[str, float | str]) -> Shot:
    """Follow one photograph (1, 3, H, W), no side below 64, down the whole road of lesson 01.

    Path and noise both follow from the seed among the values of all controls.
    """
    path, state = _walk(values["seed"], *walk(values).items())
    kernel = _kernel(path, values["exposure"])
    clean, blurred = _develop(sharp, kernel, state, *sensor(values).items())
    return Shot(values["exposure"], path, kernel, sharp, clean, blurred, quality(blurred, sharp))


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


class Restored(NamedTuple):
    """A kernel (1, k, k), the picture (1, 3, H, W) restored with it, and how good that is."""

    kernel: Tensor
    picture: Tensor
    quality: Quality


def restorations(shot: Shot, values: Mapping[str, float | str]) -> tuple[Restored, Restored]:
    """Restore with the true kernel, and with the one of a turned and stretched path.

    `wiener` uses ``noise_to_signal`` of the values of all controls, `richardson_lucy`
    ``iterations``.
    """
    strength = values["noise_to_signal" if values["method"] == "Wiener" else "iterations"]
    wrong = changed_kernel(shot.path, shot.exposure, values["turn"], values["stretch"])

    def restored(kernel: Tensor) -> Restored:
        picture = _restore(shot.blurred, kernel, values["method"], strength)
        return Restored(kernel, picture, quality(picture, shot.sharp))

    return restored(shot.kernel), restored(wrong)


@lru_cache(maxsize=1)
def changed_kernel(path: Tensor, exposure: float, turn: float, stretch: float) -> Tensor:
    """Return the kernel of a path that was turned anticlockwise (degrees) and stretched."""
    angle = math.radians(turn)
    cosine, sine = math.cos(angle), math.sin(angle)
    rotation = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=path.dtype)  # y points down
    return rasterize(stretch * path @ rotation, KERNEL_SIZE, exposure)


@lru_cache(maxsize=2)
def _restore(blurred: Tensor, kernel: Tensor, method: str, strength: float) -> Tensor:
    kernel = _trimmed(kernel)
    if method == "Wiener":
        return wiener(blurred, kernel, noise_to_signal=strength)
    return richardson_lucy(blurred, kernel, iterations=strength)


def _trimmed(kernel: Tensor) -> Tensor:
    """Cut away the dark rim, the same on all sides: a small kernel restores faster."""
    middle = kernel.shape[-1] // 2
    reach = int((kernel[0].nonzero() - middle).abs().max()) + 1
    near, far = max(0, middle - reach), middle + reach + 1
    return kernel[:, near:far, near:far]
