"""A widget for lesson 06: where one score of the critic looks, layer by layer."""

from functools import lru_cache

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from sharingan_lab.datasets.photos import photo
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.probes.normalisation import without_normalisation
from sharingan_lab.lab.probes.receptive import Field, gradient_map, receptive_fields, share_outside
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.networks import Critic

CONTROLS = {
    "down": ("patch, % of the way down", 50, 0, 100, 2),
    "across": ("patch, % of the way across", 50, 0, 100, 2),
    "layers": ("after convolution number", 5, 1, 5, 1),
    "normalised": ("normalisation (0 out, 1 in)", 0, 0, 1, 1),
}
_FLOOR = 1e-4  # gradients below this share of the largest are drawn as the floor


@lru_cache(maxsize=2)
def untrained_critic(normalised: bool) -> Critic:
    """Return the critic of the report with its first weights, the same ones at every call."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        critic = Critic()
    return critic if normalised else without_normalisation(critic)


def first_layers(critic: Critic, convolutions: int) -> nn.Sequential:
    """Return the layers of a critic up to its convolution with this number, from 1."""
    places = [i for i, layer in enumerate(critic.model) if isinstance(layer, nn.Conv2d)]
    return critic.model[: places[convolutions - 1] + 1]


def patch_explorer(image: Tensor | None = None, **start: float) -> SliderFigure:
    """Sliders that pick a patch; its square on the picture and its true gradient follow.

    The picture is (1, 3, H, W) in [0, 1], the cat Chelsea if not given; the sliders start at values
    by name of control.

    Examples
    --------
    >>> explorer = patch_explorer(torch.rand(1, 3, 128, 128), layers=2)
    >>> explorer.description[:42]
    'After 2 convolutions, value (16, 16) of 33'
    """
    picture = photo("chelsea", 256) if image is None else image

    def draw(down: int, across: int, layers: int, normalised: int) -> tuple[Figure, str]:
        network = first_layers(untrained_critic(bool(normalised)), layers)
        with torch.no_grad():
            height, width = network(2 * picture - 1).shape[-2:]
        row, column = round(down / 100 * (height - 1)), round(across / 100 * (width - 1))
        gradient = gradient_map(network, 2 * picture - 1, row, column)
        field = receptive_fields(network)[-1]
        outside = share_outside(gradient, field, row, column)
        figure = _draw(picture, gradient, field, (row, column))
        said = (
            f"{layers} convolution{'s' * (layers > 1)}, value ({row}, {column}) of {height}x{width}"
        )
        leak = f"normalisation {'in' if normalised else 'out'}, {100 * outside:.3g} %"
        figure.suptitle(f"After {said}; {leak} of the gradient outside the frame")
        return figure, (
            f"After {said}: by its convolutions it sees the framed square of {field.size} pixels; "
            f"{leak} of the gradient lies outside the frame."
        )

    return SliderFigure(draw, CONTROLS, start)


def _draw(picture: Tensor, gradient: Tensor, field: Field, place: tuple[int, int]) -> Figure:
    figure = Figure(figsize=(11, 5.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.16))
    left.imshow(picture[0].permute(1, 2, 0).numpy())
    left.set_title(f"the square of the convolutions: {field.size} pixels")
    strength = (gradient / gradient.max()).clamp_min(_FLOOR).log10()
    heat = right.imshow(strength.numpy(), cmap="viridis", vmin=-4, vmax=0)
    right.set_title("where the value really looks")
    figure.colorbar(heat, ax=right, label="log10 of |gradient| / largest", shrink=0.85)
    for ax in (left, right):
        _frame(ax, field, place, picture.shape[-2:])
    return figure


def _frame(ax: Axes, field: Field, place: tuple[int, int], shape: tuple[int, int]) -> None:
    top, left = (field.first(i) for i in place)
    style = {"fill": False, "edgecolor": COLOURS[1], "linewidth": 2}
    ax.add_patch(Rectangle((left - 0.5, top - 0.5), field.size, field.size, **style))
    ax.set(xlim=(-0.5, shape[1] - 0.5), ylim=(shape[0] - 0.5, -0.5))
    ax.set(xlabel="pixels", ylabel="pixels")
    ax.grid(False)
