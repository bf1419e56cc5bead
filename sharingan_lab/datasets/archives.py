"""Unpacking an archive that someone else has packed."""

import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from sharingan_lab.datasets.transfer import CHUNK, Progress, check_space, silent
from sharingan_lab.errors import DataError


def extract_zip(
    archive: str | os.PathLike, to: str | os.PathLike, *, on_progress: Progress = silent
) -> None:
    """Unpack an archive into a new folder; nothing in it can reach beyond that folder.

    Parameters
    ----------
    archive : path
        A zip file.
    to : path
        Folder to make; it appears when all is unpacked, and not before.
    on_progress : callable
        Called as ``on_progress(what, done, total)`` with unpacked bytes.

    Raises
    ------
    DataError
        Not a zip file, damaged, or with a name that is absolute, climbs out by ``..``, is a link
        or is encrypted.
    DownloadError
        The disk is too full.

    Examples
    --------
    >>> extract_zip("missing.zip", "out")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: no such file: missing.zip
    """
    archive, to = Path(archive), Path(to)
    if not archive.is_file():
        raise DataError(f"no such file: {archive}")
    if to.exists():
        raise DataError(f"{to} is already there: delete it or choose another folder")
    to.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}."))
    try:
        _extract_all(archive, partial, on_progress)
        partial.chmod(0o755)
        partial.rename(to)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"{archive} is no zip file or a damaged one: {error}") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise DataError(f"{archive} holds a name twice: {error.filename}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _extract_all(archive: Path, folder: Path, report: Progress) -> None:
    with zipfile.ZipFile(archive) as file:
        members = [member for member in file.infolist() if not member.is_dir()]
        for member in members:
            _check_member(member)
        total = sum(member.file_size for member in members)
        check_space(folder, total)
        done = 0
        for member in members:
            _extract_member(file, member, folder)
            done += member.file_size
            report(f"unpacking {archive.name}", done, total)


def _extract_member(file: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    place = folder / PurePosixPath(member.filename)
    place.parent.mkdir(parents=True, exist_ok=True)
    with file.open(member) as packed, place.open("xb") as unpacked:
        shutil.copyfileobj(packed, unpacked, CHUNK)


def _check_member(member: zipfile.ZipInfo) -> None:
    name, parts = member.filename, PurePosixPath(member.filename).parts
    kind = stat.S_IFMT(member.external_attr >> 16)
    if name.startswith("/") or ".." in parts or any(c in name for c in "\\:\0"):
        raise DataError(f"the archive is not safe: {name!r} leads out of its folder")
    if kind not in (0, stat.S_IFREG):
        raise DataError(f"the archive is not safe: {name!r} is a link or a device")
    if member.flag_bits & 1:
        raise DataError(f"{name!r} in the archive is encrypted")
