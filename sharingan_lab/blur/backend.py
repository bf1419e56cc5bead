"""Who runs the inner loops: compiled code where it serves, torch everywhere else."""

from functools import cache
from types import ModuleType

import torch
from torch import Tensor


def compiled_loops(*tensors: Tensor) -> ModuleType | None:
    """Return :mod:`sharingan_lab.blur.compiled` if it can work on these tensors, else None.

    It cannot on another device than the CPU, nor where a gradient is wanted, nor without numba.
    The results are the same but for rounding; torch takes longer on a CPU.
    """
    on_cpu = all(tensor.device.type == "cpu" for tensor in tensors)
    gradient = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return _load() if on_cpu and not gradient else None


@cache
def _load() -> ModuleType | None:
    try:
        from sharingan_lab.blur import compiled  # here: importing numba takes a while
    except ImportError:
        return None
    return compiled
