"""Whether boxes are such, and what is wrong with them if not."""

import math
from collections.abc import Sequence

from torch import Tensor

from sharingan_lab.checks import describe
from sharingan_lab.errors import InputError


def check_boxes(
    one: dict[str, Tensor],
    where: str,
    parts: tuple[str, ...] = ("boxes", "labels"),
    *,
    with_area: bool = False,
) -> None:
    """Raise InputError unless a picture's boxes, labels and scores are such and fit one another.

    Boxes are (M, 4) as x1, y1, x2, y2; `where` is what the message calls the picture, `parts` what
    it must hold, and `with_area` asks each box for an area: one without is never found.
    """
    for part in parts:
        values = one.get(part) if isinstance(one, dict) else None
        if not isinstance(values, Tensor) or values.is_complex():
            raise InputError(f"{where}: {part} must be a torch.Tensor, got {describe(values)}")
        if not bool(values.isfinite().all()):
            raise InputError(f"{where}: NaN or infinity in {part}")
    boxes = one["boxes"]
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        shape = tuple(boxes.shape)
        raise InputError(f"{where}: boxes must be (M, 4), none torch.zeros(0, 4), got {shape}")
    for part in parts[1:]:
        if one[part].shape != boxes.shape[:1]:
            shape = tuple(one[part].shape)
            raise InputError(f"{where}: {len(boxes)} boxes need as many {part}, got {shape}")
    sides = boxes[:, 2:].double() - boxes[:, :2]
    bad = (sides <= 0 if with_area else sides < 0).any(dim=1)
    if bool(bad.any()):
        first = int(bad.nonzero()[0])
        raise InputError(
            f"{where}: box {first} is {boxes[first].tolist()}, x2 and y2 must be larger than x1 "
            "and y1; of x, y, width, height make x, y, x + width, y + height"
        )


def check_targets(
    targets: Sequence[dict[str, Tensor]], images: Tensor, classes: float = math.inf
) -> None:
    """Raise InputError unless there are boxes inside of each of these images, and known labels."""
    if len(images) != len(targets):
        raise InputError(f"{len(images)} images need a target each, got {len(targets)} targets")
    height, width = images.shape[-2:]
    for i, target in enumerate(targets):
        check_boxes(target, f"picture {i}", with_area=True)
        boxes, labels = target["boxes"], target["labels"]
        if not boxes.numel():
            continue
        if labels.is_floating_point() or not 1 <= labels.min() <= labels.max() < classes:
            most = f" to {classes - 1}" if classes < math.inf else ""
            raise InputError(
                f"picture {i}: labels must be whole numbers from 1{most} (0 is the background), "
                f"got {describe(labels)}"
            )
        if boxes.min() < -1 or (boxes[:, 2:] > boxes.new_tensor([width, height]) + 1).any():
            raise InputError(
                f"picture {i}: boxes must lie inside of its {width} x {height} pixels, they reach "
                f"from {boxes.min().item():g} to {boxes.max().item():g}; resize them with the image"
            )
