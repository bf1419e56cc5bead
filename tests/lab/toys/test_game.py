"""A GAN of the plane, turn by turn."""

import math

import pytest
import torch

from sharingan_lab.lab import earth_movers_distance
from sharingan_lab.lab.toys.game import DATA, OBJECTIVES, Game, Rules, draw_data


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def after(turns, rules, noise_size=2):
    game = Game(noise_size=noise_size, rng=rng())
    for _ in range(turns):
        game.turn(rules)
    return game


def test_clipping_holds_the_critic_and_no_other_game_does():
    weights = {
        kind: after(3, Rules(kind, clip=0.01)).critic.weights[1].abs().max() for kind in OBJECTIVES
    }
    assert weights.pop("WGAN, clipped") <= 0.01 < min(weights.values())


def test_a_high_price_makes_slopes_one():
    cheap, dear = (after(60, Rules("WGAN-GP", lambda_gp=x, critic_steps=3)) for x in (0, 100))
    slope = {game: game.hints("wasserstein")[1].norm(dim=1).mean() for game in (cheap, dear)}
    assert slope[dear] == pytest.approx(1, abs=0.25) and slope[cheap] > 2 * slope[dear]


def test_a_rate_of_zero_keeps_a_player_still():
    fresh, game = after(0, Rules()), after(2, Rules(generator_rate=0.0))
    assert torch.equal(fresh.generator.weights[0], game.generator.weights[0])
    assert not torch.equal(fresh.critic.weights[0], game.critic.weights[0])


def test_a_game_comes_nearer_to_the_data():
    game = after(60, Rules("WGAN-GP", critic_steps=5, lambda_gp=0.1))
    assert len(game.distances) == 7 and game.distances[-1] < 0.6 * game.distances[0]
    real = draw_data("8 clouds", 200, rng=rng(1))
    assert game.distances[-1] == earth_movers_distance(game.points(), real)


def test_a_clueless_detective_estimates_no_divergence_and_a_sure_one_all_of_it():
    game = Game(noise_size=2, rng=rng())
    game.critic.weights[-1].data.zero_()
    game.critic.biases[-1].data.zero_()
    game.turn(Rules(critic_rate=0.0))
    assert game.estimates[0] == pytest.approx(0, abs=1e-6)
    apart = after(150, Rules(critic_steps=4, generator_rate=0.0))
    assert 0.3 < apart.estimates[-1] < math.log(2)


@pytest.mark.parametrize("objective", ["vanilla", "non-saturating", "wasserstein"])
def test_hints_lead_uphill_as_the_objective_asks(objective):
    game = after(2, Rules())
    places, hints = game.hints(objective, n=5)
    score = game.critic(places.requires_grad_())
    (slope,) = torch.autograd.grad(score.sum(), places)
    d = torch.sigmoid(score)
    share = {"vanilla": d, "non-saturating": 1 - d, "wasserstein": 1.0}[objective]
    torch.testing.assert_close(hints, (share * slope).detach())


@pytest.mark.parametrize("data", DATA)
def test_data_lie_on_the_stage(data):
    assert draw_data(data, 500, rng=rng()).abs().max() < 3
