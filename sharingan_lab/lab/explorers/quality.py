"""A widget for lesson 09: spoil a picture in five ways and watch PSNR and SSIM."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.datasets.photos import photo
from sharingan_lab.evaluation.quality import psnr, ssim, ssim_map
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.figures import draw_picture

CONTROLS = {
    "shift": ("moved to the right, px", 1, 0, 8, 1),
    "brightness": ("brighter by", 0.0, -0.3, 0.3, 0.01),
    "contrast": ("contrast, factor", 1.0, 0.2, 1.6, 0.05),
    "length": ("motion blur, px", 0.0, 0.0, 20.0, 0.5),
    "noise": ("noise, std of a pixel", 0.0, 0.0, 0.2, 0.005),
}


def spoil(
    image: Tensor, *, shift: int, brightness: float, contrast: float, length: float, noise: float
) -> Tensor:
    """Move, blur, flatten, brighten and grain a picture (1, 3, H, W) in [0, 1], in this order.

    No side is below 32 pixels. ``shift`` is in pixels to the right, and what is pushed out comes in
    again on the left; ``brightness`` is added, ``contrast`` a factor on the distance from the mean;
    ``length`` are pixels of a straight motion at 30 degrees, ``noise`` the standard deviation of an
    unchanging grain.
    """
    moved = blur(image.roll(shift, dims=-1), linear_kernel(length, 30, 31))
    mean = moved.mean(dim=(-1, -2), keepdim=True)
    grain = torch.randn(image.shape, generator=torch.Generator().manual_seed(0))
    return (mean + contrast * (moved - mean) + brightness + noise * grain).clamp(0, 1)


def quality_explorer(image: Tensor | None = None, **start: float) -> SliderFigure:
    """Sliders that spoil a picture; the picture, its SSIM map and both measures follow.

    The picture is (1, 3, H, W) in [0, 1], the cat Chelsea if not given; the sliders start at values
    by name of control.

    Examples
    --------
    >>> explorer = quality_explorer(torch.rand(1, 3, 32, 32), shift=0, contrast=0.5)
    >>> explorer.controls["contrast"].value
    0.5
    """
    sharp = photo("chelsea", 256) if image is None else image

    def draw(**values: float) -> tuple[Figure, str]:
        spoilt = spoil(sharp, **values)
        decibels, similarity = psnr(spoilt, sharp).item(), ssim(spoilt, sharp).item()
        figure = Figure(figsize=(11, 3.9), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        draw_picture(left, sharp, "reference")
        draw_picture(middle, spoilt, f"PSNR {decibels:.1f} dB, SSIM {similarity:.3f}")
        windows = ssim_map(spoilt, sharp)[0].mean(dim=0)
        style = {"cmap": "cividis", "vmin": 0, "vmax": 1}
        heat = draw_picture(right, windows, "SSIM of each window", **style)
        figure.colorbar(heat, ax=right, shrink=0.85)
        return figure, (
            f"The reference, a spoilt copy at PSNR {decibels:.1f} dB and SSIM {similarity:.3f}, "
            "and the SSIM of each window."
        )

    return SliderFigure(draw, CONTROLS, start)
