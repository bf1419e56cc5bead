"""What a run measured: rows of numbers, as CSV for people and JSON for programs."""

import csv
import io
import json
import warnings
from pathlib import Path

from sharingan_lab.errors import DataError
from sharingan_lab.storage import write_atomically
from sharingan_lab.training.checkpoints import RESUME, newest_checkpoint

Row = dict[str, float]

LOSSES = ("wasserstein", "penalty", "critic_loss", "adversarial", "content", "generator_loss")
QUALITY = ("psnr", "ssim", "input_psnr", "input_ssim")
COLUMNS = ("step", "epoch", "learning_rate", *LOSSES, *QUALITY)


def write_history(rows: list[Row], run_dir: Path) -> None:
    """Write ``history.csv`` and ``history.json``; a value that a row lacks stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(run_dir / "history.csv", text.getvalue(), RESUME)
    write_atomically(run_dir / "history.json", json.dumps(rows, indent=1) + "\n", RESUME)


def read_history(run_dir: Path) -> list[Row]:
    """Read the rows of a run.

    Where ``history.json`` is damaged the rows come from the newest checkpoint, with a warning.
    """
    path = run_dir / "history.json"
    try:
        rows = json.loads(path.read_text())
        if not isinstance(rows, list) or any("step" not in row for row in rows):
            raise ValueError("these are no rows with a step")
        return rows
    except (OSError, ValueError, TypeError) as error:
        _, kept = newest_checkpoint(run_dir) or (None, {})
        if "history" not in kept:
            raise DataError(f"no history of a run at {path}: {error}") from error
        warnings.warn(f"{path} is damaged: its rows come from a checkpoint", stacklevel=2)
        return kept["history"]
