"""The command line: a thin door to the library's own functions.

Bad input is one line on standard error and exit code 2; 1 means that the work itself failed,
130 that it was stopped.
"""

import argparse
import contextlib
import io
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

from sharingan_lab import __version__
from sharingan_lab.commands import (
    blur,
    course,
    deblur,
    doctor,
    evaluate,
    explore,
    fetch,
    lab,
    report,
    synthesize,
    train,
)
from sharingan_lab.errors import (
    DownloadError,
    SharinganError,
    StorageError,
    TrainingError,
    lacks_memory,
)
from sharingan_lab.interrupts import sigterm_as_ctrl_c
from sharingan_lab.locations import home_dir

_NO_MEMORY = (
    "there is not enough memory for this: choose smaller pictures, kernels, batches or networks"
)
_COMMANDS = (
    *(report, train, deblur, blur, synthesize, evaluate, fetch),
    *(explore, lab, course, doctor),
)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    words : list of str, optional
        The command line without the program's name; that of the process where left out.

    Examples
    --------
    >>> main(["report", "--only", "99"])
    2
    """
    try:
        choice = _parser().parse_args(words)
        home_dir()
        with sigterm_as_ctrl_c(), _plain_speech():
            return choice.run(choice)
    except SystemExit as end:  # argparse: help, version or a wrong call
        return int(end.code or 0)
    except SharinganError as error:
        print(f"sharingan: {error}", file=sys.stderr)
        return 1 if isinstance(error, TrainingError | DownloadError | StorageError) else 2
    except KeyboardInterrupt as stop:
        print(f"sharingan: stopped{f': {stop}' if str(stop) else ''}", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"sharingan: {error}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        print(f"sharingan: {_NO_MEMORY}", file=sys.stderr)
        return 1


@contextlib.contextmanager
def _plain_speech() -> Iterator[None]:
    """Print warnings as a line each, and what the terminal cannot write as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.showwarning = _print_warning
        warnings.filterwarnings("ignore", module="PIL")  # what it says about intact pictures
        yield


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"sharingan: {' '.join(str(message).split())}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"sharingan: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sharingan",
        description="Motion deblurring with conditional GANs, step by step.",
        epilog="Example: sharingan report",
    )
    parser.add_argument("--version", action="version", version=f"sharingan-lab {__version__}")
    group = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in _COMMANDS:
        command.add(group)
    return parser
