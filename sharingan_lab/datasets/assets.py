"""What can be fetched, and where it goes."""

import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from sharingan_lab.errors import ConfigError
from sharingan_lab.locations import data_dir, named_path, weights_dir

PAGE = "https://seungjunnah.github.io/Datasets/gopro"
_COPY = "copy the file from another machine and pass it with --from"


@dataclass(frozen=True)
class Asset:
    """Where a thing comes from, what it serves, and what to do if it cannot be had.

    Weights are known by the first digits of their SHA-256, as torchvision writes them into file
    names, a data set by its folder.
    """

    url: str
    use: str
    remedy: str = _COPY
    sha256_start: str = ""
    folder: str = ""


ASSETS = {
    "gopro": Asset(
        "http://data.cv.snu.ac.kr:8008/webdav/dataset/GOPRO/GOPRO_Large.zip",
        use="full mode",
        remedy=f"get GOPRO_Large.zip from {PAGE} and run `sharingan fetch gopro --from FILE`",
        folder="GOPRO_Large",
    ),
    "weeds": Asset(
        "https://raw.githubusercontent.com/paglab/UAV-weed-detection-paper/"
        "7680ff97bc5d7586f34c7efa772c97fc96106e9f/dataset/annotation_json_raw/images",
        use="real aerial pictures in lesson 10",
        remedy="copy the folder from another machine and pass it with --from",
        folder="uav_potato",
    ),
    "vgg19": Asset(
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        use="training with vgg=torchvision",
        sha256_start="dcbb9e9d",
    ),
    "faster-rcnn": Asset(
        "https://download.pytorch.org/models/fasterrcnn_resnet50_fpn_coco-258fb6c6.pth",
        use="street scenes in full mode",
        sha256_start="258fb6c6",
    ),
}


def destination(name: str, to: str | os.PathLike | None = None) -> Path:
    """Where :func:`fetch` puts a thing: a file, or the folder ``GOPRO_Large`` or ``uav_potato``.

    Parameters
    ----------
    name : str
        One of the names that :func:`fetch` knows; any other is a ConfigError.
    to : path, optional
        Folder to put it in. By default data sets go to the data folder, and weights where
        torchvision itself looks for them.

    Examples
    --------
    >>> destination("gopro", "/data").as_posix()
    '/data/GOPRO_Large'
    """
    if name not in ASSETS:
        raise ConfigError(f"nothing named {name!r}: choose {', '.join(ASSETS)}")
    asset = ASSETS[name]
    usual = data_dir if asset.folder else weights_dir
    return (usual() if to is None else named_path(to)) / (asset.folder or file_name(asset.url))


def file_name(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).name or "download"
