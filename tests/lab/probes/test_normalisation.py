"""Normalisation taken out, and folded into convolutions."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.lab import fold_normalisation, without_normalisation
from sharingan_lab.networks import Critic, Generator


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def norms(network):
    return sum(isinstance(module, nn.InstanceNorm2d) for module in network.modules())


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def test_without_normalisation_leaves_the_original_and_reaches_into_blocks():
    generator = Generator(width=2, blocks=1)
    bare = without_normalisation(generator)
    assert norms(bare) == 0 and norms(generator) == 7
    assert parameters(bare) == parameters(generator)


@pytest.mark.parametrize("build", [lambda: Generator(width=4, blocks=2), lambda: Critic(width=4)])
def test_a_folded_network_does_the_same_to_that_image_and_does_not_adapt_to_others(build):
    torch.manual_seed(0)
    network, image = build().double().eval(), noise(1, 3, 32, 32)
    folded = fold_normalisation(network, image)
    assert norms(folded) == 0 and parameters(folded) == parameters(network)
    with torch.no_grad():
        torch.testing.assert_close(folded(image), network(image))
        assert not torch.allclose(folded(image / 2), network(image / 2), atol=1e-3)


def test_statistics_of_several_images_are_those_of_batch_normalisation():
    torch.manual_seed(0)
    images = noise(3, 3, 16, 16)
    plain = nn.Sequential(nn.Conv2d(3, 5, 3), nn.InstanceNorm2d(5)).double()
    batch = nn.Sequential(plain[0], nn.BatchNorm2d(5, affine=False).double())
    torch.testing.assert_close(fold_normalisation(plain, images)(images), batch(images))


def test_the_original_keeps_its_weights_and_no_hook():
    critic = Critic(width=2).double()
    before = [p.clone() for p in critic.parameters()]
    folded = fold_normalisation(critic, noise(2, 3, 32, 32))
    assert all(torch.equal(a, b) for a, b in zip(before, critic.parameters(), strict=True))
    assert not any(m._forward_hooks for net in (critic, folded) for m in net.modules())


def test_a_normalisation_without_a_convolution_is_named():
    network = nn.Sequential(nn.ReLU(), nn.InstanceNorm2d(3)).double()
    with pytest.raises(InputError, match="does not follow a convolution"):
        fold_normalisation(network, noise(1, 3, 8, 8))
