"""Training a detector on pictures with known boxes."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_count, check_images, check_number, check_rng
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation.boxes import check_targets
from sharingan_lab.evaluation.detector import count_classes


def train_detector(
    detector: nn.Module,
    images: Tensor,
    targets: Sequence[dict[str, Tensor]],
    *,
    steps: int = 300,
    batch: int = 4,
    learning_rate: float = 3e-3,
    grain: float = 0.05,
    crop: int | None = None,
    rng: torch.Generator,
    on_step: Callable[[int, dict[str, float]], None] = lambda *_: None,
) -> list[dict[str, float]]:
    """Train a detector on pictures with known boxes, turned and under grain of varied strength.

    Parameters
    ----------
    detector : FasterRCNN
        Trained in place, on the device where it lies.
    images : Tensor
        (N, 3, S, S) in [0, 1], square: turning by 90 degrees must not change their shape.
    targets : sequence of dict
        One an image, ``boxes`` (M, 4) and ``labels`` (M,) that the detector knows.
    steps, batch : int
        Optimiser steps, and images in each.
    learning_rate : float
        Highest rate of AdamW, in a one-cycle schedule that warms up for a fifth of the steps.
    grain : float
        Largest standard deviation of the noise that is added to the images, each its own, as
        cameras differ. Without it, the detector may take the grain of a filtered picture, which
        it has never seen, for structure.
    crop : int, optional
        Side of the square that is cut out of each image at random before it is turned; of a plant
        that is cut, the box of what is left counts if that is a third of it or more. By default
        whole images.
    rng : torch.Generator
        Chooses images, turns and grain, and seeds the sampling of anchors and regions inside.
    on_step : callable, optional
        Called after each step with its number, from 1, and its losses.

    Returns
    -------
    list of dict
        Losses of each step: classifier and box regression of the second stage, objectness and
        box regression of the first.

    Examples
    --------
    >>> from sharingan_lab.datasets import weed_fields
    >>> from sharingan_lab.evaluation import build_detector
    >>> rng = torch.Generator().manual_seed(0)
    >>> images, targets = weed_fields(2, 64, rng=rng)
    >>> detector = build_detector(size=64, width=8, rng=rng)
    >>> history = train_detector(detector, images, targets, steps=2, batch=2, rng=rng)
    >>> len(history), sorted(history[0])[0]
    (2, 'loss_box_reg')
    """
    check_images(images, channels=(3,))
    if images.shape[-1] != images.shape[-2]:
        raise InputError(f"images must be square, to be turned, got {tuple(images.shape)}")
    check_targets(targets, images, count_classes(detector))
    check_count("steps", steps)
    check_count("batch", batch)
    check_number("grain", grain, 0)
    check_rng(rng)
    crop = images.shape[-1] if crop is None else crop
    check_count("crop", crop, most=images.shape[-1])
    learning = [weights for weights in detector.parameters() if weights.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=learning_rate, weight_decay=1e-4)
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
            seen, known = _draw(images, targets, batch, crop, grain, rng)
            known = [{k: v.to(weights.device) for k, v in target.items()} for target in known]
            losses = detector([image.to(weights) for image in seen], known)
            optimiser.zero_grad()
            sum(losses.values()).backward()
            nn.utils.clip_grad_norm_(learning, 10.0)
            optimiser.step()
            schedule.step()
            history.append({name: loss.item() for name, loss in losses.items()})
            on_step(step, history[-1])
    return history


def _draw(
    images: Tensor, targets: Sequence, batch: int, crop: int, grain: float, rng: torch.Generator
) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    """Choose pictures; cut, turn and grain them."""
    chosen = torch.randint(len(images), (batch,), generator=rng).tolist()
    cut = [_crop(images[i], targets[i], crop, rng) for i in chosen]
    turned = [_turn(*one, rng) for one in cut]
    return [_add_grain(image, grain, rng) for image, _ in turned], [known for _, known in turned]


def _add_grain(image: Tensor, largest: float, rng: torch.Generator) -> Tensor:
    strength = largest * torch.rand((), generator=rng)
    return (image + strength * torch.randn(image.shape, generator=rng)).clamp(0, 1)


def _crop(
    image: Tensor, target: dict[str, Tensor], side: int, rng: torch.Generator
) -> tuple[Tensor, dict[str, Tensor]]:
    """Cut a square out at random, with the boxes of which at least a third is inside."""
    room = image.shape[-1] - side
    if room == 0:
        return image, target
    y, x = torch.randint(room + 1, (2,), generator=rng).tolist()
    whole = target["boxes"].float() - torch.tensor([x, y, x, y])
    boxes = whole.clamp(0, side)
    areas, left = ((b[:, 2:] - b[:, :2]).prod(dim=1) for b in (whole, boxes))
    kept = left >= areas / 3
    inside = image[:, y : y + side, x : x + side]
    return inside, {"boxes": boxes[kept], "labels": target["labels"][kept]}


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
