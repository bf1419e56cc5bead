"""Which device to compute on."""

import torch

from sharingan_lab.checks import check_choice
from sharingan_lab.errors import ConfigError


def check_device(device: str | torch.device) -> None:
    """Raise a ConfigError unless torch has this device here, whatever its kind.

    Examples
    --------
    >>> check_device("3")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.ConfigError: device='3': torch has none such here: choose cpu, or cuda \
where there is one
    """
    try:
        torch.empty(0, device=device)
    except (AssertionError, RuntimeError, TypeError) as error:  # each build of torch its own
        remedy = "choose cpu, or cuda where there is one"
        raise ConfigError(f"device='{device}': torch has none such here: {remedy}") from error


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
