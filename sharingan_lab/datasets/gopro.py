"""GoPro: pairs of real motion-blurred and sharp frames."""

import os
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sharingan_lab.datasets.draws import seeded_rng
from sharingan_lab.datasets.frames import cached_frames, half_size_pair
from sharingan_lab.datasets.gopro_layout import check_layout, list_pairs
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.seeds import check_seed


class GoProPairs(Dataset):
    """Pairs of a blurred and a sharp crop of GoPro's frames at half size, as DeblurGAN takes them.

    Training items are random crops, mirrored with probability 1/2; test items are centred crops.
    Everything about item ``i`` follows from (seed, epoch, i) alone.

    Parameters
    ----------
    root : path
        The folder ``GOPRO_Large``, or the one that holds it; see :func:`check_layout`.
    split : {"train", "test"}
        Which part.
    crop : int or None
        Side of the square crops after halving, in pixels; None takes whole frames.
    blur : {"blur", "blur_gamma"}
        Which blurred frames: the average of the sharp frames as they are, or the average after
        inverting a gamma of 2.2, which is closer to a camera. DeblurGAN takes the first,
        DeepDeblur the second; figures for one do not hold for the other.
    seed : int
        Every random number of the data follows from it.
    subset : int, optional
        Take only so many pairs, chosen by the seed. The report trained on 1,000.
    cache : path, optional
        Folder for the frames at half size, decoded once (2.9 GB for all of ``train``) and from
        then on read without decoding. Without it every access decodes two PNG files. The items
        are the same, bit for bit.
    device : str or torch.device
        Where the frames lie and the crops are made; another than the CPU only with a cache.

    Examples
    --------
    >>> GoProPairs("missing", "train", seed=0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no GoPro data at missing: ...
    """

    def __init__(
        self,
        root: str | os.PathLike,
        split: str,
        *,
        crop: int | None = 256,
        blur: str = "blur",
        seed: int,
        subset: int | None = None,
        cache: str | os.PathLike | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        check_layout(root, splits=(split,), blur=blur, complete=False)
        self.crop = crop
        self.seed = check_seed(seed)
        self.random = split == "train"
        self.pairs = _choose(list_pairs(root, split, blur), subset, seed)
        self.frames = cached_frames(self.pairs, cache, device) if cache is not None else None
        self.epoch = 0

    @property
    def device(self) -> torch.device:
        """Where the items are made."""
        return torch.device("cpu") if self.frames is None else self.frames[0].device

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: other crops and mirrors for the same indices."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        """Return (blurred, sharp), each (3, crop, crop) in [0, 1]."""
        rng = seeded_rng(self.seed, self.epoch, index)
        pair = half_size_pair(self.pairs[index]) if self.frames is None else self.frames[index]
        if self.crop is not None:
            pair = self._cut(pair, rng, self.pairs[index][0])
        if self.random and torch.rand((), generator=rng) < 0.5:
            pair = pair.flip(-1)
        return tuple(pair.float() / 255)

    def _cut(self, pair: Tensor, rng: torch.Generator, path: Path) -> Tensor:
        room = [side - self.crop for side in pair.shape[-2:]]
        if min(room) < 0:
            height, width = pair.shape[-2:]
            raise DataError(f"{path} is {width}x{height} at half size: too small for {self.crop}")
        if self.random:
            top, left = (int(torch.randint(r + 1, (), generator=rng)) for r in room)
        else:
            top, left = (r // 2 for r in room)
        return pair[..., top : top + self.crop, left : left + self.crop]


def _choose(
    pairs: list[tuple[Path, Path]], subset: int | None, seed: int
) -> list[tuple[Path, Path]]:
    if subset is None:
        return pairs
    if not 0 < subset <= len(pairs):
        raise ConfigError(f"subset is {subset}: there are {len(pairs)} pairs to choose from")
    order = torch.randperm(len(pairs), generator=seeded_rng(seed))
    return [pairs[i] for i in sorted(order[:subset].tolist())]
