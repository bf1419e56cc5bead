"""What a lesson's result depends on, as one short text: equal ones need no second run."""

import functools
import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch

import sharingan_lab
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.locations import shipped_dir, weights_dir

_LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "scikit-image", "matplotlib")


def fingerprint(lesson: Lesson, mode: str, parameters: Mapping[str, object]) -> str:
    """Hash the notebook, the mode, the parameters, the package, its files and its libraries.

    A parameter that names a file counts with the file's size and date, one that names a training
    run with those of its history.
    """
    facts = {
        "mode": mode,
        "parameters": {name: _value(value) for name, value in sorted(parameters.items())},
        "surroundings": _surroundings(),
    }
    text = json.dumps(facts).encode() + lesson.path.read_bytes()
    return hashlib.sha256(text).hexdigest()[:16]


def _value(value: object) -> object:
    if isinstance(value, str) and value:
        for file in (Path(value, "history.csv"), Path(value)):
            if file.is_file():
                return [value, file.stat().st_size, file.stat().st_mtime_ns]
    return value


@functools.cache
def _surroundings() -> list:
    package = Path(sharingan_lab.__file__).parent
    sources = [p for p in package.rglob("*") if "__pycache__" not in p.parts and p.is_file()]
    downloads = weights_dir().glob("*")
    return [
        _hash_files(sources),
        _hash_files(p for p in shipped_dir().rglob("*") if p.is_file()),
        [[p.name, p.stat().st_size] for p in sorted(downloads)],
        [importlib.metadata.version(name) for name in _LIBRARIES],
        [platform.python_version(), platform.machine(), torch.cuda.is_available()],
    ]


def _hash_files(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
