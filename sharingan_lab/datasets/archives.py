"""Unpacking an archive that someone else has packed."""

import contextlib
import hashlib
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sharingan_lab.datasets.http_download import CHUNK, Progress, check_space
from sharingan_lab.errors import DataError
from sharingan_lab.storage import writing_to

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)


@contextlib.contextmanager
def unpacked(
    archive: str | os.PathLike, *, beside: Path, on_progress: Progress = lambda *_: None
) -> Iterator[Path]:
    """Unpack a zip file into a hidden folder beside a path, for as long as the block lasts.

    The folder is named after what the archive says of its files. Whoever unpacks the same archive
    again after an interruption, or after there was no room, which is a DownloadError or a
    StorageError, unpacks what is missing only. After the block, or after a DataError, the folder is
    removed if it is still there.

    A DataError says that the archive is none, damaged, or has a name that is absolute, climbs out
    by ``..``, is a link or is encrypted.
    """
    archive = Path(archive)
    if not archive.is_file():
        raise DataError(f"no such file: {archive}")
    name = f".{beside.name}.unpacking-"
    with _explained(archive), zipfile.ZipFile(archive) as file:
        members = [member for member in file.infolist() if not member.is_dir()]
        _check_members(archive, members)
        folder = beside.with_name(name + _fingerprint(members))
        for other in beside.parent.glob(f"{name}*"):
            if other != folder:
                shutil.rmtree(other)  # of another archive, never finished
        try:
            _extract_missing(file, members, folder, on_progress)
            yield folder
        except (DataError, *_BROKEN):
            shutil.rmtree(folder, ignore_errors=True)
            raise
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _explained(archive: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise DataError(f"{archive} is no zip file or a damaged one: {error}") from error


def _extract_missing(
    file: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, report: Progress
) -> None:
    then = "then run it again: it goes on from what is unpacked"
    with writing_to(folder.parent, then):
        folder.mkdir(parents=True, exist_ok=True)
    missing = [member for member in members if not _is_whole(folder / member.filename, member)]
    total = sum(member.file_size for member in members)
    wanted = sum(member.file_size for member in missing)
    check_space(folder, wanted)
    done = total - wanted
    for member in missing:
        with writing_to(folder.parent, then):
            _extract_member(file, member, folder / member.filename)
        done += member.file_size
        report(f"unpacking {Path(file.filename).name}", done, total)


def _extract_member(file: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with file.open(member) as packed, place.open("wb") as content:
        shutil.copyfileobj(packed, content, CHUNK)


def _is_whole(place: Path, member: zipfile.ZipInfo) -> bool:
    """Whether an earlier attempt has unpacked this file, to the last bit."""
    if not place.is_file() or place.stat().st_size != member.file_size:
        return False
    checksum = 0
    with place.open("rb") as file:
        while chunk := file.read(CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum == member.CRC


def _fingerprint(members: list[zipfile.ZipInfo]) -> str:
    table = "\n".join(f"{m.filename}|{m.file_size}|{m.CRC}" for m in members)
    return hashlib.sha256(table.encode(errors="surrogateescape")).hexdigest()[:12]


def _check_members(archive: Path, members: list[zipfile.ZipInfo]) -> None:
    """Refuse names that lead out, that mean the same place, or that are no plain files."""
    files, folders = set(), set()
    for member in members:
        _check_member(member)
        place = PurePosixPath(member.filename.casefold())  # some disks know no capitals
        if place in files:
            raise DataError(f"{archive} holds a name twice: {member.filename}")
        files.add(place)
        folders.update(place.parents)
    both = sorted(files & folders)
    if both:
        raise DataError(f"{archive} holds a name twice: {both[0]} is a file and a folder")


def _check_member(member: zipfile.ZipInfo) -> None:
    name, parts = member.filename, PurePosixPath(member.filename).parts
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not parts or name.startswith("/") or ".." in parts or any(c in name for c in "\\:\0"):
        raise DataError(f"the archive is not safe: {name!r} leads out of its folder")
    if kind not in (0, stat.S_IFREG):
        raise DataError(f"the archive is not safe: {name!r} is a link or a device")
    if member.flag_bits & 1:
        raise DataError(f"{name!r} in the archive is encrypted")
