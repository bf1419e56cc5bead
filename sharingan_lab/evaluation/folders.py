"""Folders of pictures: which belong together, and how each is measured, one after another."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sharingan_lab.errors import DataError
from sharingan_lab.evaluation.quality import psnr, ssim
from sharingan_lab.images import list_pictures, read_image

_NAMED = 5  # pictures without a partner that a message names
_MEASURES = {"psnr": psnr, "ssim": ssim}


class Partners(NamedTuple):
    """Files of one scene; `blurred` is what was restored, where it is known."""

    restored: Path
    sharp: Path
    blurred: Path | None = None

    @property
    def name(self) -> str:
        """File name of the restored picture."""
        return self.restored.name


def match_pictures(
    restored: str | os.PathLike,
    sharp: str | os.PathLike,
    blurred: str | os.PathLike | None = None,
) -> list[Partners]:
    """Pair the pictures of two or three folders by their names, sorted.

    Endings may differ, as after ``sharingan deblur`` on files that it writes as PNG, if no folder
    has two pictures whose names differ in the ending alone. A DataError names those without a
    partner.
    """
    folders = [folder for folder in (restored, sharp, blurred) if folder is not None]
    lists = [list_pictures(folder) for folder in folders]
    unique = all(len({path.stem for path in paths}) == len(paths) for paths in lists)
    named = [{path.stem if unique else path.name: path for path in paths} for paths in lists]
    _check_partners(named, folders)
    return [Partners(*(paths[key] for paths in named)) for key in sorted(named[0])]


def _check_partners(named: Sequence[dict[str, Path]], folders: Sequence) -> None:
    lines = []
    for key in sorted({key for paths in named for key in paths}):
        there = zip(folders, named, strict=True)
        absent = [str(folder) for folder, paths in there if key not in paths]
        if absent:
            name = next(paths[key].name for paths in named if key in paths)
            lines.append(f"{name}, missing in {' and '.join(absent)}")
    if lines:
        more = f"; and {len(lines) - _NAMED} more" if len(lines) > _NAMED else ""
        raise DataError(
            f"{len(lines)} file(s) without a partner, the first is "
            f"{'; then '.join(lines[:_NAMED])}{more}"
        )


def measure_files(partners: Partners) -> dict[str, float]:
    """Read the pictures of one scene and measure them: a DataError says that their sizes differ.

    A blurred picture also has ``psnr_input`` and ``ssim_input``, and the differences to them are
    ``psnr_gain`` and ``ssim_gain``. Identical pictures have an infinite PSNR, and a difference of
    two such is NaN.
    """
    images = [read_image(path) for path in partners if path is not None]
    sizes = [f"{image.shape[3]} x {image.shape[2]}" for image in images]
    if len(set(sizes)) > 1:
        count = "two sizes in the two" if len(sizes) == 2 else "different sizes in the"
        raise DataError(f"{partners.name} has {count} folders: {' and '.join(sizes)}")
    restored, sharp, *blurred = images
    scores = {name: measure(restored, sharp).item() for name, measure in _MEASURES.items()}
    for image in blurred:
        before = {name: measure(image, sharp).item() for name, measure in _MEASURES.items()}
        scores |= {f"{name}_input": value for name, value in before.items()}
        scores |= {f"{name}_gain": scores[name] - value for name, value in before.items()}
    return scores
