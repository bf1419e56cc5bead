"""A GAN of the plane, played one turn at a time, by rules that may change in between."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from sharingan_lab.lab.toys import distributions
from sharingan_lab.lab.toys.distances import earth_movers_distance
from sharingan_lab.lab.toys.mlp import BatchedMLP, clip_weights, descend
from sharingan_lab.losses import critic_loss, generator_loss, gradient_penalty

CLIPPED, PENALISED = "WGAN, clipped", "WGAN-GP"
OBJECTIVES = {
    "GAN": "non-saturating",
    "GAN, saturating": "vanilla",
    CLIPPED: "wasserstein",
    PENALISED: "wasserstein",
}
CLOUDS = {"8 clouds": distributions.ring_centres(), "25 clouds": distributions.grid_centres()}
DATA = (*CLOUDS, "Swiss roll")
MEASURED = 10  # every so many turns the exact distance is computed
_BATCH, _SHOWN = 128, 200


class Rules(NamedTuple):
    """By what a turn is played; the kinds are those of ``OBJECTIVES``, the data those of ``DATA``.

    ``critic_steps`` is the number of the critic's steps for each one of the generator; of
    ``lambda_gp`` and ``clip`` each serves one kind of game.
    """

    kind: str = "GAN"
    data: str = "8 clouds"
    critic_steps: int = 1
    lambda_gp: float = 1.0
    clip: float = 0.1
    critic_rate: float = 1e-3
    generator_rate: float = 1e-3

    @property
    def objective(self) -> str:
        return OBJECTIVES[self.kind]

    @property
    def is_gan(self) -> bool:
        """Whether the critic's score is the logit of a probability."""
        return self.objective != "wasserstein"


def draw_data(data: str, n: int, *, rng: torch.Generator) -> Tensor:
    """Draw real points (n, 2)."""
    if data in CLOUDS:
        return distributions.gaussian_mixture(n, CLOUDS[data], 0.05, rng=rng)[0]
    return distributions.swiss_roll(n, rng=rng)


class Game:
    """A generator, a critic, and how far they have come; both learn by Adam, beta 0.5 and 0.9.

    Attributes
    ----------
    estimates : list of float
        After each turn what the critic makes of its last batch: of the Jensen-Shannon divergence in
        a GAN, (V + log 4) / 2; of the earth mover's distance in a WGAN, but for its slope.
    distances : list of float
        The exact earth mover's distance of 200 points from as many of the data, at the start
        and every 10 turns.

    Examples
    --------
    >>> game = Game(noise_size=2, rng=torch.Generator().manual_seed(0))
    >>> game.turn(Rules("WGAN-GP", critic_steps=5))
    >>> game.points().shape, len(game.estimates)
    (torch.Size([200, 2]), 1)
    """

    def __init__(self, *, noise_size: int, rng: torch.Generator) -> None:
        self._rng, self._noise_size = rng, noise_size
        self.generator = BatchedMLP(1, (noise_size, 64, 64, 2), rng=rng)
        self.critic = BatchedMLP(1, (2, 64, 64, 1), rng=rng)
        self._adams = [
            torch.optim.Adam(network.parameters(), betas=(0.5, 0.9), fused=True)
            for network in (self.critic, self.generator)
        ]
        self._shown = self._noise(_SHOWN)
        self.estimates: list[float] = []
        self.distances: list[float] = []

    @property
    def turns(self) -> int:
        return len(self.estimates)

    def turn(self, rules: Rules) -> None:
        """Let the critic learn for some steps, then the generator for one."""
        if not self.distances:
            self.distances.append(self.distance(rules.data))
        for adam, rate in zip(self._adams, (rules.critic_rate, rules.generator_rate), strict=True):
            adam.param_groups[0]["lr"] = rate
        for _ in range(rules.critic_steps):
            loss = self._teach_critic(rules)
        self.estimates.append((math.log(4) - loss) / 2 if rules.is_gan else -loss)
        fake = self.generator(self._noise(_BATCH))
        descend(self._adams[1], generator_loss(self.critic(fake), rules.objective))
        if self.turns % MEASURED == 0:
            self.distances.append(self.distance(rules.data))

    def _teach_critic(self, rules: Rules) -> float:
        """Return the loss without its fine."""
        real = draw_data(rules.data, _BATCH, rng=self._rng)
        fake = self.generator(self._noise(_BATCH)).detach()
        loss = critic_loss(self.critic(real), self.critic(fake), rules.objective)
        fine = 0.0
        if rules.kind == PENALISED:
            fine = rules.lambda_gp * gradient_penalty(self.critic, real, fake, rng=self._rng)
        descend(self._adams[0], loss + fine)
        if rules.kind == CLIPPED:
            clip_weights(self.critic, rules.clip)
        return loss.item()

    def _noise(self, n: int) -> Tensor:
        return torch.randn(n, self._noise_size, generator=self._rng)

    @torch.no_grad()
    def points(self) -> Tensor:
        """Make points (200, 2), of the same random numbers at every turn."""
        return self.generator(self._shown)

    def distance(self, data: str) -> float:
        """Return the exact earth mover's distance of these points from some of the data."""
        real = draw_data(data, _SHOWN, rng=torch.Generator().manual_seed(1))
        return earth_movers_distance(self.points(), real)

    def hints(self, objective: str, n: int = 40) -> tuple[Tensor, Tensor]:
        """Return points (n, 2), and where to and how urgently each is told to move (n, 2)."""
        points = self.points()[:n].requires_grad_()
        loss = n * generator_loss(self.critic(points), objective)
        return points.detach(), -torch.autograd.grad(loss, points)[0]
