"""A widget for lesson 05: the surface of a critic against lambda, while it learns."""

from copy import deepcopy
from functools import lru_cache

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.toys.mlp import BatchedMLP, descend
from sharingan_lab.lab.toys.surfaces import draw_surface, input_gradients, surface
from sharingan_lab.losses import critic_loss, gradient_penalty

CONTROLS = {
    "power": ("lambda: 10 to the power of", 1.0, -1.0, 3.0, 0.5),
    "steps": ("critic steps", 300, 0, 300, 10),
    "gap": ("clouds apart, W", 6.0, 0.0, 8.0, 1.0),
    "one_sided": ("one-sided (0 no, 1 yes)", 0, 0, 1, 1),
}
REACH = 7.0
# On a report's page every lambda costs a critic of its own, but none of its steps does.
_PAGE_VALUES = {"power": (0.0, 1.0, 2.0, 3.0), "steps": (0, 30, 100, 300)}


def clouds(n: int, gap: float, *, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw n real points on the left and n generated ones on the right, unit spread, W = gap."""
    half = torch.tensor([gap / 2, 0.0])
    real, fake = torch.randn(2, n, 2, generator=rng)
    return real - half, fake + half


@lru_cache(maxsize=64)
def critic_states(
    lambda_gp: float, gap: float, one_sided: bool, *, last: int = 300, every: int = 10
) -> list[BatchedMLP]:
    """Train one critic on two clouds; return a copy of it every few steps, untrained first.

    Every call starts from the same weights and sees the same points, so that only the factor of the
    penalty, the distance of the clouds and the kind of penalty differ.
    """
    rng = torch.Generator().manual_seed(0)
    critic = BatchedMLP(1, (2, 64, 64, 1), rng=rng)
    adam = torch.optim.Adam(critic.parameters(), lr=2e-3, betas=(0.5, 0.9))
    states = [deepcopy(critic)]
    for step in range(1, last + 1):
        real, fake = clouds(128, gap, rng=rng)
        fine = gradient_penalty(critic, real, fake, rng=rng, one_sided=one_sided)
        descend(adam, critic_loss(critic(real), critic(fake)) + lambda_gp * fine)
        if step % every == 0:
            states.append(deepcopy(critic))
    return states


def slope_profile(critic: BatchedMLP, real: Tensor, fake: Tensor, places: Tensor) -> Tensor:
    """Slopes (k, n) of one critic along the lines between n pairs of points (n, 2).

    ``places`` are k values of alpha: 0 at the generated point, 1 at the real one.
    """
    alpha = places[:, None, None]
    points = (alpha * real + (1 - alpha) * fake).flatten(0, 1)
    return input_gradients(critic, points).norm(dim=1).view(len(places), -1)


def critic_explorer(**start: float) -> SliderFigure:
    """Sliders for lambda and for what else shapes a critic; its surface and its slopes follow.

    They start at values by name of control.

    Examples
    --------
    >>> explorer = critic_explorer(power=0.0, steps=0)
    >>> explorer.description[:22]
    'Lambda 1 after 0 steps'
    """
    return SliderFigure(_draw, CONTROLS, start, _PAGE_VALUES)


def _draw(power: float, steps: int, gap: float, one_sided: int) -> tuple[Figure, str]:
    lambda_gp = 10.0**power
    critic = critic_states(lambda_gp, gap, bool(one_sided))[steps // 10]
    real, fake = clouds(60, gap, rng=torch.Generator().manual_seed(1))
    figure = Figure(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_map(left, critic, real, fake)
    places = torch.linspace(0, 1, 21)
    slopes = slope_profile(critic, real, fake, places)
    promised = 1 + gap / (2 * lambda_gp)
    _draw_profile(right, places, slopes, promised)
    kind = "one-sided, " if one_sided else ""
    left.set_title(f"λ = {lambda_gp:.3g}, {kind}{steps} critic steps")
    return figure, (
        f"Lambda {lambda_gp:.3g} after {steps} steps: mean slope {slopes.mean():.2f} along the "
        f"lines, 1 + W/(2 lambda) is {promised:.2f}; arrows show where the score rises."
    )


def _draw_map(ax: Axes, critic: BatchedMLP, real: Tensor, fake: Tensor) -> None:
    draw_surface(ax, surface(critic, reach=REACH)[0], reach=REACH)
    dots = {"ms": 4, "markeredgecolor": "white", "markeredgewidth": 0.4}
    ax.plot(*real.T, "o", color=COLOURS[0], label="real", **dots)
    ax.plot(*fake.T, "s", color=COLOURS[1], label="generated", **dots)
    ticks = torch.arange(-6.0, 6.1, 3.0)
    places = torch.cartesian_prod(ticks, ticks)
    arrows = input_gradients(critic, places)
    ax.quiver(*places.T, *(arrows / arrows.norm(dim=1, keepdim=True)).T, scale=16, width=0.006)
    ax.set(xlabel="first coordinate", ylabel="second coordinate")
    ax.legend(loc="upper right", framealpha=0.8, frameon=True)


def _draw_profile(ax: Axes, places: Tensor, slopes: Tensor, promised: float) -> None:
    low, middle, high = slopes.quantile(torch.tensor([0.1, 0.5, 0.9]), dim=1)
    ax.fill_between(places, low, high, color=COLOURS[2], alpha=0.25, label="8 of 10 lines")
    ax.plot(places, middle, color=COLOURS[2], label="median of the lines")
    ax.axhline(1, color="black", lw=1, label="1")
    ax.axhline(promised, color=COLOURS[3], linestyle=":", label="1 + W/(2λ)")
    ax.set(xlabel="α along the line (0 generated, 1 real)", ylabel="slope of the critic")
    ax.set(ylim=(0, max(1.6, 1.2 * float(high.max()), 1.2 * promised)))
    ax.set_title(f"Slopes along the lines, mean {slopes.mean():.2f}")
    ax.legend(loc="upper left", ncols=2)
