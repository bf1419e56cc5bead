"""What a command prints and writes: tables, and files on request, which are written whole.

Their names are checked before the work.
"""

import argparse
import csv
import io
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sharingan_lab.errors import SharinganError
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically


def file_ending_in(ending: str) -> Callable[[str], Path]:
    """A type of argument: a file of this ending, so that no picture is ever written over."""

    def checked(text: str) -> Path:
        try:
            path = named_path(text)
        except SharinganError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
        if path.suffix.lower() != ending or path.is_dir():
            raise argparse.ArgumentTypeError(f"{text!r}: name a file that ends in {ending}")
        _check_place(path.absolute().parent)
        return path

    return checked


def folder(text: str) -> Path:
    """A type of argument: a folder that is there or can be made."""
    try:
        path = named_path(text)
    except SharinganError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    _check_place(path.absolute())
    return path


def _check_place(path: Path) -> None:
    place = next(one for one in (path, *path.parents) if one.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        raise argparse.ArgumentTypeError(
            f"{place} is no folder that can be written to: name another"
        )


def add_outputs(parser: argparse.ArgumentParser, **contents: str) -> None:
    """Add options for files, by their endings, each with what is written there."""
    for ending, content in contents.items():
        kind = file_ending_in(f".{ending}")
        parser.add_argument(f"--{ending}", type=kind, metavar="FILE", help=f"write {content}")


def write_outputs(
    choice: argparse.Namespace,
    definitions: Mapping[str, str],
    rows: Sequence[Mapping],
    content: Mapping,
) -> None:
    """Write what is asked for: rows as CSV, content as JSON, both with their definitions."""
    if choice.csv:
        write_output(choice.csv, _as_csv(definitions, rows))
    if choice.json:
        whole = _plain({"definitions": definitions, **content})
        write_output(choice.json, json.dumps(whole, indent=1, allow_nan=False) + "\n")


def write_output(path: Path, text: str) -> None:
    """Write a file and say so, also that there was one before."""
    done = "replaced" if path.exists() else "wrote"
    print(f"{done} {write_atomically(path, text)}", flush=True)


def _as_csv(definitions: Mapping[str, str], rows: Sequence[Mapping]) -> str:
    """The last column says, in each row, how the others are defined."""
    words = ". ".join(f"{name}: {line}" for name, line in definitions.items())
    text, columns = io.StringIO(), dict.fromkeys(key for row in rows for key in row)
    writer = csv.DictWriter(text, [*columns, "definitions"], lineterminator="\n")
    writer.writeheader()
    writer.writerows({**row, "definitions": words} for row in rows)
    return text.getvalue()


def _plain(value: object) -> object:
    """The value as JSON has it; null is what is infinite or not defined."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_definitions(definitions: Mapping[str, str]) -> None:
    for name, words in definitions.items():
        print(f"{name}: {words}", flush=True)


def print_table(head: Sequence[str], rows: Sequence[Sequence]) -> None:
    """Print rows of a name and of numbers or words."""
    lines = [head, *(list(map(_cell, row)) for row in rows)]
    wide, *widths = (max(map(len, column)) for column in zip(*lines, strict=True))
    for name, *cells in lines:
        right = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        print("  ".join([f"{name:<{wide}}", *right]))


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "-" if math.isnan(value) else "identical" if value == math.inf else f"{value:.4f}"
