"""Weights at the start, in every layer of both networks: normal with deviation 0.02, biases 0."""

import pytest
import scipy.stats
import torch
from torch import nn

from sharingan_lab.networks import Critic, Generator


def convolutions(network):
    kinds = nn.Conv2d | nn.ConvTranspose2d
    return {name: m for name, m in network.named_modules() if isinstance(m, kinds)}


@pytest.mark.parametrize(
    ("build", "layers"), [(Generator, 24), (Critic, 5), (lambda: Critic(conditional=True), 5)]
)
def test_weights_are_normal_with_deviation_0_02_and_biases_zero(build, layers):
    torch.manual_seed(0)
    found = convolutions(build())
    assert len(found) == layers
    for name, layer in found.items():
        drawn = layer.weight.detach().flatten()[:50_000].double().numpy()
        assert scipy.stats.kstest(drawn / 0.02, "norm").pvalue > 0.001, name
        assert layer.bias.abs().max() == 0, name


def test_no_other_layer_has_weights():
    for network in (Generator(width=4, blocks=1), Critic(width=4)):
        ours = {id(p) for m in convolutions(network).values() for p in m.parameters()}
        assert {id(p) for p in network.parameters()} == ours


def test_the_seed_decides_the_weights():
    def first_weights(seed):
        torch.manual_seed(seed)
        return next(Generator(width=4, blocks=1).parameters())

    assert torch.equal(first_weights(0), first_weights(0))
    assert not torch.equal(first_weights(0), first_weights(1))
