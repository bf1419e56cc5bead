"""The explorer as one picture, for pages without a kernel."""

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.images import to_uint8
from sharingan_lab.lab.explorers.blur.panels import LOUDER, loud_noise
from sharingan_lab.lab.explorers.blur.plots import FLOOR, centred, reach, spectrum
from sharingan_lab.lab.explorers.blur.shot import Shot
from sharingan_lab.lab.style import COLOURS


def still(shot: Shot, exposure: float) -> Figure:
    """Draw path, kernel and spectrum above the photograph sharp, blurred, and its noise.

    Examples
    --------
    >>> import torch
    >>> from sharingan_lab.lab.explorers.blur.settings import Settings
    >>> from sharingan_lab.lab.explorers.blur.shot import expose
    >>> figure = still(expose(torch.rand(1, 3, 64, 64), Settings()), 1.0)
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['path; the ring is its start', 'kernel, sum 1.00', 'spectrum of the kernel']
    """
    figure = Figure(figsize=(10.6, 6.9), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(3.05, 3.75))
    plots, photographs = upper.subplots(1, 3), lower.subplots(1, 3)
    _draw_path(plots[0], shot.path, exposure)
    _draw_kernel(plots[1], shot.kernel)
    edge = reach(centred(shot.path, exposure)[0])
    ticks = np.linspace(-edge, edge, 5)
    for ax in plots[:2]:
        ax.set(xlabel="x (px)", ylabel="y (px)", xticks=ticks, yticks=ticks)
        ax.set(xlim=(-edge, edge), ylim=(edge, -edge))
    _draw_spectrum(plots[2], shot.kernel)
    noise = loud_noise(shot.blurred, shot.clean)
    _photograph(photographs[0], shot.sharp, "sharp")
    _photograph(photographs[1], shot.blurred, f"blurred: {shot.quality}")
    _photograph(photographs[2], noise, f"noise × {LOUDER}: std {shot.noise_std:.3f}")
    return figure


def _draw_path(ax: Axes, path: Tensor, exposure: float) -> None:
    points, seen = centred(path, exposure)
    ax.plot(*points[seen - 1 :].T, color="#8a8a8a", linewidth=1)
    pieces = np.stack([points[: seen - 1], points[1:seen]], axis=1)
    shades = mpl.colormaps["viridis"](np.linspace(0, exposure, len(pieces)))
    ax.add_collection(LineCollection(pieces, colors=shades, linewidths=2.5))
    ax.plot(*points[0], "o", markerfacecolor="none", color=COLOURS[1], markeredgewidth=2)
    ax.set(title="path; the ring is its start", aspect="equal")
    _colour_bar(ax, "viridis", (0, 100), "time (% of the path)")


def _draw_kernel(ax: Axes, kernel: Tensor) -> None:
    values = kernel[0].numpy()
    half = len(values) // 2
    edges = (-half - 0.5, half - 0.5, half - 0.5, -half - 0.5)
    ax.imshow(values, cmap="magma", vmin=0, extent=edges)
    ax.set_title(f"kernel, sum {values.sum():.2f}")
    ax.grid(False)
    _colour_bar(ax, "magma", (0, 100 * float(values.max())), "share of the light (%)")


def _draw_spectrum(ax: Axes, kernel: Tensor) -> None:
    ax.imshow(spectrum(kernel), cmap="cividis", vmin=FLOOR, vmax=0, extent=(-0.5, 0.5, 0.5, -0.5))
    ax.set(title="spectrum of the kernel", xlabel="frequency in x (cycles/px)")
    ax.set(ylabel="frequency in y (cycles/px)", xticks=(-0.5, 0, 0.5), yticks=(-0.5, 0, 0.5))
    ax.grid(False)
    _colour_bar(ax, "cividis", (FLOOR, 0), "magnitude (dB)")


def _colour_bar(ax: Axes, map_name: str, limits: tuple[float, float], label: str) -> None:
    scale = ScalarMappable(Normalize(*limits), map_name)
    ax.figure.colorbar(scale, ax=ax, label=label, fraction=0.05, pad=0.03)


def _photograph(ax: Axes, image: Tensor, title: str) -> None:
    ax.imshow(to_uint8(image))
    ax.set_title(title)
    ax.set_axis_off()
