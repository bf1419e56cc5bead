"""What passes through a network, layer by layer, as the network itself tells."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Layer(NamedTuple):
    """One layer: its name in the state dict, its kind, what it gives out, what it learns.

    Attributes
    ----------
    name, kind : str
        ``"model.1"`` and ``"Conv2d"``, say.
    shape : tuple of int
        (C, H, W) of its output.
    parameters : int
        Numbers that it learns.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: int


@torch.no_grad()
def layer_table(network: nn.Module, images: Tensor) -> list[Layer]:
    """Pass images through a network and note every layer without layers inside it.

    Parameters
    ----------
    network : nn.Module
        Left as it was; forward hooks do the noting.
    images : Tensor
        (N, C, H, W), whatever the network takes.

    Returns
    -------
    list of Layer
        In the order in which they compute. A layer that is used twice comes twice.

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

    leaves = [module for module in network.modules() if not any(module.children())]
    hooks = [leaf.register_forward_hook(note) for leaf in leaves]
    try:
        network(images)
    finally:
        for hook in hooks:
            hook.remove()
    return rows
