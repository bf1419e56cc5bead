"""Which file a command writes for each that it reads, and work on one after another."""

import contextlib
import glob
import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sharingan_lab.errors import ConfigError, DataError, DiskFullError, SharinganError
from sharingan_lab.locations import named_path


def each(names: Collection, work: Callable) -> dict:
    """What the work gives for each name; of what fails a line is printed, and the others go on.

    They do not where the disk is full: it would fail them all.
    """
    done = {}
    for name in names:
        try:
            done[name] = work(name)
        except DiskFullError:
            raise
        except Exception as error:  # whatever it is, it is of this one alone
            line = str(error) or type(error).__name__
            line = " ".join((line if str(name) in line else f"{name}: {line}").split())
            if len(names) == 1:
                raise error if isinstance(error, SharinganError) else DataError(line) from error
            print(f"sharingan: {line}", file=sys.stderr)
    return done


def standard_input(folder: str) -> str:
    """Put what comes on standard input into a file of this folder, and return its name."""
    from sharingan_lab.picture_files import open_image

    data = sys.stdin.buffer.read()
    if not data:
        raise DataError("nothing came on standard input: write sharingan deblur - < photo.jpg")
    path = Path(folder, "standard-input")
    path.write_bytes(data)
    with contextlib.suppress(DataError), open_image(path) as file:  # else the reader says why
        ending = {"MPO": "jpg", "JPEG2000": "jp2"}.get(file.format, file.format.lower())
        path = path.rename(path.with_suffix(f".{ending}"))
    return str(path)


def targets_of(
    sources: Sequence[Path], out: str, *, ending: str | None = None, force: bool = False
) -> dict[Path, Path]:
    """The output of each picture.

    Outputs have the names of their inputs, with another ending if one is named. What is there
    already is not replaced unless that is wanted, an input never.
    """
    from sharingan_lab.picture_files import written_endings

    folder, endings = named_path(out), written_endings()
    is_file = not (folder.is_dir() or out.endswith(("/", os.sep))) and folder.suffix != ""
    if is_file and folder.suffix.lower() not in endings:
        raise ConfigError(
            f"{out} has the ending of no picture that can be written: end it in .png or .jpg, or, "
            f"for a folder of that name, write {out}{os.sep}"
        )
    if folder.exists() and not folder.is_dir() and not is_file:
        raise ConfigError(f"{out} is neither a folder nor an image file")
    if ending and f".{ending}" not in endings:
        raise ConfigError(f"this Pillow writes no {ending}: choose png or jpg")
    if is_file and ending and folder.suffix.lower() != f".{ending}":
        raise ConfigError(f"{out} and --format {ending} say two things: leave one out")
    sources = list(dict.fromkeys(sources))
    if is_file and len(sources) > 1:
        raise ConfigError(f"{len(sources)} inputs cannot go to one file {out}: name a folder")
    names = {source: _written_name(source, endings, ending) for source in sources}
    _check_names(names)
    targets = {source: folder if is_file else folder / names[source] for source in sources}
    _check_targets(targets)
    if not any(source.exists() for source in sources):
        raise DataError(f"no such image: {sources[0]}")
    there = [] if force else [target for target in targets.values() if os.path.lexists(target)]
    if there:
        others = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise ConfigError(f"{there[0]}{others} would be replaced: write --force, or another folder")
    return targets


def files_of(name: str) -> list[Path]:
    """What an input stands for: a folder or a pattern for its pictures, a name for itself."""
    from sharingan_lab.picture_files import list_pictures

    path = named_path(name)
    if path.is_dir():
        return list_pictures(path)
    if glob.has_magic(name) and not path.exists():
        found = [Path(each) for each in sorted(glob.glob(str(path), recursive=True))]
        files = [file for file in found if file.is_file()]
        if not files:
            raise DataError(f"no file is like {name}")
        return files
    return [path]


def _written_name(source: Path, endings: set[str], ending: str | None) -> str:
    """The name of the source, as PNG where its own format would lose colours."""
    kept = source.suffix.lower() in endings
    if ending and source.suffix.lower() != f".{ending}":
        return f"{source.stem}.{ending}"
    return source.name if kept else f"{source.stem}.png"


def _check_names(names: dict[Path, str]) -> None:
    """Also names that differ in nothing but case: there are disks for which they are the same."""
    counts = Counter(name.casefold() for name in names.values())
    for name in names.values():
        if counts[name.casefold()] > 1:
            raise ConfigError(f"two inputs are named {name}: they would overwrite each other")


def _check_targets(targets: dict[Path, Path]) -> None:
    sources = {os.path.realpath(source) for source in targets}  # takes a link in a circle as well
    for source, target in targets.items():
        same = target.exists() and source.exists() and target.samefile(source)
        if same or os.path.realpath(target) in sources:
            raise ConfigError(f"{target} would overwrite its input: name another folder with -o")


def say_written(path: Path) -> int:
    print(f"wrote {path}", flush=True)
    return 0
