"""Make the shipped files of a network: ``python -m benchmarks.ship NAME RUN_DIR...``.

The weights are the newest of the last run, rounded to half precision, which halves the file;
loading makes them float32 again. Beside them goes how they were trained: of each run that led to
them, in order, its settings, its cost and its validations.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from sharingan_lab.locations import shipped_dir
from sharingan_lab.storage import write_atomically
from sharingan_lab.training import read_run
from sharingan_lab.training.checkpoints import find_weights, read_network

PLACES = {"data_root", "sharp_root", "real_root", "start", "device"}  # of one computer


def ship(name: str, run_dirs: list[Path]) -> Path:
    """Write ``NAME-generator.safetensors`` and ``NAME-training.json`` into ``data/shipped``."""
    network, settings, state = read_network(find_weights(run_dirs[-1]))
    about = json.dumps({"network": network, "settings": settings})
    half = {key: value.to(torch.float16).contiguous() for key, value in state.items()}
    runs = json.dumps([training_of(run_dir) for run_dir in run_dirs]) + "\n"
    write_atomically(shipped_dir() / f"{name}-training.json", runs)
    out = shipped_dir() / f"{name}-generator.safetensors"
    return write_atomically(out, save(half, metadata={"sharingan-lab": about}))


def training_of(run_dir: Path) -> dict[str, Any]:
    """Settings, cost and validations of a run, numbers rounded to what one reads."""
    record = read_run(run_dir)
    kept = dataclasses.asdict(record.config)
    return {
        "settings": {key: value for key, value in kept.items() if key not in PLACES},
        "step": record.step,
        "seconds": round(record.seconds, 1),
        "history": [
            {key: round(value, 4) for key, value in row.items()}
            for row in record.checks
            if row["step"] <= record.step
        ],
    }


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    print(ship(sys.argv[1], [Path(word) for word in sys.argv[2:]]))
