import math

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import bootstrap_interval


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says():
    values = torch.randn(400, generator=seeded(), dtype=torch.float64)
    low, high = bootstrap_interval(values, rng=seeded(1))
    half = 1.96 * values.std().item() / math.sqrt(400)
    assert low == pytest.approx(values.mean().item() - half, abs=0.1 * half)
    assert high == pytest.approx(values.mean().item() + half, abs=0.1 * half)


def test_nineteen_of_twenty_intervals_hold_the_truth():
    rng = seeded()
    bounds = [bootstrap_interval(torch.rand(50, generator=rng), rng=rng) for _ in range(200)]
    held = sum(low <= 0.5 <= high for low, high in bounds)
    assert 180 <= held <= 199


def test_a_statistic_of_several_means_keeps_pictures_together():
    """The ratio of two columns of which one is twice the other is 2 in every draw."""
    first = torch.rand(30, generator=seeded()) + 0.1
    both = torch.stack([first, 2 * first], dim=1)
    bounds = bootstrap_interval(both, lambda means: means[:, 1] / means[:, 0], rng=seeded())
    assert bounds == pytest.approx((2.0, 2.0))


def test_one_picture_has_no_width():
    assert bootstrap_interval(torch.tensor([3.0]), rng=seeded()) == (3.0, 3.0)


def test_the_same_seed_gives_the_same_interval():
    values = torch.rand(30, generator=seeded())
    first, second = (bootstrap_interval(values, rng=seeded(5)) for _ in range(2))
    assert first == second


def test_shares_of_nothing_are_left_out():
    values = torch.tensor([0.0, 1.0])
    bounds = bootstrap_interval(values, lambda means: means / means, rng=seeded())
    assert bounds == (1.0, 1.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [(torch.zeros(0), "one a picture"), (torch.tensor(1.0), "one a picture"),
     (torch.tensor([1.0, math.inf]), "NaN or infinity")],
)  # fmt: skip
def test_values_that_are_none_are_refused(values, words):
    with pytest.raises(InputError, match=words):
        bootstrap_interval(values, rng=seeded())


def test_a_statistic_that_gives_no_result_a_draw_is_refused():
    with pytest.raises(InputError, match=r"must give \(2000,\)"):
        bootstrap_interval(torch.ones(3, 2), rng=seeded())
