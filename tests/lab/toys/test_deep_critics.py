"""Twelve layers of 512, the size of the paper's experiment, held by clipping and by the penalty."""

import pytest
import torch

from sharingan_lab.lab import (
    BatchedMLP,
    clip_weights,
    descend,
    layer_gradient_norms,
    swiss_roll,
)
from sharingan_lab.losses import critic_loss, gradient_penalty

CRITICS, POINTS = 3, 32


def spans(*, lambda_gp=0.0, clip=None, steps=8):
    """Train critics of the Swiss roll against noise; largest over smallest gradient of a layer."""
    rng = torch.Generator().manual_seed(0)
    critics = BatchedMLP(CRITICS, (2, *[512] * 11, 1), rng=rng)
    adam = torch.optim.Adam(critics.parameters(), 1e-4, betas=(0.5, 0.9))
    for _ in range(steps):
        real = swiss_roll(CRITICS * POINTS, rng=rng)
        fake = torch.randn(CRITICS * POINTS, 2, generator=rng)
        loss = critic_loss(critics(real), critics(fake))
        if clip is None:
            loss = loss + lambda_gp * gradient_penalty(critics, real, fake, rng=rng)
        descend(adam, loss)
        if clip is not None:
            clip_weights(critics, clip)
    layers = critics.activations(real.view(CRITICS, POINTS, 2))
    norms = layer_gradient_norms(layers[-1].mean(), layers[:-1])
    return norms.amax(dim=0) / norms.amin(dim=0)


@pytest.mark.slow
@pytest.mark.parametrize("lambda_gp", [1.0, 10.0])
def test_the_penalty_keeps_all_layers_alike(lambda_gp):
    assert (spans(lambda_gp=lambda_gp) < 10).all()


@pytest.mark.slow
@pytest.mark.parametrize("clip", [0.01, 0.001])
def test_clipping_lets_the_gradient_vanish(clip):
    assert (spans(clip=clip) > 1e4).all()
