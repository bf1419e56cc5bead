"""What a detector finds on pictures, and how much of it is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sharingan_lab.checks import check_count, check_images
from sharingan_lab.evaluation.boxes import check_boxes, check_targets
from sharingan_lab.evaluation.detector import count_classes
from sharingan_lab.evaluation.matching import DetectionScores, detection_scores

if TYPE_CHECKING:
    from torchvision.models.detection import FasterRCNN


@torch.no_grad()
def detect(detector: FasterRCNN, images: Tensor, *, batch: int = 8) -> list[dict[str, Tensor]]:
    """Find plants.

    Parameters
    ----------
    detector : FasterRCNN
        Left in evaluation mode.
    images : Tensor
        (N, 3, H, W) in [0, 1].
    batch : int
        Images searched at a time.

    Returns
    -------
    list of dict
        One an image, on the CPU, surest first: ``boxes`` (D, 4), ``labels`` (D,) and ``scores``
        (D,), the box head's confidence in the class.

    Examples
    --------
    >>> from sharingan_lab.evaluation import build_detector
    >>> detector = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> sorted(detect(detector, torch.zeros(1, 3, 64, 64))[0])
    ['boxes', 'labels', 'scores']
    """
    check_images(images, channels=(3,))
    check_count("batch", batch)
    weights = next(detector.parameters())
    detector.eval()
    found = []
    for part in images.split(batch):
        found += detector(list(part.to(weights)))
    return [{name: values.cpu() for name, values in one.items()} for one in found]


@torch.no_grad()
def objectness_map(detector: FasterRCNN, images: Tensor) -> Tensor:
    """What the first stage sees: the probability that some plant is centred at each place.

    Parameters
    ----------
    detector : FasterRCNN
        One with a single feature map, as :func:`build_detector` makes; left in evaluation mode.
    images : Tensor
        (N, 3, H, W) in [0, 1].

    Returns
    -------
    Tensor
        (N, H / 8, W / 8) in [0, 1], on the CPU: the highest objectness among a place's anchors.

    Examples
    --------
    >>> from sharingan_lab.evaluation import build_detector
    >>> detector = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> objectness_map(detector, torch.zeros(2, 3, 64, 64)).shape
    torch.Size([2, 8, 8])
    """
    check_images(images, channels=(3,))
    detector.eval()
    prepared, _ = detector.transform(list(images.to(next(detector.parameters()))))
    (logits,), _ = detector.rpn.head([detector.backbone(prepared.tensors)])
    return logits.sigmoid().amax(dim=1).cpu()


def evaluate_detection(
    detector: FasterRCNN,
    images: Tensor,
    targets: Sequence[dict[str, Tensor]],
    *,
    min_score: float = 0.5,
    iou: float = 0.5,
) -> DetectionScores:
    """Precision, recall and F1 of a detector on pictures with known boxes.

    Parameters
    ----------
    detector, images
        As for :func:`detect`.
    targets, min_score, iou
        As for :func:`.detection_scores`.

    Returns
    -------
    DetectionScores
        Counts summed over images and classes.

    Examples
    --------
    >>> from sharingan_lab.evaluation import build_detector
    >>> detector = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> target = {"boxes": torch.tensor([[2.0, 2, 20, 20]]), "labels": torch.tensor([1])}
    >>> evaluate_detection(detector, torch.zeros(1, 3, 64, 64), [target]).false_negatives
    1
    """
    check_images(images, channels=(3,))
    check_targets(targets, images, count_classes(detector))
    found = detect(detector, images)
    return detection_scores(found, targets, min_score=min_score, iou=iou)


def own_truth(
    detections: Sequence[dict[str, Tensor]], *, min_score: float = 0.5
) -> list[dict[str, Tensor]]:
    """Take a detector's sure findings for the truth, as the DeblurGAN paper does.

    Parameters
    ----------
    detections : sequence of dict
        What :func:`detect` finds on the sharp images.
    min_score : float
        Findings less sure than this are left out.

    Returns
    -------
    list of dict
        One an image, ``boxes`` and ``labels``: targets for :func:`detection_scores`. What the
        detector overlooks on sharp images is missing here too, so nobody is blamed for it.

    Examples
    --------
    >>> sure = {"boxes": torch.zeros(2, 4), "labels": torch.tensor([1, 2])}
    >>> own_truth([{**sure, "scores": torch.tensor([0.9, 0.2])}])[0]["labels"].tolist()
    [1]
    """
    for i, found in enumerate(detections):
        check_boxes(found, f"picture {i}", ("boxes", "labels", "scores"))
    sure = [(found, found["scores"] >= min_score) for found in detections]
    return [{part: found[part][keep] for part in ("boxes", "labels")} for found, keep in sure]
