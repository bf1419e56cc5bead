"""One training step beside a plain loop that is written as the DeblurGAN code does it.

Each switch is measured alone, in float32 or in bfloat16, on the GPU where there is one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from benchmarks.side_by_side import Row, compare, seconds_of
from sharingan_lab.device import choose_device
from sharingan_lab.losses import PerceptualLoss
from sharingan_lab.networks import Critic, Generator
from sharingan_lab.training import Trainer, recipe

Batches = list[tuple[Tensor, Tensor]]
SETTINGS = {
    "data": "photos", "items": 1, "kernel_size": 31, "vgg": "random", "crop": 64, "dropout": 0.0,
    "lambda_gp": 10.0, "subset": 0,
}  # fmt: skip
CHECKED_STEPS = 2  # the second sees what the first did to the weights


@dataclass(frozen=True)
class Switch:
    """A way to take the step: settings beyond the recipe's.

    ``promised`` is the ratio to the plain loop that the project promises on a CPU.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    promised: float | None = None

    def trainer(self, device: torch.device) -> Trainer:
        """The recipe `report` with this switch and no other."""
        off = {"cuda_graph": False, "device": device.type}
        return Trainer(recipe("report").with_settings(**SETTINGS, **{**off, **self.settings}))


BFLOAT16 = {"precision": "bfloat16"}
ANYWHERE = [
    Switch("float32", promised=1.0),
    Switch("bfloat16", BFLOAT16, promised=1.5),
    Switch("bfloat16, compiled generator", {**BFLOAT16, "compile": True}),
]
GRAPH = {**BFLOAT16, "cuda_graph": True}
ON_CUDA = [
    Switch("float32, CUDA graph", {"cuda_graph": True}),
    Switch("bfloat16, CUDA graph", GRAPH),
    Switch("bfloat16, CUDA graph, compiled generator", {**GRAPH, "compile": True}),
]


class PlainLoop:
    """Five critic updates and one of the generator; gradients flow wherever they can."""

    def __init__(self, device: torch.device, seed: int = 0):
        torch.manual_seed(seed)
        self.generator, self.critic = Generator(dropout=0.0).to(device), Critic().to(device)
        self.features = PerceptualLoss("random").to(device)
        self.features.requires_grad_(True)
        adam = {"lr": 1e-4, "betas": (0.5, 0.999)}
        self.generator_optimiser = torch.optim.Adam(self.generator.parameters(), **adam)
        self.critic_optimiser = torch.optim.Adam(self.critic.parameters(), **adam)
        self.penalty_rng = torch.Generator(device).manual_seed(seed)
        self.sums = torch.zeros(6, dtype=torch.float64, device=device)

    def step(self, batches: Batches) -> None:
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

    def _critic_update(self, real: Tensor, fake: Tensor) -> None:
        real_score, fake_score = self.critic(real).mean(), self.critic(fake).mean()
        alpha = torch.rand(1, generator=self.penalty_rng, device=real.device).view(1, 1, 1, 1)
        x_hat = (alpha * real + (1 - alpha) * fake).requires_grad_()
        (gradient,) = torch.autograd.grad(self.critic(x_hat).mean(), x_hat, create_graph=True)
        penalty = (gradient.norm() - 1) ** 2
        total = fake_score - real_score + 10 * penalty
        self.critic_optimiser.zero_grad()
        total.backward()
        self.critic_optimiser.step()
        self.sums[:3] += torch.stack([real_score - fake_score, penalty, total]).detach() / 5


class FlopCounter(TorchDispatchMode):
    """Add up the arithmetic of convolutions and products; torch's own cannot follow a penalty."""

    total = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def rows(rounds: int = 3) -> list[Row]:
    """A step at 256 x 256, batch 1, with each switch, beside the plain loop in float32."""
    device = choose_device("auto")
    batches = random_batches(device)
    wanted = losses_of(PlainLoop(device), batches)
    plain = PlainLoop(device)
    switches = ANYWHERE + (ON_CUDA if device.type == "cuda" else [])
    return [
        compare(
            f"training step, 256 x 256, 5 critic updates, {switch.name}",
            fast_step(switch.trainer(device), batches),
            partial(plain.step, batches),
            wanted=switch.promised if device.type == "cpu" else None,
            rounds=rounds,
            device=device,
            note=f"losses within {difference(switch.trainer(device), batches, wanted):.1g}",
        )
        for switch in switches
    ]


def utilisation(precision: str = "bfloat16") -> str:
    """Say which share of the arithmetic that this device can do a step makes use of."""
    device = choose_device("auto")
    batches = random_batches(device)
    counted = Switch("", {"precision": precision}).trainer(device)
    with FlopCounter() as counter:
        counted.step(batches)
    work = counter.total
    fastest = Switch("", {"precision": precision, "cuda_graph": True})
    rate = work / seconds_of(fast_step(fastest.trainer(device), batches), device, rounds=3)
    peak = fastest_product(device, getattr(torch, precision))
    return (
        f"a step at 256 x 256, batch 1: {work / 1e12:.2f} TFLOP; in {precision} "
        f"{rate / 1e12:.3g} TFLOP/s, {rate / peak:.0%} of the {peak / 1e12:.3g} TFLOP/s that a "
        f"large matrix product reaches on this {device.type}"
    )


def fastest_product(device: torch.device, dtype: torch.dtype) -> float:
    """Measure the arithmetic of a large matrix product, in FLOP per second."""
    side = 8192 if device.type == "cuda" else 2048
    left, right = torch.rand(2, side, side, device=device).to(dtype)
    return 2 * side**3 / seconds_of(lambda: left @ right, device, rounds=5)


def random_batches(device: torch.device) -> Batches:
    """One random pair of 256 x 256."""
    rng = torch.Generator().manual_seed(0)
    return [tuple(torch.rand(2, 1, 3, 256, 256, generator=rng).to(device))]


def fast_step(trainer: Trainer, batches: Batches) -> Callable[[], None]:
    """The step on these batches as a run takes it, past the steps that only prepare."""
    step = partial(trainer.fastest_step(), batches)
    for _ in range(4 if trainer.device.type == "cuda" else 0):
        step()
    return step


def losses_of(loop: PlainLoop | Trainer, batches: Batches) -> Tensor:
    """Sums of the losses over the first steps."""
    step = loop.fastest_step() if isinstance(loop, Trainer) else loop.step
    for _ in range(CHECKED_STEPS):
        step(batches)
    return loop.sums


def difference(trainer: Trainer, batches: Batches, wanted: Tensor) -> float:
    """Largest relative difference between a trainer's losses and those of the plain loop."""
    return ((losses_of(trainer, batches) - wanted) / wanted).abs().max().item()
