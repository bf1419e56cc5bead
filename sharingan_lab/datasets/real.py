"""Real blur: pairs that somebody kept, and consecutive frames whose mean is a blurred picture."""

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from sharingan_lab.datasets.album import Album
from sharingan_lab.datasets.batched import Batch, BatchedPairs
from sharingan_lab.datasets.draws import uniform
from sharingan_lab.errors import DataError
from sharingan_lab.images import list_pictures, read_uint8
from sharingan_lab.locations import named_path

MOST, LEAST = 15, 5  # frames that are averaged; GoPro's authors took 7 to 13 at 240 a second
_BESIDE = 0  # stream of random numbers: how many frames beside the middle one


class RealPairs(BatchedPairs):
    """Crops of real motion blur: kept pairs, and means of consecutive frames with their middle one.

    Everything about item ``i`` follows from (seed, epoch, i) alone.

    Parameters
    ----------
    root : path
        A folder of sequences. One that holds the folders ``blur`` and ``sharp`` gives pairs, the
        names of its pictures equal; one that holds pictures gives frames in the order of their
        names, equally far apart in time, at least 15, all of one size.
    crop : int
        Side of the square crops, in pixels.
    seed : int
        Every random number of the data follows from it.
    items : int
        Items in an epoch.
    device : str or torch.device
        Where the pictures lie and the items are made.

    Raises
    ------
    DataError
        There is no sequence, or one is not as said, or its pictures are smaller than the crop.

    Notes
    -----
    The stored values of 5, 7, ... or 15 frames are averaged, as in GoPro's ``blur``. Where there
    are pairs and frames, every other item is of frames.

    References
    ----------
    .. [1] S. Nah, T. H. Kim, K. M. Lee: Deep multi-scale convolutional neural network for dynamic
       scene deblurring. CVPR 2017, section 3.

    Examples
    --------
    >>> RealPairs("missing", 64, seed=0, items=10)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """

    def __init__(
        self,
        root: str | os.PathLike,
        crop: int,
        *,
        seed: int,
        items: int,
        device: str | torch.device = "cpu",
    ) -> None:
        super().__init__(items, seed)
        folder = named_path(root)
        if not folder.is_dir():
            raise DataError(f"no such folder: {folder}")
        kinds = [_pairs(folder, crop), _films(folder, crop)]
        self.albums = [Album(images, device) for images in kinds if images]
        if not self.albums:
            raise DataError(
                f"{folder} holds no sequence: a folder with the folders blur and sharp, or with "
                f"{MOST} consecutive frames or more"
            )
        counts = zip((2, MOST), kinds, strict=True)
        self.counts = [count for count, images in counts if images]
        self.crop = crop

    def make(self, indices: Tensor, keys: Tensor) -> Batch:
        """Cut pairs for some items, and average frames for the others."""
        shape = (len(keys), 3, self.crop, self.crop)
        blurred, sharp = (torch.empty(shape, device=self.albums[0].pixels.device) for _ in range(2))
        for kind, (album, count) in enumerate(zip(self.albums, self.counts, strict=True)):
            rows = (indices % len(self.albums) == kind).nonzero().flatten()
            if len(rows):
                there = rows.to(blurred.device, non_blocking=True)
                pictures = album.consecutive(count, keys[rows], self.crop, on_side=False)
                pair = pictures if count == 2 else _expose(pictures, keys[rows])
                blurred[there], sharp[there] = pair
        return blurred, sharp


def _expose(frames: Iterable[Tensor], keys: Tensor) -> tuple[Tensor, Tensor]:
    """Average some frames about the middle one of MOST consecutive ones, each (n, 3, h, w)."""
    beside = LEAST // 2 + (uniform(keys, 1, _BESIDE)[:, 0] * ((MOST - LEAST) // 2 + 1)).long()
    distance = (torch.arange(MOST) - MOST // 2).abs()
    taken = (distance <= beside[:, None]).float()
    weights = (taken / taken.sum(dim=1, keepdim=True))[..., None, None, None]
    blurred = sharp = None
    for moment, frame in enumerate(frames):  # all at once would take fifteen times the memory
        share = weights[:, moment].to(frame.device, non_blocking=True) * frame
        blurred = share if blurred is None else blurred.add_(share)
        sharp = frame if moment == MOST // 2 else sharp
    return blurred, sharp


def _pairs(root: Path, crop: int) -> list[Tensor]:
    """Pairs (6, H, W), uint8, of all sequences with the folders blur and sharp."""
    pairs = []
    for blur in sorted(path for path in root.rglob("blur") if path.is_dir()):
        blurred, sharp = (_pictures(place) for place in (blur, blur.with_name("sharp")))
        if [path.name for path in blurred] != [path.name for path in sharp]:
            raise DataError(f"{blur.parent} holds no pairs: the names in blur and sharp differ")
        for files in zip(blurred, sharp, strict=True):
            pairs.append(_stack(files, crop))
    return pairs


def _films(root: Path, crop: int) -> list[Tensor]:
    """Films (3 T, H, W), uint8, of all folders with consecutive frames."""
    films = []
    for folder in (root, *sorted(path for path in root.rglob("*") if path.is_dir())):
        frames = _pictures(folder)
        if folder.name not in ("blur", "sharp") and len(frames) >= MOST:
            films.append(_stack(frames, crop))
    return films


def _pictures(folder: Path) -> list[Path]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # folders may lie between the pictures
        return list_pictures(folder, least=0)


def _stack(files: Sequence[Path], crop: int) -> Tensor:
    images = [read_uint8(path) for path in files]
    sizes = {tuple(image.shape[1:]) for image in images}
    if len(sizes) > 1:
        named = " and ".join(f"{width} x {height}" for height, width in sorted(sizes))
        raise DataError(f"{files[0]} and {files[-1]} belong together, but come in sizes {named}")
    if min(images[0].shape[1:]) < crop:
        raise DataError(f"{files[0]} is too small for crops of {crop}; move it away, or crop less")
    return torch.cat(images)
