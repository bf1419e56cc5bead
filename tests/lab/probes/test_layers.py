"""The table of layers against shapes and counts worked out apart from it."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.lab import layer_table
from sharingan_lab.networks import Critic, Generator


def test_the_critics_table_has_the_published_sizes_and_its_sum_of_parameters():
    rows = [r for r in layer_table(Critic(), torch.zeros(1, 3, 256, 256)) if r.kind == "Conv2d"]
    assert [row.shape for row in rows] == [
        (64, 129, 129),
        (128, 65, 65),
        (256, 33, 33),
        (512, 34, 34),
        (1, 35, 35),
    ]
    assert sum(row.parameters for row in rows) == 2_764_737


def test_every_layer_of_the_generator_comes_once_and_in_order():
    generator = Generator(width=2, blocks=2).eval()
    rows = layer_table(generator, torch.zeros(1, 3, 16, 16))
    named = dict(generator.named_modules())
    assert [row.name for row in rows] == [n for n, m in named.items() if not any(m.children())]
    assert all(row.kind == type(named[row.name]).__name__ for row in rows)
    assert sum(row.parameters for row in rows) == sum(p.numel() for p in generator.parameters())
    assert rows[-1].shape == (3, 16, 16)


def test_a_layer_used_twice_comes_twice():
    shared = nn.Conv2d(3, 3, 1)
    assert len(layer_table(nn.Sequential(shared, shared), torch.zeros(1, 3, 4, 4))) == 2


def test_no_hook_stays_behind_even_after_an_error():
    network = Critic(width=2)
    with pytest.raises(InputError):
        layer_table(network, torch.zeros(1, 5, 16, 16))
    assert not any(module._forward_hooks for module in network.modules())
