"""Reading weights that others have saved."""

import textwrap
import warnings
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors.torch import load_file
from torch import Tensor

from sharingan_lab.errors import CheckpointError


def read_weights(path: Path, remedy: str) -> dict[str, Tensor]:
    """Read a ``.safetensors`` file or one that torch has pickled; code in it is not run.

    A CheckpointError says that the file is missing, and the remedy, that it cannot be read, or that
    not all in it are finite weights.
    """
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}: {remedy}")
    try:
        if path.suffix == ".safetensors":
            return checked_weights(load_file(path), path)
        with warnings.catch_warnings(action="ignore"):  # of how it was pickled
            return checked_weights(torch.load(path, map_location="cpu", weights_only=True), path)
    except CheckpointError:
        raise
    except (EOFError, LookupError, UnpicklingError) as error:  # torch would advise to run it
        raise CheckpointError(
            f"cannot read weights from {path}: it is damaged, or holds code, which was not run; "
            "take a .safetensors file"
        ) from error
    except Exception as error:  # torch and safetensors each raise their own kinds
        raise CheckpointError(f"cannot read weights from {path}: {reason_of(error)}") from error


def checked_weights(weights: object, path: Path) -> dict[str, Tensor]:
    """Return these if they are tensors by their names, all finite; or a CheckpointError."""
    if not isinstance(weights, Mapping) or not all(isinstance(t, Tensor) for t in weights.values()):
        raise CheckpointError(f"{path} holds no weights by their names: save a state_dict()")
    for name, values in weights.items():
        if not bool(values.isfinite().all()):
            raise CheckpointError(
                f"{path} has NaN or infinity in {name}: take weights of before the run diverged"
            )
    return weights


def reason_of(error: Exception) -> str:
    """What an error says, in one short line.

    Examples
    --------
    >>> reason_of(RuntimeError("does not fit:\\n  size mismatch")), reason_of(KeyError())
    ('does not fit: size mismatch', 'KeyError')
    """
    return textwrap.shorten(str(error) or type(error).__name__, 240, placeholder=" ...")
