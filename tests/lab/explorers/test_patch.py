"""The patch explorer without a browser."""

import pytest
import torch

from sharingan_lab.datasets import photo
from sharingan_lab.lab import gradient_map, receptive_fields, seen_rectangle, share_outside
from sharingan_lab.lab.explorers.patch import (
    CONTROLS,
    first_layers,
    patch_explorer,
    untrained_critic,
)

pytestmark = pytest.mark.usefixtures("unpainted")

IMAGE = photo("coffee", 128)


def test_turning_every_control_changes_what_is_said():
    explorer = patch_explorer(IMAGE)
    assert list(explorer.controls) == list(CONTROLS)
    for name, slider in explorer.controls.items():
        before, start = explorer.description, slider.value
        slider.value = slider.min if slider.value == slider.max else slider.max
        assert explorer.description != before, name
        slider.value = start


@pytest.mark.parametrize("layers", [1, 4])
def test_without_normalisation_nothing_lies_outside_the_frame(layers):
    explorer = patch_explorer(IMAGE, layers=layers)
    assert "out, 0 % of the gradient lies outside" in explorer.description
    for corner in (0, 100):
        explorer.controls["down"].value = corner
        assert "out, 0 % of the gradient lies outside" in explorer.description


def test_with_normalisation_the_third_convolution_is_the_first_to_see_all():
    """The first normalisation stands behind the second convolution."""
    said = [patch_explorer(IMAGE, layers=n, normalised=1).description for n in (1, 2, 3)]
    assert ["in, 0 % of" in text for text in said] == [True, True, False]


def test_the_frame_is_where_the_gradient_is():
    network = first_layers(untrained_critic(False), 4)
    row = 9
    field = receptive_fields(network)[-1]
    gradient = gradient_map(network, 2 * IMAGE - 1, row, row)
    assert seen_rectangle(gradient) == (field.first(row), field.first(row), field.size, field.size)
    assert share_outside(gradient, field, row, row) == 0


def test_the_critic_is_the_same_each_time_and_torchs_seed_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    untrained_critic.cache_clear()
    first = untrained_critic(True).model[0].weight
    assert torch.equal(torch.rand(1), expected)
    untrained_critic.cache_clear()
    assert torch.equal(untrained_critic(True).model[0].weight, first)
