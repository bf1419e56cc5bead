"""Toy networks of the background lessons: many small MLPs trained side by side.

An experiment on GANs needs several seeds. Instead of a loop over seeds, :class:`BatchedMLP` holds
one network a seed and runs them all in one batched matrix product; no network sees another.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from sharingan_lab.errors import InputError


class BatchedMLP(nn.Module):
    """Several independent ReLU MLPs of one shape, run side by side.

    Parameters
    ----------
    networks : int
        Number of networks S, at least 1.
    sizes : sequence of int
        Widths from input to output, such as ``(2, 64, 64, 1)``: ReLU after every layer but the
        last.
    rng : torch.Generator
        Source of the initial weights: uniform with He's variance 2 / inputs, biases uniform in
        +-1 / sqrt(inputs). Networks are drawn one after the other, so network s does not depend
        on how many follow.

    Raises
    ------
    InputError
        If there is no network, fewer than two sizes, or a size below 1.

    Notes
    -----
    A loss averaged over all points of all networks gives each network its own gradient divided
    by S. Adam and RMSprop do not see such a factor; with plain gradient descent multiply by S.

    Examples
    --------
    >>> import torch
    >>> critics = BatchedMLP(3, (2, 16, 1), rng=torch.Generator().manual_seed(0))
    >>> critics(torch.zeros(3, 5, 2)).shape
    torch.Size([3, 5, 1])
    >>> critics(torch.zeros(15, 2)).shape
    torch.Size([15, 1])
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
        """Outputs of all layers, first to last.

        Parameters
        ----------
        points : Tensor
            (S, N, inputs): N points for each of the S networks.

        Returns
        -------
        list of Tensor
            One (S, N, width) tensor a layer, after the ReLU; the last one is the network's output.
        """
        outputs = [points]
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            output = torch.baddbmm(bias, outputs[-1], weight)
            outputs.append(output if layer == len(self.weights) - 1 else torch.relu(output))
        return outputs[1:]

    def forward(self, points: Tensor) -> Tensor:
        """Run every network on its own points.

        Parameters
        ----------
        points : Tensor
            (S, N, inputs), or flat (S * N, inputs) with the points of one network next to each
            other, as functions that expect samples on the first axis hand them over.

        Returns
        -------
        Tensor
            (S, N, outputs) or (S * N, outputs).

        Raises
        ------
        InputError
            If the points do not split evenly among the networks.
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

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Holds the parameters that move. Gradients that the loss leaves in other networks do no
        harm: their own next step forgets them.
    loss : Tensor
        Scalar.

    Examples
    --------
    >>> import torch
    >>> theta = torch.tensor(1.0, requires_grad=True)
    >>> descend(torch.optim.SGD([theta], lr=0.25), theta**2)
    >>> theta.item()
    0.5
    """
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


@torch.no_grad()
def clip_weights(network: nn.Module, limit: float | Tensor) -> None:
    """Clip every weight and bias to [-limit, limit], in place.

    Parameters
    ----------
    network : nn.Module
        Any network.
    limit : float or Tensor
        The threshold c > 0; for a :class:`BatchedMLP` also one threshold a network, shape (S,).

    Raises
    ------
    InputError
        If a limit is not positive.

    References
    ----------
    .. [1] M. Arjovsky, S. Chintala, L. Bottou, "Wasserstein GAN", 2017, algorithm 1.

    Examples
    --------
    >>> import torch
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
    """Norm of the gradient of a loss with respect to each layer's activations.

    Parameters
    ----------
    loss : Tensor
        Scalar, computed from the last of the activations.
    activations : sequence of Tensor
        What :meth:`BatchedMLP.activations` returned: one (S, N, width) tensor a layer.

    Returns
    -------
    Tensor
        (layers, S), layer 1 first: the norm over all points and units.

    References
    ----------
    .. [1] I. Gulrajani et al., "Improved training of Wasserstein GANs", 2017, figure 1b.

    Examples
    --------
    >>> import torch
    >>> critic = BatchedMLP(2, (2, 8, 8, 1), rng=torch.Generator().manual_seed(0))
    >>> layers = critic.activations(torch.randn(2, 5, 2))
    >>> layer_gradient_norms(layers[-1].sum(), layers).shape
    torch.Size([3, 2])
    """
    gradients = torch.autograd.grad(loss, list(activations))
    norms = [gradient.double().flatten(1).norm(dim=1) for gradient in gradients]
    return torch.stack(norms).float()
