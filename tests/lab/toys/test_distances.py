"""Distances against scipy's, against counts by hand and against all assignments."""

import itertools
import math

import pytest
import torch
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from sharingan_lab.errors import InputError
from sharingan_lab.lab import earth_movers_distance, jensen_shannon, transport_plan


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_jensen_shannon_equals_scipys():
    p, q = torch.rand(2, 50, generator=rng())
    expected = jensenshannon(p.numpy(), q.numpy()) ** 2
    assert jensen_shannon(p, q) == pytest.approx(expected, rel=1e-5)
    assert jensen_shannon(q, p) == pytest.approx(jensen_shannon(p, q))


def test_jensen_shannon_of_equal_and_of_disjoint_histograms():
    p, q = torch.tensor([1.0, 3.0, 0.0]), torch.tensor([0.0, 0.0, 5.0])
    assert jensen_shannon(p, 2 * p) == pytest.approx(0, abs=1e-12)
    assert jensen_shannon(p, q) == pytest.approx(math.log(2))


def test_weights_that_are_no_histogram_are_refused():
    with pytest.raises(InputError, match="make them equal"):
        jensen_shannon(torch.ones(2), torch.ones(3))
    with pytest.raises(InputError, match="must not be negative"):
        jensen_shannon(torch.tensor([1.0, -1.0]), torch.ones(2))
    with pytest.raises(InputError, match="must be positive"):
        jensen_shannon(torch.zeros(2), torch.ones(2))


def test_transport_work_on_the_line_equals_scipys():
    places = torch.arange(7.0)
    supply, demand = torch.rand(2, 7, generator=rng())
    _, work = transport_plan((places[:, None] - places).abs(), supply, demand)
    expected = wasserstein_distance(places, places, supply, demand)
    assert work == pytest.approx(expected, rel=1e-5)


def test_a_plan_ships_what_is_there_to_where_it_is_wanted():
    cost = torch.rand(4, 6, generator=rng())
    supply, demand = torch.rand(4, generator=rng(1)), torch.rand(6, generator=rng(2))
    plan, work = transport_plan(cost, supply, demand)
    assert plan.min() >= -1e-9
    torch.testing.assert_close(plan.sum(1), supply / supply.sum())
    torch.testing.assert_close(plan.sum(0), demand / demand.sum())
    assert work == pytest.approx(float((plan * cost).sum()), rel=1e-5)


def test_a_plan_needs_fitting_shapes():
    with pytest.raises(InputError, match=r"expected \(2, 3\)"):
        transport_plan(torch.zeros(3, 2), torch.ones(2), torch.ones(3))


def test_distance_is_the_best_of_all_assignments():
    x, y = torch.randn(2, 6, 2, generator=rng()).double()
    orders = [list(order) for order in itertools.permutations(range(6))]
    best = min(float((x - y[order]).norm(dim=1).mean()) for order in orders)
    assert earth_movers_distance(x, y) == pytest.approx(best)


def test_distance_on_the_line_equals_scipys():
    x, y = torch.randn(2, 40, 1, generator=rng())
    expected = wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert earth_movers_distance(x, y) == pytest.approx(expected, rel=1e-5)


def test_distance_of_a_shift_is_its_length():
    x = torch.randn(50, 2, generator=rng())
    assert earth_movers_distance(x, x + torch.tensor([3.0, 4.0])) == pytest.approx(5.0, rel=1e-5)
    assert earth_movers_distance(x, x.flip(0)) == 0.0


def test_distance_takes_points_that_carry_gradients():
    x = torch.zeros(3, 2, requires_grad=True)
    assert earth_movers_distance(x, torch.ones(3, 2)) == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((3,), (3,))])
def test_distance_needs_two_sets_of_one_size(shapes):
    with pytest.raises(InputError, match="of one size"):
        earth_movers_distance(*(torch.zeros(shape) for shape in shapes))
