"""Downloads over http that continue where they were broken off."""

import json
import re
import shutil
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from sharingan_lab.errors import DownloadError
from sharingan_lab.storage import write_atomically, writing_to

Progress = Callable[[str, int, int | None], None]
CHUNK = 1 << 20

_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)  # seconds before each attempt
_TIMEOUT = 30.0  # seconds without a byte
_SPARE = 64 << 20  # bytes left free on the disk
AGAIN = "then run it again: it goes on from what has arrived"


def download(
    url: str, partial: Path, *, on_progress: Progress = lambda *_: None, remedy: str = ""
) -> None:
    """Fill a file from where an earlier attempt broke off; try again when the connection breaks.

    Beside the file, ``<file>.json`` remembers which version of which address it holds. A broken
    download continues only if the server still offers the same version, by its ETag or date, and
    sends what was asked for; otherwise it starts over. `on_progress` is told what, how many bytes
    are there, and of how many, None if unknown.

    A DownloadError says that the server cannot be reached or says no, or that the connection breaks
    again and again, and gives the `remedy`; a StorageError, that there is no room. What has arrived
    is kept.
    """
    problem = ""
    for attempt, pause in enumerate(_PAUSES):
        time.sleep(pause)
        try:
            return _continue(url, partial, on_progress)
        except HTTPError as error:
            problem = f"the server says {error.code} {error.reason}"
            if error.code == 416 and partial.exists():
                forget(partial)  # the file has become shorter
            elif error.code < 500:
                break
        except (OSError, HTTPException) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
            if attempt and not _size(partial):
                break  # nothing ever comes
    kept = f"{_size(partial):,} bytes are kept, run it again to continue" if _size(partial) else ""
    advice = "; or ".join(filter(None, (kept, remedy)))
    raise DownloadError(f"cannot download {url}: {problem}{'; ' if advice else ''}{advice}")


def is_address(source: str) -> bool:
    return urlsplit(source).scheme in ("http", "https")


def forget(partial: Path) -> None:
    """Delete a partial download and what is remembered of it."""
    partial.unlink(missing_ok=True)
    _note_of(partial).unlink(missing_ok=True)


def check_space(folder: Path, wanted: int) -> None:
    """Raise a DownloadError if a folder's disk has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if wanted + _SPARE > free:
        need = (wanted + _SPARE - free) / 1e9
        raise DownloadError(
            f"{folder} has {free / 1e9:.1f} GB free, {need:.1f} GB too little: "
            "make room or choose another folder"
        )


def _continue(url: str, partial: Path, report: Progress) -> None:
    """Ask for what is missing of a file and append it; start over if the file has changed."""
    known, start, headers = _read_note(partial, url), 0, {"Accept-Encoding": "identity"}
    if known:
        start = _size(partial)
        if start == known["total"]:
            return
        headers |= {"Range": f"bytes={start}-", "If-Range": known["validator"]}
    with urlopen(Request(url, headers=headers), timeout=_TIMEOUT) as response:
        if response.status != 206:  # the whole file comes, whatever was asked for
            start = 0
        elif not _continues(response, start, known):
            if known is None:
                raise ConnectionError("the server sent a part that nobody has asked for")
            forget(partial)
            return _continue(url, partial, report)
        length = response.headers.get("Content-Length")
        total = None if length is None else start + int(length)
        check_space(partial.parent, (total or start) - start)
        note = {"url": url, "validator": _validator(response), "total": total}
        if note != known:
            write_atomically(_note_of(partial), json.dumps(note), AGAIN)
        done = _append(response, partial, start, total, report)
    if total is not None and done != total:
        raise ConnectionError(f"the connection ended after {done:,} of {total:,} bytes")
    if total is None:
        write_atomically(_note_of(partial), json.dumps({**note, "total": done}), AGAIN)


def _continues(response: HTTPResponse, start: int, known: dict | None) -> bool:
    """Whether the part that comes is the missing one; not every server keeps to If-Range."""
    sent = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    is_next = sent is None or int(sent[1]) == start
    return known is not None and is_next and _validator(response) in (None, known["validator"])


def _append(
    response: HTTPResponse, partial: Path, start: int, total: int | None, report: Progress
) -> int:
    done = start
    with writing_to(partial.parent, AGAIN):
        file = partial.open("ab" if start else "wb", buffering=0)
    with file:
        while chunk := memoryview(response.read(CHUNK)):
            done += len(chunk)
            with writing_to(partial.parent, AGAIN):  # as much as fits is kept
                while chunk:
                    chunk = chunk[file.write(chunk) :]
            report(f"downloading {partial.stem}", done, total)
    return done


def _validator(response: HTTPResponse) -> str | None:
    """What names this version of the file, so that two versions are never mixed."""
    tag = response.headers.get("ETag")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")


def _note_of(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _read_note(partial: Path, url: str) -> dict | None:
    """What is known of a download that was broken off, if it can be continued."""
    try:
        known = json.loads(_note_of(partial).read_text())
        is_same = partial.exists() and known["url"] == url and known["validator"]
        return known if is_same and _size(partial) <= (known["total"] or 0) else None
    except (OSError, ValueError, KeyError, TypeError):  # damaged: start over
        return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
