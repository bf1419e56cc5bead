"""The critic: published size, patch map, and no mixing of samples."""

from itertools import pairwise

import pytest
import torch

from sharingan_lab.errors import InputError
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


def test_a_conditional_critic_sees_the_blurred_image_and_has_only_the_first_layer_larger():
    plain, critic = Critic(width=8), Critic(width=8, conditional=True)
    counts = [sum(p.numel() for p in network.parameters()) for network in (critic, plain)]
    assert counts[0] - counts[1] == 16 * 3 * 8
    images, blurred, other = torch.rand(3, 2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        assert critic(images, blurred).shape == plain(images).shape
        assert not torch.equal(critic(images, blurred), critic(images, other))


def test_a_condition_too_few_too_many_or_of_another_shape_is_named():
    images = torch.rand(2, 3, 64, 64)
    with pytest.raises(InputError, match="critic is conditional: call it with the blurred"):
        Critic(width=8, conditional=True)(images)
    with pytest.raises(InputError, match="critic is unconditional: call it with the samples alone"):
        Critic(width=8)(images, images)
    with pytest.raises(InputError, match="differ in shape"):
        Critic(width=8, conditional=True)(images, images[:1])
