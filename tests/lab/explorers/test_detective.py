"""The detective explorer without a browser: its integrals against samples and divergences."""

import math

import pytest
import torch

from sharingan_lab.lab import Normal, jensen_shannon
from sharingan_lab.lab.explorers.detective import (
    CONTROLS,
    best_score,
    detective_explorer,
    hints,
    value,
)
from sharingan_lab.losses import critic_loss, generator_loss

pytestmark = pytest.mark.usefixtures("unpainted")


def samples(gap):
    rng = torch.Generator().manual_seed(0)
    real, forged = (Normal(mean, 1.0).sample(200_000, rng=rng) for mean in (gap, 0.0))
    return real, forged


def test_the_best_score_is_the_closed_form():
    x = torch.linspace(-2, 5, 50)
    p, q = Normal(3.0, 1.0).density(x), Normal(0.0, 1.0).density(x)
    torch.testing.assert_close(torch.sigmoid(best_score(x, 3.0)), p / (p + q))


@pytest.mark.parametrize("gap", [0.5, 2.0, 6.0])
def test_the_best_value_is_the_divergence(gap):
    x = torch.linspace(-10, 18, 8001, dtype=torch.float64)
    js = jensen_shannon(Normal(gap, 1.0).density(x), Normal(0.0, 1.0).density(x))
    assert value(gap, 1.0) == pytest.approx(2 * js - math.log(4), abs=1e-6)
    assert max(value(gap, quality) for quality in (0.0, 0.5, 0.9, 1.1, 2.0)) < value(gap, 1.0)


@pytest.mark.parametrize("quality", [0.3, 1.0, 1.7])
def test_integrals_agree_with_the_losses_of_the_library(quality):
    gap = 2.0
    real, forged = samples(gap)
    theta = torch.zeros(1, requires_grad=True)
    scores = [quality * best_score(x, gap) for x in (real, forged + theta)]
    assert value(gap, quality) == pytest.approx(-critic_loss(*scores, "vanilla").item(), abs=0.02)
    for objective, expected in zip(("vanilla", "non-saturating"), hints(gap, quality), strict=True):
        (slope,) = torch.autograd.grad(
            generator_loss(scores[1], objective), theta, retain_graph=True
        )
        assert expected == pytest.approx(abs(slope.item()), rel=0.02)


def test_a_good_detective_silences_the_saturating_loss_only():
    saturating, alternative = zip(
        *(hints(6.0, quality) for quality in (0.1, 0.5, 1.0)), strict=True
    )
    assert saturating[0] > 3 * saturating[1] > 3 * saturating[2]
    assert alternative[0] < alternative[1] < alternative[2]


def test_turning_every_control_changes_the_figures_shown():
    explorer = detective_explorer(gap=3.0)
    assert list(explorer.controls) == list(CONTROLS)
    for slider in explorer.controls.values():
        before = explorer.description
        slider.value = slider.max
        assert explorer.description != before


def test_the_description_gives_the_figures():
    text = detective_explorer(gap=4.0, quality=1.0).description
    assert f"best {value(4.0, 1.0):.3f}" in text and f"{hints(4.0, 1.0)[0]:.4f}" in text
