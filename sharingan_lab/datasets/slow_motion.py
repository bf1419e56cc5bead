"""Pairs in GoPro's layout from the frames of a slow-motion film, as GoPro's authors made theirs.

.. [1] S. Nah, T. H. Kim, K. M. Lee: Deep multi-scale convolutional neural network for dynamic scene
   deblurring. CVPR 2017, section 3.
"""

import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from sharingan_lab.checks import check_number
from sharingan_lab.datasets.averages import KINDS, blur_frames, check_frame_count
from sharingan_lab.errors import DataError
from sharingan_lab.images import list_pictures, read_image, write_image
from sharingan_lab.locations import named_path
from sharingan_lab.storage import new_folder


def write_from_frames(
    root: str | os.PathLike,
    out: str | os.PathLike,
    *,
    frames: int = 11,
    test: float = 0.25,
    on_sequence: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Average the consecutive frames of films to blurred pictures, in GoPro's layout.

    Parameters
    ----------
    root : path
        A folder of frames in the order of their names, or a folder of such folders. Any rate will
        do; at 240 frames a second, as GoPro's, 7 to 13 frames are a shutter of 1/34 to 1/18 second.
    out : path
        Folder to make: ``OUT/{train,test}/SEQUENCE/{blur,blur_gamma,sharp}/NNNNNN.png``; it appears
        when all is written, and not before.
    frames : int
        Frames that are averaged, odd, from 3 to 99; the middle one is the sharp picture. Each frame
        is used once.
    test : float
        Part of the pairs, between 0 and 1, that goes to the test split: the last ones, so that the
        splits show different times, and with several films different scenes.
    on_sequence : callable
        Called as ``on_sequence(name, done, total)`` after each sequence.

    Returns
    -------
    dict
        Number of pairs in each split.

    Raises
    ------
    DataError
        There are not frames enough for two pairs, frames of one film differ in size, one cannot be
        read, or `out` is not empty.

    Examples
    --------
    >>> write_from_frames("missing", "out")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    check_frame_count(frames)
    check_number("test", test, 0, 1)
    out = named_path(out)
    films = _films(named_path(root), frames)
    shots = [(film, i) for film, files in films.items() for i in range(len(files) // frames)]
    if len(shots) < 2:
        raise DataError(f"{root} has not frames enough for two pairs of {frames} frames each")
    first_test = len(shots) - min(max(round(test * len(shots)), 1), len(shots) - 1)
    with new_folder(out) as partial:
        for number, (film, i) in enumerate(shots):
            split = "train" if number < first_test else "test"
            images = _shoot(films[film][i * frames : (i + 1) * frames])
            for kind, image in zip(KINDS, images, strict=True):
                write_image(image, partial / split / film / kind / f"{i:06d}.png")
            if i + 1 == len(films[film]) // frames:
                on_sequence(film, number + 1, len(shots))
    return {"train": first_test, "test": len(shots) - first_test}


def _films(root: Path, frames: int) -> dict[str, list[Path]]:
    """Frames of each film by its name: of the folder itself, or of the folders in it."""
    if not root.is_dir():
        raise DataError(f"no such folder: {root}")
    folders = sorted(p for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    films = {path.name: list_pictures(path, least=frames) for path in folders}
    return films or {root.resolve().name: list_pictures(root, least=frames)}


def _shoot(files: list[Path]) -> tuple[Tensor, Tensor, Tensor]:
    images = [read_image(path) for path in files]
    for path, image in zip(files, images, strict=True):
        if image.shape != images[0].shape:
            raise DataError(f"{path} has another size than {files[0].name}: a film has one size")
    return blur_frames(torch.stack(images, dim=1))
