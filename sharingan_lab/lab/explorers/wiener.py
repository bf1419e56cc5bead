"""A widget for lesson 02: one number decides what Wiener's method makes of a blurred picture."""

from functools import cache

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.blur import degrade, linear_kernel
from sharingan_lab.classical import wiener
from sharingan_lab.datasets.photos import photo
from sharingan_lab.evaluation.quality import psnr
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.figures import draw_picture
from sharingan_lab.lab.style import COLOURS

LENGTH, ANGLE, SIZE = 9, 20, 21  # the true movement: pixels, degrees; the kernel's canvas
POWERS = torch.arange(-4.0, 0.51, 0.25).tolist()  # of ten: the ratios that the curve tries

CONTROLS = {
    "power": ("ratio r: 10 to the power of", -1.5, -4.0, 0.5, 0.25),
    "noise_std": ("noise, std of a pixel", 0.01, 0.0, 0.1, 0.002),
    "angle_error": ("kernel wrong by, degrees", 0, -45, 45, 1),
}
_PAGE_VALUES = {  # what the lesson's questions ask for
    "power": (-4.0, -2.5, -1.5, -1.0, 0.0),
    "noise_std": (0.0, 0.01, 0.03, 0.06),
    "angle_error": (-45, 0, 15, 45),
}


def ratio_curve(blurred: Tensor, believed: Tensor, sharp: Tensor) -> list[float]:
    """PSNR in dB of Wiener's result, with a believed kernel, at each ratio of `POWERS`."""
    return [
        float(psnr(wiener(blurred, believed, noise_to_signal=10**power), sharp)) for power in POWERS
    ]


def wiener_explorer(**start: float) -> SliderFigure:
    """Sliders for the ratio, the noise and an error of the kernel; picture and curve follow.

    They start at values by name of control; the picture is the astronaut's face.

    Examples
    --------
    >>> explorer = wiener_explorer(power=-3.0)
    >>> explorer.controls["power"].value
    -3.0
    """
    sharp = photo("astronaut", 256)[..., 8:136, 48:176]

    @cache  # turning the ratio moves only the dot
    def scene(noise_std: float, angle_error: int) -> tuple[Tensor, Tensor, list[float]]:
        rng = torch.Generator().manual_seed(0)
        true = linear_kernel(LENGTH, ANGLE, SIZE)
        blurred = degrade(sharp, true, noise_std=noise_std, rng=rng)
        believed = linear_kernel(LENGTH, ANGLE + angle_error, SIZE)
        return blurred, believed, ratio_curve(blurred, believed, sharp)

    def draw(power: float, noise_std: float, angle_error: int) -> tuple[Figure, str]:
        blurred, believed, curve = scene(noise_std, angle_error)
        restored = wiener(blurred, believed, noise_to_signal=10**power)
        before, after = (float(psnr(picture, sharp)) for picture in (blurred, restored))
        figure = Figure(figsize=(11.5, 4.0), layout="constrained")
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.25))
        draw_picture(left, blurred, f"blurred: {before:.1f} dB")
        draw_picture(middle, restored, f"Wiener: {after:.1f} dB")
        _draw_curve(right, curve, before, (power, after))
        best = POWERS[curve.index(max(curve))]
        return figure, (
            f"Blurred with noise {noise_std:g}: PSNR {before:.1f} dB. Wiener with ratio "
            f"10^{power:g} and a kernel wrong by {angle_error} degrees: {after:.1f} dB. The best "
            f"ratio, 10^{best:g}, gives {max(curve):.1f} dB."
        )

    return SliderFigure(draw, CONTROLS, start, _PAGE_VALUES)


def _draw_curve(ax: Axes, curve: list[float], before: float, here: tuple[float, float]) -> None:
    ax.plot(POWERS, curve, color=COLOURS[0], label="restored")
    ax.axhline(before, color="black", linestyle="--", label="left as it is")
    ax.plot(*here, "o", color=COLOURS[1], markersize=10, label="your ratio")
    ax.set(
        title="PSNR at every ratio",
        xlabel="noise-to-signal ratio, power of 10",
        ylabel="PSNR (dB)",
        ylim=(5, 35),
    )
    ax.legend(loc="lower right")
