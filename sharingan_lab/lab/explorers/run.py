"""A widget for lesson 08: go through a run, its pictures beside its curves."""

from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.evaluation.quality import psnr
from sharingan_lab.lab.explorers.explorer import SliderFigure
from sharingan_lab.lab.figures import draw_picture
from sharingan_lab.lab.run_figures import draw_content, draw_quality
from sharingan_lab.training.history import Row
from sharingan_lab.training.records import RunRecord
from sharingan_lab.training.samples import read_samples

ENLARGED = 4  # times: the error that is left is small


def run_explorer(record: RunRecord) -> SliderFigure:
    """Sliders for the time and the crop; what the generator made of it then, beside the curves.

    It starts at the last picture of the crop that was blurred most.

    Examples
    --------
    >>> from sharingan_lab.training import recipe
    >>> run_explorer(RunRecord(recipe("quick"), [], {}, 0, 0.0))
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.DataError: the run kept no pictures
    """
    if not record.samples:
        raise DataError("the run kept no pictures")
    steps = list(record.samples)
    sheets = {}  # read when they are looked at

    def draw(check: int, crop: int) -> tuple[Figure, str]:
        step = steps[check]
        if step not in sheets:
            sheets[step] = read_samples(record.samples[step])
        return _page(record, sheets[step][:, crop - 1], step)

    blurred, _, sharp = read_samples(record.samples[steps[-1]])
    last, hardest = len(steps) - 1, int(psnr(blurred, sharp).argmin())
    controls = {
        "check": ("validation number", last, 0, last, 1),
        "crop": ("crop", hardest + 1, 1, len(sharp), 1),
    }
    return SliderFigure(draw, controls)


def _page(record: RunRecord, images: Tensor, step: int) -> tuple[Figure, str]:
    before, after = psnr(images[:2], images[2:].expand(2, -1, -1, -1)).tolist()
    figure = Figure(figsize=(10.5, 7.4), layout="constrained")
    figure.suptitle(f"Step {step}")
    above, below = figure.subplots(2, 3, height_ratios=(1.1, 1))
    blurred, restored, sharp = images
    draw_picture(above[0], blurred, f"blurred: {before:.1f} dB")
    draw_picture(above[1], restored, f"restored: {after:.1f} dB")
    draw_picture(above[2], sharp, "sharp")
    error = (ENLARGED * (restored - sharp).abs()).clamp(max=1)
    draw_picture(below[0], error, f"error left, {ENLARGED} times enlarged")
    draw_quality(below[1], record)
    draw_content(below[2], record)
    for axes in below[1:]:
        axes.axvline(step, color="black", linewidth=1, zorder=0)
    return figure, (
        f"At step {step} the restored crop has {after:.1f} dB, the blurred one {before:.1f} dB: "
        f"{after - before:+.1f} dB. Beside them the sharp crop and the error that is left; a line "
        f"marks this step in the curves of the run{_values(record.losses, step)}."
    )


def _values(losses: list[Row], step: int) -> str:
    """Name the content loss of the row that is next to a step."""
    if not losses:
        return ""
    row = min(losses, key=lambda row: abs(row["step"] - step))
    return f" (content loss there {row['content']:.3g})"
