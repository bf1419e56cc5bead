"""Many small MLPs trained side by side: an experiment on GANs needs several seeds."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sharingan_lab.errors import InputError


class BatchedMLP(nn.Module):
    """Several independent ReLU MLPs of one shape, run in one batched matrix product.

    A loss averaged over all points of all networks gives each network its own gradient divided by
    their number. Adam and RMSprop do not see such a factor; plain gradient descent does.

    Parameters
    ----------
    networks : int
        Number of networks S, one a seed, at least 1; no network sees another.
    sizes : sequence of int
        Widths from input to output, such as ``(2, 64, 64, 1)``: ReLU after every layer but the
        last.
    rng : torch.Generator
        Source of the initial weights: uniform with He's variance 2 / inputs, biases uniform in
        +-1 / sqrt(inputs). Network s does not depend on how many follow.

    Examples
    --------
    >>> critics = BatchedMLP(3, (2, 16, 1), rng=torch.Generator().manual_seed(0))
    >>> critics(torch.zeros(3, 5, 2)).shape, critics(torch.zeros(15, 2)).shape
    (torch.Size([3, 5, 1]), torch.Size([15, 1]))
    """

    def __init__(self, networks: int, sizes: Sequence[int], *, rng: torch.Generator) -> None:
        super().__init__()
        if networks < 1 or len(sizes) < 2 or min(sizes) < 1:
            raise InputError(
                f"networks={networks}, sizes={tuple(sizes)}: give at least one network and "
                "at least two sizes, each 1 or more"
            )
        self.networks = networks
        layers = list(pairwise(sizes))
        drawn = [[_draw_layer(*layer, rng) for layer in layers] for _ in range(networks)]
        stacked = [
            [torch.stack(tensors) for tensors in zip(*layer, strict=True)]
            for layer in zip(*drawn, strict=True)
        ]
        self.weights = nn.ParameterList([weight for weight, _ in stacked])
        self.biases = nn.ParameterList([bias for _, bias in stacked])

    def activations(self, points: Tensor) -> list[Tensor]:
        """Outputs of all layers for points (S, N, inputs): (S, N, width) each, after the ReLU."""
        outputs = [points]
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            output = torch.baddbmm(bias, outputs[-1], weight)
            outputs.append(output if layer == len(self.weights) - 1 else torch.relu(output))
        return outputs[1:]

    def forward(self, points: Tensor) -> Tensor:
        """Run every network on its own points (S, N, inputs) to (S, N, outputs).

        Flat points (S * N, inputs), those of one network next to each other, give (S * N, outputs):
        so do functions hand them over that expect samples on the first axis.
        """
        if points.ndim == 2 and len(points) % self.networks == 0:
            return self.activations(points.unflatten(0, (self.networks, -1)))[-1].flatten(0, 1)
        if points.ndim != 3 or len(points) != self.networks:
            raise InputError(
                f"points of shape {tuple(points.shape)} do not fit {self.networks} networks: "
                f"give ({self.networks}, N, inputs) or ({self.networks} * N, inputs)"
            )
        return self.activations(points)[-1]


def _draw_layer(inputs: int, outputs: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    weight = 2 * torch.rand(inputs, outputs, generator=rng) - 1
    bias = 2 * torch.rand(1, outputs, generator=rng) - 1
    return weight * (6 / inputs) ** 0.5, bias / inputs**0.5


def descend(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """Do one step of learning: forget the old gradients, compute the new ones, follow them.

    Only the optimizer's own weights get gradients: those of a critic that a generator learns
    through would be computed for nothing.

    Examples
    --------
    >>> theta = torch.tensor(1.0, requires_grad=True)
    >>> descend(torch.optim.SGD([theta], lr=0.25), theta**2)
    >>> theta.item()
    0.5
    """
    optimizer.zero_grad()
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    loss.backward(inputs=[weight for weight in weights if weight.requires_grad])  # none is frozen
    optimizer.step()


@torch.no_grad()
def clip_weights(network: nn.Module, limit: float | Tensor) -> None:
    """Clip every weight and bias to [-limit, limit], in place.

    The threshold c > 0 is algorithm 1's of M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN",
    2017; a :class:`BatchedMLP` also takes one a network, shape (S,).

    Examples
    --------
    >>> critic = torch.nn.Linear(2, 1)
    >>> clip_weights(critic, 0.01)
    >>> bool(critic.weight.abs().max() <= 0.01)
    True
    """
    limits = torch.as_tensor(limit)
    if not bool((limits > 0).all()):
        raise InputError(f"limit={limit} must be positive")
    for parameter in network.parameters():
        bound = limits.to(parameter).reshape(limits.shape + (1,) * (parameter.ndim - limits.ndim))
        parameter.clamp_(min=-bound, max=bound)


def layer_gradient_norms(loss: Tensor, activations: Sequence[Tensor]) -> Tensor:
    """Norm (layers, S) of the gradient of a loss with respect to each layer's activations.

    Over all points and units, layer 1 first; the loss is computed from the last of the activations,
    which :meth:`BatchedMLP.activations` returned. Figure 1b of I. Gulrajani et al., "Improved
    training of Wasserstein GANs", 2017.

    Examples
    --------
    >>> critic = BatchedMLP(2, (2, 8, 8, 1), rng=torch.Generator().manual_seed(0))
    >>> layers = critic.activations(torch.randn(2, 5, 2))
    >>> layer_gradient_norms(layers[-1].sum(), layers).shape
    torch.Size([3, 2])
    """
    gradients = torch.autograd.grad(loss, list(activations))
    norms = [gradient.double().flatten(1).norm(dim=1) for gradient in gradients]
    return torch.stack(norms).float()
