"""Which detections are right: matching with the true boxes, precision, recall, F1."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.boxes import check_boxes


@dataclass(frozen=True)
class DetectionScores:
    """Counts over a set of images, and the ratios made of them.

    Parameters
    ----------
    true_positives, false_positives, false_negatives : int
        Detections that match a true box; detections that match none; true boxes left over.

    Examples
    --------
    >>> scores = DetectionScores(true_positives=8, false_positives=2, false_negatives=8)
    >>> scores.precision, scores.recall, round(scores.f1, 3)
    (0.8, 0.5, 0.615)
    """

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        """Of what was found, the part that is right; 1 if nothing was found."""
        found = self.true_positives + self.false_positives
        return self.true_positives / found if found else 1.0

    @property
    def recall(self) -> float:
        """Of what is there, the part that was found; 1 if nothing is there."""
        there = self.true_positives + self.false_negatives
        return self.true_positives / there if there else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN); 1 if all are zero."""
        wrong = self.false_positives + self.false_negatives
        counted = 2 * self.true_positives + wrong
        return 2 * self.true_positives / counted if counted else 1.0


def box_overlap(boxes: Tensor, others: Tensor) -> Tensor:
    """Intersection over union of every box with every other.

    Parameters
    ----------
    boxes, others : Tensor
        (A, 4) and (B, 4), pixels as x1, y1, x2, y2.

    Returns
    -------
    Tensor
        (A, B), float64 from 0 (apart) to 1 (equal); 0 where both boxes are empty.

    Examples
    --------
    >>> box_overlap(torch.tensor([[0, 0, 2, 2]]), torch.tensor([[1, 0, 3, 2]])).item()
    0.3333333333333333
    """
    from torchvision.ops import box_iou  # here: its import takes as long as torch's

    return box_iou(boxes.double(), others.double()).nan_to_num(0.0)


def match_detections(
    boxes: Tensor,
    scores: Tensor,
    labels: Tensor,
    gt_boxes: Tensor,
    gt_labels: Tensor,
    iou: float = 0.5,
) -> Tensor:
    """Give each detection the true box it has found, or none.

    The surest detection chooses first. It takes, among the true boxes of its class that are still
    free, the one it overlaps most (of equals the last, as COCO does), if that overlap reaches the
    threshold. So a plant found twice counts once; the second box is a false positive.

    Parameters
    ----------
    boxes : Tensor
        (D, 4) detected boxes, pixels as x1, y1, x2, y2.
    scores : Tensor
        (D,) confidence of each; only the order counts, and ties keep the order given.
    labels : Tensor
        (D,) class of each.
    gt_boxes, gt_labels : Tensor
        (G, 4) and (G,) the truth.
    iou : float
        Least intersection over union that counts as found, above 0 and at most 1.

    Returns
    -------
    Tensor
        (D,), int64: the index of the true box, or -1 for a false positive.

    Notes
    -----
    This is the rule of the COCO evaluation (without its crowd regions), against which it is
    tested.

    Examples
    --------
    >>> truth, crop = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([1])
    >>> found = torch.tensor([[0.0, 0, 10, 9], [0, 0, 10, 10], [50, 50, 60, 60]])
    >>> scores = torch.tensor([0.9, 0.8, 0.7])
    >>> match_detections(found, scores, torch.tensor([1, 1, 1]), truth, crop).tolist()
    [0, -1, -1]
    """
    found = {"boxes": boxes, "scores": scores, "labels": labels}
    check_boxes(found, "detections", tuple(found))
    check_boxes({"boxes": gt_boxes, "labels": gt_labels}, "truth")
    if not 0 < iou <= 1:
        raise InputError(f"iou is {iou}: the threshold lies above 0 and at most at 1")
    overlap = box_overlap(boxes, gt_boxes) * (labels[:, None] == gt_labels[None])
    matches = torch.full((len(boxes),), -1, dtype=torch.int64)
    if len(gt_boxes) == 0:
        return matches
    for detection in torch.argsort(scores, descending=True, stable=True).tolist():
        best = overlap[detection].max()
        if best >= iou:
            place = int((overlap[detection] == best).nonzero()[-1])
            matches[detection] = place
            overlap[:, place] = 0  # taken
    return matches


def detection_counts(
    detections: Iterable[dict[str, Tensor]],
    targets: Iterable[dict[str, Tensor]],
    *,
    label: int | None = None,
    min_score: float = 0.5,
    iou: float = 0.5,
) -> Tensor:
    """Count right and wrong detections of each image; an error names the picture that is amiss.

    Parameters
    ----------
    detections : iterable of dict
        One an image, with ``boxes`` (D, 4), ``scores`` (D,) and ``labels`` (D,).
    targets : iterable of dict
        One an image, with ``boxes`` (G, 4) and ``labels`` (G,).
    label : int, optional
        The only class that counts; by default all, each matched with its own.
    min_score : float
        Detections less sure than this are left out.
    iou : float
        Least intersection over union that counts as found.

    Returns
    -------
    Tensor
        (N, 3), int64: true positives, false positives and false negatives of each image. Of
        their means over images :func:`bootstrap_interval` gives the interval of an F1.

    Examples
    --------
    >>> target = {"boxes": torch.tensor([[0.0, 0, 8, 8]]), "labels": torch.tensor([2])}
    >>> found = {**target, "scores": torch.tensor([0.9])}
    >>> detection_counts([found, found], [target, target], label=1).tolist()
    [[0, 0, 0], [0, 0, 0]]
    """
    rows = []
    for pair in checked_pairs(detections, targets):
        found, truth = pair if label is None else (of_class(one, label) for one in pair)
        _, matches = match_sure(found, truth, min_score, iou)
        right = int((matches >= 0).sum())
        rows.append([right, len(matches) - right, len(truth["boxes"]) - right])
    return torch.tensor(rows, dtype=torch.int64).reshape(-1, 3)


def detection_scores(
    detections: Iterable[dict[str, Tensor]],
    targets: Iterable[dict[str, Tensor]],
    *,
    label: int | None = None,
    min_score: float = 0.5,
    iou: float = 0.5,
) -> DetectionScores:
    """Add up what :func:`detection_counts` counts, over images and classes.

    Examples
    --------
    >>> target = {"boxes": torch.tensor([[0.0, 0, 8, 8]]), "labels": torch.tensor([2])}
    >>> found = {**target, "scores": torch.tensor([0.9])}
    >>> detection_scores([found], [target]).f1
    1.0
    """
    counts = detection_counts(detections, targets, label=label, min_score=min_score, iou=iou)
    return DetectionScores(*counts.sum(dim=0).tolist())


def checked_pairs(
    detections: Iterable[dict[str, Tensor]], targets: Iterable[dict[str, Tensor]]
) -> list[tuple[dict[str, Tensor], dict[str, Tensor]]]:
    """Detections and truth of each image, or an InputError that names what is wrong with one."""
    detections, targets = list(detections), list(targets)
    if len(detections) != len(targets):
        raise InputError(f"{len(detections)} images were searched, {len(targets)} have a truth")
    pairs = list(zip(detections, targets, strict=True))
    for i, (detected, truth) in enumerate(pairs):
        check_boxes(detected, f"picture {i}, detections", ("boxes", "scores", "labels"))
        check_boxes(truth, f"picture {i}, truth", with_area=True)
    return pairs


def match_sure(
    found: dict[str, Tensor], truth: dict[str, Tensor], min_score: float, iou: float
) -> tuple[Tensor, Tensor]:
    """Which finds (D,) of an image are sure enough, and the true box of each that is, or -1."""
    sure = found["scores"] >= min_score
    parts = (found[part][sure] for part in ("boxes", "scores", "labels"))
    return sure, match_detections(*parts, truth["boxes"], truth["labels"], iou)


def of_class(one: dict[str, Tensor], label: int) -> dict[str, Tensor]:
    """What an image has of one class."""
    mine = one["labels"] == label
    return {part: one[part][mine] for part in ("boxes", "labels", "scores") if part in one}
