"""The critic explorer without a browser."""

import pytest
import torch

from sharingan_lab.lab import BatchedMLP, input_gradients, surface
from sharingan_lab.lab.explorers.critic import (
    CONTROLS,
    clouds,
    critic_explorer,
    critic_states,
    slope_profile,
)

pytestmark = pytest.mark.usefixtures("unpainted")


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def mean_slope(lambda_gp, gap, one_sided=False):
    critic = critic_states(lambda_gp, gap, one_sided)[-1]
    real, fake = clouds(500, gap, rng=rng(5))
    return slope_profile(critic, real, fake, torch.linspace(0, 1, 11)).mean().item()


@pytest.mark.parametrize("lambda_gp", [1.0, 10.0])
def test_trained_slopes_are_those_of_the_formula(lambda_gp):
    assert mean_slope(lambda_gp, 6.0) == pytest.approx(1 + 6 / (2 * lambda_gp), rel=0.1)


def test_with_nothing_to_tell_apart_only_the_two_sided_critic_stays_steep():
    assert mean_slope(10.0, 0.0) == pytest.approx(1, abs=0.1)
    assert mean_slope(10.0, 0.0, one_sided=True) < 0.8


def test_states_are_those_of_one_training():
    short, long = (critic_states(3.0, 2.0, False, last=n, every=5) for n in (5, 10))
    assert [len(short), len(long)] == [2, 3]
    for one, other in zip(short, long, strict=False):
        assert torch.equal(one.weights[1], other.weights[1])
    assert not torch.equal(long[1].weights[1], long[2].weights[1])


def test_a_surface_lies_on_the_mesh_it_is_drawn_on():
    critics = BatchedMLP(2, (2, 1), rng=rng())
    critics.weights[0].data.copy_(torch.tensor([[[1.0], [0.0]], [[0.0], [1.0]]]))
    critics.biases[0].data.zero_()
    rising_right, rising_up = surface(critics, reach=2.0, side=5)
    ticks = torch.linspace(-2, 2, 5)
    torch.testing.assert_close(rising_right, ticks.expand(5, 5))
    torch.testing.assert_close(rising_up, ticks[:, None].expand(5, 5))


def test_profiles_go_from_the_generated_to_the_real_point():
    critic = critic_states(1.0, 6.0, False, last=20)[-1]
    real, fake = clouds(4, 6.0, rng=rng(1))
    found = slope_profile(critic, real, fake, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(found[0], input_gradients(critic, fake).norm(dim=1))
    torch.testing.assert_close(found[1], input_gradients(critic, real).norm(dim=1))


def test_turning_every_control_changes_what_is_shown():
    explorer = critic_explorer(steps=50)
    assert list(explorer.controls) == list(CONTROLS)
    for slider in explorer.controls.values():
        before, start = explorer.description, slider.value
        slider.value = slider.max if start != slider.max else slider.min
        assert explorer.description != before, slider
        slider.value = start


def test_the_slopes_shown_are_those_of_the_library():
    explorer = critic_explorer(power=1.0, steps=100, gap=4.0)
    critic = critic_states(10.0, 4.0, False)[10]
    pair = clouds(60, 4.0, rng=rng(1))
    slope = slope_profile(critic, *pair, torch.linspace(0, 1, 21)).mean().item()
    assert f"Lambda 10 after 100 steps: mean slope {slope:.2f}" in explorer.description
    assert "is 1.20" in explorer.description
