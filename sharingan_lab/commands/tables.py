"""A table of names and numbers on the terminal."""

import math
from collections.abc import Sequence


def print_table(head: tuple, rows: Sequence[tuple]) -> None:
    width = max(len(str(row[0])) for row in [head, *rows])
    print("  ".join([f"{head[0]:<{width}}", *(f"{name:>10}" for name in head[1:])]))
    for name, *values in rows:
        cells = ("identical" if value == math.inf else f"{value:.4f}" for value in values)
        cells = ("-" if cell == "nan" else cell for cell in cells)
        print("  ".join([f"{name:<{width}}", *(f"{cell:>10}" for cell in cells)]))
