"""Pictures with the plants that a detector has found, has missed or has made up."""

from collections.abc import Sequence

from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from torch import Tensor

from sharingan_lab.datasets.weeds import CLASS_NAMES
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.matching import match_detections
from sharingan_lab.lab.figures import image_grid

# Sky blue and yellow stand out from soil; further classes take the others in turn.
_CLASS_COLOURS = ("#56B4E9", "#F0E442", "#E69F00", "#CC79A7")
_LEGEND_HEIGHT = 0.45  # inches below the images
_MISSED = "#FFFFFF"


def draw_detections(
    images: Tensor,
    titles: Sequence[str],
    detections: Sequence[dict[str, Tensor]],
    targets: Sequence[dict[str, Tensor]],
    *,
    min_score: float = 0.5,
    iou: float = 0.5,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
    classes: Sequence[str] = CLASS_NAMES,
) -> Figure:
    """Draw what was found, coloured by class, and how it compares with the truth.

    Right finds have a full frame and their score in percent, others (a wrong place or class) a
    dashed one, true plants that nobody found a dotted white one; the legend names those drawn.

    Parameters
    ----------
    images : Tensor
        (N, 3, H, W) in [0, 1]; ``titles`` above and ``captions`` below, one each.
    detections, targets : list of dict
        ``boxes`` and ``labels`` of each image, with ``scores`` where they were found.
    min_score, iou : float
        Least score that is drawn; least intersection over union that counts as found.
    columns, classes
        Images in a row, at most 3 when left out; names of the labels, the background first.

    Examples
    --------
    >>> import torch
    >>> nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0)}
    >>> found = [{**nothing, "scores": torch.zeros(0)}]
    >>> draw_detections(torch.zeros(1, 3, 8, 8), ["bare"], found, [nothing]).axes[0].get_title()
    'bare'
    """
    counts = {len(part) for part in (images, titles, detections, targets)}
    if len(counts) != 1:
        raise InputError(f"draw_detections needs one of each an image, got {sorted(counts)}")
    fig = image_grid(images, titles, columns=columns, captions=captions)
    kinds: dict[str, tuple[str, str]] = {}
    for i, ax in enumerate(fig.axes):
        kinds |= _draw_boxes(ax, detections[i], targets[i], min_score, iou, classes)
    if kinds:
        style = {"loc": "outside lower center", "ncols": 4, "facecolor": "0.45", "frameon": True}
        fig.set_figheight(fig.get_figheight() + _LEGEND_HEIGHT)
        fig.legend(handles=_legend(kinds, classes), **style)
    return fig


def _draw_boxes(
    ax: Axes,
    found: dict[str, Tensor],
    truth: dict[str, Tensor],
    min_score: float,
    iou: float,
    classes: Sequence[str],
) -> dict[str, tuple[str, str]]:
    """Draw the frames of one image; colour and line of each kind drawn, by name."""
    kinds = {}
    sure = found["scores"] >= min_score
    boxes, scores, labels = (found[part][sure] for part in ("boxes", "scores", "labels"))
    matches = match_detections(boxes, scores, labels, truth["boxes"], truth["labels"], iou)
    missed = set(range(len(truth["boxes"]))) - set(matches.tolist())
    for place in missed:
        kinds["missed plant"] = (_MISSED, ":")
        _frame(ax, truth["boxes"][place], *kinds["missed plant"])
    for box, score, label, match in zip(boxes, scores, labels, matches.tolist(), strict=True):
        colour = _CLASS_COLOURS[(int(label) - 1) % len(_CLASS_COLOURS)]
        right = match >= 0
        kind = classes[int(label)] if right else "wrong find"
        kinds[kind] = (colour, "-" if right else "--")
        _frame(ax, box, *kinds[kind])
        ax.text(
            float(box[0]),
            max(float(box[1]) - 1.5, 9.0),  # scores at the upper rim move inside
            f"{100 * float(score):.0f}",
            fontsize=7,
            bbox={"facecolor": colour, "edgecolor": "none", "pad": 0.8},
            clip_on=True,
        )
    return kinds


def _frame(ax: Axes, box: Tensor, colour: str, line: str) -> None:
    x1, y1, x2, y2 = (float(edge) - 0.5 for edge in box)  # imshow puts pixel centres at integers
    edge = [patheffects.withStroke(linewidth=2.8, foreground="#00000088")]
    ax.add_patch(
        Rectangle(
            (x1, y1), x2 - x1, y2 - y1, fill=False, ec=colour, ls=line, lw=1.5, path_effects=edge
        )
    )


def _legend(kinds: dict[str, tuple[str, str]], classes: Sequence[str]) -> list[Line2D]:
    order = (*classes[1:], "wrong find", "missed plant")
    lines = {name: kinds[name] for name in order if name in kinds}
    return [
        Line2D([], [], color=colour, linestyle=line, label=name)
        for name, (colour, line) in lines.items()
    ]
