"""Pairs of a blurred and a sharp crop, made from sharp pictures: I_b = k(M) * I_s + N."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from sharingan_lab.blur.camera import shoot
from sharingan_lab.blur.convolution import convolve_inside
from sharingan_lab.blur.kernels import rasterize
from sharingan_lab.blur.trajectories import SETTINGS, Dice, walk
from sharingan_lab.checks import Range, check_pixels, check_range
from sharingan_lab.datasets.album import Album
from sharingan_lab.datasets.batched import Batch, BatchedPairs
from sharingan_lab.datasets.draws import normal_like, uniform, words
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import list_pictures, read_image, read_uint8

STEPS = 2000  # of a path: those of Algorithm 1
_SETTINGS, _WALK, _NOISE = range(3)  # streams of an item's random numbers


@dataclass(frozen=True)
class PathCamera:
    """The camera of the report: one random path moves the whole picture, and noise is added.

    Parameters
    ----------
    kernel_size : int
        Side of the blur kernels, in pixels.
    path_length : float or (float, float), optional
        Length of the camera's path in pixels, 0 or more; ``60 * kernel_size / 64`` if not given.
        This and the next two are a number, or a range from which each picture draws evenly.
    noise_std : float or (float, float)
        Standard deviation of the added noise N, on the [0, 1] scale of the picture's values.
    gamma : float or (float, float)
        The camera's response, from 1 to 4: pixel value = light ** (1 / gamma). 1 blurs the values
        as they are, as the report does; 2.2 blurs in linear light, as cameras do.

    Notes
    -----
    The default is mild, because the path winds: half of the kernels are narrower than about a tenth
    of its length, one in twenty is wider than a third.

    The picture is shot as :func:`.degrade` does, but noise is added to its values, after the
    response, and not to the light. The noise of light itself grows with the root of the light, and
    the response makes its deviation about the same for dark and bright values. For a gamma of 1
    both are one.
    """

    kernel_size: int = 31
    path_length: Range | None = None
    noise_std: Range = 0.01
    gamma: Range = 1.0

    def __post_init__(self) -> None:
        length = self.path_length
        length = 60 * self.kernel_size / 64 if length is None else length
        for name, value, bounds in (
            ("path_length", length, (0,)),
            ("noise_std", self.noise_std, (0, 1)),
            ("gamma", self.gamma, (1, 4)),
        ):
            object.__setattr__(self, name, check_range(name, value, *bounds))

    def margin(self, crop: int) -> int:
        """Pixels that a scene must show around the crop: how far a kernel reaches."""
        return self.kernel_size // 2

    def take(
        self, scenes: Tensor, others: Callable[[Tensor], Tensor], keys: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Take one picture of each scene; see :meth:`.Camera.take`. The others are not used."""
        length, noise_std, gamma = (
            low + (high - low) * chance
            for chance, (low, high) in zip(
                uniform(keys, 3, _SETTINGS).T,
                (self.path_length, self.noise_std, self.gamma),
                strict=True,
            )
        )
        paths = walk(Dice(words(keys, SETTINGS + STEPS - 1, _WALK)), length)
        kernels = rasterize(paths, self.kernel_size).to(scenes, non_blocking=True)
        first, even = self.margin(0), 1 - self.kernel_size % 2
        inner = slice(first, scenes.shape[-1] - first)
        sharp = scenes[..., inner, inner]
        deviation, there = (x.to(scenes.device, non_blocking=True) for x in (noise_std, keys))
        noise = deviation.float().view(-1, 1, 1, 1) * normal_like(sharp, there, _NOISE)
        (blurred,) = shoot(
            scenes,
            # a kernel of even size reaches a pixel less far to the one side
            lambda light: [convolve_inside(light[..., even:, even:], kernels)],
            lambda values: values + noise,
            gamma=gamma.float(),
            noise_in="values",
        )
        return blurred, sharp


class Takes(Protocol):
    """What takes blurred pictures of scenes, as :class:`PathCamera` and :class:`.Camera` do."""

    def margin(self, crop: int) -> int: ...

    def take(
        self, scenes: Tensor, others: Callable[[Tensor], Tensor], keys: Tensor
    ) -> tuple[Tensor, Tensor]: ...


class SyntheticBlurPairs(BatchedPairs):
    """Random crops of sharp pictures beside pictures that a shaken camera took of them.

    Everything about item ``i`` follows from (seed, epoch, i) alone, so the order of access, the
    batches, the number of loader workers, the device and a resumed run change nothing but rounding.

    Parameters
    ----------
    sharp_images : sequence of Tensor
        Pictures (3, H, W), float in [0, 1] or uint8, which takes a quarter of the memory; each at
        least ``crop`` pixels high and wide.
    crop : int
        Side of the square crops, in pixels.
    seed : int
        Every random number of the data follows from it.
    items : int, optional
        Items in an epoch; the number of pictures by default.
    camera : PathCamera or Camera
        Who takes the pictures: the report's camera, or one that meets every kind of blur.
    transpose : bool
        Also lay half of the crops on their side.
    device : str or torch.device
        Where the pictures lie and the items are made.

    Notes
    -----
    Each crop is taken with a margin as wide as the motion's reach, as far as the picture has one,
    and mirrored from there on: what moves into the frame comes from the scene, as in a real
    photograph.

    Examples
    --------
    >>> from sharingan_lab.datasets import photo
    >>> camera = PathCamera(path_length=(2, 30), noise_std=(0, 0.02), gamma=2.2)
    >>> pairs = SyntheticBlurPairs([photo("chelsea")[0]], crop=64, seed=0, camera=camera)
    >>> blurred, sharp = pairs[0]
    >>> blurred.shape, sharp.shape
    (torch.Size([3, 64, 64]), torch.Size([3, 64, 64]))
    """

    def __init__(
        self,
        sharp_images: Sequence[Tensor],
        crop: int,
        *,
        seed: int,
        items: int | None = None,
        camera: Takes = PathCamera(),
        transpose: bool = False,
        device: str | torch.device = "cpu",
    ) -> None:
        _check_images(sharp_images, crop, 2 * camera.margin(crop))
        super().__init__(len(sharp_images) if items is None else items, seed)
        self.album = Album(sharp_images, device)
        self.crop = crop
        self.camera = camera
        self.transpose = transpose

    def make(self, indices: Tensor, keys: Tensor) -> Batch:
        """Take pictures of random places of random pictures."""
        margin = self.camera.margin(self.crop)
        side = self.crop + 2 * margin
        cut = partial(self.album.windows, side=side, margin=margin, on_side=self.transpose)
        return self.camera.take(cut(keys), partial(cut, stream=1), keys)


def load_folder(
    folder: str | os.PathLike, *, as_uint8: bool = False, crop: int = 1, least: int = 1
) -> list[Tensor]:
    """Read all pictures of a folder, in the order of their names.

    Parameters
    ----------
    folder : path
        A folder with pictures, see :func:`sharingan_lab.images.list_pictures`.
    as_uint8 : bool
        Keep the pixels as the 8 bits that they are: a quarter of the memory, and enough for
        :class:`SyntheticBlurPairs`, whose items are the same but for rounding.
    crop : int
        Side that the pictures must have at least, in pixels.
    least : int
        How many pictures there must be.

    Returns
    -------
    list of Tensor
        (3, H, W), float32 in [0, 1] or uint8, each of its own size.

    Raises
    ------
    DataError
        The folder is missing or holds too few pictures, or one cannot be read or is too small.

    Examples
    --------
    >>> load_folder("missing")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    files = list_pictures(folder, least)
    images = [read_uint8(path) if as_uint8 else read_image(path)[0] for path in files]
    small = [p.name for p, image in zip(files, images, strict=True) if min(image.shape[1:]) < crop]
    if small:
        raise DataError(
            f"{len(small)} of {len(files)} pictures in {folder} are too small for crops of {crop}: "
            f"{', '.join(small[:3])}{' ...' if small[3:] else ''}; move them away, or crop less"
        )
    return images


def _check_images(images: Sequence[Tensor], crop: int, margins: int) -> None:
    if not images:
        raise InputError("no sharp picture to blur: pass at least one (3, H, W) tensor")
    for index, image in enumerate(images):
        if image.ndim != 3 or image.shape[0] != 3:
            raise InputError(f"picture {index} has shape {tuple(image.shape)}, not (3, H, W)")
        if image.dtype != torch.uint8 and not image.is_floating_point():
            raise InputError(f"picture {index} is {image.dtype}: give floats in [0, 1] or uint8")
        if image.is_floating_point():
            check_pixels(image, f"picture {index}")
        height, width = image.shape[-2:]
        if min(height, width) < crop:
            raise InputError(f"picture {index} is {width}x{height}: too small for a {crop} crop")
        if min(height, width) <= margins:
            raise InputError(
                f"picture {index} is {width}x{height}: too small for motions that reach "
                f"{margins // 2} pixels; choose a smaller kernel_size"
            )
