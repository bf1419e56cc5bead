"""A widget for lesson 01: turn the motion, see the path, the kernel and the blurred photograph."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.blur import degrade, rasterize, sample_trajectories
from sharingan_lab.datasets import photo
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.sliders import SliderFigure
from sharingan_lab.lab.style import COLOURS

KERNEL_SIZE = 64

# name: (label, start, lowest, highest, step)
CONTROLS = {
    "seed": ("seed of the path", 0, 0, 99, 1),
    "length": ("length in px", 40.0, 0.0, 60.0, 1.0),
    "exposure": ("exposure, part of the path", 1.0, 0.01, 1.0, 0.01),
    "noise_std": ("noise, std of a pixel", 0.01, 0.0, 0.1, 0.001),
    "inertia": ("inertia: pull to the start", 0.35, 0.0, 10.0, 0.05),
    "gaussian": ("gaussian: trembling", 5.0, 0.0, 50.0, 0.5),
    "impulse": ("impulse: chance of a jerk", 0.1, 0.0, 1.0, 0.01),
    "anxiety": ("anxiety: scales the last three", 0.01, 0.0, 0.1, 0.001),
}


def shake(
    image: Tensor, *, seed: int, length: float, exposure: float, noise_std: float, **walk: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Follow one photograph down the whole road of lesson 01.

    Parameters
    ----------
    image : Tensor
        Photograph (1, 3, H, W) in [0, 1], at least 64 pixels high and wide.
    seed : int
        Seed of the path and the noise.
    length, exposure, noise_std, **walk
        See `sample_trajectories`, `rasterize` and `degrade`.

    Returns
    -------
    path, kernel, blurred : Tensor
        Positions (1, 2000, 2) in pixels, kernel (1, 64, 64), image (1, 3, H, W).

    Examples
    --------
    >>> grey = torch.full((1, 3, 64, 64), 0.5)
    >>> path, kernel, blurred = shake(grey, seed=0, length=20, exposure=0.5, noise_std=0.01)
    >>> path.shape, round(float(kernel.sum()), 3), blurred.shape
    (torch.Size([1, 2000, 2]), 0.5, torch.Size([1, 3, 64, 64]))
    """
    generator = torch.Generator().manual_seed(int(seed))
    path = sample_trajectories(1, length=length, generator=generator, **walk)
    kernel = rasterize(path, KERNEL_SIZE, exposure)
    return path, kernel, degrade(image, kernel, noise_std=noise_std, generator=generator)


class BlurExplorer(SliderFigure):
    """Sliders for the motion; path, kernel and blurred photograph follow at once.

    Displayed without a kernel (in a report, in a saved notebook) it is a still picture with a
    description.

    Parameters
    ----------
    image : Tensor, optional
        Photograph (1, 3, H, W) in [0, 1], at least 64 pixels high and wide; the astronaut if not
        given.
    **start : float
        Values to start from, by name of control: ``seed``, ``length``, ``exposure``,
        ``noise_std``, ``inertia``, ``gaussian``, ``impulse``, ``anxiety``.

    Attributes
    ----------
    sliders : dict
        The slider of each control; setting ``.value`` redraws.
    description : str
        What the picture shows, with its numbers.

    Examples
    --------
    >>> explorer = BlurExplorer(torch.full((1, 3, 64, 64), 0.5), length=20.0)
    >>> explorer.sliders["exposure"].value = 0.25
    >>> explorer.description[:59]
    'A path of 20 px, exposed for 25 % of its time; its kernel; '
    """

    def __init__(self, image: Tensor | None = None, **start: float):
        self._image = photo("astronaut", 256) if image is None else image
        starts = {
            name: (control[0], start.get(name, control[1]), *control[2:])
            for name, control in CONTROLS.items()
        }
        super().__init__(self._shaken, starts)

    def _shaken(self, **values: float) -> tuple[Figure, str]:
        path, kernel, blurred = shake(self._image, **values)
        quality = float(psnr(blurred, self._image))
        description = (
            f"A path of {values['length']:g} px, exposed for {values['exposure']:.0%} of its time; "
            f"its kernel; the photograph it blurs, at {quality:.1f} dB PSNR."
        ).replace("%", " %")
        return _figure(path, kernel, blurred, values["exposure"], quality), description


def _figure(
    path: Tensor, kernel: Tensor, blurred: Tensor, exposure: float, quality: float
) -> Figure:
    figure = Figure(figsize=(10.6, 3.6), layout="none")
    path_axes, kernel_axes = (figure.add_axes((x, 0.15, 0.215, 0.74)) for x in (0.06, 0.425))
    photo_axes = figure.add_axes((0.755, 0.1, 0.24, 0.79))
    reach = _draw_path(path_axes, path[0].double().numpy(), exposure)
    _draw_kernel(kernel_axes, kernel[0].numpy(), reach)
    photo_axes.imshow(blurred[0].permute(1, 2, 0).numpy())
    photo_axes.set(title=f"blurred: PSNR {quality:.1f} dB", xticks=[], yticks=[])
    return figure


def _draw_path(ax: Axes, points: np.ndarray, exposure: float) -> float:
    """Path around the centroid of its exposed part, coloured by time; the rest in grey."""
    seen = max(1, round(exposure * len(points)))
    points = points - points[:seen].mean(axis=0)
    if seen < len(points):
        ax.plot(*points[seen - 1 :].T, color="#999999", linewidth=1, label="shutter closed")
    pieces = np.stack([points[: seen - 1], points[1:seen]], axis=1)
    time = np.linspace(0, 100 * exposure, len(pieces))
    lines = LineCollection(pieces, array=time, cmap="viridis", clim=(0, 100), linewidths=2.5)
    ax.add_collection(lines)
    ax.plot(*points[0], "o", color=COLOURS[1], label="start")
    _colour_bar(ax, lines, "time (% of the path)")
    reach = min(KERNEL_SIZE / 2, max(6.0, 1.25 * float(np.abs(points).max())))
    ax.set(title="path", xlabel="x (px)", ylabel="y (px)")
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach), aspect="equal")
    ax.legend(loc="upper left", fontsize="small")
    return reach


def _draw_kernel(ax: Axes, kernel: np.ndarray, reach: float) -> None:
    half = KERNEL_SIZE // 2
    edges = (-half - 0.5, half - 0.5, half - 0.5, -half - 0.5)
    picture = ax.imshow(kernel, cmap="magma", vmin=0, extent=edges)
    _colour_bar(ax, picture, "share of the light")
    ax.set(title=f"kernel, sum {kernel.sum():.2f}", xlabel="x (px)", ylabel="y (px)")
    ax.set(xlim=(-reach, reach), ylim=(reach, -reach))
    ax.grid(False)


def _colour_bar(ax: Axes, drawn: ScalarMappable, label: str) -> None:
    beside = ax.inset_axes((1.03, 0.0, 0.05, 1.0))
    ax.figure.colorbar(drawn, cax=beside, label=label)
