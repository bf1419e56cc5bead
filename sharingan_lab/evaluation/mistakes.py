"""Why detections are wrong: a reason for each wrong find and each overlooked object.

1 - F1 = (FP + FN) / (2 TP + FP + FN): a sum over mistakes. So each reason has its part in what is
missing to F1 = 1, and the parts of all reasons together are all of it.
"""

from collections import Counter
from collections.abc import Iterable

import torch
from torch import Tensor

from sharingan_lab.evaluation.matching import box_overlap, checked_pairs, match_sure

MISTAKES = ("class", "place", "class and place", "unsure", "twice", "not seen", "made up")
_NEAR = 0.1  # of IoU: from here on a find is about this object


def mistake_shares(
    detections: Iterable[dict[str, Tensor]],
    targets: Iterable[dict[str, Tensor]],
    *,
    min_score: float = 0.5,
    iou: float = 0.5,
) -> dict[str, float]:
    """Split what is missing to an F1 of 1 by the reasons of the mistakes.

    Parameters
    ----------
    detections, targets, min_score, iou
        As for :func:`.detection_counts`.

    Returns
    -------
    dict of str to float
        One share a reason, in all 1 - F1:

        - ``class``: a find lies right (reaches `iou`) on an object of another class;
        - ``place``: the class is right, the box overlaps the object by 0.1 or more, too little;
        - ``class and place``: neither is right, but the find is about this object;
        - ``unsure``: an object was found right, but with a score below `min_score`;
        - ``twice``: a second find of an object that has been found;
        - ``not seen``: an object with none of these near it;
        - ``made up``: a find with no object near it.

        A wrong find has the reason of the object that it overlaps most, and an overlooked object
        the first in this list that applies.

    Notes
    -----
    The reasons are those of TIDE [1]_, whose parts do not add up, as it asks of each alone how
    much better things would be without it.

    References
    ----------
    .. [1] D. Bolya et al.: TIDE: a general toolbox for identifying object detection errors.
       ECCV 2020.

    Examples
    --------
    >>> there = {"boxes": torch.tensor([[0.0, 0, 8, 8]]), "labels": torch.tensor([2])}
    >>> found = {**there, "labels": torch.tensor([1]), "scores": torch.tensor([0.9])}
    >>> shares = mistake_shares([found], [there])
    >>> {name: share for name, share in shares.items() if share}
    {'class': 1.0}
    """
    counts, right = Counter(), 0
    for found, truth in checked_pairs(detections, targets):
        sure, matches = match_sure(found, truth, min_score, iou)
        right += int((matches >= 0).sum())
        overlap = box_overlap(found["boxes"], truth["boxes"])
        same = found["labels"][:, None] == truth["labels"][None]
        wrong = sure.clone()
        wrong[sure] = matches < 0
        counts.update(_of_finds(overlap[wrong], same[wrong], iou))
        missed = torch.ones(len(truth["boxes"]), dtype=torch.bool)
        missed[matches[matches >= 0]] = False
        about = overlap[:, missed]
        counts.update(_of_objects(about, same[:, missed], sure & wrong, ~sure, iou))
    whole = 2 * right + counts.total()
    return {name: counts[name] / whole if whole else 0.0 for name in MISTAKES}


def _of_finds(overlap: Tensor, same: Tensor, iou: float) -> list[str]:
    """Reason of each wrong find (F, G): of the true object that it overlaps most."""
    reasons = []
    for row, is_same in zip(overlap, same, strict=True):
        most, place = row.max(dim=0) if len(row) else (row.new_zeros(()), 0)
        if most < _NEAR:
            reasons.append("made up")
        elif most >= iou:
            reasons.append("twice" if is_same[place] else "class")
        else:
            reasons.append("place" if is_same[place] else "class and place")
    return reasons


def _of_objects(
    overlap: Tensor, same: Tensor, wrong: Tensor, unsure: Tensor, iou: float
) -> list[str]:
    """Reason of each overlooked object (D, M), given which finds are wrong and which unsure."""
    fits, near = overlap >= iou, overlap >= _NEAR
    reasons = {
        "class": wrong[:, None] & fits & ~same,
        "place": wrong[:, None] & near & same,
        "class and place": wrong[:, None] & near & ~same,
        "unsure": unsure[:, None] & fits & same,
    }
    applies = {name: of.any(dim=0).tolist() for name, of in reasons.items()}
    return [
        next((name for name in reasons if applies[name][i]), "not seen")
        for i in range(overlap.shape[1])
    ]
