"""One detector on many versions of the same pictures: sharp, damaged, restored in several ways."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.classical import unsharp_mask
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.detection import Finder, Version, detect
from sharingan_lab.evaluation.matching import detection_scores
from sharingan_lab.evaluation.quality import psnr, ssim

Picture = tuple[Tensor, dict[str, Tensor]]
Damage = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor | None]]
Restorer = Callable[[Tensor, Tensor | None], Tensor | None]
AMOUNTS = (0.5, 1.0, 2.0, 3.0)  # of unsharp masking, among which the best is chosen


def shaken(path_length: float, kernel_size: int) -> Damage:
    """Blur by a camera path of so many pixels, another for each picture, and noise of 0.01."""

    def damage(images: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        side = min(kernel_size, *images.shape[-2:])
        kernels = random_kernels(len(images), side, path_length=path_length, rng=rng)
        return degrade(images, kernels, rng=rng), kernels

    return damage


def resized(images: Tensor, _: torch.Generator) -> tuple[Tensor, None]:
    """Make pictures half as large, and as large as before, as aerial images often are."""
    small = [max(1, side // 2) for side in images.shape[-2:]]
    fewer = interpolate(images, size=small, mode="bicubic", antialias=True)
    again = interpolate(fewer, size=images.shape[-2:], mode="bicubic")
    return again.clamp(0, 1), None


def detect_versions(
    detector: Finder,
    pictures: Iterable[Picture],
    damages: Mapping[str, Damage],
    methods: Mapping[str, Restorer],
    *,
    rng: torch.Generator,
    on_picture: Callable[[int, dict[tuple[str, str], Tensor]], None] = lambda *_: None,
) -> tuple[list[dict[str, Tensor]], dict[tuple[str, str], Version]]:
    """Let a detector find things on sharp, damaged and restored versions of pictures.

    Pictures come one at a time, (1, 3, H, W) with their target, so that any number may. Each damage
    is followed by each method, all from the same draws of `rng`; a restorer that cannot work
    there, as Wiener's filter without a kernel, gives None. `on_picture` sees the number of each
    picture and its versions. Returned are the targets, and what was found by (damage, method):
    ("sharp", ""), then for each damage (damage, "") and its restorations.
    """
    targets, versions = [], {}
    for number, (sharp, target) in enumerate(pictures):
        targets.append(target)
        seen = {("sharp", ""): sharp}
        for damage, spoil in damages.items():
            damaged, kernels = spoil(sharp, rng)
            seen[damage, ""] = damaged
            for method, restore in methods.items():
                if (restored := restore(damaged, kernels)) is not None:
                    seen[damage, method] = restored
        for name, image in seen.items():
            version = versions.setdefault(name, Version())
            version.found.extend(detect(detector, image))
            version.psnr.append(psnr(image, sharp).item())
            version.ssim.append(ssim(image, sharp).item())
        on_picture(number, seen)
    if not targets:
        raise InputError("there is no picture to compare on")
    return targets, versions


def tune_unsharp(
    detector: Finder,
    pictures: Iterable[Picture],
    damages: Mapping[str, Damage],
    *,
    min_score: float = 0.5,
    rng: torch.Generator,
) -> float:
    """Choose the amount of unsharp masking with which a detector finds most, by its F1.

    The pictures must not be those of the comparison; their damages count alike.
    """
    truth, found = [], {amount: [] for amount in AMOUNTS}
    for sharp, target in pictures:
        for spoil in damages.values():
            damaged, _ = spoil(sharp, rng)
            truth.append(target)
            for amount, finds in found.items():
                finds += detect(detector, unsharp_mask(damaged, amount=amount))
    return max(found, key=lambda a: detection_scores(found[a], truth, min_score=min_score).f1)
