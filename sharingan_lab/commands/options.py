"""What several commands have in common: an example in the help, some options, kinds of numbers."""

import argparse
import math
import sys
from collections.abc import Callable

from sharingan_lab.errors import ConfigError
from sharingan_lab.seeds import check_seed

Group = argparse._SubParsersAction


def add_command(
    group: Group,
    name: str,
    run: Callable[[argparse.Namespace], int],
    purpose: str,
    example: str = "",
) -> argparse.ArgumentParser:
    """Add a command whose help ends with an example: the command as typed, and `example`."""
    parser = group.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    parser.epilog = f"Example: {parser.prog} {example}".strip()
    parser.set_defaults(run=run)
    return parser


def add_notebooks(parser: argparse.ArgumentParser) -> None:
    own = "lessons of your own (default: the course)"
    parser.add_argument("--notebooks", metavar="DIR", help=own)


def add_device(parser: argparse.ArgumentParser) -> None:
    known = ("auto", "cpu", "cuda")
    parser.add_argument("--device", default="auto", choices=known, help="default: auto")


def add_size(parser: argparse.ArgumentParser) -> None:
    side = "side of the blur kernel (default: 31)"
    parser.add_argument("--size", type=kernel_side, default=31, metavar="PIXELS", help=side)


def whole(text: str, least: int = 0, most: float = math.inf) -> int:
    if not text.isdecimal() or not least <= int(text) <= most:
        bound = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"expected a whole number {bound}, got {text!r}")
    return int(text)


def kernel_side(text: str) -> int:
    return whole(text, 1, 4096)


def positive(text: str) -> int:
    return whole(text, 1)


def share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def port(text: str) -> int:
    return whole(text, 0, 65535)


def seed(text: str) -> int:
    try:
        return check_seed(whole(text))
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def names_in(text: str) -> list[str]:
    """The names of a list with commas, or a ConfigError where one is missing or comes twice."""
    names = [name.strip() for name in text.split(",")]
    if "" in names or len(set(names)) < len(names):
        raise ConfigError(f"{text!r}: write names with commas between, none of them twice")
    return names


def refuse_windows(command: str) -> None:
    if sys.platform == "win32":
        raise ConfigError(f"sharingan {command} needs Linux or macOS: on Windows, run it in WSL")
