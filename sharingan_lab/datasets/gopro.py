"""GoPro: pairs of real motion-blurred and sharp frames, and a check of how they lie on disk.

The layout is ``GOPRO_Large/{train,test}/<sequence>/{blur,blur_gamma,sharp}/NNNNNN.png``.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from sharingan_lab.checks import check_choice
from sharingan_lab.datasets.frames import cached_frames, half_size_pair
from sharingan_lab.datasets.seeding import seeded_rng
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.images import list_pictures, open_image
from sharingan_lab.locations import named_path
from sharingan_lab.seeds import check_seed

PAIRS = {"train": 2103, "test": 1111}
BLURS = ("blur", "blur_gamma")
PAGE = "https://seungjunnah.github.io/Datasets/gopro"
_NAMED = 3  # how many of many faults a message names


class GoProPairs(Dataset):
    """Pairs of a blurred and a sharp crop of GoPro's frames at half size, as DeblurGAN takes them.

    Training items are random crops, mirrored with probability 1/2; test items are centred crops.
    Everything about item ``i`` follows from (seed, epoch, i) alone.

    Parameters
    ----------
    root : path
        The folder ``GOPRO_Large``, or the one that holds it.
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

    Raises
    ------
    ConfigError
        An unknown split or blur, or a subset larger than the split.
    DataError
        The folder does not lie as expected; see :func:`check_layout`.

    References
    ----------
    .. [1] S. Nah, T. H. Kim, K. M. Lee: Deep multi-scale convolutional neural network for dynamic
       scene deblurring. CVPR 2017.

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
        self.pairs = _choose(_pairs(_base(root) / split, blur), subset, seed)
        self.frames = cached_frames(self.pairs, cache).to(device) if cache is not None else None
        self.epoch = 0

    @property
    def device(self) -> torch.device:
        """Where the items are made."""
        return torch.device("cpu") if self.frames is None else self.frames.pixels.device

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


def check_layout(
    root: str | os.PathLike,
    *,
    splits: tuple[str, ...] = ("train", "test"),
    blur: str = "blur",
    complete: bool = True,
) -> dict[str, int]:
    """Check that GoPro lies where it should and say exactly what is wrong if it does not.

    Parameters
    ----------
    root : path
        The folder ``GOPRO_Large``, or the one that holds it.
    splits : tuple of str
        Which parts to check.
    blur : {"blur", "blur_gamma"}
        Which blurred frames must be there.
    complete : bool
        Also ask for all 2,103 training and 1,111 test pairs.

    Returns
    -------
    dict
        Number of pairs in each split.

    Raises
    ------
    ConfigError
        An unknown split or blur.
    DataError
        In one line: a folder is missing or nested too deep, a split is missing or empty, a
        sequence has no blurred or sharp frames, their names do not match, or pairs are missing.

    Notes
    -----
    Names are compared, pixels are not read: the check takes well under a second.

    Examples
    --------
    >>> check_layout("missing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no GoPro data at missing: ...
    """
    check_choice("blur", blur, BLURS)
    for split in splits:
        check_choice("split", split, tuple(PAIRS))
    base = _base(root)
    counts = {}
    for split in splits:
        if not (base / split).is_dir():
            raise DataError(f"GoPro in {base} has no folder {split!r}: {_has(base)}")
        sequences = _folders(base / split)
        if not sequences:
            raise DataError(f"{base / split} holds no sequences: {_has(base / split)}")
        faults = [fault for sequence in sequences for fault in _faults(sequence, blur)]
        if faults:
            more = f" (and {len(faults) - _NAMED} more)" if len(faults) > _NAMED else ""
            raise DataError(f"GoPro {split}: {'; '.join(faults[:_NAMED])}{more}")
        counts[split] = len(_pairs(base / split, blur))
        if complete and counts[split] != PAIRS[split]:
            raise DataError(
                f"{base / split} has {counts[split]} pairs, GoPro has {PAIRS[split]}: "
                "unpack the archive again, it is not complete or holds something else"
            )
    return counts


def check_frames(
    root: str | os.PathLike, on_progress: Callable[[str, int, int], None] = lambda *_: None
) -> int:
    """Decode every frame once, as no check of names and sizes can replace.

    Parameters
    ----------
    root : path
        The folder ``GOPRO_Large``, or the one that holds it.
    on_progress : callable
        Called as ``on_progress(what, done, total)`` with bytes.

    Returns
    -------
    int
        Number of frames.

    Raises
    ------
    DataError
        A frame cannot be decoded; the message names it.

    Examples
    --------
    >>> check_frames("missing")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no GoPro data at missing: ...
    """
    files = sorted(path for path in _base(root).rglob("*.png") if path.name[0] != ".")
    total = sum(path.stat().st_size for path in files)
    done = 0
    with ThreadPoolExecutor() as pool:  # Pillow decodes without Python's lock
        for path, fault in zip(files, pool.map(_undecodable, files), strict=True):
            if fault:
                pool.shutdown(cancel_futures=True)
                raise DataError(f"{fault}, or fetch GoPro again")
            done += path.stat().st_size
            on_progress("decoding", done, total)
    return len(files)


def _undecodable(path: Path) -> str:
    """What is wrong with an image file; empty if nothing."""
    try:
        with open_image(path) as image:
            image.load()
    except DataError as error:
        return str(error)
    return ""


def _base(root: str | os.PathLike) -> Path:
    """The folder that holds the splits: root, or GOPRO_Large in it."""
    root = named_path(root)
    if not root.is_dir():
        raise DataError(f"no GoPro data at {root}: get it with `sharingan fetch gopro` ({PAGE})")
    base = root / "GOPRO_Large" if (root / "GOPRO_Large").is_dir() else root
    if any((base / split).is_dir() for split in PAIRS):
        return base
    deeper = base / "GOPRO_Large"
    if any((deeper / split).is_dir() for split in PAIRS):
        raise DataError(f"GoPro is nested one level too deep: move what is in {deeper} to {base}")
    raise DataError(f"{base} has neither 'train' nor 'test': {_has(base)}")


def _faults(sequence: Path, blur: str) -> list[str]:
    """What is wrong with one sequence, in words."""
    if not (sequence / "sharp").is_dir():
        return [f"{sequence.name} has no folder 'sharp'"]
    if not (sequence / blur).is_dir():
        other = next(name for name in BLURS if name != blur)
        there = f", only {other!r}" if (sequence / other).is_dir() else ""
        return [f"{sequence.name} has no folder {blur!r}{there}"]
    blurred, sharp = _frames(sequence / blur), _frames(sequence / "sharp")
    if not blurred and not sharp:
        return [f"{sequence.name} has no frames"]
    alone = [f"{blur}/{name} without sharp" for name in sorted(blurred - sharp)]
    alone += [f"sharp/{name} without {blur}" for name in sorted(sharp - blurred)]
    return [f"{sequence.name}: {fault}" for fault in alone]


def _pairs(split: Path, blur: str) -> list[tuple[Path, Path]]:
    return [
        (sequence / blur / name, sequence / "sharp" / name)
        for sequence in _folders(split)
        for name in sorted(_frames(sequence / "sharp"))
    ]


def _choose(
    pairs: list[tuple[Path, Path]], subset: int | None, seed: int
) -> list[tuple[Path, Path]]:
    if subset is None:
        return pairs
    if not 0 < subset <= len(pairs):
        raise ConfigError(f"subset is {subset}: there are {len(pairs)} pairs to choose from")
    order = torch.randperm(len(pairs), generator=seeded_rng(seed))
    return [pairs[i] for i in sorted(order[:subset].tolist())]


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _frames(folder: Path) -> set[str]:
    return {path.name for path in list_pictures(folder, least=0)}


def _has(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    more = " ..." if len(names) > _NAMED else ""
    return f"it has {', '.join(names[:_NAMED])}{more}" if names else "it is empty"
