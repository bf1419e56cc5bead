"""What each stage of a Faster R-CNN answers at the true boxes: objectness, class, place."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_images
from sharingan_lab.evaluation.boxes import check_targets
from sharingan_lab.evaluation.matching import box_overlap


@torch.no_grad()
def objectness_map(detector: nn.Module, images: Tensor) -> Tensor:
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


@torch.no_grad()
def stage_scores(
    network: nn.Module, images: Tensor, targets: Sequence[dict[str, Tensor]]
) -> dict[str, Tensor]:
    """Question the two stages of a Faster R-CNN apart from each other, at each true box.

    Parameters
    ----------
    network : FasterRCNN
        Any of torchvision's; left in evaluation mode.
    images, targets
        (N, 3, H, W) in [0, 1], and for each a dict of ``boxes`` (M, 4) and ``labels`` (M,).

    Returns
    -------
    dict of str to Tensor
        (all boxes of all images,) each, on the CPU:

        - ``objectness``: the highest that stage one gives a proposal that overlaps the true box
          at an IoU of 0.5 or more; 0 if it proposes none there;
        - ``class``: the probability that stage two gives the true class when it is handed the
          true box, so that no proposal can be to blame;
        - ``place``: the IoU of the true box with what stage two makes of it, again handed the
          true box itself.

    Examples
    --------
    >>> from sharingan_lab.evaluation import build_detector
    >>> network = build_detector(size=64, width=8, rng=torch.Generator().manual_seed(0))
    >>> target = {"boxes": torch.tensor([[2.0, 2, 20, 20]]), "labels": torch.tensor([1])}
    >>> scores = stage_scores(network, torch.rand(1, 3, 64, 64), [target])
    >>> {name: len(values) for name, values in scores.items()}
    {'objectness': 1, 'class': 1, 'place': 1}
    """
    check_images(images, channels=(3,))
    check_targets(targets, images)
    network.eval()
    rows = [_stages_at(network, *one) for one in zip(images, targets, strict=True)]
    return {
        name: torch.cat([row[i] for row in rows]).cpu()
        for i, name in enumerate(("objectness", "class", "place"))
    }


def _stages_at(
    network: nn.Module, image: Tensor, target: dict[str, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    weights = next(network.parameters())
    known = {"boxes": target["boxes"].to(weights), "labels": target["labels"].to(weights.device)}
    prepared, (known,) = network.transform([image.to(weights)], [known])
    features = network.backbone(prepared.tensors)
    maps = {"0": features} if isinstance(features, Tensor) else features
    boxes, labels = known["boxes"], known["labels"].long()
    proposals, objectness = _proposals(network, prepared, list(maps.values()))
    near = torch.where(box_overlap(boxes, proposals) >= 0.5, objectness, 0)
    seen = torch.cat([near, near.new_zeros(len(boxes), 1)], dim=1).amax(dim=1)
    heads = network.roi_heads
    pooled = heads.box_roi_pool(maps, [boxes], prepared.image_sizes)
    logits, offsets = heads.box_predictor(heads.box_head(pooled))
    each = torch.arange(len(boxes))
    moved = heads.box_coder.decode(offsets, [boxes])[each, labels]
    return seen, logits.softmax(dim=1)[each, labels], box_overlap(boxes, moved).diagonal()


def _proposals(network: nn.Module, prepared, maps: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Boxes that stage one proposes, as it does in detection, and their objectness."""
    from torchvision.models.detection.rpn import concat_box_prediction_layers

    stage = network.rpn
    logits, offsets = stage.head(maps)
    counts = [level[0].numel() for level in logits]
    logits, offsets = concat_box_prediction_layers(logits, offsets)
    anchors = stage.anchor_generator(prepared, maps)
    boxes = stage.box_coder.decode(offsets, anchors).view(1, -1, 4)
    kept, scores = stage.filter_proposals(boxes, logits, prepared.image_sizes, counts)
    return kept[0], scores[0]
