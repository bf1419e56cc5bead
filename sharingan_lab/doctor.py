"""What this machine has and what it lacks, with the command that gets it.

It imports nothing of the package's dependencies unless they are there, so that it can say so
when they are not.
"""

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass

from sharingan_lab import __version__
from sharingan_lab.extras import COURSE, GET_COURSE, is_here
from sharingan_lab.locations import data_dir, notebooks_dir, shipped_dir

#: What the library needs: the name to install, and the name to import.
_LIBRARY = {
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "scipy": "scipy",
    "scikit-image": "skimage",
    "pillow": "PIL",
    "safetensors": "safetensors",
}


@dataclass(frozen=True)
class Finding:
    """One line of the diagnosis."""

    good: bool  # nothing is to be done
    text: str  # what was found, and where
    remedy: str = ""  # the command that gets what is missing
    needed: str = ""  # what for; empty for what everything needs

    def __str__(self) -> str:
        mark = "ok     " if self.good else "missing"
        parts = [self.text]
        if not self.good:
            parts += [f"needed for {self.needed}"] * bool(self.needed) + [f"get it: {self.remedy}"]
        return f"  {mark}  " + "; ".join(parts)


def diagnose() -> dict[str, list[Finding]]:
    """Return the findings by heading."""
    return {
        "Software": _software(),
        "Device": _device(),
        "Course": _course(),
        "Data and weights": _data(),
    }


def is_ready(findings: dict[str, list[Finding]]) -> bool:
    """Tell whether the library works: nothing is missing that everything needs."""
    return all(f.good or f.needed for found in findings.values() for f in found)


def _software() -> list[Finding]:
    python = f"python {platform.python_version()} ({sys.executable})"
    found = [Finding(sys.version_info >= (3, 11), python, "install Python 3.11 or newer")]
    found.append(Finding(True, f"sharingan-lab {__version__}"))
    found += [_package(name, module, f"pip install {name}") for name, module in _LIBRARY.items()]
    lessons = "the lessons and the report"
    return found + [_package(name, name, GET_COURSE, lessons) for name in COURSE]


def _package(name: str, module: str, remedy: str, needed: str = "") -> Finding:
    if not is_here(module):
        return Finding(False, name, remedy, needed)
    return Finding(True, f"{name} {importlib.metadata.version(name)}")


def _device() -> list[Finding]:
    cores = Finding(True, f"cpu, {os.cpu_count()} cores, {platform.machine()}")
    if not is_here("torch"):
        return [cores]
    import torch

    if torch.cuda.is_available():
        return [cores, Finding(True, f"cuda, {torch.cuda.get_device_name()}")]
    remedy = "use a machine with an NVIDIA GPU and its driver"
    return [cores, Finding(False, "CUDA GPU", remedy, needed="full mode only")]


def _course() -> list[Finding]:
    count = len(list(notebooks_dir().glob("[0-9][0-9]_*.ipynb")))
    weights = sorted(path.name for path in shipped_dir().glob("*.safetensors"))
    again = "install the package again: its files are not complete"
    return [
        Finding(count > 0, f"{count} lessons in {notebooks_dir()}", again),
        Finding(bool(weights), f"{', '.join(weights) or 'weights'} in {shipped_dir()}", again),
    ]


def _data() -> list[Finding]:
    root = data_dir()
    found = [Finding(True, f"looked for in {root} (set SHARINGAN_DATA to change it)")]
    if not all(is_here(module) for module in _LIBRARY.values()):
        return found
    from sharingan_lab.datasets.assets import ASSETS, destination

    for name, asset in ASSETS.items():
        path = destination(name)
        get = f"sharingan fetch {name}"
        found.append(Finding(path.exists(), f"{name} at {path}", get, asset.use))
    return found
