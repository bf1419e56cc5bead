"""Pairs of a blurred and a sharp crop, made from sharp pictures: I_b = k(M) * I_s + N."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sharingan_lab.blur import random_kernels
from sharingan_lab.blur.convolution import convolve
from sharingan_lab.blur.noise import gaussian_like, skip_gaussian
from sharingan_lab.checks import check_pixels
from sharingan_lab.datasets.ranges import Range, check_range, draw
from sharingan_lab.datasets.seeding import seeded_generator
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import list_pictures, read_image, read_pixels
from sharingan_lab.seeds import check_seed


class SyntheticBlurPairs(Dataset):
    """Random crops of sharp pictures beside their motion-blurred versions.

    Item ``i`` is cut from picture ``i % len(sharp_images)``, mirrored with probability 1/2, and
    blurred by a kernel of its own. Everything about it follows from (seed, epoch, i) alone, so the
    order of access, the number of loader workers and a resumed run change nothing. Where there are
    more pictures than items, each epoch goes on to the next pictures.

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
    kernel_size : int
        Side of the blur kernels, in pixels.
    length : float or (float, float), optional
        Length of the camera's path in pixels, 0 or more; ``60 * kernel_size / 64`` if not given.
        This and the next two are a number, or a range from which each item draws evenly: a network
        that is to restore photographs must see slight and strong blur.
    noise_std : float or (float, float)
        Standard deviation of the added noise N, on the [0, 1] scale of the picture's values.
    gamma : float or (float, float)
        The camera's response, from 1 to 4: pixel value = light ** (1 / gamma). 1 blurs the values
        as they are, as the report does; 2.2 blurs in linear light, as cameras do.
    transpose : bool
        Also lay half of the crops on their side.
    device : str or torch.device
        Where the pictures lie and the items are made. Crop, mirror and kernel of an item are the
        same everywhere; the noise is drawn on the device.

    Raises
    ------
    InputError
        There is no picture, one has the wrong shape or type or is smaller than the crop, the
        kernels are too large for the crop, or a number is out of range.

    Notes
    -----
    The default is mild, because the path winds: half of the kernels are narrower than about a tenth
    of its length, one in twenty is wider than a third.

    Noise is added to the picture's values, after the response, unlike :func:`.degrade`, which adds
    it to the light. The noise of light itself grows with the root of the light, and the response
    makes its deviation about the same for dark and bright values. For a gamma of 1 both are one.

    Each crop is blurred together with a margin as wide as the kernel's reach, as far as the
    picture has one: what moves into the frame comes from the scene, as in a real photograph.
    A loader with ``persistent_workers`` keeps old copies of the data set: make a new loader (or
    leave that switch off) for :meth:`set_epoch` to be seen.

    Examples
    --------
    >>> from sharingan_lab.datasets import photo
    >>> pairs = SyntheticBlurPairs(
    ...     [photo("chelsea")[0]], crop=64, seed=0, length=(2, 30), noise_std=(0, 0.02), gamma=2.2
    ... )
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
        kernel_size: int = 31,
        length: Range | None = None,
        noise_std: Range = 0.01,
        gamma: Range = 1.0,
        transpose: bool = False,
        device: str | torch.device = "cpu",
    ) -> None:
        _check_images(sharp_images, crop, kernel_size)
        self.images = [image.to(device) for image in sharp_images]
        self.crop = crop
        self.seed = check_seed(seed)
        self.items = len(self.images) if items is None else items
        self.kernel_size = kernel_size
        self.length = check_range("length", 60 * kernel_size / 64 if length is None else length, 0)
        self.noise_std = check_range("noise_std", noise_std, 0, 1)
        self.gamma = check_range("gamma", gamma, 1, 4)
        self.transpose = transpose
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: other kernels, crops, mirrors and noise for the same indices."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return (blurred, sharp), each (3, crop, crop) in [0, 1]."""
        if not 0 <= index < self.items:
            raise IndexError(f"item {index} of {self.items}")
        generator = seeded_generator(self.seed, self.epoch, index)
        window, inner = self._window(self._picture(index), generator)
        image = window if window.is_floating_point() else window.float() / 255
        blurred = self._shoot(image[None], generator)[0]
        pair = torch.stack([blurred[(..., *inner)], image[(..., *inner)]])
        mirrored, on_side = (torch.rand(2, generator=generator) < 0.5).tolist()
        pair = pair.flip(-1) if mirrored else pair
        return tuple(pair.transpose(-1, -2) if on_side and self.transpose else pair)

    def _shoot(self, image: Tensor, generator: torch.Generator) -> Tensor:
        """Take a picture of the scene with a shaken camera of random settings."""
        length, noise_std, gamma = (
            draw(ends, generator) for ends in (self.length, self.noise_std, self.gamma)
        )
        kernel = random_kernels(1, self.kernel_size, length=length, generator=generator)
        kernel = kernel.to(image, non_blocking=True)
        light = convolve(image if gamma == 1 else image**gamma, kernel).clamp(min=0)
        values = light if gamma == 1 else light ** (1 / gamma)
        return (values + noise_std * _noise_like(image, generator)).clamp(0, 1)

    def _picture(self, index: int) -> Tensor:
        passed = self.epoch * self.items if self.items < len(self.images) else 0
        return self.images[(passed + index) % len(self.images)]

    def _window(
        self, image: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, tuple[slice, slice]]:
        """Cut a random crop with its margin; also say where the crop lies in what was cut."""
        outer, inner = [], []
        for side in image.shape[-2:]:
            start = int(torch.randint(side - self.crop + 1, (), generator=generator))
            first = max(0, start - self.kernel_size // 2)
            outer.append(slice(first, start + self.crop + self.kernel_size // 2))
            inner.append(slice(start - first, start - first + self.crop))
        return image[(..., *outer)], (inner[0], inner[1])


def _noise_like(image: Tensor, generator: torch.Generator) -> Tensor:
    """Draw standard normal numbers where the image lies; what is drawn next is the same anywhere.

    Noise from the CPU would have to travel, and the GPU to wait for it.
    """
    if image.device == generator.device:
        return gaussian_like(image, generator)
    skip_gaussian(image, generator)
    return gaussian_like(image, _generator_on(image.device, generator.initial_seed()))


def _generator_on(device: torch.device, seed: int) -> torch.Generator:
    return torch.Generator(device).manual_seed(seed)


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
    images = [_read_uint8(path) if as_uint8 else read_image(path)[0] for path in files]
    small = [p.name for p, image in zip(files, images, strict=True) if min(image.shape[1:]) < crop]
    if small:
        raise DataError(
            f"{len(small)} of {len(files)} pictures in {folder} are too small for crops of {crop}: "
            f"{', '.join(small[:3])}{' ...' if small[3:] else ''}; move them away, or crop less"
        )
    return images


def _read_uint8(path: Path) -> Tensor:
    return torch.tensor(read_pixels(path)).permute(2, 0, 1).contiguous()


def _check_images(images: Sequence[Tensor], crop: int, kernel_size: int) -> None:
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
        if min(height, width, crop + kernel_size // 2) < kernel_size:  # what is cut at a corner
            raise InputError(
                f"kernel_size={kernel_size}: too large for a crop of {crop} from picture {index}, "
                f"{width}x{height}"
            )
