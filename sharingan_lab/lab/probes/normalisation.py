"""Networks without their normalisation: taken out, or folded into the convolutions before it."""

from copy import deepcopy

import torch
from torch import Tensor, nn

from sharingan_lab.errors import InputError
from sharingan_lab.lab.probes.layers import leaves
from sharingan_lab.tiles import hooked

_NORMALISATIONS = (nn.InstanceNorm2d, nn.BatchNorm2d, nn.GroupNorm, nn.LayerNorm)


def without_normalisation(network: nn.Module) -> nn.Module:
    """Return a copy in which every normalisation is replaced by the identity.

    Examples
    --------
    >>> bare = without_normalisation(nn.Sequential(nn.Conv2d(3, 8, 4), nn.InstanceNorm2d(8)))
    >>> bare[1]
    Identity()
    """
    bare = deepcopy(network)
    for parent in list(bare.modules()):
        for name, child in parent.named_children():
            if isinstance(child, _NORMALISATIONS):
                setattr(parent, name, nn.Identity())
    return bare


def fold_normalisation(network: nn.Module, images: Tensor) -> nn.Module:
    """Return a copy whose convolutions do what instance normalisation did to some images.

    Mean and deviation of each channel are taken over all images (N, C, H, W). Every normalisation
    follows a convolution directly. The copy, in evaluation mode and with as many parameters, gives
    for a single image what the network gave; unlike it, it no longer adapts to others.

    Examples
    --------
    >>> from sharingan_lab.networks import Critic
    >>> image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    >>> critic = Critic(width=4).eval()
    >>> folded = fold_normalisation(critic, image)
    >>> torch.allclose(folded(image), critic(image), atol=1e-4)
    True
    """
    folded = deepcopy(network).eval()
    with torch.no_grad(), hooked(leaves(folded), _fold_into([])):
        folded(images)
    return without_normalisation(folded)


def _fold_into(before: list[nn.Module]):
    def fold(layer: nn.Module, inputs: tuple[Tensor], _output: Tensor) -> Tensor | None:
        last = before[-1] if before else None
        before.append(layer)
        if not isinstance(layer, nn.InstanceNorm2d):
            return None
        if not isinstance(last, nn.Conv2d | nn.ConvTranspose2d):
            raise InputError(f"{layer} does not follow a convolution: it cannot be folded into one")
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        deviation = (variance + layer.eps).sqrt()
        axis = 1 if isinstance(last, nn.ConvTranspose2d) else 0  # where output channels are counted
        shape = [-1 if i == axis else 1 for i in range(4)]
        last.weight.div_(deviation.view(shape))
        last.bias.sub_(mean).div_(deviation)
        return (inputs[0] - mean.view(-1, 1, 1)) / deviation.view(-1, 1, 1)

    return fold
