"""Toy distributions against their formulas, coverage against counts by hand."""

import itertools
import math

import pytest
import torch
from scipy.stats import kstest

from sharingan_lab.errors import InputError
from sharingan_lab.lab import (
    Normal,
    gaussian_mixture,
    grid_centres,
    mode_coverage,
    ring_centres,
    swiss_roll,
)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_normal_samples_follow_scipys_normal():
    samples = Normal(1.5, 0.5).sample(2000, rng=rng())
    assert kstest(samples[:, 0].numpy(), "norm", args=(1.5, 0.5)).pvalue > 0.01


def test_normal_density_integrates_to_one():
    x = torch.linspace(-8, 8, 4001)
    assert torch.trapezoid(Normal(1.0, 0.7).density(x), x).item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("std", [0.0, -1.0, math.nan])
def test_a_normal_needs_a_positive_spread(std):
    with pytest.raises(InputError, match="must be positive"):
        Normal(0.0, std)


def test_ring_centres_lie_on_the_circle_at_equal_angles():
    centres = ring_centres(8, radius=3.0)
    torch.testing.assert_close(centres.norm(dim=1), torch.full((8,), 3.0))
    steps = (centres - centres.roll(1, 0)).norm(dim=1)
    torch.testing.assert_close(steps, torch.full((8,), 2 * 3.0 * math.sin(math.pi / 8)))


def test_grid_centres_are_25_places_around_the_origin():
    centres = grid_centres(5, spacing=2.0)
    expected = set(itertools.product([-4.0, -2.0, 0.0, 2.0, 4.0], repeat=2))
    assert {tuple(centre) for centre in centres.tolist()} == expected


def test_mixture_points_scatter_around_their_own_centre():
    centres = grid_centres()
    points, labels = gaussian_mixture(20_000, centres, 0.05, rng=rng())
    offsets = points - centres[labels]
    assert offsets.std().item() == pytest.approx(0.05, rel=0.02)
    counts = torch.bincount(labels, minlength=25)
    assert counts.min() > 600 and counts.max() < 1000  # 800 expected, sd about 28


def test_swiss_roll_without_noise_is_the_spiral():
    points = 7.5 * swiss_roll(500, noise=0.0, rng=rng()).double()
    radius = points.norm(dim=1)
    assert radius.min() >= 1.5 * math.pi - 1e-4 and radius.max() <= 4.5 * math.pi + 1e-4
    expected = torch.stack([radius * radius.cos(), radius * radius.sin()], dim=1)
    torch.testing.assert_close(points, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "draw",
    [
        lambda g: Normal(0, 1).sample(9, rng=g),
        lambda g: gaussian_mixture(9, ring_centres(), 0.1, rng=g)[0],
        lambda g: swiss_roll(9, rng=g),
    ],
)
def test_samples_follow_the_seed(draw):
    assert torch.equal(draw(rng(3)), draw(rng(3)))
    assert not torch.equal(draw(rng(3)), draw(rng(4)))


def test_perfect_samples_cover_all_modes():
    centres = ring_centres()
    points, _ = gaussian_mixture(2000, centres, 0.02, rng=rng())
    assert mode_coverage(points, centres, radius=0.2, least=100) == (8, 1.0)


def test_coverage_counts_by_hand():
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]])
    points = torch.tensor([[0.0, 0.1], [0.1, 0.0], [1.0, 0.1], [3.0, 3.0]])
    assert mode_coverage(points, centres, radius=0.2) == (2, 0.75)
    assert mode_coverage(points, centres, radius=0.2, least=2) == (1, 0.75)
    covered, good = mode_coverage(points + 100, centres, radius=0.2)
    assert (covered, good) == (0, 0.0)
