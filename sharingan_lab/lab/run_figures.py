"""A training run on a page: its settings and cost, its curves, its pictures over time."""

from statistics import median

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.evaluation.quality import psnr
from sharingan_lab.lab.figures import draw_picture
from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.tables import in_words
from sharingan_lab.training.config import TrainConfig
from sharingan_lab.training.diagnosis import distance_apart
from sharingan_lab.training.history import Row
from sharingan_lab.training.recipes import RECIPES, recipe
from sharingan_lab.training.records import RunRecord
from sharingan_lab.training.samples import read_samples

FRAMES = 5  # of the animation: all of it stays below two megabytes
DASHES = ("-", "--", ":", (0, (1, 3)), "-.")
SMOOTHED = 30  # a running median spans twice this part of the rows
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
        ["came to", f"step {last['step']}, {_progress(record)} ({state})"],
        ["data", f"{config.data}, crops of {config.crop} x {config.crop}"],
        ["networks", f"{config.architecture}, width {config.width}, {config.blocks} blocks"],
        ["losses", _losses(config)],
        ["precision", config.precision],
    ]
    if record.seconds:
        pace = record.seconds / max(1, record.step)
        shown = record.step * config.batch_size
        rows += [
            ["training time", f"{in_words(record.seconds)} for {record.step} steps"],
            ["a step took", f"{pace:.3g} s, {config.batch_size / pace:.3g} images a second"],
            ["the generator saw", f"{shown:,} crops"],
        ]
    if record.seconds and record.share and not record.finished:
        left = record.seconds * (1 / record.share - 1)
        words = "" if config.minutes else " at this pace"
        rows.append(["still to go", f"{in_words(left)}{words}"])
    return rows


def _progress(record: RunRecord) -> str:
    config, epoch = record.config, f"epoch {record.history[-1]['epoch']:.4g}"
    if config.minutes:
        return f"{epoch}, {record.seconds / 60:.4g} of {config.minutes:g} minutes"
    return f"{epoch} of {config.epochs}"


def _losses(config: TrainConfig) -> str:
    if not config.lambda_adversarial:
        return f"{config.content}, no critic"
    held = f"penalty weight {config.lambda_gp:g}"
    if config.weight_clip:
        held += f", weights clipped at {config.weight_clip:g}"
    return (
        f"{config.content} with weight {config.lambda_content:g}, {config.objective} critic "
        f"({config.critic_steps} steps, {held})"
    )


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
    """Draw content loss, PSNR, estimate and penalty over a run; say their ends in words.

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
    draw_content(content, record)
    draw_quality(quality, record)
    draw_estimate(estimate, record)
    _curve(penalty, losses, "penalty", "Gradient penalty", "(slope - 1) squared")
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
        f"{checks[-1]['psnr']:.1f} dB; a dashed line marks the blurred input at "
        f"{checks[-1]['input_psnr']:.1f} dB."
    )


def draw_content(axes: Axes, record: RunRecord) -> None:
    """Draw the content loss, on a logarithmic axis."""
    _curve(axes, record.losses, "content", "Content loss", "feature or pixel difference")
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def draw_quality(axes: Axes, record: RunRecord) -> None:
    """Draw the PSNR of the validation crops beside that of their blurred input."""
    checks = record.checks
    steps, values = [row["step"] for row in checks], [row["psnr"] for row in checks]
    axes.plot(steps, values, color=COLOURS[0], marker="o", markersize=4, label="restored")
    style = {"color": COLOURS[1], "linestyle": "--", "label": "blurred input"}
    axes.axhline(checks[-1]["input_psnr"], **style)
    axes.set(title="Validation PSNR", xlabel="generator step", ylabel="PSNR (dB)")
    axes.legend()


def draw_estimate(axes: Axes, record: RunRecord) -> None:
    """Draw the critic's estimate beside the distance that a slope of 1 allows it to claim."""
    _curve(axes, record.losses, "wasserstein", "Wasserstein estimate", "score difference")
    bound = [distance_apart(row["psnr"], record.config.crop) for row in record.checks]
    steps = [row["step"] for row in record.checks]
    style = {"color": COLOURS[1], "linestyle": "--", "label": "what slope 1 allows"}
    # from the second on: the first is that of a network which has learned nothing
    axes.plot(steps[1:], bound[1:], **style)
    axes.legend()


def _curve(axes: Axes, rows: list[Row], name: str, title: str, unit: str) -> None:
    """Draw a loss; where there are many rows, what is usual among neighbours stands out."""
    steps, values = [row["step"] for row in rows], [row[name] for row in rows]
    around = len(rows) // SMOOTHED
    if around > 1:
        axes.plot(steps, values, color=COLOURS[0], alpha=0.3, linewidth=1)
        values = [median(values[max(0, i - around) : i + around + 1]) for i in range(len(rows))]
    axes.plot(steps, values, color=COLOURS[0])
    axes.set(title=title, xlabel="generator step", ylabel=unit)


def crop_gains(record: RunRecord) -> list[list[str]]:
    """Return rows (crop, blurred, restored, gain) of the last picture, most blurred first."""
    if not record.samples:
        raise DataError("the run kept no pictures")
    blurred, restored, sharp = read_samples(record.samples[max(record.samples)])
    before, after = psnr(blurred, sharp), psnr(restored, sharp)
    return [
        [f"crop {i + 1}", f"{before[i]:.1f}", f"{after[i]:.1f}", f"{after[i] - before[i]:+.1f}"]
        for i in before.argsort().tolist()
    ]


def run_ends(history: list[Row]) -> dict[str, float]:
    """Return what a run came to: its rise and gain in dB, and the largest |estimate| on the way.

    Examples
    --------
    >>> first = {"psnr": 20.0, "input_psnr": 31.0}
    >>> run_ends([first, {"wasserstein": -0.5}, {"psnr": 30.0, "input_psnr": 31.0}])
    {'rise': 10.0, 'gain': -1.0, 'estimate': 0.5}
    """
    checks = [row for row in history if "psnr" in row]
    last = checks[-1]
    return {
        "rise": last["psnr"] - checks[0]["psnr"],
        "gain": last["psnr"] - last["input_psnr"],
        "estimate": max(abs(row.get("wasserstein", 0.0)) for row in history),
    }


def compare_runs(histories: dict[str, list[list[Row]]]) -> Figure:
    """Draw gain over the blurred input and Wasserstein estimate of several ways to train.

    Each way has its runs, one a seed: a line each.

    Examples
    --------
    >>> row = {"step": 8, "psnr": 30.0, "input_psnr": 31.0, "wasserstein": 0.5}
    >>> figure = compare_runs({"one way": [[row], [row]]})
    >>> len(figure.axes[0].lines)  # a line each, and the blurred input
    3
    """
    figure = Figure(figsize=(11, 4.2), layout="constrained")
    gain, estimate = figure.subplots(1, 2)
    ways = zip(histories.items(), COLOURS, DASHES, strict=False)
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
    """Draw two crops at a few steps of a run: the one that was blurred most, and the one least.

    Frames and labels are those of :func:`sharingan_lab.lab.animate`.

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
    chosen = psnr(crops[0], crops[2]).argsort()[[0, -1]][: crops.shape[1]]
    figure = Figure(figsize=(8.4, 2.95 * len(chosen)), layout="constrained")
    axes = figure.subplots(len(chosen), 3, squeeze=False)
    for row, crop in enumerate(crops[:, chosen].transpose(0, 1)):
        values = psnr(crop, crop[2:].expand_as(crop)).tolist()
        for column, name in enumerate(("blurred", "restored", "sharp")):
            title = name if name == "sharp" else f"{name}: {values[column]:.1f} dB"
            draw_picture(axes[row, column], crop[column], title)
    return figure
