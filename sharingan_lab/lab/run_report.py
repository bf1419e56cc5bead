"""A training run on a page: its settings and cost, its curves, its pictures over time."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.sliders import SliderFigure
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.training import RECIPES, RunRecord, TrainConfig, read_samples, recipe
from sharingan_lab.training.history import Row

FRAMES = 5  # of the animation: all of it stays below two megabytes
SHOWN = 3  # crops in a frame
# settings that make no other algorithm
_PLACES = ("data_root", "sharp_root", "device", "workers", "seed")


def settings_and_cost(record: RunRecord) -> list[list[str]]:
    """Return rows (what, value) that say what ran, how far it came and what that took.

    Examples
    --------
    >>> rows = settings_and_cost(RunRecord(recipe("quick"), [{"step": 32, "epoch": 1.0}], {}, 0, 0))
    >>> rows[1]
    ['came to', 'step 32, epoch 1 of 14 (unfinished)']
    """
    config, last = record.config, record.history[-1]
    state = "finished" if record.finished else "unfinished"
    rows = [
        ["recipe", f"{config.recipe}, seed {config.seed}{_changes(config)}"],
        ["came to", f"step {last['step']}, epoch {last['epoch']:g} of {config.epochs} ({state})"],
        ["data", f"{config.data}, crops of {config.crop} x {config.crop}"],
        ["networks", f"{config.architecture}, width {config.width}, {config.blocks} blocks"],
        ["precision", config.precision],
    ]
    if record.seconds:
        pace = record.seconds / max(1, record.step)
        shown = record.step * config.batch_size
        rows += [
            ["training time", f"{_duration(record.seconds)} for {record.step} steps"],
            ["a step took", f"{pace:.3g} s, {config.batch_size / pace:.3g} images a second"],
            ["the generator saw", f"{shown:,} crops"],
        ]
    return rows


def _duration(seconds: float) -> str:
    hours, minutes = seconds / 3600, seconds / 60
    return f"{hours:.1f} hours" if hours >= 1 else f"{minutes:.1f} minutes"


def _changes(config: TrainConfig) -> str:
    """Name what differs from the recipe of that name."""
    if config.recipe not in RECIPES:
        return ""
    named = recipe(config.recipe)
    differ = [
        f"{name}={value}"
        for name, value in vars(config).items()
        if name not in _PLACES and value != getattr(named, name)
    ]
    return f", with {', '.join(differ)}" if differ else ""


def run_curves(record: RunRecord) -> tuple[Figure, str]:
    """Draw content loss, PSNR, Wasserstein estimate and penalty over the steps of a run.

    Returns
    -------
    (Figure, str)
        The curves, and their ends in words.

    Raises
    ------
    DataError
        The run has no row of losses or was never validated.
    """
    losses, checks = record.losses, record.checks
    if not losses or not checks:
        raise DataError("the run has no losses or no validation yet: let it train further")
    figure = Figure(figsize=(10.5, 6.4), layout="constrained")
    content, quality, estimate, penalty = figure.subplots(2, 2).flat
    _curve(content, losses, "content", "Content loss", "feature or pixel difference")
    content.set_yscale("log")
    _curve(estimate, losses, "wasserstein", "Wasserstein estimate", "score difference")
    _curve(penalty, losses, "penalty", "Gradient penalty", "(slope - 1) squared")
    _curve(quality, checks, "psnr", "Validation PSNR", "PSNR (dB)", marker="o", label="restored")
    floor = checks[-1]["input_psnr"]
    quality.axhline(floor, color=COLOURS[1], linestyle="--", label="blurred input")
    quality.legend()
    ends = [
        f"{words} goes from {rows[0][name]:.3g} to {rows[-1][name]:.3g}"
        for rows, name, words in (
            (losses, "content", "Content loss"),
            (losses, "wasserstein", "the Wasserstein estimate"),
            (losses, "penalty", "the penalty"),
        )
    ]
    return figure, (
        f"{', '.join(ends)}. Validation PSNR goes from {checks[0]['psnr']:.1f} to "
        f"{checks[-1]['psnr']:.1f} dB; a dashed line marks the blurred input at {floor:.1f} dB."
    )


def _curve(axes: Axes, rows: list[dict], name: str, title: str, unit: str, **style: str) -> None:
    steps = [row["step"] for row in rows]
    axes.plot(steps, [row[name] for row in rows], color=COLOURS[0], **style)
    axes.set(title=title, xlabel="generator step", ylabel=unit)


def compare_runs(histories: dict[str, list[list[Row]]]) -> Figure:
    """Draw gain over the blurred input and Wasserstein estimate of several ways to train.

    Parameters
    ----------
    histories : dict
        For each way its runs, one a seed: a line each.

    Examples
    --------
    >>> row = {"step": 8, "psnr": 30.0, "input_psnr": 31.0, "wasserstein": 0.5}
    >>> figure = compare_runs({"one way": [[row], [row]]})
    >>> len(figure.axes[0].lines)  # a line each, and the blurred input
    3
    """
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    gain, estimate = figure.subplots(1, 2)
    ways = zip(histories.items(), COLOURS, ("-", "--", ":", "-."), strict=False)
    for (way, runs), colour, dash in ways:
        for i, rows in enumerate(runs):
            style = {"color": colour, "linestyle": dash, "label": way if i == 0 else None}
            found = [(r["step"], r["psnr"] - r["input_psnr"]) for r in rows if "psnr" in r]
            gain.plot(*zip(*found, strict=True), **style)
            found = [(r["step"], abs(r["wasserstein"])) for r in rows if r.get("wasserstein")]
            if found:  # there is a critic
                estimate.plot(*zip(*found, strict=True), **style)
    gain.axhline(0, color="black", linewidth=1)
    gain.set(title="PSNR, restored minus blurred input", ylabel="gain (dB)", ylim=(-8, 1))
    estimate.set(title="|Wasserstein estimate|", ylabel="score difference", yscale="log")
    for axes in (gain, estimate):
        axes.set_xlabel("generator step")
    gain.legend()
    return figure


def sample_frames(record: RunRecord) -> tuple[list[Figure], list[str]]:
    """Draw pictures of a run at a few of its steps: restored above, sharp below.

    Returns
    -------
    (list of Figure, list of str)
        For :func:`sharingan_lab.lab.animate`: frames and labels.

    Raises
    ------
    DataError
        The run kept fewer than two pictures.
    """
    steps = list(record.samples)
    if len(steps) < 2:
        raise DataError(f"the run kept {len(steps)} pictures: two are needed to see a change")
    places = torch.linspace(0, len(steps) - 1, min(FRAMES, len(steps))).round().long()
    chosen = [steps[place] for place in places.tolist()]
    return [_frame(read_samples(record.samples[s])) for s in chosen], [f"step {s}" for s in chosen]


def _frame(crops: Tensor) -> Figure:
    _, restored, sharp = crops[:, :SHOWN]
    figure = Figure(figsize=(2 * len(restored), 4.5), layout="constrained")
    axes = figure.subplots(2, len(restored), squeeze=False)
    for column, value in enumerate(psnr(restored, sharp).tolist()):
        _picture(axes[0, column], restored[column], f"restored: {value:.1f} dB")
        _picture(axes[1, column], sharp[column], "sharp")
    return figure


def run_explorer(record: RunRecord) -> SliderFigure:
    """Sliders for the time and the crop; what the generator made of it then, and how far off.

    Examples
    --------
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
        return _comparison(sheets[step][:, crop - 1], step)

    crops = read_samples(record.samples[steps[-1]]).shape[1]
    last = len(steps) - 1
    controls = {
        "check": ("validation number", last, 0, last, 1),
        "crop": ("crop", 1, 1, crops, 1),
    }
    return SliderFigure(draw, controls)


def _comparison(images: Tensor, step: int) -> tuple[Figure, str]:
    blurred, restored, sharp = images
    before, after = psnr(images[:2], images[2:].expand(2, -1, -1, -1)).tolist()
    figure = Figure(figsize=(11.5, 3.5), layout="constrained")
    panels = figure.subplots(1, 4)
    figure.suptitle(f"Step {step}")
    _picture(panels[0], blurred, f"blurred: {before:.1f} dB")
    _picture(panels[1], restored, f"restored: {after:.1f} dB")
    _picture(panels[2], sharp, "sharp")
    _picture(panels[3], (4 * (restored - sharp).abs()).clamp(max=1), "error, 4 times enlarged")
    return figure, (
        f"At step {step} the restored crop has {after:.1f} dB, the blurred one {before:.1f} dB; "
        "beside them the sharp crop and the error that is left."
    )


def _picture(axes: Axes, image: Tensor, title: str) -> None:
    axes.imshow(image.permute(1, 2, 0).clamp(0, 1))
    axes.set(title=title, xticks=[], yticks=[])
    axes.grid(False)
