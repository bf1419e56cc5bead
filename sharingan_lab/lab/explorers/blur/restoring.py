"""Two restorations of one shot: with the kernel that blurred it, and with a wrong one."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from sharingan_lab.blur import rasterize
from sharingan_lab.classical import richardson_lucy, wiener
from sharingan_lab.lab.explorers.blur.shot import Quality, Shot, quality


class Restored(NamedTuple):
    """A kernel (1, k, k), the picture (1, 3, H, W) restored with it, and how good that is."""

    kernel: Tensor
    picture: Tensor
    quality: Quality


def restorations(
    shot: Shot,
    exposure: float,
    *,
    method: str,
    noise_to_signal: float,
    iterations: int,
    turn: float,
    stretch: float,
) -> tuple[Restored, Restored]:
    """Restore with the true kernel, and with the one of a turned and stretched path.

    Parameters
    ----------
    shot : Shot
        What is to be restored.
    exposure : float
        The shot's.
    method : {"Wiener", "Richardson-Lucy"}
        `wiener` uses ``noise_to_signal``, `richardson_lucy` uses ``iterations``.
    turn, stretch : float
        Degrees anticlockwise, and factor, by which the wrong path differs from the true one.

    Examples
    --------
    >>> from sharingan_lab.lab.explorers.blur.settings import Settings
    >>> from sharingan_lab.lab.explorers.blur.shot import expose
    >>> shot = expose(torch.rand(1, 3, 64, 64), Settings())
    >>> way = {"method": "Wiener", "noise_to_signal": 0.01, "iterations": 1}
    >>> true, wrong = restorations(shot, 1.0, **way, turn=0, stretch=1)
    >>> torch.equal(true.picture, wrong.picture)
    True
    """
    strength = noise_to_signal if method == "Wiener" else iterations
    kernels = shot.kernel, changed_kernel(shot.path, exposure, turn, stretch)
    pictures = [_restore(shot.blurred, kernel, method, strength) for kernel in kernels]
    true, wrong = (
        Restored(kernel, picture, quality(picture, shot.sharp))
        for kernel, picture in zip(kernels, pictures, strict=True)
    )
    return true, wrong


@lru_cache(maxsize=1)
def changed_kernel(path: Tensor, exposure: float, turn: float, stretch: float) -> Tensor:
    """Return the kernel of a path that was turned anticlockwise (degrees) and stretched."""
    angle = math.radians(turn)
    cosine, sine = math.cos(angle), math.sin(angle)
    rotation = torch.tensor([[cosine, -sine], [sine, cosine]], dtype=path.dtype)  # y points down
    return rasterize(stretch * path @ rotation, 64, exposure)


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
