"""The loss explorer without a browser."""

import pytest
import torch
from torch.nn import functional as F

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.lab.explorers.loss import (
    CONTROLS,
    MARGIN,
    charge,
    damage,
    loss_explorer,
    scene,
)
from sharingan_lab.losses import PerceptualLoss

pytestmark = pytest.mark.usefixtures("unpainted")

NOTHING = {"shift": 0, "length": 0.0, "noise": 0.0, "brightness": 0.0, "colour": 0.0}
LOSS = PerceptualLoss("random")


def inside(image):
    return image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


@pytest.mark.parametrize("picture", [0, 1])
def test_nothing_changes_nothing_and_costs_nothing(picture):
    torch.testing.assert_close(damage(scene(picture), **NOTHING), inside(scene(picture)))
    said = loss_explorer(LOSS, picture=picture, **NOTHING).description
    assert "not damaged" in said and "L1 0.0 %, L2 0.0 %, RANDOM features 0.0 %" in said


def test_each_control_does_what_it_says():
    image = scene(1)
    expected = {
        "shift": (4, inside(image.roll(4, -1))),
        "length": (7.0, inside(blur(image, linear_kernel(7.0, 30, 31)))),
        "brightness": (0.1, inside(image) + 0.1),
        "colour": (0.1, inside(image) + torch.tensor([0.1, 0, -0.1]).view(1, 3, 1, 1)),
    }
    for name, (value, picture) in expected.items():
        spoilt = damage(image, **NOTHING | {name: value})
        torch.testing.assert_close(spoilt, picture.clamp(0, 1), atol=1e-5, rtol=0)
    noisy = damage(scene(0), **NOTHING | {"noise": 0.05}) - inside(scene(0))
    assert noisy.std().item() == pytest.approx(0.05, rel=0.05)


def test_a_moved_edge_brings_no_second_edge_in_from_the_border():
    row = damage(scene(0), **NOTHING | {"shift": 12})[0, 0, 0]
    assert (row.diff() >= 0).all() and row.diff().count_nonzero() == 1


def test_cost_and_pull_of_pixel_losses_are_their_closed_forms():
    sharp = inside(scene(1))
    spoilt = damage(scene(1), **NOTHING | {"shift": 3})
    difference = (sharp - spoilt)[0].double()
    cost, pull = charge(F.mse_loss, spoilt, sharp)
    spread = sharp[0].double().var(dim=(-1, -2), correction=0).mean()
    assert cost == pytest.approx(100 * (difference**2).mean().item() / spread.item(), rel=1e-4)
    expected = 2 * difference.mean(0) / difference.numel()
    torch.testing.assert_close(pull.double(), expected, rtol=1e-4, atol=1e-9)
    _, pull = charge(F.l1_loss, spoilt, sharp)
    expected = difference.sign().mean(0) / difference.numel()
    torch.testing.assert_close(pull.double(), expected, rtol=1e-4, atol=1e-9)


def test_following_the_pull_of_the_features_lowers_their_cost():
    sharp, spoilt = inside(scene(1)), damage(scene(1), **NOTHING | {"length": 7.0})
    cost, pull = charge(LOSS, spoilt, sharp)
    step = 0.01 * pull / pull.abs().max()
    assert charge(LOSS, spoilt + step, sharp)[0] < cost
    assert charge(LOSS, spoilt - step, sharp)[0] > cost


def test_features_charge_noise_dearer_than_a_move_pixels_do_not():
    """Measured in what L2 charges, as the lesson finds at equal MSE."""
    sharp, dearness = inside(scene(1)), {}
    for name, value in (("shift", 1), ("noise", 0.05)):
        spoilt = damage(scene(1), **NOTHING | {name: value})
        dearness[name] = charge(LOSS, spoilt, sharp)[0] / charge(F.mse_loss, spoilt, sharp)[0]
    assert dearness["noise"] > 1.5 * dearness["shift"]


def test_every_slider_changes_what_is_said_and_back():
    explorer = loss_explorer(LOSS)
    assert list(explorer.controls) == list(CONTROLS)
    for name, slider in explorer.controls.items():
        before, value = explorer.description, slider.value
        slider.value = slider.max
        assert explorer.description != before, name
        slider.value = value
        assert explorer.description == before


def test_the_kind_of_features_is_named():
    assert "RANDOM features" in loss_explorer(LOSS).description
    assert "VGG-19 features" in loss_explorer().description
