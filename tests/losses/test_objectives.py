"""Objectives against their formulas in numpy."""

import numpy as np
import pytest
import torch

from sharingan_lab.errors import ConfigError
from sharingan_lab.losses import OBJECTIVES, critic_loss, generator_loss


def scores(seed):
    rng = torch.Generator().manual_seed(seed)
    return 3 * torch.randn(5, 1, 2, 2, generator=rng, dtype=torch.float64)


def by_numpy(real, fake):
    real, fake = real.numpy(), fake.numpy()
    d_real, d_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    minimax = -(np.log(d_real).mean() + np.log(1 - d_fake).mean())
    return {  # objective: (critic's loss, generator's loss)
        "vanilla": (minimax, np.log(1 - d_fake).mean()),
        "non-saturating": (minimax, -np.log(d_fake).mean()),
        "least-squares": (
            0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
            0.5 * ((fake - 1) ** 2).mean(),
        ),
        "wasserstein": (fake.mean() - real.mean(), -fake.mean()),
    }


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_objectives_equal_their_formulas(objective):
    real, fake = scores(0), scores(1)
    critic, generator = by_numpy(real, fake)[objective]
    assert critic_loss(real, fake, objective).item() == pytest.approx(critic, rel=1e-12)
    assert generator_loss(fake, objective).item() == pytest.approx(generator, rel=1e-12)


@pytest.mark.parametrize("objective", ["vanilla", "non-saturating"])
def test_extreme_scores_stay_finite(objective):
    far = torch.tensor([-1e4, 1e4])
    assert critic_loss(far, far, objective).isfinite()
    assert generator_loss(far, objective).isfinite()


def test_unknown_objective_names_the_known():
    for call in (
        lambda: critic_loss(scores(0), scores(1), "hinge"),
        lambda: generator_loss(scores(0), "hinge"),
    ):
        with pytest.raises(ConfigError, match="wasserstein"):
            call()
