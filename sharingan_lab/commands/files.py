"""Which file a command writes for each that it reads, and work on one after another."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from sharingan_lab.errors import ConfigError, DataError, SharinganError
from sharingan_lab.locations import named_path


def each(names: Collection, work: Callable) -> dict:
    """What the work gives for each name; of what fails a line is printed, and the others go on."""
    done = {}
    for name in names:
        try:
            done[name] = work(name)
        except Exception as error:  # whatever it is, it is of this one alone
            line = " ".join(str(error).split()) or type(error).__name__
            line = line if str(name) in line else f"{name}: {line}"
            if len(names) == 1:
                raise error if isinstance(error, SharinganError) else DataError(line) from error
            print(f"sharingan: {line}", file=sys.stderr)
    return done


def targets_of(inputs: Sequence[str], out: str) -> dict[Path, Path]:
    """The output of each input; a folder among the inputs stands for its pictures."""
    from sharingan_lab.images import list_pictures, written_endings

    folder, endings = named_path(out), written_endings()
    is_file = not (folder.is_dir() or out.endswith(("/", os.sep))) and folder.suffix != ""
    if is_file and folder.suffix.lower() not in endings:
        raise ConfigError(
            f"{out} has the ending of no picture that can be written: end it in .png or .jpg, or, "
            f"for a folder of that name, write {out}{os.sep}"
        )
    if folder.exists() and not folder.is_dir() and not is_file:
        raise ConfigError(f"{out} is neither a folder nor an image file")
    paths = [named_path(name) for name in inputs]
    lists = [list_pictures(path) if path.is_dir() else [path] for path in paths]
    sources = [file for files in lists for file in files]
    if is_file and len(sources) > 1:
        raise ConfigError(f"{len(sources)} inputs cannot go to one file {out}: name a folder")
    names = {source: _written_name(source, endings) for source in sources}
    _check_names(sources, names)
    targets = {source: folder if is_file else folder / names[source] for source in sources}
    _check_targets(targets)
    return targets


def _written_name(source: Path, endings: set[str]) -> str:
    """The name of the source, as PNG where its own format would lose colours."""
    return source.name if source.suffix.lower() in endings else f"{source.stem}.png"


def _check_names(sources: Sequence[Path], names: dict[Path, str]) -> None:
    counts = Counter(names[source] for source in sources)
    for name in names.values():
        if counts[name] > 1:
            raise ConfigError(f"two inputs are named {name}: they would overwrite each other")


def _check_targets(targets: dict[Path, Path]) -> None:
    sources = {source.resolve() for source in targets}
    for source, target in targets.items():
        same = target.exists() and source.exists() and target.samefile(source)
        if same or target.resolve() in sources:
            raise ConfigError(f"{target} would overwrite its input: name another folder with -o")


def say_written(path: Path) -> int:
    print(f"wrote {path}", flush=True)
    return 0
