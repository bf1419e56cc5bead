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
    on_progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, int]:
    """Average the consecutive frames of films to pairs in GoPro's layout, and count these.

    `root` is a folder of frames in the order of their names, or a folder of such folders. Any rate
    will do; at GoPro's 240 frames a second, 7 to 13 frames are a shutter of 1/34 to 1/18 second.
    The middle one of `frames`, which are odd, is the sharp picture; each frame is used once. `out`
    appears when all is written, and not before.

    The part `test` of the pairs, the last ones, goes to the test split, so that the splits show
    different times, and with several films different scenes. A DataError says that there are not
    frames enough for two pairs, or of two sizes.
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
                on_progress(film, number + 1, len(shots))
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
