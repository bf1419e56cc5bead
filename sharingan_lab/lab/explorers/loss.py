"""A widget for lesson 07: damage a picture, see what three losses charge and where they pull."""

from collections.abc import Callable

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor
from torch.nn import functional as F

from sharingan_lab.datasets.photos import photo
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.explorers.quality import spoil
from sharingan_lab.lab.figures import draw_picture
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.toys.edges import edge_rows
from sharingan_lab.losses import PerceptualLoss

SIZE, MARGIN = 64, 16  # pixels: what is compared, and what lies around it
CONTROLS = {
    "picture": ("an edge (0), a cat's eye (1)", 0, 0, 1, 1),
    "shift": ("moved to the right, px", 3, 0, 12, 1),
    "length": ("motion blur, px", 0.0, 0.0, 15.0, 0.5),
    "noise": ("noise, std of a pixel", 0.0, 0.0, 0.2, 0.01),
    "brightness": ("brighter by", 0.0, -0.2, 0.2, 0.01),
    "colour": ("red up and blue down by", 0.0, -0.2, 0.2, 0.01),
}
Distance = Callable[[Tensor, Tensor], Tensor]


def scene(picture: int) -> Tensor:
    """Return a picture with a margin, (1, 3, 96, 96), its values away from black and white.

    0 is a vertical edge, 1 the eye of the cat Chelsea.

    Examples
    --------
    >>> scene(0).shape, round(scene(0).max().item(), 2)
    (torch.Size([1, 3, 96, 96]), 0.74)
    """
    side = SIZE + 2 * MARGIN
    if picture:
        image = photo("chelsea", 256)[..., 50 : 50 + side, 30 : 30 + side]
    else:
        image = edge_rows(torch.tensor(side / 2), side).expand(1, 3, side, side)
    return 0.2 + 0.6 * image


def damage(image: Tensor, *, colour: float, **spoiling: float) -> Tensor:
    """Move, blur, brighten, grain and tint a picture, then cut its margin of 16 pixels off.

    ``colour`` is added to red and taken from blue; the others are those of
    :func:`sharingan_lab.lab.explorers.quality.spoil`. (1, 3, H, W) gives (1, 3, H - 32, W - 32).

    Examples
    --------
    >>> nothing = {"colour": 0.0, "shift": 0, "length": 0.0, "noise": 0.0, "brightness": 0.0}
    >>> damage(scene(0), **nothing).shape
    torch.Size([1, 3, 64, 64])
    """
    tint = torch.tensor([colour, 0.0, -colour], device=image.device).view(1, 3, 1, 1)
    spoilt = (spoil(image, contrast=1.0, **spoiling) + tint).clamp(0, 1)
    return spoilt[..., MARGIN:-MARGIN, MARGIN:-MARGIN]


def charge(distance: Distance, spoilt: Tensor, sharp: Tensor) -> tuple[float, Tensor]:
    """Return what a loss charges, and its pull (H, W): minus its gradient at the first picture.

    The charge is in per cent of what a plain picture in the sharp one's mean colour costs; the pull
    is the mean over the channels.

    Examples
    --------
    >>> white, black = torch.ones(1, 3, 1, 2), torch.zeros(1, 3, 1, 2)
    >>> stripes = torch.cat([white, black], dim=2)
    >>> cost, pull = charge(F.mse_loss, stripes.flip(2), stripes)
    >>> round(cost), (pull > 0).tolist()
    (400, [[True, True], [False, False]])
    """
    spoilt = spoilt.detach().requires_grad_()
    cost = distance(spoilt, sharp)
    (gradient,) = torch.autograd.grad(cost, spoilt)
    plain = sharp.mean(dim=(-1, -2), keepdim=True).expand_as(sharp)
    return 100 * (cost / distance(plain, sharp)).item(), -gradient[0].mean(dim=0)


def loss_explorer(loss: PerceptualLoss | None = None, **start: float) -> SliderFigure:
    """Sliders that damage a picture; the charges of L1, L2 and features and their pulls follow.

    The loss is on the CPU, by default that of the shipped features; its kind is named on the
    figure. The sliders start at values by name of control.

    Examples
    --------
    >>> explorer = loss_explorer(shift=0, brightness=0.1)
    >>> "VGG-19 features" in explorer.description
    True
    """
    loss = PerceptualLoss() if loss is None else loss
    kind = "RANDOM features" if loss.is_random else "VGG-19 features"
    distances = {"L1": F.l1_loss, "L2": F.mse_loss, kind: loss}

    def draw(picture: int, **damages: float) -> tuple[Figure, str]:
        image = scene(picture)
        sharp = image[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
        spoilt = damage(image, **damages)
        charged = {name: charge(distance, spoilt, sharp) for name, distance in distances.items()}
        figure = Figure(figsize=(10.5, 6.8), layout="constrained")
        top, bottom = figure.subplots(2, 3)
        draw_picture(top[0], sharp, "sharp")
        draw_picture(top[1], spoilt, "damaged")
        _draw_costs(top[2], {name: cost for name, (cost, _) in charged.items()})
        for ax, (name, (_, pull)) in zip(bottom, charged.items(), strict=True):
            strongest = max(pull.abs().max().item(), 1e-12)
            style = {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
            draw_picture(ax, pull / strongest, f"pull of {name}", **style)
        costs = ", ".join(f"{name} {cost:.1f} %" for name, (cost, _) in charged.items())
        return figure, (
            f"{'A cat' if picture else 'An edge'}, {_in_words(damages)}. Cost, as part of what a "
            f"plain picture costs: {costs}. Below, where each loss wants the damaged picture "
            "brighter (red) or darker (blue)."
        )

    return SliderFigure(draw, CONTROLS, start)


def _in_words(damages: dict[str, float]) -> str:
    done = [f"{CONTROLS[name][0]} {value:g}" for name, value in damages.items() if value]
    return "; ".join(done) or "not damaged"


def _draw_costs(ax: Axes, costs: dict[str, float]) -> None:
    names = list(costs)[::-1]
    lines = [name.replace(" ", "\n") for name in names]
    bars = ax.barh(lines, [costs[name] for name in names], color=COLOURS[0])
    ax.bar_label(bars, fmt="%.1f %%", padding=3)
    ax.set_xlim(0, 1.35 * max(*costs.values(), 1.0))
    ax.set(title="what the damage costs", xlabel="% of a plain picture's cost")
    ax.grid(visible=False, axis="y")
