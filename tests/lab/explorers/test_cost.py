"""What a schedule costs: the measurement adds up, the planner counts right."""

import pytest
import torch

from sharingan_lab.lab.explorers import cost
from sharingan_lab.lab.explorers.cost import TurnCost, cost_explorer, measure_turn
from sharingan_lab.training import recipe

pytestmark = pytest.mark.usefixtures("unpainted")

COST = TurnCost(generator=0.02, critic=0.01, side=128)


def test_the_parts_of_a_turn_are_told_by_their_difference(monkeypatch):
    step, stepped = torch.optim.Adam.step, []

    def counted(optimizer, *args, **kwargs):
        stepped.append(optimizer)
        return step(optimizer, *args, **kwargs)

    def seconds(work, *, repeats, **_how):
        stepped.clear()
        work()
        updates = len(stepped) - 1  # the other is the generator's
        taken.append(updates)
        return [103.0] + (repeats - 1) * [3.0 + 0.5 * updates]  # one is slow

    taken = []
    monkeypatch.setattr(torch.optim.Adam, "step", counted)
    monkeypatch.setattr(cost, "measure_runtime", seconds)
    tiny = recipe("report").with_settings(width=4, blocks=1, critic_width=4, device="cpu")
    assert measure_turn(tiny, side=32) == TurnCost(generator=3.0, critic=0.5, side=32)
    assert taken == [1, 5]


def test_the_planner_counts_turns_and_hours():
    plan = cost_explorer(COST, recipe("report"))
    plan.controls["side"].value = 128
    assert "300,000 turns and 1,500,000 critic updates: 5.83 hours" in plan.description
    plan.controls["critic_steps"].value = 0
    assert "and 0 critic updates: 1.67 hours" in plan.description
    plan.controls["pictures"].value = 500
    assert "150,000 turns and 0 critic updates: 0.833 hours" in plan.description


def test_the_steps_together_are_the_area_under_the_schedule():
    plan = cost_explorer(COST, recipe("report"))
    whole = 1000 * sum(recipe("report").rate_in_epoch(epoch) for epoch in range(300))
    assert plan.description.endswith(f"all its steps together are {whole:.3g}.")
    plan.controls["constant"].value = 600  # more than there are epochs: all of them
    assert plan.description.endswith("ends at 0.0001; all its steps together are 30.")


def test_the_time_grows_with_the_pixels():
    assert COST.turn(5, 256) == pytest.approx(4 * COST.turn(5, 128))


def test_every_slider_changes_what_is_said():
    plan = cost_explorer(COST, recipe("report"))
    for name, slider in plan.controls.items():
        before = plan.description
        slider.value = slider.min
        assert plan.description != before, name
