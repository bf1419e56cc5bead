"""What happens around an update of weights, hung on the optimiser that makes it.

An optimiser calls its hooks before or after each of its steps, so that the algorithm itself, in
:mod:`sharingan_lab.training.step`, need not know of any of these.
"""

from functools import partial

import torch
from torch import nn
from torch.optim import Optimizer

from sharingan_lab.training.team import Team


def _weights(optimiser: Optimizer) -> list[nn.Parameter]:
    return [weight for group in optimiser.param_groups for weight in group["params"]]


def average_gradients(optimiser: Optimizer, team: Team) -> None:
    """Before each step take the mean of the team's gradients: that of its whole batch."""

    def average(*_: object) -> None:
        team.average(weight.grad for weight in _weights(optimiser) if weight.grad is not None)

    if team.size > 1:
        optimiser.register_step_pre_hook(average)


def shorten_gradient(optimiser: Optimizer, longest: float) -> None:
    """Before each step cut the gradient to this norm where it is longer; 0: never.

    Examples
    --------
    >>> weight = nn.Parameter(torch.zeros(2))
    >>> descent = torch.optim.SGD([weight], lr=1.0)
    >>> shorten_gradient(descent, longest=1.0)
    >>> weight.grad = torch.tensor([3.0, 4.0])
    >>> descent.step()
    >>> weight.detach()
    tensor([-0.6000, -0.8000])
    """

    def shorten(*_: object) -> None:
        nn.utils.clip_grad_norm_(_weights(optimiser), longest)

    if longest:
        optimiser.register_step_pre_hook(shorten)


def clip_weights(optimiser: Optimizer, limit: float) -> None:
    """After each step cut the weights to [-limit, limit]; 0: never.

    So the critic of the first WGAN stays Lipschitz, equation (4).

    Examples
    --------
    >>> weight = nn.Parameter(torch.tensor([3.0, -0.5]))
    >>> descent = torch.optim.SGD([weight], lr=1.0)
    >>> clip_weights(descent, limit=1.0)
    >>> descent.step()
    >>> weight.detach()
    tensor([ 1.0000, -0.5000])
    """

    @torch.no_grad()
    def clip(*_: object) -> None:
        for weight in _weights(optimiser):
            weight.clamp_(-limit, limit)

    if limit:
        optimiser.register_step_post_hook(clip)


def follow(optimiser: Optimizer, average: nn.Module, decay: float) -> None:
    """After each step move a copy of the network a little towards the weights it has now.

    Examples
    --------
    >>> weight, average = nn.Parameter(torch.ones(1)), nn.ParameterList([torch.zeros(1)])
    >>> descent = torch.optim.SGD([weight], lr=1.0)
    >>> follow(descent, average, decay=0.75)
    >>> descent.step()
    >>> average[0].item()
    0.25
    """

    @torch.no_grad()
    def move(*_: object) -> None:
        torch._foreach_lerp_([*average.parameters()], _weights(optimiser), 1 - decay)

    optimiser.register_step_post_hook(move)


def share_draws(optimiser: Optimizer, rng: torch.Generator, team: Team, draws: int) -> None:
    """Let each process draw for each step its part of what one would draw for the whole batch.

    Parameters
    ----------
    optimiser : torch.optim.Optimizer
        Its steps follow the draws.
    rng : torch.Generator
        In the same state in each process.
    team : Team
        The processes.
    draws : int
        Random numbers that a process draws before each step.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> descent = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    >>> share_draws(descent, rng, Team(rank=1, size=2), draws=3)
    >>> torch.equal(torch.rand(3, generator=rng), torch.rand(6, generator=rng.manual_seed(0))[3:])
    True
    """
    skip = partial(torch.rand, generator=rng, device=rng.device)

    def skip_the_others(*_: object) -> None:
        skip((team.size - 1) * draws)

    if team.size > 1:
        skip(team.rank * draws)
        optimiser.register_step_post_hook(skip_the_others)
