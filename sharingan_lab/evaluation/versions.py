"""One detector on many versions of the same pictures: sharp, damaged, restored in several ways."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.checks import check_count
from sharingan_lab.classical import unsharp_mask
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.detection import Finder, Version, detect
from sharingan_lab.evaluation.matching import detection_scores
from sharingan_lab.evaluation.quality import psnr, ssim

Picture = tuple[Tensor, dict[str, Tensor]]
Damage = Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor | None]]
Restorer = Callable[[Tensor, Tensor | None], Tensor | None]
AMOUNTS = (0.5, 1.0, 2.0, 3.0)  # of unsharp masking, among which the best is chosen


def shaken(path_length: float, kernel_size: int = 96) -> Damage:
    """Blur by a camera path of this length in pixels, another for each picture, and noise of 0.01.

    Examples
    --------
    >>> damaged, kernels = shaken(60)(torch.rand(1, 3, 128, 128), torch.Generator())
    >>> damaged.shape, kernels.shape
    (torch.Size([1, 3, 128, 128]), torch.Size([1, 96, 96]))
    """

    def damage(images: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        side = min(kernel_size, *images.shape[-2:])
        kernels = random_kernels(len(images), side, path_length=path_length, rng=rng)
        return degrade(images, kernels, rng=rng), kernels

    return damage


def resized(factor: int = 2) -> Damage:
    """Make pictures smaller by a factor and as large as before, as aerial images often are.

    Examples
    --------
    >>> damaged, kernels = resized(2)(torch.rand(1, 3, 65, 64), torch.Generator())
    >>> damaged.shape, kernels is None
    (torch.Size([1, 3, 65, 64]), True)
    """
    check_count("factor", factor, 2)

    def damage(images: Tensor, rng: torch.Generator) -> tuple[Tensor, None]:
        small = [max(1, side // factor) for side in images.shape[-2:]]
        fewer = interpolate(images, size=small, mode="bicubic", antialias=True)
        again = interpolate(fewer, size=images.shape[-2:], mode="bicubic")
        return again.clamp(0, 1), None

    return damage


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

    One picture is in memory at a time, so that any number may come.

    Parameters
    ----------
    detector : callable
        See :func:`.detect`.
    pictures : iterable of (Tensor, dict)
        Sharp images (1, 3, H, W), each with its target.
    damages : mapping
        By name, functions from an image and `rng` to the damaged image and the kernel that did
        it, or None where none did; such as :func:`shaken` and :func:`resized` make.
    methods : mapping
        By name, functions from the damaged image and its kernel to the restored one, or None if
        the method cannot work there, as Wiener's filter without a kernel.
    rng : torch.Generator
        Draws blur and noise; the same draws for every method.
    on_picture : callable, optional
        Called after each picture with its number, from 0, and its versions.

    Returns
    -------
    targets : list of dict
        Those of the pictures, in their order.
    versions : dict
        By (damage, method): ("sharp", ""), then for each damage (damage, "") and its restorations.

    Examples
    --------
    >>> from sharingan_lab.evaluation import load_detector
    >>> field = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    >>> bare = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    >>> methods = {"unsharp": lambda images, kernels: unsharp_mask(images)}
    >>> _, versions = detect_versions(
    ...     load_detector("fields"), [(field, bare)], {"small": resized()}, methods,
    ...     rng=torch.Generator())
    >>> list(versions)
    [('sharp', ''), ('small', ''), ('small', 'unsharp')]
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
    amounts: Sequence[float] = AMOUNTS,
    min_score: float = 0.5,
    rng: torch.Generator,
) -> float:
    """Choose the amount of unsharp masking with which a detector finds most, by its F1.

    The pictures must not be those of the comparison; their damages count alike.

    Examples
    --------
    >>> from sharingan_lab.datasets import weed_fields
    >>> from sharingan_lab.evaluation import load_detector
    >>> images, targets = weed_fields(1, rng=torch.Generator().manual_seed(0))
    >>> tune_unsharp(load_detector("fields"), [(images, targets[0])], {"blur": shaken(60)},
    ...              amounts=[1.0], rng=torch.Generator())
    1.0
    """
    truth, found = [], {amount: [] for amount in amounts}
    for sharp, target in pictures:
        for spoil in damages.values():
            damaged, _ = spoil(sharp, rng)
            truth.append(target)
            for amount, finds in found.items():
                finds += detect(detector, unsharp_mask(damaged, amount=amount))
    return max(found, key=lambda a: detection_scores(found[a], truth, min_score=min_score).f1)
