"""What is hung on the optimisers, shown without other processes."""

import torch
from torch import nn

from sharingan_lab.training import recipe
from sharingan_lab.training.team import Team
from sharingan_lab.training.updates import surround_updates


def draws_of(team, alpha_per, steps=3):
    """What a process draws before each step of its critic, two numbers at a time."""
    config = recipe("quick").with_settings(batch_size=4, alpha_per=alpha_per)
    optimisers = {
        name: torch.optim.SGD([nn.Parameter(torch.zeros(1))]) for name in ("generator", "critic")
    }
    rng = torch.Generator().manual_seed(5)
    surround_updates(config, optimisers, nn.Identity(), rng, team)
    drawn = []
    for _ in range(steps):
        drawn.append(torch.rand(4 // team.size, generator=rng))
        optimisers["critic"].step()
    return torch.stack(drawn), rng.get_state()


def test_processes_draw_their_parts_of_what_one_would_draw():
    whole, state = draws_of(Team(), "sample")
    (first, leaders), (second, _) = (draws_of(Team(rank, 2), "sample") for rank in (0, 1))
    assert torch.equal(torch.cat([first, second], dim=1), whole)
    assert torch.equal(leaders, state)  # which a checkpoint keeps: it holds for any process


def test_processes_draw_the_same_number_for_a_whole_batch():
    first, second = (draws_of(Team(rank, 2), "batch")[0] for rank in (0, 1))
    assert torch.equal(first, second)
