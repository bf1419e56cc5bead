"""Pairs of a blurred and a sharp crop, made from sharp pictures: I_b = k(M) * I_s + N."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.datasets.seeding import seeded_generator
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import IMAGE_ENDINGS, read_image


class SyntheticBlurPairs(Dataset):
    """Random crops of sharp pictures beside their motion-blurred versions.

    Item ``i`` is cut from picture ``i % len(sharp_images)``, mirrored with probability 1/2, and
    blurred by one kernel. Everything about it follows from (seed, epoch, i) alone, so the order
    of access, the number of loader workers and a resumed run change nothing.

    Parameters
    ----------
    sharp_images : sequence of Tensor
        Pictures (3, H, W) in [0, 1], each at least ``crop`` pixels high and wide.
    crop : int
        Side of the square crops, in pixels.
    seed : int
        Every random number of the data follows from it.
    items : int, optional
        Items in an epoch; the number of pictures by default.
    kernel_size : int
        Side of the blur kernels, in pixels.
    noise_std : float
        Standard deviation of the added noise N, on the [0, 1] scale.
    pool : int
        Kernels drawn for an epoch; items choose among them. A walk of 2,000 steps costs the same
        for one path as for many at once, so they are drawn together, at an epoch's first item.
        Crops, mirrors and noise are drawn for each item.

    Raises
    ------
    InputError
        There is no picture, one has the wrong shape, or one is smaller than the crop.

    Notes
    -----
    Each crop is blurred together with a margin as wide as the kernel's reach, as far as the
    picture has one: what moves into the frame comes from the scene, as in a real photograph.
    A loader with ``persistent_workers`` keeps old copies of the data set: make a new loader (or
    leave that switch off) for :meth:`set_epoch` to be seen.

    Examples
    --------
    >>> from sharingan_lab.datasets import photo
    >>> pairs = SyntheticBlurPairs([photo("chelsea")[0]], crop=64, seed=0, kernel_size=15, pool=2)
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
        noise_std: float = 0.01,
        pool: int = 64,
    ) -> None:
        _check_images(sharp_images, crop)
        self.images = list(sharp_images)
        self.crop = crop
        self.seed = seed
        self.items = len(self.images) if items is None else items
        self.kernel_size = kernel_size
        self.noise_std = noise_std
        self.pool = pool
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: other kernels, crops, mirrors and noise for the same indices."""
        self.epoch = epoch
        self._kernels: Tensor | None = None

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return (blurred, sharp), each (3, crop, crop) in [0, 1]."""
        if not 0 <= index < self.items:
            raise IndexError(f"item {index} of {self.items}")
        generator = seeded_generator(self.seed, self.epoch, index)
        kernels = self._epoch_kernels()
        chosen = int(torch.randint(len(kernels), (), generator=generator))
        image, inner = self._window(self.images[index % len(self.images)], generator)
        blurred = degrade(
            image[None], kernels[chosen][None], noise_std=self.noise_std, generator=generator
        )[0]
        pair = torch.stack([blurred[(..., *inner)], image[(..., *inner)]])
        mirrored = torch.rand((), generator=generator) < 0.5
        return tuple(pair.flip(-1) if mirrored else pair)

    def _epoch_kernels(self) -> Tensor:
        if self._kernels is None:
            generator = seeded_generator(self.seed, self.epoch)
            self._kernels = random_kernels(self.pool, self.kernel_size, generator=generator)
        return self._kernels

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


def load_folder(folder: str | os.PathLike) -> list[Tensor]:
    """Read all pictures of a folder, in the order of their names.

    Parameters
    ----------
    folder : path
        A folder with PNG, JPEG, BMP, TIFF or WebP files; other files are passed over.

    Returns
    -------
    list of Tensor
        (3, H, W), float32 in [0, 1], each of its own size.

    Raises
    ------
    DataError
        The folder is missing or holds no picture, or a picture cannot be read.

    Examples
    --------
    >>> load_folder("missing")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"no such folder: {folder}")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_ENDINGS)
    if not files:
        raise DataError(f"{folder} holds no picture (looked for {', '.join(IMAGE_ENDINGS)})")
    return [read_image(path)[0] for path in files]


def _check_images(images: Sequence[Tensor], crop: int) -> None:
    if not images:
        raise InputError("no sharp picture to blur: pass at least one (3, H, W) tensor")
    for index, image in enumerate(images):
        if image.ndim != 3 or image.shape[0] != 3:
            raise InputError(f"picture {index} has shape {tuple(image.shape)}, not (3, H, W)")
        if min(image.shape[-2:]) < crop:
            height, width = image.shape[-2:]
            raise InputError(f"picture {index} is {width}x{height}: too small for a {crop} crop")
