"""One training step beside a plain loop that is written as the DeblurGAN code does it."""

import torch
from torch.nn import functional as F

from benchmarks.side_by_side import Row, compare
from sharingan_lab.losses import PerceptualLoss
from sharingan_lab.networks import Critic, Generator
from sharingan_lab.training import Trainer, recipe

SETTINGS = {
    "data": "photos", "items": 1, "kernel_size": 31, "vgg": "random", "crop": 64, "dropout": 0.0,
    "lambda_gp": 10.0, "subset": 0, "device": "cpu",
}  # fmt: skip


class PlainLoop:
    """Five critic updates and one of the generator; gradients flow wherever they can."""

    def __init__(self, seed: int = 0):
        torch.manual_seed(seed)
        self.generator, self.critic = Generator(dropout=0.0), Critic()
        self.features = PerceptualLoss("random")
        self.features.requires_grad_(True)
        adam = {"lr": 1e-4, "betas": (0.5, 0.999)}
        self.generator_optimiser = torch.optim.Adam(self.generator.parameters(), **adam)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), **adam)
        self.penalty_rng = torch.Generator().manual_seed(seed)
        self.sums = torch.zeros(6, dtype=torch.float64)

    def step(self, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> None:
        """One turn on one batch, whose restoration all critic updates share."""
        ((blurred, sharp),) = batches
        restored = self.generator(blurred)
        real, fake = 2 * sharp - 1, 2 * restored - 1
        for _ in range(5):
            self._critic_update(real, fake.detach())
        adversarial = -self.critic(fake).mean()
        target, found = self.features.extract(sharp), self.features.extract(restored)
        content = F.mse_loss(found, target.detach())
        total = adversarial + 100 * content
        self.generator_optimiser.zero_grad()
        total.backward()
        self.generator_optimiser.step()
        self.sums[3:] += torch.stack([adversarial, content, total]).detach()

    def _critic_update(self, real: torch.Tensor, fake: torch.Tensor) -> None:
        real_score, fake_score = self.critic(real).mean(), self.critic(fake).mean()
        alpha = torch.rand(1, generator=self.penalty_rng).view(1, 1, 1, 1)
        x_hat = (alpha * real + (1 - alpha) * fake).requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(x_hat).mean(), x_hat, create_graph=True)
        penalty = (gradient.norm() - 1) ** 2
        total = fake_score - real_score + 10 * penalty
        self.critic_optimiser.zero_grad()
        total.backward()
        self.critic_optimiser.step()
        self.sums[:3] += torch.stack([real_score - fake_score, penalty, total]).detach() / 5


def rows(rounds: int = 3) -> list[Row]:
    """A step at 256 x 256, batch 1, in both arithmetics; in float32 the losses must agree."""
    plain = PlainLoop()
    rng = torch.Generator().manual_seed(0)
    batches = [tuple(torch.rand(2, 1, 3, 256, 256, generator=rng))]
    result = []
    for precision, wanted in (("float32", 1.0), ("bfloat16", 1.5)):
        trainer = Trainer(recipe("report").with_settings(**SETTINGS, precision=precision))
        if precision == "float32":
            plain.step(batches), trainer.step(batches)
            torch.testing.assert_close(trainer.sums, plain.sums, rtol=1e-4, atol=1e-5)
        result.append(
            compare(
                f"training step, 256 x 256, 5 critic updates, {precision}",
                lambda trainer=trainer: trainer.step(batches),
                lambda: plain.step(batches),
                wanted=wanted,
                rounds=rounds,
            )
        )
    return result
