"""Run the benchmarks and print their tables: ``make bench``, or ``python -m benchmarks [PART...]``.

The parts are blur, which needs the extra `bench`, training, and loading.
"""

import sys
from importlib.metadata import version

import torch

from benchmarks.side_by_side import table


def blur() -> None:
    """Kernels and blurring beside deepinv."""
    from benchmarks import blur_synthesis

    print(f"one thread, median CPU time; peer: deepinv {version('deepinv')}", file=sys.stderr)
    print(table([*blur_synthesis.kernels(), *blur_synthesis.images()]))


def training() -> None:
    """A training step beside a plain loop."""
    from benchmarks import training_step

    on_gpu = torch.cuda.is_available()
    where = torch.cuda.get_device_name() if on_gpu else "one thread, median CPU time"
    print(f"{where}; peer: a plain loop in float32", file=sys.stderr)
    print(table(training_step.rows()))
    print(training_step.utilisation())


def loading() -> None:
    """Loading training pairs beside the step that waits for them."""
    from benchmarks import loader

    print(table(loader.rows()))


PARTS = {"blur": blur, "training": training, "loading": loading}


def main(names: list[str]) -> None:
    if unknown := set(names) - set(PARTS):
        sys.exit(f"unknown part {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}", file=sys.stderr)
    for name in names or PARTS:
        PARTS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
