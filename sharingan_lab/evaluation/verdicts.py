"""Rows of numbers on what each restorer is worth to a detector, with their intervals."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean

import torch
from torch import Tensor

from sharingan_lab.evaluation.detection import Version
from sharingan_lab.evaluation.intervals import bootstrap_interval
from sharingan_lab.evaluation.matching import (
    DetectionScores,
    detection_counts,
    match_detections,
)
from sharingan_lab.evaluation.mistakes import mistake_shares
from sharingan_lab.evaluation.precision import average_precision

SIZES = ("small", "medium", "large")
Versions = Mapping[tuple[str, str], Version]
Row = dict[str, object]


def f1_of(counts: Tensor) -> Tensor:
    """F1 of counts (..., 3): true positives, false positives and false negatives.

    Examples
    --------
    >>> f1_of(torch.tensor([[8.0, 2, 8], [0, 0, 0]]))
    tensor([0.6154, 1.0000])
    """
    right, made_up, missed = counts.unbind(-1)
    whole = 2 * right + made_up + missed
    return torch.where(whole > 0, 2 * right / whole.clamp(min=1e-12), 1.0)


def share_won_back(sharp: Tensor, damaged: Tensor, restored: Tensor) -> Tensor:
    """Share of the F1 that a damage took that a restoration gives back, from counts (..., 3).

    1 is all of it, below 0 the restoration made it worse; NaN where the damage took nothing.

    Examples
    --------
    >>> sharp, damaged, restored = torch.tensor([[10, 0, 0], [5, 0, 5], [8, 1, 1.0]])
    >>> round(share_won_back(sharp, damaged, restored).item(), 2)  # 0.8 of 0.667 to 1
    0.67
    """
    before, after = f1_of(damaged), f1_of(restored)
    lost = f1_of(sharp) - before
    return torch.where(lost > 0, (after - before) / lost, torch.nan)


def compare_versions(
    versions: Versions,
    targets: Sequence[dict[str, Tensor]],
    classes: Sequence[str],
    *,
    min_score: float = 0.5,
    iou: float = 0.5,
    rng: torch.Generator,
) -> list[Row]:
    """Judge each version of the pictures by what the detector found on it.

    Parameters
    ----------
    versions, targets
        Of :func:`.detect_versions`; the targets may be of another origin.
    classes : sequence of str
        Name of each label, the background first.
    min_score, iou : float
        As for :func:`.detection_counts`; AP50 takes finds of any score.
    rng : torch.Generator
        Draws for the intervals, which are of 95 %, over pictures.

    Returns
    -------
    list of dict
        A row for each version, all classes together (``class`` is "all") and then each class that
        occurs: precision, recall, f1, ap50; of all classes also psnr, ssim, recall by size, the
        reasons of the mistakes, and, with a low and a high end, f1, ``won_back`` (the share of
        the F1 lost to the damage, left out where that loss may be none) and ``over_unsharp`` (F1
        less that of the unsharp mask, paired).

    Examples
    --------
    >>> found = {"boxes": torch.tensor([[0.0, 0, 8, 8]]), "labels": torch.tensor([1])}
    >>> version = Version([{**found, "scores": torch.ones(1)}], [math.inf], [1.0])
    >>> rows = compare_versions({("sharp", ""): version}, [found], ("background", "weed"),
    ...                         rng=torch.Generator())
    >>> [(row["class"], row["f1"], row["ap50"]) for row in rows]
    [('all', 1.0, 1.0), ('weed', 1.0, 1.0)]
    """
    settings = {"min_score": min_score, "iou": iou}
    counts = {
        name: detection_counts(version.found, targets, **settings)
        for name, version in versions.items()
    }
    labels = sorted({int(label) for one in targets for label in one["labels"]})
    edges = _size_edges(targets)
    rows = []
    for name, version in versions.items():
        average = [average_precision(version.found, targets, label=label) for label in labels]
        row = _judged(name, counts, rng) | {"ap50": mean(average) if average else math.nan}
        row |= {"psnr": _mean(version.psnr), "ssim": _mean(version.ssim)}
        row |= _recall_by_size(version.found, targets, edges, min_score, iou)
        row["mistakes"] = mistake_shares(version.found, targets, **settings)
        rows.append(row)
        for label, precision in zip(labels, average, strict=True):
            of_class = detection_counts(version.found, targets, label=label, **settings)
            rows.append(_head(name, classes[label], of_class) | {"ap50": precision})
    return rows


def add_up_damages(
    versions: Versions, targets: Sequence[dict[str, Tensor]], damages: Sequence[str], **settings
) -> list[Row]:
    """Rows of several damages taken together, as :func:`compare_versions` has them of each.

    What was found on all damaged versions of a picture counts for that picture, and on the sharp
    one as often, so that the interval knows that they are of one picture.
    """
    rng = settings.pop("rng")
    counts = {}
    for damage, method in versions:
        parts = [versions.get((name, method)) for name in damages]
        if damage != damages[0] or None in parts:
            continue
        each = [detection_counts(part.found, targets, **settings) for part in parts]
        counts["all", method] = torch.stack(each).sum(dim=0)
    sharp = detection_counts(versions["sharp", ""].found, targets, **settings)
    counts["sharp", ""] = sharp * len(damages)
    return [_judged(name, counts, rng) for name in counts if name[0] == "all"]


def _judged(
    name: tuple[str, str], counts: Mapping[tuple[str, str], Tensor], rng: torch.Generator
) -> Row:
    """Precision, recall, F1 of a version, and how it stands to others, with intervals."""
    damage, method = name
    mine = counts[name]
    row = _head(name, "all", mine)
    row["f1_low"], row["f1_high"] = bootstrap_interval(mine, f1_of, rng=rng)
    if method:
        trio = torch.stack([counts["sharp", ""], counts[damage, ""], mine], dim=1)
        if (
            bootstrap_interval(trio, _difference, rng=rng)[0] > 0
        ):  # of no sure loss there is no share
            row |= _with_interval(
                "won_back", trio, lambda means: share_won_back(*means.unbind(1)), rng
            )
        if (rival := counts.get((damage, "unsharp"))) is not None and method != "unsharp":
            pair = torch.stack([mine, rival], dim=1)
            row |= _with_interval("over_unsharp", pair, _difference, rng)
    return row


def _difference(means: Tensor) -> Tensor:
    return f1_of(means[:, 0]) - f1_of(means[:, 1])


def _with_interval(name: str, counts: Tensor, statistic, rng: torch.Generator) -> Row:
    value = statistic(counts.double().mean(dim=0, keepdim=True)).item()
    low, high = bootstrap_interval(counts, statistic, rng=rng)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _head(name: tuple[str, str], kind: str, counts: Tensor) -> Row:
    scores = DetectionScores(*counts.sum(dim=0).tolist())
    row = {"damage": name[0], "method": name[1], "class": kind}
    return row | {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1}


def _mean(values: Sequence[float]) -> float:
    """Mean, infinite where every picture is the sharp one."""
    return mean([value for value in values if value < math.inf] or [math.inf])


def _size_edges(targets: Sequence[dict[str, Tensor]]) -> list[float]:
    """Sides, as roots of areas, that part the true boxes into thirds."""
    sides = torch.cat([_sides(one["boxes"]) for one in targets])
    return torch.quantile(sides, torch.tensor([1 / 3, 2 / 3])).tolist() if len(sides) else [0, 0]


def _sides(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).float().prod(dim=1).sqrt()


def _recall_by_size(found, targets, edges: list[float], min_score: float, iou: float) -> Row:
    there, right = torch.zeros(3), torch.zeros(3)
    for detected, truth in zip(found, targets, strict=True):
        sure = detected["scores"] >= min_score
        parts = (detected[part][sure] for part in ("boxes", "scores", "labels"))
        matches = match_detections(*parts, truth["boxes"], truth["labels"], iou)
        size = torch.bucketize(_sides(truth["boxes"]), torch.tensor(edges))
        there += size.bincount(minlength=3)
        right += size[matches[matches >= 0]].bincount(minlength=3)
    return {f"recall_{name}": (right / there)[i].item() for i, name in enumerate(SIZES)} | {
        "small_below": edges[0], "large_above": edges[1]
    }  # fmt: skip
