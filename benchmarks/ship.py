"""Make a shipped file of a run's generator: ``python -m benchmarks.ship RUN_DIR NAME``.

The weights are rounded to half precision, which halves the file; loading makes them float32 again.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save

from sharingan_lab.locations import shipped_dir
from sharingan_lab.storage import write_atomically
from sharingan_lab.training.checkpoints import find_weights, read_network


def ship(run_dir: Path, name: str) -> Path:
    """Write the newest generator of a run as ``data/shipped/NAME-generator.safetensors``."""
    network, settings, state = read_network(find_weights(run_dir))
    about = json.dumps({"network": network, "settings": settings})
    half = {key: value.to(torch.float16).contiguous() for key, value in state.items()}
    out = shipped_dir() / f"{name}-generator.safetensors"
    return write_atomically(out, save(half, metadata={"sharingan-lab": about}))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    print(ship(Path(sys.argv[1]), sys.argv[2]))
