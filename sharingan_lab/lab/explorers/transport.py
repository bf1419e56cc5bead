"""A widget for lesson 04: shape two piles of earth and see who carries what where."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.toys.distances import jensen_shannon, transport_plan

PLACES = torch.arange(21.0)  # metres
CONTROLS = {
    "real_centre": ("pile P, centre, m", 4.0, 0.0, 20.0, 0.5),
    "real_width": ("pile P, width, m", 1.0, 0.1, 5.0, 0.1),
    "real_split": ("pile P, halves apart by, m", 0.0, 0.0, 12.0, 0.5),
    "fake_centre": ("pile Q, centre, m", 13.0, 0.0, 20.0, 0.5),
    "fake_width": ("pile Q, width, m", 1.5, 0.1, 5.0, 0.1),
    "fake_split": ("pile Q, halves apart by, m", 0.0, 0.0, 12.0, 0.5),
}


def pile(centre: float, width: float, split: float) -> Tensor:
    """Heap earth (21,) on the places 0 to 20 m: two equal bells, one on the other where split is 0.

    ``width`` is the standard deviation of each bell, above 0. A bell whose middle leaves the row is
    moved back to its end. All in metres; the heap sums to 1.
    """
    bells = []
    for middle in (centre - split / 2, centre + split / 2):
        middle = min(max(middle, float(PLACES[0])), float(PLACES[-1]))
        bells.append(torch.softmax(-((PLACES - middle) / width).square() / 2, dim=0))
    heap = torch.stack(bells).mean(dim=0)
    heap = torch.where(heap < 1e-6, 0.0, heap)
    return heap / heap.sum()


def ordered_plan(p: Tensor, q: Tensor) -> Tensor:
    """Cheapest plan (21, 21) between two piles (21,); of several, the one that keeps the order."""
    ways = (PLACES[:, None] - PLACES).abs()
    # a grain of convexity makes crossing a little dearer, and the plan the only one
    plan, _ = transport_plan(ways + 1e-4 * ways.square(), p, q)
    return torch.where(plan < 1e-6, 0.0, plan)


def transport_explorer(**start: float) -> SliderFigure:
    """Sliders that shape two piles; the cheapest plan between them and its cost follow.

    They start at values by name of control, in metres.

    Examples
    --------
    >>> explorer = transport_explorer(real_centre=6.0, fake_centre=12.0, fake_width=1.0)
    >>> "earth mover's distance 6.00 m" in explorer.description
    True
    """

    def draw(**values: float) -> tuple[Figure, str]:
        p, q = (
            pile(*(values[f"{name}_{what}"] for what in ("centre", "width", "split")))
            for name in ("real", "fake")
        )
        plan = ordered_plan(p, q)
        cost = float((plan * (PLACES[:, None] - PLACES).abs()).sum())
        divergence = jensen_shannon(p, q)
        figure = Figure(figsize=(11, 4.4), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[1.7, 1])
        _draw_carrying(left, p, q, plan)
        left.set_title(f"earth mover's distance {cost:.2f} m, Jensen-Shannon {divergence:.2f} nats")
        _draw_plan(right, plan)
        return figure, _describe(p, q, plan, cost, divergence)

    return SliderFigure(draw, CONTROLS, start)


def _draw_carrying(ax: Axes, p: Tensor, q: Tensor, plan: Tensor) -> None:
    """Pile P upwards, pile Q downwards, and a line for every load, as thick as the load."""
    tallest = float(max(p.max(), q.max()))
    p, q, gap = p.numpy(), q.numpy(), 0.5 * tallest
    ax.bar(PLACES.numpy(), p, bottom=gap, color=COLOURS[0], label="P: lies here")
    ax.bar(PLACES.numpy(), -q, bottom=-gap, color=COLOURS[1], label="Q: wanted here")
    for i, j in plan.nonzero().tolist():
        width = 0.4 + 9 * float(plan[i, j] / plan.max())
        line = ax.plot([i, j], [0.95 * gap, -0.95 * gap], color="0.35", alpha=0.45, lw=width)
        line[0].set_solid_capstyle("butt")
    ax.set(xlabel="place (m)", xticks=range(0, 21, 5), yticks=[], xlim=(-0.8, 20.8))
    ax.set_ylabel("share of the earth")
    ax.legend(loc="upper right", fontsize=9)


def _draw_plan(ax: Axes, plan: Tensor) -> None:
    ax.imshow(plan.sqrt().numpy(), cmap="Blues", origin="lower")
    ax.plot([0, 20], [0, 20], color="0.5", lw=1, ls=":")
    ax.grid(False)
    ax.set(xlabel="to place (m)", ylabel="from place (m)")
    ax.set(xticks=range(0, 21, 5), yticks=range(0, 21, 5))
    ax.set_title("plan (dotted: stays where it is)", fontsize=11)


def _describe(p: Tensor, q: Tensor, plan: Tensor, cost: float, divergence: float) -> str:
    stays = 100 * float(plan.diagonal().sum())
    return (
        f"Pile P around {float(p @ PLACES):.1f} m, pile Q around {float(q @ PLACES):.1f} m, lines "
        f"from each place of P to where its earth goes. The earth mover's distance {cost:.2f} m, "
        f"the Jensen-Shannon divergence {divergence:.2f} nats; {stays:.0f} % of the earth stays."
    )
