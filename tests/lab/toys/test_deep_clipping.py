"""The Wasserstein GAN of lesson 04 on the Swiss roll, in the paper's size: 12 layers of 512."""

import pytest
import torch

from sharingan_lab.lab import (
    BatchedMLP,
    clip_weights,
    descend,
    layer_gradient_norms,
    swiss_roll,
)
from sharingan_lab.losses import critic_loss, generator_loss

LIMITS = torch.tensor([0.1, 0.01, 0.001])
POINTS = 64


def decades_lost(width, turns):
    """Play three games; powers of ten by which the gradient grows from layer 11 back to layer 1."""
    rng = torch.Generator().manual_seed(0)
    generators = BatchedMLP(3, (2, *[width] * 11, 2), rng=rng)
    critics = BatchedMLP(3, (2, *[width] * 11, 1), rng=rng)
    clip_weights(critics, LIMITS)
    critic_step, generator_step = (
        torch.optim.RMSprop(networks.parameters(), lr=5e-4) for networks in (critics, generators)
    )

    def forge():
        return generators(torch.randn(3 * POINTS, 2, generator=rng))

    for _ in range(turns):
        for _ in range(5):
            real, fake = swiss_roll(3 * POINTS, rng=rng), forge().detach()
            descend(critic_step, 3 * critic_loss(critics(real), critics(fake)))
            clip_weights(critics, LIMITS)
        descend(generator_step, 3 * generator_loss(critics(forge())))
    points = torch.cat([real.view(3, POINTS, 2), fake.view(3, POINTS, 2)], dim=1)
    layers = critics.activations(points)
    loss = critic_loss(layers[-1][:, :POINTS], layers[-1][:, POINTS:])
    norms = layer_gradient_norms(loss, layers[:-1])
    return (norms[0] / norms[-1]).log10()


@pytest.mark.slow
def test_gradients_explode_or_vanish_in_the_papers_size():
    decades = decades_lost(width=512, turns=3)
    assert decades[0] > 2
    assert decades[1] < -4
    assert decades[2] < -12


def test_a_smaller_limit_loses_more_of_the_gradient():
    decades = decades_lost(width=32, turns=40)
    assert decades[0] > decades[1] > decades[2]
    assert decades[1] < -8
