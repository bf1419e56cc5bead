"""What happens around an update of weights, hung on the optimiser that makes it.

An optimiser calls its hooks before or after each of its steps, so that the algorithm itself, in
:mod:`sharingan_lab.training.step`, need not know of any of these.
"""

from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer

from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.team import Team


def surround_updates(
    config: TrainConfig,
    optimisers: dict[str, Optimizer],
    average: nn.Module,
    penalty_rng: torch.Generator,
    team: Team,
) -> None:
    """Hang on the optimisers of "generator" and "critic" what the settings and the team ask for."""
    generators, critics = optimisers["generator"], optimisers["critic"]
    if team.size > 1:
        for optimiser in (generators, critics):
            optimiser.register_step_pre_hook(partial(_average_gradients, team))
        if config.alpha_per == "sample":
            _share_draws(critics, penalty_rng, team, config.batch_size // team.size)
    if config.clip_gradient:
        generators.register_step_pre_hook(partial(_shorten_gradient, config.clip_gradient))
    if config.average:
        generators.register_step_post_hook(partial(_follow, average, config.average))
    if config.weight_clip:
        critics.register_step_post_hook(partial(_clip_weights, config.weight_clip))


def _weights(optimiser: Optimizer) -> list[nn.Parameter]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def _average_gradients(team: Team, optimiser: Optimizer, *_: object) -> None:
    """Take the mean of the team's gradients: that of its whole batch."""
    team.average(weight.grad for weight in _weights(optimiser) if weight.grad is not None)


def _shorten_gradient(longest: float, optimiser: Optimizer, *_: object) -> None:
    nn.utils.clip_grad_norm_(_weights(optimiser), longest)


@torch.no_grad()
def _clip_weights(limit: float, optimiser: Optimizer, *_: object) -> None:
    """Keep the critic Lipschitz the way of the first WGAN: equation (4) with clipping."""
    for weight in _weights(optimiser):
        weight.clamp_(-limit, limit)


@torch.no_grad()
def _follow(average: nn.Module, decay: float, optimiser: Optimizer, *_: object) -> None:
    """Move the averaged weights a little towards those of the optimiser."""
    torch._foreach_lerp_([*average.parameters()], _weights(optimiser), 1 - decay)


def _share_draws(optimiser: Optimizer, rng: torch.Generator, team: Team, draws: int) -> None:
    """Let each process draw for each step its part of what one would draw for the whole batch."""

    def skip(number: int) -> None:
        torch.rand(number, generator=rng, device=rng.device)

    skip(team.rank * draws)
    optimiser.register_step_post_hook(lambda *_: skip((team.size - 1) * draws))
