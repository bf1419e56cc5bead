"""What a detector finds on pictures, and how much of it is right."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_count, check_images, describe
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.boxes import check_boxes, check_targets
from sharingan_lab.evaluation.detector import count_classes
from sharingan_lab.evaluation.matching import DetectionScores, detection_scores

Finder = Callable[[list[Tensor]], Sequence[dict[str, Tensor]]]
_PARTS = ("boxes", "labels", "scores")


@dataclass(frozen=True)
class Version:
    """What a detector finds on one version of the pictures, and how close each is to sharp."""

    found: list[dict[str, Tensor]] = field(default_factory=list)
    psnr: list[float] = field(default_factory=list)
    ssim: list[float] = field(default_factory=list)


@torch.no_grad()
def detect(detector: Finder, images: Tensor, *, batch: int = 8) -> list[dict[str, Tensor]]:
    """Find things in pictures.

    Parameters
    ----------
    detector : callable
        Any that takes a list of images (3, H, W) and returns for each a dict with ``boxes``
        (D, 4) as x1, y1, x2, y2 in pixels, ``labels`` (D,) and ``scores`` (D,): torchvision's
        detectors, what :func:`.load_detector` returns, or a function of your own around another
        package's. A module gets the images on its device, and is left in evaluation mode.
    images : Tensor
        (N, 3, H, W) in [0, 1].
    batch : int
        Images searched at a time.

    Returns
    -------
    list of dict
        One an image, on the CPU, surest first: ``boxes`` (D, 4), ``labels`` (D,) and ``scores``
        (D,), the confidence in the class.

    Examples
    --------
    >>> from sharingan_lab.evaluation import build_detector
    >>> detector = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> sorted(detect(detector, torch.zeros(1, 3, 64, 64))[0])
    ['boxes', 'labels', 'scores']
    """
    check_images(images, channels=(3,))
    check_count("batch", batch)
    if isinstance(detector, nn.Module):
        detector.eval()
        images = images.to(next(detector.parameters()))
    found = []
    for part in images.split(batch):
        answers = detector(list(part))
        if not isinstance(answers, Sequence) or len(answers) != len(part):
            raise InputError(
                f"a detector must return a list with a dict for each of {len(part)} images, got "
                f"{describe(answers)}"
            )
        found += [_sorted(one, f"picture {len(found) + i}") for i, one in enumerate(answers)]
    return found


def _sorted(found: dict[str, Tensor], where: str) -> dict[str, Tensor]:
    check_boxes(found, f"{where}, detections", _PARTS)
    order = found["scores"].argsort(descending=True, stable=True)
    return {part: found[part][order].cpu() for part in _PARTS}


def evaluate_detection(
    detector: Finder,
    images: Tensor,
    targets: Sequence[dict[str, Tensor]],
    *,
    min_score: float = 0.5,
    iou: float = 0.5,
) -> DetectionScores:
    """Precision, recall and F1 of a detector on pictures with known boxes.

    Takes what :func:`detect` and :func:`.detection_scores` do.

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
    return detection_scores(detect(detector, images), targets, min_score=min_score, iou=iou)


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
        check_boxes(found, f"picture {i}", _PARTS)
    return [
        {part: found[part][found["scores"] >= min_score] for part in ("boxes", "labels")}
        for found in detections
    ]
