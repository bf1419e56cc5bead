"""Aerial tiles of a potato field with weeds: fetched file by file, each verified by its SHA-256."""

import os
import shutil
from pathlib import Path

from sharingan_lab.datasets.http_download import Progress, download, forget, is_address
from sharingan_lab.errors import DataError
from sharingan_lab.locations import named_path, shipped_dir
from sharingan_lab.storage import sha256_of, writing_to

_BYTES = 14_681_620  # of all files


def tile_digests() -> dict[str, str]:
    """SHA-256 of each file of the data set, by its name; ``sha256sum -c`` reads the list too."""
    lines = (shipped_dir() / "uav-weeds-tiles.sha256").read_text("ascii").splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def fetch_tiles(source: str, target: Path, remedy: str, report: Progress) -> Path:
    """Bring all tiles from an address or a folder; the target appears when they are complete.

    What has arrived and is right is kept beside it, so that the next call goes on from there. A
    file that is not the promised one is a DataError, and nothing of it stays.
    """
    partial = target.with_name(f".{target.name}.partial")
    with writing_to(target.parent):
        partial.mkdir(parents=True, exist_ok=True)
    done = 0
    for name, digest in tile_digests().items():
        file = partial / name
        if not (file.is_file() and sha256_of(file) == digest):
            _bring(source, file, remedy)
            if (found := sha256_of(file)) != digest:
                file.unlink()
                raise DataError(
                    f"{source}/{name} is not the file of this data set: its SHA-256 is {found}, "
                    f"not {digest}"
                )
        done += file.stat().st_size
        report("fetching tiles", done, max(done, _BYTES))
    with writing_to(target.parent):
        os.replace(partial, target)
    return target


def check_tiles(folder: Path) -> None:
    """Raise a DataError unless a folder holds all tiles, each as it was published."""
    for name, digest in tile_digests().items():
        file = folder / name
        if not file.is_file() or sha256_of(file) != digest:
            what = "damaged or another file" if file.is_file() else "missing"
            raise DataError(f"{file} is {what}: delete {folder} and fetch it again")


def _bring(source: str, file: Path, remedy: str) -> None:
    if not is_address(source):
        here = named_path(source) / file.name
        if not here.is_file():
            raise DataError(f"no such file: {here}")
        with writing_to(file.parent):
            shutil.copyfile(here, file)
        return
    part = file.with_name(f"{file.name}.part")
    download(f"{source}/{file.name}", part, remedy=remedy)
    with writing_to(file.parent):
        os.replace(part, file)
    forget(part)
