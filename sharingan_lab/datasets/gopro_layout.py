"""How GoPro lies on disk, and what is wrong where it does not.

The layout is ``GOPRO_Large/{train,test}/<sequence>/{blur,blur_gamma,sharp}/NNNNNN.png``.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sharingan_lab.checks import check_choice
from sharingan_lab.datasets.assets import PAGE
from sharingan_lab.errors import DataError
from sharingan_lab.locations import named_path
from sharingan_lab.picture_files import list_pictures, open_image

PAIRS = {"train": 2103, "test": 1111}
BLURS = ("blur", "blur_gamma")
_NAMED = 3  # how many of many faults a message names


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
        counts[split] = len(list_pairs(root, split, blur))
        if complete and counts[split] != PAIRS[split]:
            raise DataError(
                f"{base / split} has {counts[split]} pairs, GoPro has {PAIRS[split]}: "
                "unpack the archive again, it is not complete or holds something else"
            )
    return counts


def list_pairs(root: str | os.PathLike, split: str, blur: str) -> list[tuple[Path, Path]]:
    """Name the files of every pair, blurred and sharp; see :func:`check_layout`."""
    return [
        (sequence / blur / name, sequence / "sharp" / name)
        for sequence in _folders(_base(root) / split)
        for name in sorted(_frames(sequence / "sharp"))
    ]


def check_frames(
    root: str | os.PathLike, on_progress: Callable[[str, int, int], None] = lambda *_: None
) -> int:
    """Decode every frame once, as no check of names and sizes can replace; return their number.

    A DataError names the frame that cannot be decoded.
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


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _frames(folder: Path) -> set[str]:
    return {path.name for path in list_pictures(folder, least=0)}


def _has(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    more = " ..." if len(names) > _NAMED else ""
    return f"it has {', '.join(names[:_NAMED])}{more}" if names else "it is empty"
