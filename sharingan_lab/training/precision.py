"""The arithmetic of the networks: float32, or bfloat16, which is faster and rounds."""

import warnings

import torch
from torch import Tensor, nn


class InBfloat16(nn.Module):
    """A network that computes in bfloat16 and answers in float32, as its weights stay.

    Parameters
    ----------
    network : nn.Module
        Takes images first.

    Examples
    --------
    >>> network = nn.Conv2d(3, 8, 3)
    >>> InBfloat16(network)(torch.rand(1, 3, 8, 8)).dtype, network.weight.dtype
    (torch.float32, torch.float32)
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor, *others: Tensor, **named: Tensor) -> Tensor:
        """Return what the network returns."""
        with torch.autocast(images.device.type, torch.bfloat16):
            return self.network(images, *others, **named).float()


def with_precision(network: nn.Module, precision: str) -> nn.Module:
    """Return the network in "float32", as it is, or in "bfloat16".

    Examples
    --------
    >>> network = nn.Identity()
    >>> with_precision(network, "float32") is network
    True
    """
    return InBfloat16(network) if precision == "bfloat16" else network


def warn_of_slow_bfloat16(precision: str, device: torch.device) -> None:
    """Say so where bfloat16 takes longer than float32, about ten times on a CPU without AVX-512."""
    capability = torch.backends.cpu.get_cpu_capability()
    slow = device.type == "cpu" and not capability.startswith("AVX512")
    if slow and precision == "bfloat16":
        warnings.warn(
            f"precision=bfloat16: this CPU ({capability}) has no instructions for it, and may take "
            "ten times as long as with precision=float32",
            stacklevel=3,
        )
