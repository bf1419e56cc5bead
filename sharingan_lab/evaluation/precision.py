"""Average precision: what COCO ranks detectors by, without a threshold on the score."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from sharingan_lab.evaluation.matching import checked_pairs, match_sure, of_class

_MOST = 100  # detections of an image and class that COCO looks at, the surest


def average_precision(
    detections: Iterable[dict[str, Tensor]],
    targets: Iterable[dict[str, Tensor]],
    *,
    label: int,
    iou: float = 0.5,
) -> float:
    """Average precision of one class, as the COCO evaluation computes it.

    All detections of the set are sorted by score. Going down the list, precision and recall are
    computed after each; at each of 101 recalls 0, 0.01, ..., 1 the best precision that is reached
    at that recall or beyond is taken, 0 where it is never reached, and their mean returned.

    Parameters
    ----------
    detections, targets : iterable of dict
        As for :func:`.detection_counts`; detections of any score, the more the better.
    label : int
        The class.
    iou : float
        Least intersection over union that counts as found: 0.5 gives AP50, and the mean over 0.5,
        0.55, ..., 0.95 is COCO's AP.

    Returns
    -------
    float
        0 to 1; NaN if no image holds the class.

    Examples
    --------
    >>> there = {"boxes": torch.tensor([[0.0, 0, 8, 8], [9, 9, 20, 20]]), "labels": torch.ones(2)}
    >>> found = {name: values[:1] for name, values in there.items()}
    >>> ap = average_precision([{**found, "scores": torch.ones(1)}], [there], label=1)
    >>> round(ap, 3)  # found surely, and half of what is there: 51 of 101 recalls
    0.505
    """
    scores, hits, there = [], [], 0
    for pair in checked_pairs(detections, targets):
        found, truth = (of_class(one, label) for one in pair)
        order = found["scores"].argsort(descending=True, stable=True)[:_MOST]
        found = {part: values[order] for part, values in found.items()}
        _, matches = match_sure(found, truth, -math.inf, iou)
        scores.append(found["scores"].double())
        hits.append(matches >= 0)
        there += len(truth["boxes"])
    if not there:
        return math.nan
    order = torch.cat(scores).argsort(descending=True, stable=True)
    right = torch.cat(hits)[order].double().cumsum(0)
    precision = right / torch.arange(1, len(right) + 1, dtype=torch.float64)
    reached = precision.flip(0).cummax(0).values.flip(0)  # the best at this recall or beyond
    recalls = torch.linspace(0, 1, 101, dtype=torch.float64)
    place = torch.searchsorted(right / there, recalls)
    return torch.cat([reached, reached.new_zeros(1)])[place].mean().item()
