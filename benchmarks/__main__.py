"""Run every benchmark and print one table: ``python -m benchmarks``, or ``make bench``."""

import importlib.metadata
import sys

import torch

from benchmarks import blur_synthesis, training_step
from benchmarks.side_by_side import table


def main() -> None:
    torch.set_num_threads(1)
    peers = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("deepinv",))
    print(f"one thread, median CPU time; peer: {peers}; torch {torch.__version__}", file=sys.stderr)
    print(table([*blur_synthesis.kernels(), *blur_synthesis.images(), *training_step.rows()]))


if __name__ == "__main__":
    main()
