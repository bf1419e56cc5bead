"""Folders of pictures: which belong together, and how each is measured, one after another."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sharingan_lab.errors import DataError
from sharingan_lab.evaluation.quality import psnr, ssim
from sharingan_lab.images import list_pictures, read_image

_NAMED = 5  # pictures without a partner that a message names
_MEASURES = ("psnr", "ssim")


class Partners(NamedTuple):
    """Files of one scene; `blurred` is what was restored, where it is known."""

    restored: Path
    sharp: Path
    blurred: Path | None = None

    @property
    def name(self) -> str:
        """File name of the restored picture."""
        return self.restored.name

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that there are."""
        return tuple(path for path in self if path is not None)


def match_pictures(
    restored: str | os.PathLike,
    sharp: str | os.PathLike,
    blurred: str | os.PathLike | None = None,
) -> list[Partners]:
    """Pair the pictures of two or three folders by their names, sorted.

    Endings may differ, as after ``sharingan deblur`` on files that it writes as PNG, if no folder
    has two pictures whose names differ in the ending alone.

    Raises
    ------
    DataError
        A folder is missing or empty, or a picture has no partner in each of the others.

    Examples
    --------
    >>> match_pictures("missing", "sharp")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such folder: missing
    """
    folders = [folder for folder in (restored, sharp, blurred) if folder is not None]
    lists = [list_pictures(folder) for folder in folders]
    unique = all(len({path.stem for path in paths}) == len(paths) for paths in lists)
    named = [{path.stem if unique else path.name: path for path in paths} for paths in lists]
    _check_partners(named, folders)
    return [Partners(*(paths[key] for paths in named)) for key in sorted(named[0])]


def _check_partners(named: Sequence[dict[str, Path]], folders: Sequence) -> None:
    found = Counter(key for paths in named for key in paths)
    alone = sorted(key for key, times in found.items() if times < len(named))
    if not alone:
        return
    lines = []
    for key in alone[:_NAMED]:
        name = next(paths[key].name for paths in named if key in paths)
        absent = [str(folder) for folder, paths in zip(folders, named, strict=True)
                  if key not in paths]  # fmt: skip
        lines.append(f"{name}, missing in {' and '.join(absent)}")
    more = f"; and {len(alone) - _NAMED} more" if len(alone) > _NAMED else ""
    raise DataError(
        f"{len(alone)} file(s) without a partner, the first is {'; then '.join(lines)}{more}"
    )


def measure_files(partners: Partners) -> dict[str, float]:
    """Read the pictures of one scene and measure them.

    Returns
    -------
    dict
        ``psnr`` and ``ssim``; with a blurred picture also ``psnr_input``, ``ssim_input``, and the
        differences to them, ``psnr_gain`` and ``ssim_gain``. Identical pictures have an infinite
        PSNR, and a difference of two such is NaN.

    Raises
    ------
    DataError
        A file cannot be read, or the pictures have different sizes.

    Examples
    --------
    >>> import tempfile, torch
    >>> from sharingan_lab.images import write_image
    >>> folder = Path(tempfile.mkdtemp())
    >>> sharp = write_image(torch.zeros(1, 3, 16, 16), folder / "sharp.png")
    >>> restored = write_image(torch.full((1, 3, 16, 16), 0.2), folder / "restored.png")
    >>> round(measure_files(Partners(restored, sharp))["psnr"], 1)
    14.0
    """
    images = [read_image(path) for path in partners.files]
    sizes = [f"{image.shape[3]} x {image.shape[2]}" for image in images]
    if len(set(sizes)) > 1:
        count = "two sizes in the two" if len(sizes) == 2 else "different sizes in the"
        raise DataError(f"{partners.name} has {count} folders: {' and '.join(sizes)}")
    restored, sharp, *blurred = images
    scores = {"psnr": psnr(restored, sharp).item(), "ssim": ssim(restored, sharp).item()}
    for image in blurred:
        scores |= {"psnr_input": psnr(image, sharp).item(), "ssim_input": ssim(image, sharp).item()}
        scores |= {f"{name}_gain": scores[name] - scores[f"{name}_input"] for name in _MEASURES}
    return scores
