"""Rows of numbers on what each restorer is worth to a detector, with their intervals."""

import math
from collections.abc import Mapping, Sequence
from statistics import mean

import torch
from torch import Tensor

from sharingan_lab.evaluation.detection import Version
from sharingan_lab.evaluation.intervals import bootstrap_interval
from sharingan_lab.evaluation.matching import DetectionScores, detection_counts, match_sure
from sharingan_lab.evaluation.mistakes import mistake_shares
from sharingan_lab.evaluation.precision import average_precision

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
    """Judge each version of :func:`.detect_versions` by what the detector found on it.

    `classes` names each label, the background first. A row for each version, of all classes
    together (``class`` is "all") and then of each that occurs, has precision, recall, f1, and ap50
    of finds of any score. The first also has psnr, ssim, recall by size, what each reason of
    mistakes takes from the F1 (``missing: ...``), and, with the ends of a 95 % interval over
    pictures, f1, ``won_back`` (the share of the F1 lost to the damage, left out where that loss may
    be none) and ``over_unsharp`` (F1 less that of the unsharp mask, paired).
    """
    settings = {"min_score": min_score, "iou": iou}
    counts = {
        name: detection_counts(version.found, targets, **settings)
        for name, version in versions.items()
    }
    labels = sorted({int(label) for one in targets for label in one["labels"]})
    rows = []
    for name, version in versions.items():
        found = version.found
        ap50 = {label: average_precision(found, targets, label=label) for label in labels}
        row = _judged(name, counts, rng) | {"ap50": mean(ap50.values()) if ap50 else math.nan}
        row |= {"psnr": _mean(version.psnr), "ssim": _mean(version.ssim)}
        row |= _recall_by_size(found, targets, min_score, iou)
        reasons = mistake_shares(found, targets, **settings)
        rows.append(row | {f"missing: {reason}": share for reason, share in reasons.items()})
        for label in labels:
            of_class = detection_counts(found, targets, label=label, **settings)
            rows.append(_head(name, classes[label], of_class) | {"ap50": ap50[label]})
    return rows


def add_up_damages(
    versions: Versions, targets: Sequence[dict[str, Tensor]], damages: Sequence[str], **settings
) -> list[Row]:
    """Rows of several damages taken together, as :func:`compare_versions` has them of each.

    What was found on all damaged versions of a picture counts for that picture, so that the
    interval knows that they are of one picture.
    """
    rng = settings.pop("rng")
    counts = {}
    for damage, method in versions:
        parts = [versions.get((name, method)) for name in damages]
        if damage != damages[0] or None in parts:
            continue
        each = [detection_counts(part.found, targets, **settings) for part in parts]
        counts["all", method] = torch.stack(each).sum(dim=0)
    counts["sharp", ""] = detection_counts(versions["sharp", ""].found, targets, **settings)
    return [_judged(name, counts, rng) for name in counts if name[0] == "all"]


def _judged(
    name: tuple[str, str], counts: Mapping[tuple[str, str], Tensor], rng: torch.Generator
) -> Row:
    """Precision, recall, F1 of a version, and how it stands to others, with intervals."""
    damage, method = name
    mine = counts[name]
    row = _head(name, "all", mine)
    row["f1_low"], row["f1_high"] = bootstrap_interval(mine, f1_of, rng=rng)
    if not method:
        return row
    trio = torch.stack([counts["sharp", ""], counts[damage, ""], mine], dim=1)
    if bootstrap_interval(trio, _difference, rng=rng)[0] > 0:  # of no sure loss there is no share
        row |= _with_interval("won_back", trio, lambda means: share_won_back(*means.unbind(1)), rng)
    if method != "unsharp" and (rival := counts.get((damage, "unsharp"))) is not None:
        row |= _with_interval("over_unsharp", torch.stack([mine, rival], dim=1), _difference, rng)
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


def _recall_by_size(found, targets, min_score: float, iou: float) -> Row:
    """Recall of each third of the true boxes, parted by their sides, the roots of their areas."""
    sides = [
        (one["boxes"][:, 2:] - one["boxes"][:, :2]).float().prod(dim=1).sqrt() for one in targets
    ]
    every = torch.cat(sides)
    edges = torch.quantile(every if len(every) else torch.zeros(1), torch.tensor([1 / 3, 2 / 3]))
    there, right = torch.zeros(3), torch.zeros(3)
    for detected, truth, side in zip(found, targets, sides, strict=True):
        _, matches = match_sure(detected, truth, min_score, iou)
        size = torch.bucketize(side, edges)
        there += size.bincount(minlength=3)
        right += size[matches[matches >= 0]].bincount(minlength=3)
    recalls = dict(zip(("small", "medium", "large"), (right / there).tolist(), strict=True))
    row = {f"recall_{name}": recall for name, recall in recalls.items()}
    return row | {"small_below": edges[0].item(), "large_above": edges[1].item()}
