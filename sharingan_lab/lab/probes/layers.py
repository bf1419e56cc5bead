"""What passes through a network, layer by layer, as the network itself tells."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from sharingan_lab.tiles import hooked


class Layer(NamedTuple):
    """Name in the state dict, kind, output (C, H, W) and number of parameters of one layer."""

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@torch.no_grad()
def layer_table(network: nn.Module, images: Tensor) -> list[Layer]:
    """Pass images (N, C, H, W) through a network and note every layer without layers inside it.

    Forward hooks do the noting, in the order of computing. A layer that is used twice comes twice.

    Examples
    --------
    >>> from sharingan_lab.networks import Critic
    >>> for layer in layer_table(Critic(width=8), torch.zeros(1, 3, 64, 64))[:2]:
    ...     print(layer.name, layer.kind, layer.shape, layer.parameters)
    model.0 Conv2d (8, 33, 33) 392
    model.1 LeakyReLU (8, 33, 33) 0
    """
    rows: list[Layer] = []
    names = {module: name for name, module in network.named_modules()}

    def note(layer: nn.Module, _inputs: tuple, output: Tensor) -> None:
        parameters = sum(p.numel() for p in layer.parameters())
        rows.append(Layer(names[layer], type(layer).__name__, tuple(output.shape[1:]), parameters))

    with hooked(leaves(network), note):
        network(images)
    return rows


def leaves(network: nn.Module) -> list[nn.Module]:
    """Return the layers without layers inside them."""
    return [module for module in network.modules() if not any(module.children())]
