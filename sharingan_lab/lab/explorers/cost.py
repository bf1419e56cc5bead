"""What a schedule costs: a turn of the training measured, and a widget that plans with it."""

import math
from dataclasses import dataclass

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sharingan_lab.evaluation.runtime import measure_runtime
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.training.capture import CapturedStep
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.trainer import Trainer

TRIES = 2  # of each turn; what else the machine does only ever makes one slower
REPORTED_HOURS = 17.0  # of the SharinGAN report, section 3.3, on a Titan X


@dataclass(frozen=True)
class TurnCost:
    """Seconds of the two parts of a turn, and the side of the crops they were measured on."""

    generator: float
    critic: float
    side: int

    def turn(self, critic_steps: int, side: int) -> float:
        """Return the seconds of a turn: a convolution costs the same at each pixel."""
        return (self.generator + critic_steps * self.critic) * (side / self.side) ** 2


def in_hours(hours: float) -> str:
    """Write hours with as many digits as a measurement by single turns is worth.

    Examples
    --------
    >>> in_hours(1137.2), in_hours(16.84)
    ('1,137 hours', '16.8 hours')
    """
    return f"{hours:,.0f} hours" if hours >= 100 else f"{hours:.3g} hours"


def measure_turn(config: TrainConfig, side: int) -> TurnCost:
    """Take turns with one critic update and with five, and tell the parts by their difference.

    Networks, losses, batch size, precision and device of the settings are those measured, on square
    crops; the pictures are random numbers and so are VGG's weights, which cost the same.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> tiny = recipe("quick").with_settings(width=4, critic_width=4, device="cpu")
    >>> cost = measure_turn(tiny, side=64)
    >>> cost.turn(critic_steps=5, side=64) > 0
    True
    """
    trainer = Trainer(
        config.with_settings(
            data="photos", data_root="", sharp_root="", subset=0, items=config.batch_size, crop=64,
            vgg="random", fresh_critic_batches=False,
        )
    )  # fmt: skip
    few, many = 1, 5
    one, all_of_them = (_seconds_of_turn(trainer, side, updates) for updates in (few, many))
    critic = max(0.0, all_of_them - one) / (many - few)
    return TurnCost(max(0.0, one - few * critic), critic, side)


def _seconds_of_turn(trainer: Trainer, side: int, critic_steps: int) -> float:
    trainer.game.config = trainer.config.with_settings(critic_steps=critic_steps)
    step, batch = trainer.fastest_step(), [_noise(trainer, side)]
    warm_up = CapturedStep.WARM_UP + 1 if trainer.device.type == "cuda" else 1
    how = {"repeats": TRIES, "warm_up": warm_up, "device": trainer.device}
    return min(measure_runtime(lambda: step(batch), **how))


def _noise(trainer: Trainer, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    shape = (trainer.config.batch_size, 3, side, side)
    rng = torch.Generator(trainer.device).manual_seed(trainer.config.seed)
    return tuple(torch.rand(2, *shape, generator=rng, device=trainer.device))


def cost_explorer(cost: TurnCost, config: TrainConfig) -> SliderFigure:
    """Sliders for the schedule; when it ends, what the time goes into, and how far it can walk.

    They start at the settings, whose ``subset`` is the number of pictures an epoch.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> plan = cost_explorer(TurnCost(generator=0.1, critic=0.1, side=256), recipe("report"))
    >>> plan.description.split(":")[0]
    '300 epochs of 1000 pictures, 300,000 turns and 1,500,000 critic updates'
    """

    def draw(
        epochs: int, constant: int, pictures: int, critic_steps: int, side: int
    ) -> tuple[Figure, str]:
        constant = min(constant, epochs)
        schedule = config.with_settings(epochs=epochs, constant_epochs=constant)
        rates = [schedule.rate_in_epoch(epoch) for epoch in range(epochs)]
        turns = pictures // config.batch_size
        hours = epochs * turns * cost.turn(critic_steps, side) / 3600
        figure = Figure(figsize=(10.5, 3.9), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        _draw_schedule(left, rates, hours)
        _draw_parts(right, hours, cost.turn(0, side) / cost.turn(critic_steps, side))
        walk = turns * math.fsum(rates)
        return figure, (
            f"{epochs} epochs of {pictures} pictures, {epochs * turns:,} turns and "
            f"{epochs * turns * critic_steps:,} critic updates: {in_hours(hours)} on this machine, "
            f"{hours / REPORTED_HOURS:.2g} times the report's 17. The learning rate stays at "
            f"{rates[0]:.3g} for {constant} epochs and ends at {rates[-1]:.2g}; all its steps "
            f"together are {walk:.3g}."
        )

    controls = {
        "epochs": ("epochs", config.epochs, 10, 600, 10),
        "constant": ("of them constant", config.constant_epochs, 0, 600, 10),
        "pictures": ("pictures an epoch", config.subset or 2103, 100, 2103, 1),
        "critic_steps": ("critic steps", config.critic_steps, 0, 10, 1),
        "side": ("crop (px)", config.crop, 64, 512, 32),
    }
    return SliderFigure(draw, controls)


def _draw_schedule(axes: Axes, rates: list[float], hours: float) -> None:
    edges = [hours * epoch / len(rates) for epoch in range(len(rates) + 1)]
    axes.stairs(rates, edges, fill=True, color=COLOURS[0], alpha=0.25)
    axes.stairs(rates, edges, color=COLOURS[0], linewidth=2)
    axes.axvline(REPORTED_HOURS, color=COLOURS[1], linestyle="--", label="17 hours, the report's")
    axes.set(title="Learning rate over the run", xlabel="hours on this machine", ylabel="rate")
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    axes.legend()


def _draw_parts(axes: Axes, hours: float, generators_part: float) -> None:
    names = ["generator\nand content loss", "critic\nand penalty"]
    parts = [generators_part * hours, (1 - generators_part) * hours]
    bars = axes.bar(names, parts, color=COLOURS[:2], width=0.6)
    axes.bar_label(bars, [in_hours(part) for part in parts], padding=3)
    axes.set(title="What the time goes into", ylabel="hours", ylim=(0, 1.15 * max(parts)))
    axes.grid(visible=False, axis="x")
