"""Slopes and hills of toy critics against critics whose surface is known, and autograd."""

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.lab import (
    BatchedMLP,
    descend,
    grid_centres,
    input_gradients,
    peaks,
    square_mesh,
    steepest_slope,
)


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


def test_linear_critics_have_the_norm_of_their_weights():
    critics = BatchedMLP(4, (2, 1), rng=rng())
    expected = critics.weights[0].detach().norm(dim=(1, 2))
    torch.testing.assert_close(steepest_slope(critics).detach(), expected, atol=1e-4, rtol=1e-4)


def test_it_comes_close_to_the_steepest_gradient():
    critics = BatchedMLP(3, (2, 32, 32, 1), rng=rng())
    mesh = square_mesh(101, 2.5).expand(3, -1, -1).clone().requires_grad_()
    (gradients,) = torch.autograd.grad(critics(mesh).sum(), mesh)
    steepest = gradients.norm(dim=2).amax(dim=1)
    measured = steepest_slope(critics, side=101).detach()
    assert (measured <= 1.001 * steepest).all()
    assert (measured > 0.95 * steepest).all()


def test_it_can_be_descended():
    critics = BatchedMLP(2, (2, 16, 1), rng=rng())
    optimizer = torch.optim.SGD(critics.parameters(), lr=0.01)
    before = steepest_slope(critics).sum().item()
    descend(optimizer, steepest_slope(critics).sum())
    assert steepest_slope(critics).sum().item() < before


def test_a_flat_critic_gives_no_nan():
    critics = BatchedMLP(1, (2, 4, 1), rng=rng())
    for parameter in critics.parameters():
        parameter.data.zero_()
    slope = steepest_slope(critics)
    slope.sum().backward()
    assert slope.item() < 1e-9
    assert all(bool(p.grad.isfinite().all()) for p in critics.parameters())


def test_a_mesh_of_one_point_has_no_slope():
    with pytest.raises(InputError, match="side=1"):
        steepest_slope(BatchedMLP(1, (2, 1), rng=rng()), side=1)
