"""Where a report was made: device, versions, commit."""

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path

import torch

import sharingan_lab


def device_name() -> str:
    """Name the GPU, or the processor and its cores where there is none."""
    if torch.cuda.is_available():
        return f"cuda ({torch.cuda.get_device_name()})"
    count = cores()
    return f"cpu, {count} core{'s' * (count != 1)} of {processor()}"


def processor() -> str:
    """Name the kind of processor, as far as the system tells."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.is_file() else []
    models = [line.partition(": ")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, [*models, platform.processor(), platform.machine()]), "unknown kind")


def cores() -> int:
    """Count the cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def versions() -> dict[str, str]:
    """Return the versions that a result may hang on."""
    return {
        "python": platform.python_version(),
        "sharingan-lab": sharingan_lab.__version__,
        "torch": torch.__version__,
        "torchvision": importlib.metadata.version("torchvision"),
    }


def commit() -> str | None:
    """Return the commit of the checkout, ``+dirty`` where files differ; None outside of one.

    Examples
    --------
    >>> commit() is None or len(commit().removesuffix("+dirty")) >= 7
    True
    """
    root = Path(sharingan_lab.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    head = _git(root, "rev-parse", "--short", "HEAD")
    return head and head + "+dirty" * bool(_git(root, "status", "--porcelain"))


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
