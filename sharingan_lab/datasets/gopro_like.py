"""Pairs in GoPro's layout from any folder of photographs: sharp frames along a path, averaged."""

import contextlib
import math
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.blur import margin, random_poses, warp
from sharingan_lab.checks import (
    check_count,
    check_floats,
    check_images,
    check_number,
    check_pixels,
)
from sharingan_lab.datasets.gopro import check_layout
from sharingan_lab.datasets.ranges import Range, check_range, draw
from sharingan_lab.datasets.seeding import seeded_rng
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import list_pictures, read_image, write_image
from sharingan_lab.locations import named_path
from sharingan_lab.seeds import check_seed

GAMMA = 2.2  # the response that GoPro's `blur_gamma` inverts
KEPT = 0.7  # part of the photograph's shorter side that a frame shows; the rest is room to move
SMALLEST = 64  # shorter side of a frame, in pixels
MOST_FRAMES = 99
SHIFT = 0.01  # what the camera's place walks for each degree of its angles, of the distance
KINDS = ("blur", "blur_gamma", "sharp")
OnPhoto = Callable[[str, int, int], None]


def average_frames(frames: Tensor, gamma: float = 1.0) -> Tensor:
    """Average frames as a sensor does that stays open while they pass.

    Parameters
    ----------
    frames : Tensor
        Frames (N, T, C, H, W) in [0, 1], equally spaced in time.
    gamma : float
        The camera's response, from 1 to 4: pixel value = light ** (1 / gamma). 1 averages the
        values as they are, as GoPro's ``blur``; 2.2 averages the light, as ``blur_gamma``.

    Returns
    -------
    Tensor
        Blurred images (N, C, H, W) in [0, 1].

    Raises
    ------
    InputError
        The frames have another shape, or gamma is out of range.

    Notes
    -----
    ``mean(frames ** gamma) ** (1 / gamma)`` is a power mean: it is never darker than the mean of
    the values, and brighter wherever a pixel changes.

    References
    ----------
    .. [1] S. Nah, T. H. Kim, K. M. Lee: Deep multi-scale convolutional neural network for dynamic
       scene deblurring. CVPR 2017, equations (1) and (2).

    Examples
    --------
    >>> frames = torch.tensor([0.0, 1.0]).view(1, 2, 1, 1, 1)  # black, then white
    >>> [round(float(average_frames(frames, gamma)), 3) for gamma in (1.0, 2.2)]
    [0.5, 0.73]
    """
    check_floats(frames, "frames", "(N, T, C, H, W)")
    if frames.ndim != 5:
        raise InputError(f"frames must be (N, T, C, H, W), got {tuple(frames.shape)}")
    check_pixels(frames, "frames", slack=1e-3)
    check_number("gamma", gamma, 1, 4)
    return (frames.clamp(min=0) ** gamma).mean(dim=1) ** (1 / gamma)


def gopro_like_pair(
    photo: Tensor,
    *,
    frames: int = 11,
    shake: Range = (1.0, 8.0),
    rng: torch.Generator,
) -> tuple[Tensor, Tensor, Tensor]:
    """Take a blurred picture of a photograph with a shaken camera, and its sharp partner.

    Parameters
    ----------
    photo : Tensor
        Photograph (1, 3, H, W) in [0, 1], its shorter side 92 pixels or more.
    frames : int
        Sharp frames that are averaged: odd, from 3 to 99. GoPro's authors took 7 to 13; where the
        camera moves by more than a pixel from one to the next, edges show as steps, as theirs do.
    shake : float or (float, float)
        Length in degrees of the walk that the camera's angles make, from 0 to 45, or the range to
        draw it from. The position walks with them, 0.01 of the distance for each degree.
    rng : torch.Generator
        Source of every random number.

    Returns
    -------
    blur, blur_gamma, sharp : Tensor
        (1, 3, h, w): the mean of the frames as they are, their mean in linear light, and the middle
        frame. The shorter side is seven tenths of the photograph's, rounded down.

    Raises
    ------
    InputError
        The photograph or a number is out of range.

    Notes
    -----
    The frame is a window at a random place in the photograph, the camera's lens a normal one.
    Positions and angles are counted from the middle moment, so the sharp frame is the photograph
    itself. All that moves into a frame comes from the photograph: a path that would look beyond its
    border is made smaller until it does not.

    Examples
    --------
    >>> from sharingan_lab.datasets import photo
    >>> rng = torch.Generator().manual_seed(0)
    >>> blur, blur_gamma, sharp = gopro_like_pair(photo("coffee"), frames=5, rng=rng)
    >>> blur.shape, bool(blur_gamma.mean() > blur.mean())
    (torch.Size([1, 3, 280, 480]), True)
    """
    check_images(photo)
    check_frames(frames)
    shake = check_range("shake", shake, 0, 45)
    room = _room(photo)
    scene = _window(photo, room, rng)  # the frame and `room` pixels around it
    height, width = (side - 2 * room for side in scene.shape[-2:])
    strength = draw(shake, rng)
    poses = random_poses(1, frames, rotation=strength, translation=SHIFT * strength, rng=rng)
    poses = _within(poses - poses[:, frames // 2, None], room, height, width)
    taken = warp(scene, poses, focal=float(max(height, width)))
    taken = taken[..., room : room + height, room : room + width].clamp(0, 1)
    return average_frames(taken), average_frames(taken, GAMMA), taken[:, frames // 2]


def write_gopro_like(
    photos: str | os.PathLike,
    out: str | os.PathLike,
    *,
    frames: int = 11,
    pairs: int = 8,
    test: float = 0.25,
    size: int = 720,
    shake: Range = (1.0, 8.0),
    seed: int,
    on_photo: OnPhoto = lambda *_: None,
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
    pairs : int
        Pairs that are made of each photograph, 1 or more.
    test : float
        Part of the photographs, between 0 and 1, that goes to the test split; at least one goes to
        each.
    size : int
        Shorter side of the frames in pixels, 64 or more; GoPro has 720. A larger photograph is
        reduced first (bicubic, antialiased), a smaller one gives smaller frames.
    seed : int
        Every random number follows from it and from the names of the photographs.
    on_photo : callable
        Called as ``on_photo(name, done, total)`` after each photograph.

    Returns
    -------
    dict
        Number of pairs in each split.

    Raises
    ------
    InputError
        A number is out of range.
    DataError
        The folder has fewer than two photographs, two of one name, one that cannot be read, or some
        that are too small: all of these are named before anything is written. Or `out` is not
        empty.

    Notes
    -----
    What becomes of a photograph follows from the seed and its name alone; only the split, which is
    of photographs and not of pairs, depends on which others there are.

    Examples
    --------
    >>> write_gopro_like("missing", "out", seed=0)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    check_seed(seed)
    _check_settings(frames, pairs, test, size, shake)
    photos, out = named_path(photos), named_path(out)
    files = _photographs(photos)
    with writing_data_set(out) as partial:
        for done, (file, split) in enumerate(_split(files, test, seed).items(), start=1):
            photo = _reduce(read_image(file), size)
            for number in range(pairs):
                rng = _stream(seed, file, number + 1)
                images = gopro_like_pair(photo, frames=frames, shake=shake, rng=rng)
                for kind, image in zip(KINDS, images, strict=True):
                    write_image(image, partial / split / file.stem / kind / f"{number:06d}.png")
            on_photo(file.name, done, len(files))
    return check_layout(out, complete=False)


def _room(photo: Tensor) -> int:
    """Pixels that the frames may move to each side; a third is left for where the window lies."""
    shorter = min(photo.shape[-2:])
    if _kept(shorter) < SMALLEST:
        height, width = photo.shape[-2:]
        raise InputError(
            f"a photograph of {width} x {height} is too small: its shorter side must have "
            f"{_needed(SMALLEST)} pixels or more"
        )
    return (shorter - _kept(shorter)) // 3


def _window(photo: Tensor, room: int, rng: torch.Generator) -> Tensor:
    """Cut a frame and `room` pixels around it from a random place."""
    shorter = min(photo.shape[-2:])
    free = shorter - _kept(shorter) - 2 * room
    top, left = (int(torch.randint(free + 1, (), generator=rng)) for _ in range(2))
    height, width = (side - free for side in photo.shape[-2:])
    return photo[..., top : top + height, left : left + width]


def _within(poses: Tensor, room: int, height: int, width: int) -> Tensor:
    """Shrink a path until no frame of this size shows more than `room` pixels beyond its border."""
    while (needed := float(margin(poses, height, width))) > room:
        poses = poses * (0.95 * room / needed)
    return poses


def _kept(shorter: int) -> int:
    return math.floor(KEPT * shorter + 1e-9)


def _needed(size: int) -> int:
    """Shorter side of the photograph from which frames of this size are cut."""
    return math.ceil(size / KEPT - 1e-9)


def _reduce(photo: Tensor, size: int) -> Tensor:
    height, width = photo.shape[-2:]
    scale = _needed(size) / min(height, width)
    if scale >= 1:
        return photo
    smaller = (round(height * scale), round(width * scale))
    return interpolate(photo, smaller, mode="bicubic", antialias=True).clamp(0, 1)


def _photographs(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of their names, all of them fit for use."""
    files = list_pictures(folder, least=2)  # one for training, one for the test
    stems = [file.stem for file in files]
    for stem in stems:
        if stems.count(stem) > 1:
            raise DataError(f"two photographs in {folder} are named {stem}: rename one")
    _check_sizes(files)
    return files


def _check_sizes(files: list[Path]) -> None:
    sizes = {file.name: tuple(read_image(file).shape[-2:]) for file in files}
    small = [f"{n} ({w} x {h})" for n, (h, w) in sizes.items() if _kept(min(h, w)) < SMALLEST]
    if small:
        more = f" and {len(small) - 3} more" if len(small) > 3 else ""
        raise DataError(
            f"too small, move them away: {', '.join(small[:3])}{more}; the shorter side must have "
            f"{_needed(SMALLEST)} pixels or more"
        )


def _split(files: list[Path], test: float, seed: int) -> dict[Path, str]:
    """Say of each photograph whether it is for training or for the test, whatever their order."""
    chance = {file: float(torch.rand((), generator=_stream(seed, file, 0))) for file in files}
    tests = min(max(round(test * len(files)), 1), len(files) - 1)
    chosen = set(sorted(files, key=chance.__getitem__)[:tests])
    return {file: "test" if file in chosen else "train" for file in files}


def _stream(seed: int, file: Path, place: int) -> torch.Generator:
    return seeded_rng(seed, zlib.crc32(os.fsencode(file.name)), place)


@contextlib.contextmanager
def writing_data_set(out: Path) -> Iterator[Path]:
    """Give a folder to write to, which becomes `out` when all went well, and vanishes otherwise.

    Parameters
    ----------
    out : Path
        A folder that is empty or not there.

    Raises
    ------
    DataError
        It is there, and not empty.

    Examples
    --------
    >>> out = Path(tempfile.mkdtemp()) / "pairs"
    >>> with writing_data_set(out) as partial:
    ...     _ = (partial / "note.txt").write_text("all of it")
    >>> [path.name for path in out.iterdir()]
    ['note.txt']
    """
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out} is not empty: name a new folder")
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file: name a new folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=out.parent, prefix=".sharingan-"))
    try:
        yield partial
        partial.chmod(0o755)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_settings(frames: int, pairs: int, test: float, size: int, shake: Range) -> None:
    check_frames(frames)
    check_range("shake", shake, 0, 45)
    check_number("test", test, 0, 1)
    check_count("pairs", pairs)
    check_count("size", size, SMALLEST)


def check_frames(frames: int) -> None:
    """Raise InputError unless so many frames can be averaged: an odd number, from 3 to 99."""
    if not 3 <= frames <= MOST_FRAMES or frames % 2 == 0:
        raise InputError(
            f"frames={frames}: must be odd, so that there is a middle one, from 3 to {MOST_FRAMES}"
        )
