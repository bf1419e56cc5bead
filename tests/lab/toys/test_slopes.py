"""Slopes measured on a mesh against slopes that are known or that autograd gives."""

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.lab import BatchedMLP, descend, square_mesh, steepest_slope


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


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
