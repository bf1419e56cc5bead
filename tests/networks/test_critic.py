"""The critic: published size, patch map, and no mixing of samples."""

from itertools import pairwise

import torch

from sharingan_lab.networks import Critic


def test_critic_has_the_published_size_and_map():
    critic = Critic()
    channels = [3, 64, 128, 256, 512, 1]
    by_hand = sum(16 * a * b + b for a, b in pairwise(channels))
    assert sum(p.numel() for p in critic.parameters()) == by_hand == 2_764_737
    with torch.no_grad():
        assert critic(torch.zeros(1, 3, 256, 256)).shape == (1, 1, 35, 35)


def test_a_score_depends_on_its_own_sample_only():
    critic = Critic(width=4)
    rng = torch.Generator().manual_seed(0)
    batch = torch.rand(2, 3, 64, 64, generator=rng).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(batch)[0].sum(), batch)
    assert gradient[0].abs().sum() > 0
    assert gradient[1].abs().sum() == 0


def test_scores_are_not_squashed():
    assert not any(isinstance(m, torch.nn.Sigmoid | torch.nn.Tanh) for m in Critic().modules())
