"""Files that a command writes on request: checked before the work, written whole, and named."""

import argparse
from collections.abc import Callable
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
        return path

    return checked


def write_output(path: Path, text: str) -> None:
    """Write a file and say so, also that there was one before."""
    done = "replaced" if path.exists() else "wrote"
    print(f"{done} {write_atomically(path, text)}", flush=True)
