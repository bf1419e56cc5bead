"""Slopes and hills of toy critics against critics whose surface is known."""

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.lab import BatchedMLP, grid_centres, input_gradients, peaks


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def tents(tops):
    """One critic a top: a pyramid, minus the sum of the distances along both axes."""
    critics = BatchedMLP(len(tops), (2, 4, 1), rng=rng())
    axes = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
    critics.weights[0].data.copy_(axes.expand(len(tops), -1, -1))
    critics.biases[0].data.copy_(-(torch.as_tensor(tops) @ axes)[:, None])
    critics.weights[1].data.fill_(-1.0)
    critics.biases[1].data.zero_()
    return critics


def test_gradients_equal_those_of_each_point_alone():
    critics = BatchedMLP(3, (2, 16, 16, 1), rng=rng())
    points = torch.randn(3, 5, 2, generator=rng(1))
    found = input_gradients(critics, points)
    for network, point in [(0, 0), (1, 3), (2, 4)]:
        alone = points.clone().requires_grad_()
        critics(alone)[network, point].backward()
        torch.testing.assert_close(found[network, point], alone.grad[network, point])
    assert not found.requires_grad and not points.requires_grad


def test_gradients_of_a_pyramid_lean_to_its_top():
    found = input_gradients(tents([[1.0, -1.0]]), torch.tensor([[[3.0, 0.0], [-2.0, -4.0]]]))
    torch.testing.assert_close(found, torch.tensor([[[-1.0, -1.0], [1.0, 1.0]]]))


def test_a_peak_is_found_where_it_is_and_nowhere_else():
    centres = grid_centres(3, spacing=2.0)
    tops = centres[[0, 4, 7]]
    found = peaks(tents(tops.tolist()), centres, distance=1.0)
    assert found.nonzero().tolist() == [[0, 0], [1, 4], [2, 7]]


def test_a_slope_and_a_plateau_have_no_peaks():
    critics = BatchedMLP(2, (2, 1), rng=rng())
    critics.weights[0].data[1] = 0
    assert not peaks(critics, grid_centres(5), distance=0.5).any()


def test_a_distance_must_be_positive():
    with pytest.raises(InputError, match="must be positive"):
        peaks(tents([[0.0, 0.0]]), grid_centres(2), distance=0.0)
