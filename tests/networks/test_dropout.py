"""Monte-Carlo dropout: many answers, of known spread, that leave nothing changed."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.networks import Generator, LiteGenerator, monte_carlo_dropout


def test_answers_differ_repeat_by_seed_and_leave_everything_as_it_was():
    generator = Generator(width=4, blocks=2).eval()
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    state = torch.get_rng_state()
    with torch.no_grad():
        plain = generator(image)
        with monte_carlo_dropout(generator, seed=1):
            first, second = generator(image), generator(image)
        with monte_carlo_dropout(generator, seed=1):
            again = generator(image)
        assert torch.equal(generator(image), plain)
    assert torch.equal(first, again) and not torch.equal(first, second)
    assert torch.equal(state, torch.get_rng_state())
    assert not any(module.training for module in generator.modules())


def test_the_spread_of_the_answers_is_that_of_the_dropped_units():
    """Of n units, each kept with probability 1 - p and scaled, the sum varies by n p / (1 - p)."""
    network = nn.Sequential(nn.Dropout(0.2)).eval()
    with monte_carlo_dropout(network, seed=0):
        sums = torch.stack([network(torch.ones(100)).sum() for _ in range(4000)])
    assert float(sums.mean()) == pytest.approx(100, abs=0.5)
    assert float(sums.var()) == pytest.approx(100 * 0.2 / 0.8, rel=0.1)


def test_an_error_inside_leaves_dropout_off():
    network = nn.Sequential(nn.Dropout(0.5)).eval()
    with pytest.raises(ZeroDivisionError), monte_carlo_dropout(network, seed=0):
        1 / 0  # noqa: B018
    assert torch.equal(network(torch.ones(9)), torch.ones(9))


@pytest.mark.parametrize("network", [LiteGenerator(4, 1), Generator(4, 1, dropout=0.0)])
def test_a_network_without_dropout_is_named(network):
    with (
        pytest.raises(InputError, match=f"{type(network).__name__} has no dropout"),
        monte_carlo_dropout(network, seed=0),
    ):
        pass
