"""One turn of the algorithm beside its gradients on paper, for players of one layer."""

import pytest
import torch
from torch import nn

from sharingan_lab.training import recipe
from sharingan_lab.training.step import Game, signed

RATE, SHAPE = 0.05, (3, 4, 4)
WEIGHTS = {"lambda_gp": 7.0, "lambda_content": 30.0, "lambda_adversarial": 0.5, "critic_steps": 3}


class Shift(nn.Module):
    """G(x) = x + t."""

    def __init__(self, rng):
        super().__init__()
        self.t = nn.Parameter(0.1 * torch.rand(SHAPE, generator=rng, dtype=torch.float64))

    def forward(self, x):
        return x + self.t


class Linear(nn.Module):
    """D(x) = <w, x>, whose gradient is w everywhere: the penalty is (|w| - 1)^2."""

    def __init__(self, rng):
        super().__init__()
        self.w = nn.Parameter(torch.rand(SHAPE, generator=rng, dtype=torch.float64))

    def forward(self, x):
        return (self.w * x).flatten(start_dim=1).sum(dim=1)


@pytest.mark.parametrize("fresh", [False, True])
def test_a_turn_moves_both_players_down_the_gradients_of_equations_6_and_8(fresh):
    rng = torch.Generator().manual_seed(0)
    generator, critic = Shift(rng), Linear(rng)
    t, w = generator.t.detach().clone(), critic.w.detach().clone()
    batches = [
        tuple(torch.rand(2, 5, *SHAPE, generator=rng, dtype=torch.float64))
        for _ in range(WEIGHTS["critic_steps"] + 1 if fresh else 1)
    ]
    game = Game(
        generator,
        critic,
        nn.MSELoss(),
        torch.optim.SGD(generator.parameters(), RATE),
        torch.optim.SGD(critic.parameters(), RATE),
        torch.Generator().manual_seed(1),
        recipe("quick").with_settings(fresh_critic_batches=fresh, **WEIGHTS),
    )
    losses = game.turn(batches)

    estimates, penalties = [], []
    for blurred, sharp in batches[:-1] or batches * WEIGHTS["critic_steps"]:
        apart = (signed(sharp) - signed(blurred + t)).mean(dim=0)
        estimates.append((w * apart).sum())
        penalties.append((w.norm() - 1) ** 2)
        w = w - RATE * (-apart + WEIGHTS["lambda_gp"] * 2 * (w.norm() - 1) * w / w.norm())
    torch.testing.assert_close(critic.w.detach(), w)

    blurred, sharp = batches[-1]
    error = blurred + t - sharp
    adversarial = -(w * signed(blurred + t)).flatten(start_dim=1).sum(dim=1).mean()
    slope = -2 * WEIGHTS["lambda_adversarial"] * w  # 2: the critic sees [-1, 1]
    slope += WEIGHTS["lambda_content"] * 2 * error.sum(dim=0) / error.numel()
    torch.testing.assert_close(generator.t.detach(), t - RATE * slope)

    estimate, penalty = torch.stack(estimates).mean(), torch.stack(penalties).mean()
    content = error.square().mean()
    assert {name: loss.item() for name, loss in losses.items()} == pytest.approx(
        {
            "wasserstein": estimate.item(),
            "penalty": penalty.item(),
            "critic_loss": (WEIGHTS["lambda_gp"] * penalty - estimate).item(),
            "adversarial": adversarial.item(),
            "content": content.item(),
            "generator_loss": (
                WEIGHTS["lambda_adversarial"] * adversarial + WEIGHTS["lambda_content"] * content
            ).item(),
        }
    )
