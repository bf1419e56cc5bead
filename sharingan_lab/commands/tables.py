"""A table on the terminal."""

import math
from collections.abc import Mapping, Sequence


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
