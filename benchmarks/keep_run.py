"""Keep what a run came to: ``python -m benchmarks.keep_run RUN_DIR OUT TITLE NOTE``.

Writes the settings, the history, the curves and a page about them; no weights, and no pictures of
the data, which others may not pass on.
"""

import dataclasses
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from sharingan_lab.lab import run_figures
from sharingan_lab.training import RunRecord, diagnose, read_run
from sharingan_lab.training.config import TrainConfig


def keep_run(run_dir: Path, out: Path, title: str, note: str) -> None:
    """Write a folder about a run; the note says what its settings cannot."""
    record = read_run(run_dir)
    record = dataclasses.replace(record, config=_without_places(record.config))
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(record.config.to_json())
    shutil.copyfile(run_dir / "history.csv", out / "history.csv")
    figure, told = run_figures.run_curves(record)
    figure.savefig(out / "curves.png", dpi=90)
    (out / "README.md").write_text(_page(title, note, record, told))


def _without_places(config: TrainConfig) -> TrainConfig:
    """Name folders and files without where they lay on one machine."""
    names = {field: Path(getattr(config, field)).name for field in ("data_root", "vgg")}
    return dataclasses.replace(config, **names)


def _page(title: str, note: str, record: RunRecord, told: str) -> str:
    warnings = diagnose(record.history, record.config.crop) or ["None."]
    parts = [
        f"# {title}",
        f"{note} Settings in `config.json`, all rows in `history.csv`.",
        _table(["what", "value"], run_figures.settings_and_cost(record)),
        "## Curves",
        f"![{told}](curves.png)",
        "## PSNR of the kept validation crops at the end, in dB",
        _table(["crop", "blurred", "restored", "gain"], run_figures.crop_gains(record)),
        "## Warnings",
        "\n".join(f"- {warning}" for warning in warnings),
    ]
    return "\n\n".join(parts) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    keep_run(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
