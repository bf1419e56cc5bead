"""Writing whole or not at all, and a clear word where it cannot be done.

A full disk or a folder that may not be written to stops the work with one line that names the
folder and the remedy; what was kept before stays as it was.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from sharingan_lab.errors import DataError, DiskFullError, StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LOCKED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def writing_to(folder: Path, then: str = "then try again") -> Iterator[None]:
    """Turn a failure of the disk inside the block into a StorageError of one line.

    It names the folder, and what to do when there is room again.

    Examples
    --------
    >>> with writing_to(Path("runs/a")):
    ...     raise OSError(errno.EROFS, "Read-only file system")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.StorageError: cannot write to runs/a: Read-only file system; allow writing
    there, or name another folder
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        kind = DiskFullError if error.errno in _FULL else StorageError
        raise kind(f"cannot write to {folder}: {reason}; {_remedy(folder, error, then)}") from error


def _remedy(folder: Path, error: OSError, then: str) -> str:
    if error.errno in _FULL:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        free = shutil.disk_usage(there).free / 1e6
        return f"{free:.1f} MB are free: make room, {then}"
    if error.errno in _LOCKED:
        return "allow writing there, or name another folder"
    if error.errno == errno.ENAMETOOLONG:
        return "choose a shorter name"
    return f"name another folder, or mend this one, {then}"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, as its 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it, so that a power cut cannot take it back."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, content: str | bytes, then: str = "then try again") -> Path:
    """Write or replace a file so that it is never seen half-written; make its folder if need be.

    A text becomes UTF-8. After a StorageError, see :func:`writing_to`, a file that was there is as
    before.

    Examples
    --------
    >>> write_atomically(Path(tempfile.mkdtemp()) / "new" / "note.txt", "whole").read_text()
    'whole'
    """
    if isinstance(content, str):  # a file name may hold what no text can
        content = content.encode(errors="backslashreplace")
    # Short, as the name may be as long as a name can be; the same again after a kill, so that
    # nothing gathers.
    partial = path.with_name(f".{zlib.crc32(os.fsencode(path.name)):08x}.partial")
    with writing_to(path.parent, then):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_durably(partial, content)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def _named(partial: Path, out: Path) -> Iterator[None]:
    """Let a StorageError name the folder that a user asked for."""
    try:
        yield
    except StorageError as error:
        raise type(error)(str(error).replace(str(partial), str(out))) from error


@contextlib.contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write to, which becomes `out` when all went well, and vanishes otherwise.

    A DataError says that `out` is there, and not an empty folder; a StorageError, that it cannot be
    made.

    Examples
    --------
    >>> out = Path(tempfile.mkdtemp()) / "pairs"
    >>> with new_folder(out) as partial:
    ...     _ = (partial / "note.txt").write_text("all of it")
    >>> [path.name for path in out.iterdir()]
    ['note.txt']
    """
    if out.is_dir() and any(out.iterdir()):
        raise DataError(f"{out} is not empty: name a new folder")
    if out.exists() and not out.is_dir():
        raise DataError(f"{out} is a file: name a new folder")
    with writing_to(out.parent):
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=out.parent, prefix=".sharingan-"))
    try:
        with _named(partial, out):
            yield partial
        partial.chmod(0o755)
        if out.exists():
            out.rmdir()
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
