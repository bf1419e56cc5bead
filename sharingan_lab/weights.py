"""Reading weights that others have saved."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from sharingan_lab.errors import CheckpointError


def read_weights(path: Path, remedy: str) -> dict[str, Tensor]:
    """Read a ``.safetensors`` file or one that torch has pickled; code in it is not run.

    A CheckpointError says that the file is missing, and the remedy, or that it cannot be read.
    """
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}: {remedy}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch, pickle and safetensors each raise their own kinds
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise CheckpointError(f"cannot read weights from {path}: {reason}") from error
