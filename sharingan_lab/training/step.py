"""One turn of the algorithm (section 3.3 of the report): update the critic, then the generator.

Nothing else is here. What surrounds a turn, such as several processes, bfloat16, a clipped or an
averaged weight, sums of losses, guards and the clock, is put around it from outside, by
:mod:`sharingan_lab.training.updates` and :class:`sharingan_lab.training.Trainer`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from sharingan_lab.losses import critic_loss, generator_loss, gradient_penalty
from sharingan_lab.training.config import TrainConfig

Pair = tuple[Tensor, Tensor]  # blurred and sharp images, (N, 3, H, W) in [0, 1]
Losses = dict[str, Tensor]


def signed(images: Tensor) -> Tensor:
    """Map images from [0, 1] to [-1, 1], where the critic lives."""
    return 2 * images - 1


@dataclass
class Game:
    """The two players, what each minimises and how each moves.

    `generator` and `critic` are G and D of the report, `content_loss` compares restored and sharp
    images, `penalty_rng` decides where the gradient penalty is sampled, and `config` says the
    weights of the losses and the number of critic updates.

    Examples
    --------
    >>> from sharingan_lab.training import Trainer, recipe
    >>> game = Trainer(recipe("quick").with_settings(items=4, width=4, device="cpu")).game
    >>> blurred, sharp = torch.rand(2, 4, 3, 32, 32)
    >>> ", ".join(game.turn([(blurred, sharp)]))
    'wasserstein, penalty, critic_loss, adversarial, content, generator_loss'
    """

    generator: nn.Module
    critic: nn.Module
    content_loss: nn.Module
    generator_optimiser: torch.optim.Optimizer
    critic_optimiser: torch.optim.Optimizer
    penalty_rng: torch.Generator
    config: TrainConfig

    def turn(self, batches: Sequence[Pair]) -> Losses:
        """Update the critic `critic_steps` times, then the generator once.

        Parameters
        ----------
        batches : sequence of (Tensor, Tensor)
            One for each update of the critic, as in the WGAN-GP algorithm, and last the
            generator's; or this one alone, then all updates share it and its fakes, as in the
            DeblurGAN code.

        Returns
        -------
        dict of Tensor
            Losses by name, the critic's as means over its updates; without the adversarial term
            it rests.
        """
        *critics_own, (blurred, sharp) = batches
        restored = self.generator(blurred)  # x~ = G(x): the fake samples
        losses = []
        if self.config.lambda_adversarial:
            with torch.no_grad():
                own = [(b, s, self.generator(b)) for b, s in critics_own]
            shared = [(blurred, sharp, restored.detach())] * self.config.critic_steps
            losses = [self.critic_step(*samples) for samples in own or shared]
        return _means(losses) | self.generator_step(blurred, sharp, restored)

    def critic_step(self, blurred: Tensor, sharp: Tensor, fake: Tensor) -> Losses:
        """Update the critic: equation (8) maximised, its penalty taken with the right sign."""
        config, critic = self.config, self._critic_beside(blurred)
        real, fake = signed(sharp), signed(fake)
        real_scores, fake_scores = critic(real), critic(fake)
        loss = critic_loss(real_scores, fake_scores, config.objective)
        penalty = torch.zeros_like(loss)
        if config.lambda_gp:
            penalty = gradient_penalty(
                critic, real, fake, rng=self.penalty_rng, alpha_per=config.alpha_per,
                norm_over=config.norm_over, patches=config.patches,
            )  # fmt: skip
        total = loss + config.lambda_gp * penalty
        self.critic_optimiser.zero_grad()
        total.backward()
        self.critic_optimiser.step()
        wasserstein = real_scores.mean() - fake_scores.mean()
        losses = {"wasserstein": wasserstein, "penalty": penalty, "critic_loss": total}
        return {name: value.detach() for name, value in losses.items()}

    def generator_step(self, blurred: Tensor, sharp: Tensor, restored: Tensor) -> Losses:
        """Update the generator: equation (6), adversarial plus lambda times content."""
        config = self.config
        adversarial = restored.new_zeros(())
        if config.lambda_adversarial:
            self.critic.requires_grad_(False)  # the gradient passes through it, not into it
            scores = self._critic_beside(blurred)(signed(restored))
            adversarial = generator_loss(scores, config.objective)
        content = self.content_loss(restored, sharp)
        total = config.lambda_adversarial * adversarial + config.lambda_content * content
        self.generator_optimiser.zero_grad()
        total.backward()
        self.generator_optimiser.step()
        self.critic.requires_grad_(True)
        losses = {"adversarial": adversarial, "content": content, "generator_loss": total}
        return {name: value.detach() for name, value in losses.items()}

    def _critic_beside(self, blurred: Tensor) -> Callable[[Tensor], Tensor]:
        """Return the critic as a function of the samples alone, its condition fixed."""
        if not self.config.conditional_critic:
            return self.critic
        return partial(self.critic, blurred=signed(blurred))


def _means(losses: list[Losses]) -> Losses:
    names = losses[0] if losses else ()
    return {name: torch.stack([each[name] for each in losses]).mean() for name in names}
