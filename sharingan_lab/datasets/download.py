"""What can be fetched, where it goes, and how it is verified before it gets there."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from sharingan_lab.datasets.archives import unpacked
from sharingan_lab.datasets.gopro_layout import PAGE, check_frames, check_layout
from sharingan_lab.datasets.http_download import Progress, check_space, download, forget
from sharingan_lab.datasets.tiles import URL as TILES
from sharingan_lab.datasets.tiles import check_tiles, fetch_tiles
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.locations import data_dir, named_path, weights_dir
from sharingan_lab.storage import writing_to


@dataclass(frozen=True)
class _Asset:
    url: str
    use: str
    remedy: str
    sha256_start: str = ""  # first digits, as torchvision writes them into its file names


_COPY = "or copy the file from another machine and pass it with --from"
_ASSETS = {
    "gopro": _Asset(
        "http://data.cv.snu.ac.kr:8008/webdav/dataset/GOPRO/GOPRO_Large.zip",
        use="full mode",
        remedy=f"get GOPRO_Large.zip from {PAGE} and run `sharingan fetch gopro --from FILE`",
    ),
    "weeds": _Asset(
        TILES,
        use="real aerial pictures in lesson 10",
        remedy="or copy the folder from another machine and pass it with --from",
    ),
    "vgg19": _Asset(
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        use="training with vgg=torchvision",
        remedy=_COPY,
        sha256_start="dcbb9e9d",
    ),
    "faster-rcnn": _Asset(
        "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
        use="street scenes in full mode",
        remedy=_COPY,
        sha256_start="258fb6c6",
    ),
}
_FOLDERS = {"gopro": "GOPRO_Large", "weeds": "uav_potato"}


@dataclass(frozen=True)
class Place:
    """Where a thing belongs, whether something is there, and what it serves."""

    path: Path
    is_found: bool
    use: str


def destination(name: str, to: str | os.PathLike | None = None) -> Path:
    """Where :func:`fetch` puts a thing: a file, or the folder ``GOPRO_Large`` or ``uav_potato``.

    Parameters
    ----------
    name : str
        One of the names that :func:`fetch` knows.
    to : path, optional
        Folder to put it in. By default data sets go to the data folder, and weights where
        torchvision itself looks for them.

    Raises
    ------
    ConfigError
        The name is unknown.

    Examples
    --------
    >>> destination("gopro", "/data").as_posix()
    '/data/GOPRO_Large'
    """
    asset = _asset(name)
    if name in _FOLDERS:
        return (data_dir() if to is None else named_path(to)) / _FOLDERS[name]
    folder = weights_dir() if to is None else named_path(to)
    return folder / _file_name(asset.url)


def places() -> dict[str, Place]:
    """Where everything that can be fetched is looked for; nothing is opened or verified."""
    where = {name: destination(name) for name in _ASSETS}
    return {name: Place(path, path.exists(), _ASSETS[name].use) for name, path in where.items()}


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
    ConfigError
        The name is unknown.
    DownloadError, StorageError
        The server cannot be reached or says no, the connection breaks again and again, or the
        disk is too full. What has arrived or is unpacked is kept and continued next time.
    DataError
        What has arrived is not what was promised: another checksum, a damaged archive, names in
        it that lead out of its folder, or not GoPro. Nothing of it is kept.

    Notes
    -----
    Weights are compared with the digits of their SHA-256 that their file name carries, tiles
    with a list of theirs, which ships. No
    checksum of GoPro is known; there, the archive's own CRC of each file and the number and
    names of the pairs are checked, and every frame is decoded once.

    Examples
    --------
    >>> fetch("imagenet")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.ConfigError: nothing named 'imagenet': choose gopro, weeds, vgg19, \
faster-rcnn
    """
    asset, target = _asset(name), destination(name, to)
    if target.exists():
        return _checked(name, asset, target)
    url = asset.url if source is None else str(source)
    if name == "weeds":
        return fetch_tiles(url, target, asset.remedy, on_progress)
    file = None if urlsplit(url).scheme in ("http", "https") else named_path(url)
    with writing_to(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
    if file is not None:
        return _install(name, asset, file, target, on_progress)
    partial = target.parent / f"{_file_name(url)}.part"
    download(url, partial, on_progress=on_progress, remedy=asset.remedy)
    try:
        _install(name, asset, partial, target, on_progress)
    except DataError:
        forget(partial)  # what arrived is wrong: the next attempt starts over
        raise
    forget(partial)
    return target


def _verify_sha256(path: Path, start: str) -> None:
    """Raise a DataError unless the SHA-256 of a file starts with these digits."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()[: len(start)]
    if found != start:
        raise DataError(
            f"{path} is damaged or another file: its SHA-256 starts with {found}, not {start}; "
            "delete it and fetch it again"
        )


def _checked(name: str, asset: _Asset, target: Path) -> Path:
    """Make sure that what is there is what was asked for."""
    if name == "gopro":
        check_layout(target)
    elif name == "weeds":
        check_tiles(target)
    else:
        _verify_sha256(target, asset.sha256_start)
    return target


def _install(name: str, asset: _Asset, file: Path, target: Path, report: Progress) -> Path:
    """Check a file and put it, or what is packed in it, in its place in one step."""
    if not file.is_file():
        raise DataError(f"no such file: {file}")
    if name == "gopro":
        _unpack_gopro(file, target, report)
        return target
    _verify_sha256(file, asset.sha256_start)
    check_space(target.parent, file.stat().st_size)
    copy = target.with_name(f".{target.name}.partial")
    try:
        with writing_to(target.parent):
            shutil.copyfile(file, copy)
            os.replace(copy, target)
    finally:
        copy.unlink(missing_ok=True)
    return target


def _unpack_gopro(archive: Path, target: Path, report: Progress) -> None:
    """Unpack next to the target, check what it is, then let it appear under its name."""
    with unpacked(archive, beside=target, on_progress=report) as folder:
        check_layout(folder)
        check_frames(folder, report)
        inner = folder / target.name
        (inner if inner.is_dir() else folder).rename(target)


def _asset(name: str) -> _Asset:
    if name not in _ASSETS:
        raise ConfigError(f"nothing named {name!r}: choose {', '.join(_ASSETS)}")
    return _ASSETS[name]


def _file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name or "download"
