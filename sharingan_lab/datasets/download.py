"""Getting a data set or weights, and verifying it before it is in its place."""

import os
import shutil
from pathlib import Path

from sharingan_lab.datasets.archives import unpacked
from sharingan_lab.datasets.assets import ASSETS, destination, file_name
from sharingan_lab.datasets.gopro_layout import check_frames, check_layout
from sharingan_lab.datasets.http_download import Progress, check_space, download, forget, is_address
from sharingan_lab.datasets.tiles import check_tiles, fetch_tiles
from sharingan_lab.errors import DataError
from sharingan_lab.locations import named_path
from sharingan_lab.storage import sha256_of, writing_to


def fetch(
    name: str,
    to: str | os.PathLike | None = None,
    source: str | os.PathLike | None = None,
    *,
    on_progress: Progress = lambda *_: None,
) -> Path:
    """Get a data set or weights; do nothing if they are there, continue what was broken off.

    Parameters
    ----------
    name : {"gopro", "weeds", "vgg19", "faster-rcnn"}
        What: the GoPro data set (about 9 GB), 130 aerial tiles of a potato field with weeds and
        their polygons (15 MB; Lu et al., UAV-weed-detection-paper, MIT licence), torchvision's
        VGG-19 for training with ``vgg=torchvision`` (548 MB), or its Faster R-CNN for street
        scenes (160 MB).
    to : path, optional
        Folder to put it in; see :func:`destination` for where it goes otherwise.
    source : str or path, optional
        Another address, or a file (of tiles the folder) that is here; it is left where it lies.
    on_progress : callable
        Called as ``on_progress(what, done, total)`` with bytes; the total is None if unknown.

    Returns
    -------
    Path
        The weights' file, or the folder ``GOPRO_Large`` or ``uav_potato``.

    Raises
    ------
    DownloadError, StorageError
        The server cannot be reached or says no, the connection breaks again and again, or the
        disk is too full. What has arrived or is unpacked is kept and continued next time.
    DataError
        What has arrived is not what was promised: another checksum, a damaged archive, names in
        it that lead out of its folder, or not GoPro. Nothing of it is kept.

    Notes
    -----
    Weights are compared with the digits of their SHA-256 that their file name carries, tiles with a
    list of theirs, which ships. No checksum of GoPro is known; there, the archive's own CRC of each
    file and the number and names of the pairs are checked, and every frame is decoded once.

    Examples
    --------
    >>> fetch("imagenet")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.ConfigError: nothing named 'imagenet': choose gopro, weeds, vgg19, \
faster-rcnn
    """
    target, asset = destination(name, to), ASSETS[name]
    if target.exists():
        _check(name, target)
        return target
    url = asset.url if source is None else str(source)
    if name == "weeds":
        return fetch_tiles(url, target, asset.remedy, on_progress)
    file = None if is_address(url) else named_path(url)
    with writing_to(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    if file is not None:
        return _install(name, file, target, on_progress)
    partial = target.parent / f"{file_name(url)}.part"
    download(url, partial, on_progress=on_progress, remedy=asset.remedy)
    try:
        _install(name, partial, target, on_progress)
    except DataError:
        forget(partial)  # what arrived is wrong: the next attempt starts over
        raise
    forget(partial)
    return target


def _check(name: str, path: Path) -> None:
    """Raise a DataError unless what is there is what was asked for."""
    if name == "gopro":
        check_layout(path)
    elif name == "weeds":
        check_tiles(path)
    elif not (found := sha256_of(path)).startswith(start := ASSETS[name].sha256_start):
        raise DataError(
            f"{path} is damaged or another file: its SHA-256 starts with {found[: len(start)]}, "
            f"not {start}; delete it and fetch it again"
        )


def _install(name: str, file: Path, target: Path, report: Progress) -> Path:
    """Check a file and put it, or what is packed in it, in its place in one step."""
    if not file.is_file():
        raise DataError(f"no such file: {file}")
    if name == "gopro":
        return _unpack_gopro(file, target, report)
    _check(name, file)
    check_space(target.parent, file.stat().st_size)
    copy = target.with_name(f".{target.name}.partial")
    try:
        with writing_to(target.parent):
            shutil.copyfile(file, copy)
            os.replace(copy, target)
    finally:
        copy.unlink(missing_ok=True)
    return target


def _unpack_gopro(archive: Path, target: Path, report: Progress) -> Path:
    """Unpack next to the target, check what it is, then let it appear under its name."""
    with unpacked(archive, beside=target, on_progress=report) as folder:
        check_layout(folder)
        check_frames(folder, report)
        inner = folder / target.name
        return (inner if inner.is_dir() else folder).rename(target)
