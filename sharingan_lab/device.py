"""Which device to compute on."""

import torch

from sharingan_lab.checks import check_choice
from sharingan_lab.errors import ConfigError


def choose_device(name: str = "auto") -> torch.device:
    """Turn "auto", "cpu" or "cuda" into a device; "auto" takes a CUDA GPU where there is one.

    A ConfigError says that the name is unknown, or that CUDA was asked for and is not there.

    Examples
    --------
    >>> choose_device("cpu")
    device(type='cpu')
    """
    check_choice("device", name, ("auto", "cpu", "cuda"))
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise ConfigError("device='cuda', but torch finds no CUDA GPU here: choose auto or cpu")
    return torch.device("cuda" if available and name != "cpu" else "cpu")
