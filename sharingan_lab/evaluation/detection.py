"""Finding plants with a small Faster R-CNN: torchvision's two stages on a backbone of our own.

Importing torchvision takes as long as importing torch: only who builds a detector waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from sharingan_lab.checks import check_count, check_images, check_number
from sharingan_lab.errors import CheckpointError, InputError
from sharingan_lab.evaluation.matching import (
    DetectionScores,
    check_boxes,
    check_targets,
    detection_scores,
)

if TYPE_CHECKING:
    from torchvision.models.detection import FasterRCNN

ANCHOR_SIZES = (14, 24, 36, 52)  # sides in pixels, spread over those of the plants of weed fields
FIELD_MEAN, FIELD_STD = (0.38, 0.33, 0.24), (0.10, 0.09, 0.06)  # of weed fields, by channel
_POOLED = 5  # a region is pooled to 5 x 5 before it is classified


class PlantBackbone(nn.Module):
    """Feature map at an eighth of the image's size, from strided and residual convolutions.

    Parameters
    ----------
    width : int
        Channels after the second layer; the map has three times as many.

    Examples
    --------
    >>> PlantBackbone(16)(torch.zeros(1, 3, 64, 64)).shape
    torch.Size([1, 48, 8, 8])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.out_channels = 3 * width
        self.layers = nn.Sequential(
            _convolution(3, width // 2, stride=2),
            _convolution(width // 2, width, stride=2),
            _Residual(width),
            _convolution(width, 2 * width, stride=2),
            _Residual(2 * width),
            _Residual(2 * width),
            _convolution(2 * width, 3 * width),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map images (N, 3, H, W) to features (N, 3 * width, H / 8, W / 8)."""
        return self.layers(images)


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _convolution(channels, channels), _convolution(channels, channels)
        )

    def forward(self, features: Tensor) -> Tensor:
        return features + self.layers(features)


def _convolution(channels: int, filters: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, filters, 3, stride, padding=1, bias=False),
        nn.BatchNorm2d(filters),
        nn.ReLU(inplace=True),
    )


def build_detector(
    num_classes: int = 3, *, size: int = 256, width: int = 32, rng: torch.Generator
) -> FasterRCNN:
    """Make an untrained Faster R-CNN for weed fields.

    Parameters
    ----------
    num_classes : int
        Classes including the background, which is class 0.
    size : int
        Side in pixels to which images are resized inside; their own side means no resizing.
    width : int
        Width of the backbone; the number of weights grows with its square.
    rng : torch.Generator
        One draw from it seeds the weights.

    Returns
    -------
    FasterRCNN
        torchvision's model, in training mode: a region proposal network with square anchors of
        ``ANCHOR_SIZES`` on one feature map, and a box head on regions pooled from the same map.

    References
    ----------
    .. [1] S. Ren, K. He, R. Girshick, J. Sun: Faster R-CNN: towards real-time object detection
       with region proposal networks. NeurIPS 2015.

    Examples
    --------
    >>> detector = build_detector(width=16, rng=torch.Generator().manual_seed(0))
    >>> sum(weights.numel() for weights in detector.parameters())
    165563
    """
    from torchvision.models.detection import FasterRCNN
    from torchvision.models.detection.anchor_utils import AnchorGenerator
    from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
    from torchvision.ops import MultiScaleRoIAlign

    seed = int(torch.randint(2**62, (), generator=rng))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        backbone = PlantBackbone(width)
        return FasterRCNN(
            backbone,
            rpn_anchor_generator=AnchorGenerator((ANCHOR_SIZES,), ((1.0,),)),
            box_roi_pool=MultiScaleRoIAlign(["0"], output_size=_POOLED, sampling_ratio=2),
            box_head=TwoMLPHead(backbone.out_channels * _POOLED**2, 4 * width),
            box_predictor=FastRCNNPredictor(4 * width, num_classes),
            min_size=size,
            max_size=size,
            image_mean=FIELD_MEAN,
            image_std=FIELD_STD,
            # Fields hold some tens of plants: an order of magnitude fewer proposals than for COCO.
            rpn_pre_nms_top_n_train=300,
            rpn_pre_nms_top_n_test=300,
            rpn_post_nms_top_n_train=100,
            rpn_post_nms_top_n_test=100,
            rpn_batch_size_per_image=128,
            box_batch_size_per_image=64,
        )


def train_detector(
    detector: FasterRCNN,
    images: Tensor,
    targets: Sequence[dict[str, Tensor]],
    *,
    steps: int = 300,
    batch: int = 4,
    learning_rate: float = 3e-3,
    grain: float = 0.05,
    rng: torch.Generator,
    on_step: Callable[[int, dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Train a detector on pictures with known boxes, turned and under grain of varied strength.

    Parameters
    ----------
    detector : FasterRCNN
        Trained in place, on the device where it lies.
    images : Tensor
        (N, 3, S, S) in [0, 1], square: turning by 90 degrees must not change their shape.
    targets : sequence of dict
        One an image, ``boxes`` (M, 4) and ``labels`` (M,).
    steps, batch : int
        Optimiser steps, and images in each.
    learning_rate : float
        Highest rate of AdamW, in a one-cycle schedule that warms up for a fifth of the steps.
    grain : float
        Largest standard deviation of the noise that is added to the images, each its own, as
        cameras differ. Without it, the detector may take the grain of a filtered picture, which
        it has never seen, for structure.
    rng : torch.Generator
        Chooses images, turns and grain, and seeds the sampling of anchors and regions inside.
    on_step : callable, optional
        Called after each step with its number, from 1, and its losses.

    Returns
    -------
    list of dict
        Losses of each step: classifier and box regression of the second stage, objectness and
        box regression of the first.

    Raises
    ------
    InputError
        Images are not as stated or not square, a setting is out of range, or a target is not
        usable: no area, a label that the detector does not know; its picture is named.

    Examples
    --------
    >>> from sharingan_lab.datasets import weed_fields
    >>> rng = torch.Generator().manual_seed(0)
    >>> images, targets = weed_fields(2, 64, rng=rng)
    >>> detector = build_detector(size=64, width=8, rng=rng)
    >>> history = train_detector(
    ...     detector, images, targets, steps=2, batch=2, rng=rng
    ... )
    >>> len(history), sorted(history[0])[0]
    (2, 'loss_box_reg')
    """
    check_images(images, channels=(3,))
    if images.shape[-1] != images.shape[-2]:
        raise InputError(f"images must be square, to be turned, got {tuple(images.shape)}")
    check_targets(targets, images, _classes(detector))
    check_count("steps", steps)
    check_count("batch", batch)
    check_number("grain", grain, 0)
    optimiser = torch.optim.AdamW(detector.parameters(), lr=learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, learning_rate, total_steps=steps, pct_start=0.2
    )
    weights = next(detector.parameters())
    detector.train()
    history = []
    # torchvision samples anchors and regions with the global generator, which is put back after.
    with torch.random.fork_rng():
        torch.manual_seed(int(torch.randint(2**62, (), generator=rng)))
        for step in range(1, steps + 1):
            chosen = torch.randint(len(images), (batch,), generator=rng).tolist()
            turned = [_turn(images[i], targets[i], rng) for i in chosen]
            seen = [_add_grain(image, grain, rng).to(weights) for image, _ in turned]
            known = [{k: v.to(weights.device) for k, v in target.items()} for _, target in turned]
            losses = detector(seen, known)
            optimiser.zero_grad()
            sum(losses.values()).backward()
            nn.utils.clip_grad_norm_(detector.parameters(), 10.0)
            optimiser.step()
            schedule.step()
            history.append({name: loss.item() for name, loss in losses.items()})
            if on_step:
                on_step(step, history[-1])
    return history


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
    detector : FasterRCNN
        Left in evaluation mode.
    images : Tensor
        (N, 3, H, W) in [0, 1].
    targets : sequence of dict
        One an image, ``boxes`` (M, 4) and ``labels`` (M,).
    min_score : float
        Detections less sure than this are left out.
    iou : float
        Least intersection over union that counts as found.

    Returns
    -------
    DetectionScores
        Counts summed over images and classes.

    Examples
    --------
    >>> detector = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> target = {"boxes": torch.tensor([[2.0, 2, 20, 20]]), "labels": torch.tensor([1])}
    >>> evaluate_detection(detector, torch.zeros(1, 3, 64, 64), [target]).false_negatives
    1
    """
    check_images(images, channels=(3,))
    check_targets(targets, images, _classes(detector))
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


def load_street_detector(path: str | os.PathLike) -> FasterRCNN:
    """Load torchvision's Faster R-CNN of 91 everyday classes, for street scenes such as GoPro's.

    Parameters
    ----------
    path : path
        The file that ``sharingan fetch faster-rcnn`` downloads, or the same weights as
        safetensors.

    Returns
    -------
    FasterRCNN
        ResNet-50 with a feature pyramid, trained on COCO, in evaluation mode.

    Raises
    ------
    CheckpointError
        The file is missing or holds other weights.

    Examples
    --------
    >>> load_street_detector("missing.pth")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.CheckpointError: no weights at missing.pth: `sharingan fetch faster-rcnn`
    """
    from torchvision.models.detection import fasterrcnn_resnet50_fpn

    path = os.fspath(path)
    if not os.path.isfile(path):
        raise CheckpointError(f"no weights at {path}: `sharingan fetch faster-rcnn`")
    detector = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91)
    try:
        if path.endswith(".safetensors"):
            weights = load_file(path)
        else:
            weights = torch.load(path, map_location="cpu", weights_only=True)
        detector.load_state_dict(weights)
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{path} is not the expected Faster R-CNN: {reason}") from error
    return detector.eval()


def _classes(detector: FasterRCNN) -> int:
    return detector.roi_heads.box_predictor.cls_score.out_features


def _add_grain(image: Tensor, largest: float, rng: torch.Generator) -> Tensor:
    strength = largest * torch.rand((), generator=rng)
    return (image + strength * torch.randn(image.shape, generator=rng)).clamp(0, 1)


def _turn(
    image: Tensor, target: dict[str, Tensor], rng: torch.Generator
) -> tuple[Tensor, dict[str, Tensor]]:
    """Mirror and transpose an image and its boxes at random: one of a square's eight forms."""
    mirror, flip, transpose = (torch.rand(3, generator=rng) < 0.5).tolist()
    x1, y1, x2, y2 = target["boxes"].unbind(1)
    side = image.shape[-1]
    if mirror:
        image, x1, x2 = image.flip(-1), side - x2, side - x1
    if flip:
        image, y1, y2 = image.flip(-2), side - y2, side - y1
    if transpose:
        image, x1, y1, x2, y2 = image.transpose(-1, -2), y1, x1, y2, x2
    boxes = torch.stack([x1, y1, x2, y2], dim=1).float()
    return image, {"boxes": boxes, "labels": target["labels"].long()}
