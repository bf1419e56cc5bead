"""Uncertain edges against direct counting and their closed forms."""

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.lab import edge_rows, shifted_edges, steepest_step
from sharingan_lab.lab.toys.edges import BRIGHT, DARK


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("position", [3.0, 7.25, 12.9])
def test_an_edge_holds_as_much_light_as_lies_right_of_it(position):
    row = edge_rows(torch.tensor(position), width=16)
    light = (row - DARK) / (BRIGHT - DARK)
    assert light.sum().item() == pytest.approx(16 - position, abs=1e-5)
    assert (row.diff() >= 0).all()
    assert ((light > 0) & (light < 1)).sum() == (position % 1 > 0)


def test_what_is_seen_is_the_mean_of_the_edges_that_fit_it():
    """Group drawn rows by nearly equal ramps: their sharp edges average to the ramp."""
    seen, sharp = shifted_edges(1, 40_000, rng=rng())
    middles = 32 - (seen[0] - DARK).sum(-1) / (BRIGHT - DARK)
    alike = (middles - 16).abs() < 0.25
    assert alike.sum() > 1000
    torch.testing.assert_close(sharp[0, alike].mean(0), seen[0, alike].mean(0), atol=0.03, rtol=0)


def test_the_ramp_is_a_box_blur_of_the_edge_in_its_middle():
    seen, _ = shifted_edges(1, 50, rng=rng())
    middles = 32 - (seen[0] - DARK).sum(-1) / (BRIGHT - DARK)
    fine = torch.arange(0, 32, 1 / 64) + 1 / 128  # the exact ramp, averaged over each pixel
    ramp = ((fine - middles[:, None] + 4) / 8).clamp(0, 1).view(50, 32, 64).mean(-1)
    torch.testing.assert_close(seen[0], DARK + (BRIGHT - DARK) * ramp, atol=2e-3, rtol=0)
    torch.testing.assert_close(steepest_step(seen[0]), torch.full((50,), 1 / 8), atol=2e-3, rtol=0)


def test_the_true_edge_lies_within_reach_and_nothing_seen_says_where():
    seen, sharp = shifted_edges(2, 5000, rng=rng())
    middles, truths = (32 - (rows - DARK).sum(-1) / (BRIGHT - DARK) for rows in (seen, sharp))
    offsets = truths - middles
    assert offsets.abs().max() <= 4.001 and offsets.abs().max() > 3.9
    assert middles.min() >= 12 - 1e-3 and middles.max() <= 20 + 1e-3
    correlation = torch.corrcoef(torch.stack([middles.flatten(), offsets.flatten()]))[0, 1]
    assert correlation.abs() < 0.05


def test_the_same_seed_draws_the_same_and_networks_differ():
    one, two = (shifted_edges(2, 5, rng=rng(3))[1] for _ in range(2))
    assert torch.equal(one, two) and not torch.equal(one[0], one[1])


@pytest.mark.parametrize(("networks", "n"), [(-1, 2), (0, 2), (2, 0), (2, 1.5)])
def test_numbers_of_rows_that_cannot_be_are_named(networks, n):
    with pytest.raises(InputError, match="must be a whole number, at least 1"):
        shifted_edges(networks, n, rng=rng())


def test_an_edge_needs_a_pixel():
    with pytest.raises(InputError, match="width must be a whole number, at least 1, got -3"):
        edge_rows(torch.tensor(2.5), width=-3)
