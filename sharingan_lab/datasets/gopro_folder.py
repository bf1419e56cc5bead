"""A data set in GoPro's layout from any folder of photographs."""

import os
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.checks import Range, check_count, check_number, check_range
from sharingan_lab.datasets.averages import KINDS, check_frame_count
from sharingan_lab.datasets.draws import seeded_rng
from sharingan_lab.datasets.gopro_layout import check_layout
from sharingan_lab.datasets.gopro_like import SMALLEST, gopro_like_pair, kept, needed
from sharingan_lab.datasets.synthetic import SyntheticBlurPairs, Takes
from sharingan_lab.errors import DataError
from sharingan_lab.images import list_pictures, read_image, write_image
from sharingan_lab.locations import named_path
from sharingan_lab.seeds import check_seed
from sharingan_lab.storage import new_folder

SHOT = ("blur", "sharp")  # what a camera of the training data gives


def write_gopro_like(
    photos: str | os.PathLike,
    out: str | os.PathLike,
    *,
    frames: int = 11,
    pairs: int = 8,
    test: float = 0.25,
    size: int = 720,
    shake: Range = (1.0, 8.0),
    camera: Takes | None = None,
    seed: int,
    on_progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Make a data set in GoPro's layout from a folder of sharp photographs.

    Each photograph becomes a sequence that :class:`.GoProPairs` reads, and that ``sharingan train
    --data OUT`` trains on: ``OUT/{train,test}/PHOTO/{blur,blur_gamma,sharp}/NNNNNN.png``.

    Parameters
    ----------
    photos : path
        Folder with pictures, see :func:`sharingan_lab.images.list_pictures`.
    out : path
        Folder to make; it appears when all is written, and not before.
    frames, shake
        See :func:`gopro_like_pair`.
    camera : PathCamera or Camera, optional
        Takes square pictures instead, and no ``blur_gamma``: a :class:`.Camera` those of every kind
        of blur.
    pairs : int
        Pairs that are made of each photograph, 1 or more.
    test : float
        Part of the photographs, between 0 and 1, that goes to the test split; at least one goes to
        each.
    size : int
        Shorter side of the frames in pixels, 64 or more; GoPro has 720. A larger photograph is
        reduced first (bicubic, antialiased), a smaller one gives smaller frames.
    seed : int
        What becomes of a photograph follows from it and the photograph's name alone; only the
        split, which is of photographs and not of pairs, depends on which others there are.
    on_progress : callable
        Called as ``on_progress(name, done, total)`` after each photograph.

    Returns
    -------
    dict
        Number of pairs in each split.

    Raises
    ------
    DataError
        The folder has fewer than two photographs, two of one name, one that cannot be read, or some
        that are too small: all of these are named before anything is written. Or `out` is not
        empty.

    Examples
    --------
    >>> write_gopro_like("missing", "out", seed=0)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    check_seed(seed)
    check_frame_count(frames)
    check_range("shake", shake, 0, 45)
    check_number("test", test, 0, 1)
    check_count("pairs", pairs)
    check_count("size", size, SMALLEST)
    photos, out = named_path(photos), named_path(out)
    files = _photographs(photos)
    with new_folder(out) as partial:
        for done, (file, split) in enumerate(_split(files, test, seed).items(), start=1):
            photo = _reduce(read_image(file), size)
            if camera is None:
                rngs = (_stream(seed, file, number + 1) for number in range(pairs))
                shots = (gopro_like_pair(photo, frames=frames, shake=shake, rng=r) for r in rngs)
            else:
                crop, own = kept(min(photo.shape[-2:])), _stream(seed, file, 1).initial_seed()
                shots = SyntheticBlurPairs([*photo], crop, seed=own, items=pairs, camera=camera)
            for number, images in enumerate(shots):
                for kind, image in zip(KINDS if camera is None else SHOT, images, strict=True):
                    write_image(image, partial / split / file.stem / kind / f"{number:06d}.png")
            on_progress(file.name, done, len(files))
    return check_layout(out, complete=False)


def _reduce(photo: Tensor, size: int) -> Tensor:
    height, width = photo.shape[-2:]
    scale = needed(size) / min(height, width)
    if scale >= 1:
        return photo
    smaller = (round(height * scale), round(width * scale))
    return interpolate(photo, smaller, mode="bicubic", antialias=True).clamp(0, 1)


def _photographs(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of their names, all of them fit for use."""
    files = list_pictures(folder, least=2)  # one for training, one for the test
    stem, times = Counter(file.stem for file in files).most_common(1)[0]
    if times > 1:
        raise DataError(f"two photographs in {folder} are named {stem}: rename one")
    sizes = {file.name: tuple(read_image(file).shape[-2:]) for file in files}
    small = [f"{n} ({w} x {h})" for n, (h, w) in sizes.items() if min(h, w) < needed(SMALLEST)]
    if small:
        more = f" and {len(small) - 3} more" if len(small) > 3 else ""
        raise DataError(
            f"too small, move them away: {', '.join(small[:3])}{more}; the shorter side must have "
            f"{needed(SMALLEST)} pixels or more"
        )
    return files


def _split(files: list[Path], test: float, seed: int) -> dict[Path, str]:
    """Say of each photograph whether it is for training or for the test, whatever their order."""
    chance = {file: float(torch.rand((), generator=_stream(seed, file, 0))) for file in files}
    tests = min(max(round(test * len(files)), 1), len(files) - 1)
    chosen = set(sorted(files, key=chance.__getitem__)[:tests])
    return {file: "test" if file in chosen else "train" for file in files}


def _stream(seed: int, file: Path, place: int) -> torch.Generator:
    return seeded_rng(seed, zlib.crc32(os.fsencode(file.name)), place)
