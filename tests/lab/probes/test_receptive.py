"""Receptive fields: the recurrence against gradients, and what normalisation does to them."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.lab import (
    Field,
    gradient_map,
    receptive_fields,
    seen_rectangle,
    share_outside,
    without_normalisation,
)
from sharingan_lab.networks import Critic


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def chain(*geometry):
    """Convolutions (kernel, stride, padding, dilation) with leaky activations between."""
    layers = [
        layer
        for i, (k, s, p, d) in enumerate(geometry)
        for layer in (
            nn.Conv2d(1 if i == 0 else 2, 2, k, stride=s, padding=p, dilation=d),
            nn.LeakyReLU(0.2),
        )
    ]
    return nn.Sequential(*layers)


def test_the_critic_sees_exactly_70x70_without_normalisation_and_everything_with_it():
    torch.manual_seed(0)
    critic, image = Critic(width=8), noise(1, 3, 256, 256)
    field = receptive_fields(critic)[-1]
    bare = gradient_map(without_normalisation(critic), image, 17, 17)
    assert field.size == 70
    assert seen_rectangle(bare) == (field.first(17), field.first(17), 70, 70) == (90, 90, 70, 70)
    assert int(bare.ne(0).sum()) == 70 * 70
    full = gradient_map(critic, image, 17, 17)
    assert full.ne(0).float().mean() > 0.99


@pytest.mark.parametrize(
    "geometry",
    [
        [(3, 1, 0, 1)],
        [(4, 2, 2, 1), (4, 2, 2, 1)],
        [(7, 1, 3, 1), (3, 2, 1, 1), (3, 1, 2, 2)],
        [(2, 3, 0, 1), (5, 1, 1, 1), (1, 2, 0, 1)],
    ],
)
def test_recurrence_and_gradient_agree_at_every_place(geometry):
    torch.manual_seed(1)
    network, image = chain(*geometry), noise(1, 1, 37, 41)
    field = receptive_fields(network)[-1]
    with torch.no_grad():
        height, width = network(image).shape[-2:]
    for row, column in [(0, 0), (height // 2, width // 3), (height - 1, width - 1)]:
        top, left = max(0, field.first(row)), max(0, field.first(column))
        bottom = min(37, field.first(row) + field.size)
        right = min(41, field.first(column) + field.size)
        seen = seen_rectangle(gradient_map(network, image, row, column))
        # dilation leaves holes, but both ends of the field are looked at unless cut by the border
        if (bottom - top, right - left) == (field.size, field.size):
            assert seen == (top, left, field.size, field.size)
        else:
            assert seen[0] >= top and seen[0] + seen[2] <= bottom
            assert seen[1] >= left and seen[1] + seen[3] <= right


def test_gradient_map_is_that_of_a_linear_network():
    weight = noise(1, 3, 4, 4, seed=3) - 0.5
    network = nn.Conv2d(3, 1, 4, stride=4, bias=False)
    network.weight.data = weight
    found = gradient_map(network, noise(1, 3, 8, 8), 1, 0)
    expected = torch.zeros(8, 8)
    expected[4:, :4] = weight[0].abs().sum(dim=0)
    torch.testing.assert_close(found, expected)


def test_the_image_is_left_as_it_was():
    image = noise(1, 3, 32, 32)
    gradient_map(Critic(width=2), image, 0, 0)
    assert not image.requires_grad and image.grad is None


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.ReLU(), "has no convolution to follow"),
        (nn.ConvTranspose2d(1, 1, 3), "has a transposed"),
        (nn.Conv2d(1, 1, (3, 1)), r"square convolutions, got one with \(3, 1\)"),
        (nn.Conv2d(1, 1, 3, padding="same"), "square convolutions, got one with same"),
    ],
)
def test_networks_that_the_recurrence_cannot_follow_are_named(network, message):
    with pytest.raises(InputError, match=message):
        receptive_fields(network)


def test_a_place_outside_the_output_and_a_blind_network_are_named():
    with pytest.raises(InputError, match=r"no place \(11, 0\) in an output of 11 rows"):
        gradient_map(Critic(width=2), noise(1, 3, 64, 64), 11, 0)
    with pytest.raises(InputError, match="nothing is seen"):
        seen_rectangle(torch.zeros(4, 4))


def test_first_pixels_are_a_step_apart():
    field = Field(size=5, step=4, start=-2)
    assert [field.first(i) for i in range(3)] == [-2, 2, 6]


def test_share_outside_counts_a_square_cut_by_the_border():
    field = receptive_fields(Critic(width=2))[-1]  # of value 0: -46 to 23
    assert share_outside(torch.ones(100, 100), field, 0, 0) == pytest.approx(1 - 0.24**2)
    assert share_outside(torch.ones(10, 10), Field(2, 1, -20), 0, 0) == 1
