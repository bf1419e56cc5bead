r"""How long a recipe's whole schedule takes: run it for a while, and project the steady rate.

Example, on a folder of photographs::

    python -m benchmarks.schedule --data PHOTOS --set data=folder --set subset=0 \
        --set items=1000 --set precision=bfloat16
"""

import argparse
import contextlib
import itertools
import sys
import time

from sharingan_lab.errors import SharinganError
from sharingan_lab.training import TrainConfig, Trainer, recipe
from sharingan_lab.training.history import Row

WARM_UP = 30.0  # seconds that do not count: algorithms are chosen, graphs recorded


class Enough(Exception):
    """The rate is known."""


def main() -> None:
    options = _options()
    try:
        config = recipe(options.recipe).with_assignments(options.set)
        if options.data:
            config = config.with_settings(data_root=options.data)
        print(measure(config, options.minutes))
    except SharinganError as error:  # such as no GoPro: one line, as the commands do
        sys.exit(str(error))


def measure(config: TrainConfig, minutes: float) -> str:
    """Train for some minutes beyond the warm-up and say how long the whole schedule would take."""
    trainer = Trainer(config)
    rows: list[tuple[float, int]] = []

    def note(step: int, total: int, row: Row, left: float) -> None:
        rows.append((time.monotonic(), step))
        if rows[-1][0] - rows[0][0] > WARM_UP + 60 * minutes:
            raise Enough

    with contextlib.suppress(Enough):
        trainer.fit(note)
    steady = [row for row in rows if row[0] - rows[0][0] >= WARM_UP]
    (began, first), (ended, last) = steady[0], steady[-1]
    slowest = min((b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(steady))
    rate = (last - first) / (ended - began)
    total = trainer.total_steps
    whole = f"all {total} steps would take {total / rate / 60:.1f} minutes"
    if config.minutes:
        whole = f"its {config.minutes:g} minutes are about {60 * config.minutes * rate:.0f} steps"
    return (
        f"{config.recipe} on {trainer.device.type}, {config.precision}: {rate:.4g} steps a second "
        f"over {ended - began:.0f} s, validation included (slowest stretch {slowest:.4g}); "
        f"{whole}"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.schedule",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--recipe", default="report")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--data", help="folder of the data set")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    return parser.parse_args()


if __name__ == "__main__":
    main()
