"""Checkpoints of a run: whole or not at all, verified when read, never a pickle.

A checkpoint is a folder ``checkpoints/step-00000120`` with the weights of each network, the state
of optimisers and random generators as tensors, everything else as JSON, and a manifest with the
SHA-256 of each file. It is written under another name and renamed when complete, so that a stopped
run leaves no half of one.
"""

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from sharingan_lab.errors import CheckpointError
from sharingan_lab.locations import named_weights
from sharingan_lab.storage import sha256_of, write_durably, writing_to
from sharingan_lab.weights import checked_weights

KEEP = 3
RESUME = "then go on with --resume from the last good checkpoint, which is kept"
_MANIFEST, _FACTS = "manifest.json", "state.json"


class RunState(NamedTuple):
    """What a checkpoint keeps: networks and optimisers by name, other tensors, facts as JSON."""

    networks: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Optimizer]
    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def save_network(network: nn.Module, path: Path) -> None:
    """Write a network's weights with what is needed to rebuild it (class name and settings)."""
    about = json.dumps({"network": type(network).__name__, "settings": network.settings})
    # one entry: several are written in an order that changes from run to run
    write_durably(path, save(_on_cpu(network.state_dict()), metadata={"sharingan-lab": about}))


def _on_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as safetensors takes them."""
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def read_network(path: Path) -> tuple[str, dict[str, Any], dict[str, Tensor]]:
    """Read back (class name, settings, weights) of :func:`save_network`.

    A file that is missing, damaged, not of this package or not finite is a CheckpointError.
    """
    if not path.is_file():
        raise CheckpointError(f"no weights at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["sharingan-lab"])
        name, settings = str(about["network"]), dict(about["settings"])
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} does not say which network it holds: was it written by sharingan-lab?"
        ) from error
    return name, settings, checked_weights(weights, path)


def find_weights(name_or_path: str | os.PathLike) -> Path:
    """Return the file with the weights of a generator: a shipped one, a file, or a run's newest.

    Where there are none, a CheckpointError says which there are.
    """
    path = named_weights(name_or_path)
    if not path.is_dir():
        return path
    found = newest_checkpoint(path)
    if found is None:
        raise CheckpointError(f"{path} holds no checkpoint of a training run")
    return next(found[0].glob("generator-*.safetensors"))


def save_checkpoint(run_dir: Path, step: int, state: RunState) -> None:
    """Write one checkpoint, and drop all but the newest ones.

    A disk that is full or read-only is a StorageError; earlier checkpoints are as they were.
    """
    folder = run_dir / "checkpoints"
    final, partial = folder / f"step-{step:08d}", folder / f".partial-{step:08d}"
    with writing_to(run_dir, RESUME):
        folder.mkdir(parents=True, exist_ok=True)
        for leftover in folder.glob(".partial-*"):  # of a run that was killed here
            shutil.rmtree(leftover)
        try:
            _write(partial, step, state)
            if final.exists():  # damaged: the run came this way before
                shutil.rmtree(final)
            os.rename(partial, final)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _drop_old(folder, final)


def _write(partial: Path, step: int, state: RunState) -> None:
    partial.mkdir()
    for name, network in state.networks.items():
        save_network(network, partial / f"{name}-{step:08d}.safetensors")
    tensors = dict(state.tensors)
    for name, optimiser in state.optimisers.items():
        tensors |= _optimiser_tensors(name, optimiser)
    write_durably(partial / "state.safetensors", save(_on_cpu(tensors)))
    write_durably(partial / _FACTS, json.dumps(state.facts).encode())
    sums = {path.name: sha256_of(path) for path in sorted(partial.iterdir())}
    write_durably(partial / _MANIFEST, json.dumps({"step": step, "sha256": sums}).encode())


def load_checkpoint(
    folder: Path, networks: dict[str, nn.Module], optimisers: dict[str, torch.optim.Optimizer]
) -> dict[str, Tensor]:
    """Give networks and optimisers the state of a checkpoint, and return its other tensors."""
    for name, network in networks.items():
        (path,) = folder.glob(f"{name}-*.safetensors")
        network.load_state_dict(load_file(path))
    tensors = load_file(folder / "state.safetensors")
    for name, optimiser in optimisers.items():
        _load_optimiser(name, optimiser, tensors)
    return tensors


def _optimiser_tensors(name: str, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    state = optimiser.state_dict()["state"]
    return {f"{name}.{i}.{k}": v for i, values in state.items() for k, v in values.items()}


def _load_optimiser(
    name: str, optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]
) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        owner, *rest = key.split(".")
        if owner == name:
            state.setdefault(int(rest[0]), {})[rest[1]] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def newest_checkpoint(run_dir: Path) -> tuple[Path, dict[str, Any]] | None:
    """Find the newest undamaged checkpoint and return it with its step and its facts.

    A damaged one is passed over with a warning that names it; if all are, that is an error.
    """
    found = sorted((run_dir / "checkpoints").glob("step-*"), reverse=True)
    for folder in found:
        try:
            return folder, _verify(folder)
        except CheckpointError as error:
            warnings.warn(f"{error}; falling back to the one before", stacklevel=2)
    if found:
        raise CheckpointError(f"every checkpoint in {run_dir} is damaged: start again elsewhere")
    return None


def _verify(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_text())
        step, sums = manifest["step"], manifest["sha256"]
        if folder.name != f"step-{step:08d}" or not {"state.safetensors", _FACTS} <= {*sums}:
            raise CheckpointError(f"checkpoint {folder} is damaged: {_MANIFEST} is of another")
        for name, expected in sums.items():
            if sha256_of(folder / name) != expected:
                raise CheckpointError(f"checkpoint {folder} is damaged: {name} has other bytes")
        return json.loads((folder / _FACTS).read_text()) | {"step": step}
    except OSError as error:
        lost = Path(error.filename or folder).name
        raise CheckpointError(
            f"checkpoint {folder} is damaged: {lost}: {error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"checkpoint {folder} is damaged: {_MANIFEST} cannot be read"
        ) from error


def _drop_old(folder: Path, newest: Path) -> None:
    """Keep the newest ones; those of later steps are damaged, or the run would not be here."""
    found = sorted(folder.glob("step-*"))
    current = found.index(newest) + 1
    for old in found[: max(0, current - KEEP)] + found[current:]:
        shutil.rmtree(old)
