"""Monte-Carlo dropout: several answers of one network, where it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.seeds import check_seed


@contextmanager
def monte_carlo_dropout(network: nn.Module, seed: int) -> Iterator[None]:
    """Switch dropout on, and nothing else, for as long as the block lasts.

    Parameters
    ----------
    network : nn.Module
        A network with dropout, without which all its answers would be the same; its modes are put
        back at the end.
    seed : int
        Seed of PyTorch's default generator inside the block, which dropout draws from; its state is
        put back at the end.

    References
    ----------
    Gal and Ghahramani, "Dropout as a Bayesian approximation", ICML 2016.

    Examples
    --------
    >>> network = nn.Sequential(nn.Dropout(0.5)).eval()
    >>> with monte_carlo_dropout(network, seed=0):
    ...     answer = network(torch.ones(6))
    >>> sorted(set(answer.tolist())), network(torch.ones(2)).tolist()
    ([0.0, 2.0], [1.0, 1.0])
    """
    layers = [m for m in network.modules() if isinstance(m, nn.Dropout) and m.p > 0]
    if not layers:
        raise InputError(f"{type(network).__name__} has no dropout: build it with dropout above 0")
    before = [layer.training for layer in layers]
    with torch.random.fork_rng():
        torch.manual_seed(check_seed(seed))
        try:
            for layer in layers:
                layer.train()
            yield
        finally:
            for layer, training in zip(layers, before, strict=True):
                layer.train(training)
