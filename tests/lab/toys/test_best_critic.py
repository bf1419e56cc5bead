"""The computed critic: bound, equality and slope, against the distance found by assignment."""

import pytest
import torch
from scipy.optimize import linprog

from sharingan_lab.errors import InputError
from sharingan_lab.lab import earth_movers_distance, optimal_critic, ring_centres, swiss_roll


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("dimensions", [1, 2, 5])
@pytest.mark.parametrize("seed", range(3))
def test_it_reaches_the_distance(dimensions, seed):
    real, fake = torch.randn(2, 60, dimensions, generator=rng(seed)).double()
    critic = optimal_critic(real, 2 * fake + 0.5)
    worth = critic(real).mean() - critic(2 * fake + 0.5).mean()
    assert worth.item() == pytest.approx(earth_movers_distance(real, 2 * fake + 0.5), rel=1e-6)


def test_it_is_nowhere_steeper_than_one():
    real = swiss_roll(100, rng=rng()).double()
    critic = optimal_critic(real, real + torch.randn(100, 2, generator=rng(1)))
    a, b = (6 * torch.rand(2, 4000, 2, generator=rng(2)) - 3).double()
    b[2000:] = a[2000:] + 1e-4 * b[2000:]  # near neighbours as well
    rise, way = (critic(a) - critic(b)).abs(), (a - b).norm(dim=1)
    assert float((rise - way).max()) < 1e-9
    assert float((rise / way).max()) > 0.99


def test_it_equals_the_linear_programme_of_the_dual():
    real, fake = torch.randn(2, 7, 2, generator=rng()).double()
    ways = torch.cdist(real, fake).flatten().numpy()
    falls = torch.cat([torch.eye(7).repeat_interleave(7, 0), -torch.eye(7).repeat(7, 1)], dim=1)
    gain = torch.cat([-torch.ones(7), torch.ones(7)]).numpy() / 7
    dual = linprog(gain, A_ub=falls.numpy(), b_ub=ways, bounds=(None, None))
    critic = optimal_critic(real, fake)
    assert (critic(real).mean() - critic(fake).mean()).item() == pytest.approx(-dual.fun)


def test_every_other_critic_of_slope_one_is_worth_less():
    real, fake = ring_centres(), ring_centres(radius=1.0) + torch.tensor([0.3, 0.0])
    best = optimal_critic(real, fake)
    worth = best(real).mean() - best(fake).mean()
    for direction in ring_centres(16, radius=1.0):
        assert (real @ direction).mean() - (fake @ direction).mean() < worth
    assert real.norm(dim=1).mean() - fake.norm(dim=1).mean() <= worth + 1e-6


def test_equal_sets_have_a_flat_difference():
    points = torch.randn(20, 2, generator=rng())
    critic = optimal_critic(points, points.flip(0))
    torch.testing.assert_close(critic(points).mean(), critic(points.flip(0)).mean())


@pytest.mark.parametrize("shapes", [((3, 2), (4, 2)), ((3,), (3,))])
def test_it_needs_two_sets_of_one_size(shapes):
    with pytest.raises(InputError, match="of one size"):
        optimal_critic(*(torch.zeros(shape) for shape in shapes))
