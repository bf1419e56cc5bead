"""A widget for lesson 03: how good the discriminator is, and what the generator hears from it.

Real samples are normal around ``gap``, generated ones around 0, both with spread 1. There the best
score is a straight line, so that every discriminator from clueless to overconfident can be had by
turning its slope, and all means over samples can be integrated.
"""

from functools import lru_cache

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.toys.distributions import Normal

CONTROLS = {
    "gap": ("distance real - forged, g", 6.0, 0.5, 8.0, 0.5),
    "quality": ("quality of the detective", 0.5, 0.0, 2.0, 0.05),
}
_X = torch.linspace(-12, 20, 6401, dtype=torch.float64)
_STEP = float(_X[1] - _X[0])


def best_score(x: Tensor, gap: float) -> Tensor:
    """Score of the optimal discriminator, log p - log q for normals around ``gap`` and 0."""
    return gap * (x - gap / 2)


def value(gap: float, quality: float) -> float:
    """Value of the game, equation (2), for a detective whose score is quality * best score.

    Quality 0 answers 1/2 to everything, 1 is the optimum p / (p + q), more is too sure of itself.
    """
    score = quality * best_score(_X, gap)
    real, forged = Normal(gap, 1.0).density(_X), Normal(0.0, 1.0).density(_X)
    return float((real * F.logsigmoid(score) + forged * F.logsigmoid(-score)).sum()) * _STEP


def hints(gap: float, quality: float) -> tuple[float, float]:
    """Size of the generator's gradient when all its samples move together, for the two losses.

    The derivatives of log(1 - D), saturating, and of -log D with respect to the shift, averaged
    over the samples: slope of the score times the means of D and of 1 - D.

    Examples
    --------
    >>> saturating, non_saturating = hints(gap=6.0, quality=1.0)
    >>> saturating < 0.02 < 5 < non_saturating
    True
    """
    d = torch.sigmoid(quality * best_score(_X, gap))
    fooled = float((Normal(0.0, 1.0).density(_X) * d).sum()) * _STEP
    return quality * gap * fooled, quality * gap * (1 - fooled)


def detective_explorer(**start: float) -> SliderFigure:
    """Sliders for the detective's quality and the distance ``gap``; opinion and gradients follow.

    Examples
    --------
    >>> explorer = detective_explorer(quality=1.0)
    >>> explorer.controls["quality"].value
    1.0
    """

    def draw(gap: float, quality: float) -> tuple[Figure, str]:
        figure = Figure(figsize=(11, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_opinion(left, gap, quality)
        _draw_hints(right, gap, quality)
        saturating, alternative = hints(gap, quality)
        return figure, (
            f"Real coins {gap:g} g above forged ones, a detective of quality {quality:g}: value "
            f"{value(gap, quality):.3f} (best {value(gap, 1.0):.3f}), gradient for the forger "
            f"{saturating:.4f} with the saturating and {alternative:.4f} with the non-saturating "
            "loss."
        )

    page_values = {"gap": (2.0, 4.0, 6.0, 8.0), "quality": (0.0, 0.5, 1.0, 2.0)}
    return SliderFigure(draw, CONTROLS, start, page_values)


def _draw_opinion(ax: Axes, gap: float, quality: float) -> None:
    x = torch.linspace(-3, gap + 3, 400)
    for centre, name, colour in ((gap, "real", COLOURS[0]), (0.0, "forged", COLOURS[1])):
        density = Normal(centre, 1.0).density(x)
        ax.fill_between(x, density, color=colour, alpha=0.3, label=f"{name}, density (1/g)")
    score = best_score(x, gap)
    ax.plot(x, torch.sigmoid(score), color="black", linestyle="--", label="best D")
    ax.plot(x, torch.sigmoid(quality * score), color=COLOURS[2], label="this D")
    ax.set(xlabel="weight above nominal (g)", ylim=(0, 1.02))
    ax.set_title(f"Opinion D: value V = {value(gap, quality):.3f}, best {value(gap, 1.0):.3f}")
    ax.legend(loc="upper left")


@lru_cache
def _curves(gap: float) -> tuple[list[float], list[tuple[float, ...]]]:
    """Qualities, and the hints of both losses at each: turning the quality moves only a dot."""
    qualities = torch.linspace(0.02, 2, 100).tolist()
    return qualities, list(zip(*(hints(gap, each) for each in qualities), strict=True))


def _draw_hints(ax: Axes, gap: float, quality: float) -> None:
    qualities, curves = _curves(gap)
    names = ("saturating, log(1 - D)", "non-saturating, -log D")
    now = hints(gap, quality)
    for curve, name, colour, here in zip(curves, names, COLOURS, now, strict=False):
        ax.plot(qualities, curve, color=colour, label=f"{name}: {here:.3g} now")
        ax.plot(quality, here, "o", color=colour, markersize=9)
    ax.axvline(1, color="black", linestyle=":", label="best detective")
    ax.set(xlabel="quality of the detective", yscale="log", ylim=(1e-6, 50))
    ax.set_yticks([1e-6, 1e-4, 1e-2, 1])
    ax.minorticks_off()  # they would take half of the time of a redraw
    ax.set(ylabel="the forger's gradient (1/g)", title="What the forger hears")
    ax.legend(loc="lower left", frameon=True)
