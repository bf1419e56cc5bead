"""The transport explorer without a browser."""

import pytest
import torch
from scipy.stats import wasserstein_distance

from sharingan_lab.lab.explorers.transport import (
    CONTROLS,
    PLACES,
    ordered_plan,
    pile,
    transport_explorer,
)

pytestmark = pytest.mark.usefixtures("unpainted")

SHAPES = [(4.0, 1.0, 0.0), (13.0, 1.5, 0.0), (10.0, 0.1, 12.0), (1.0, 5.0, 6.0), (20.0, 3.0, 0.0)]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_pile_holds_all_the_earth(shape):
    heap = pile(*shape)
    assert heap.min() >= 0
    torch.testing.assert_close(heap.sum(), torch.tensor(1.0))


def test_a_pile_stands_where_it_is_put():
    heap = pile(9.0, 1.0, 0.0)
    assert heap.argmax() == 9
    assert float((heap @ (PLACES - 9).square()).sqrt()) == pytest.approx(1.0, abs=0.01)
    halves = pile(9.0, 0.5, 8.0)
    assert halves[5] == halves[13] == halves.max()
    assert halves[9] == 0


@pytest.mark.parametrize("p", SHAPES)
@pytest.mark.parametrize("q", SHAPES)
def test_the_plan_ships_all_at_scipys_cost_and_keeps_the_order(p, q):
    p, q = pile(*p), pile(*q)
    plan = ordered_plan(p, q)
    torch.testing.assert_close(plan.sum(1), p, atol=1e-4, rtol=0)
    torch.testing.assert_close(plan.sum(0), q, atol=1e-4, rtol=0)
    cost = float((plan * (PLACES[:, None] - PLACES).abs()).sum())
    assert cost == pytest.approx(wasserstein_distance(PLACES, PLACES, p, q), abs=1e-3)
    start, goal = plan.nonzero().unbind(dim=1)
    assert not ((start[:, None] < start) & (goal[:, None] > goal)).any()


def test_every_slider_changes_what_is_said():
    explorer = transport_explorer(real_split=2.0)
    assert list(explorer.controls) == list(CONTROLS)
    for name, slider in explorer.controls.items():
        before, value = explorer.description, slider.value
        slider.value = slider.max
        assert explorer.description != before, name
        slider.value = value
        assert explorer.description == before


def test_a_shift_costs_its_length_and_piles_apart_share_nothing():
    explorer = transport_explorer(
        real_centre=3.0, real_width=0.5, fake_centre=15.0, fake_width=0.5, fake_split=0.0
    )
    assert "earth mover's distance 12.00 m" in explorer.description
    assert "Jensen-Shannon divergence 0.69 nats; 0 % of the earth stays" in explorer.description
    explorer.controls["fake_centre"].value = 3.0
    assert "earth mover's distance 0.00 m" in explorer.description
    assert "100 % of the earth stays" in explorer.description
