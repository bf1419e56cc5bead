"""Detectors by name: those that ship, torchvision's of everyday things, and files of your own."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from sharingan_lab.datasets.assets import destination
from sharingan_lab.device import check_device
from sharingan_lab.errors import CheckpointError
from sharingan_lab.evaluation.aerial import build_aerial_detector
from sharingan_lab.evaluation.detector import build_detector
from sharingan_lab.locations import named_path, shipped_dir
from sharingan_lab.storage import write_atomically
from sharingan_lab.weights import read_weights, reason_of

_BUILDERS = {"plants": build_detector, "aerial": build_aerial_detector}


@dataclass(frozen=True)
class Detector:
    """A trained Faster R-CNN, and what one must know to use it.

    Parameters
    ----------
    network : FasterRCNN
        torchvision's, in evaluation mode.
    classes : tuple of str
        Name of each label; 0 is the background.
    min_score : float
        Score from which a find counts: where F1 was best on sharp images that serve neither
        training nor test.

    Examples
    --------
    >>> detector = load_detector("fields")
    >>> detector.classes
    ('background', 'crop', 'weed')
    >>> detector([torch.zeros(3, 64, 64)])[0]["boxes"].shape
    torch.Size([0, 4])
    """

    network: nn.Module
    classes: tuple[str, ...]
    min_score: float

    def __call__(self, images: Sequence[Tensor]) -> list[dict[str, Tensor]]:
        """Find things in images (3, H, W); see :func:`.detect`."""
        weights = next(self.network.parameters())
        return self.network([image.to(weights) for image in images])


def shipped_detectors() -> list[str]:
    """Names of the detectors that travel with the package.

    Examples
    --------
    >>> "fields" in shipped_detectors()
    True
    """
    found = shipped_dir().glob("*-detector.safetensors")
    return sorted(path.name.removesuffix("-detector.safetensors") for path in found)


def load_detector(name_or_path: str | os.PathLike = "fields", device: str = "cpu") -> Detector:
    """Load a trained detector, or say in a CheckpointError what is wrong with it.

    A ConfigError says that there is no such device.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`shipped_detectors`; ``coco``, torchvision's Faster R-CNN of everyday
        things, such as GoPro's streets hold, which ``sharingan fetch faster-rcnn`` downloads; or
        a file that :func:`save_detector` wrote.
    device : str or torch.device
        Where to put it.

    Examples
    --------
    >>> load_detector("missing.safetensors")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.CheckpointError: no weights at missing.safetensors: choose ...
    """
    check_device(device)
    if name_or_path == "coco":
        return _load_coco(destination("faster-rcnn"), device)
    shipped = shipped_dir() / f"{name_or_path}-detector.safetensors"
    path = shipped if shipped.is_file() else named_path(name_or_path)
    known = ", ".join((*shipped_detectors(), "coco"))
    weights = read_weights(path, f"choose {known} or a .safetensors file")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["sharingan-lab"])
        build = _BUILDERS[about["network"]]
        network = build(**about["settings"], rng=torch.Generator().manual_seed(0))
        network.load_state_dict(weights)
        classes, min_score = tuple(about["classes"]), float(about["min_score"])
    except (SafetensorError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{path} holds no detector of this package: {reason_of(error)}"
        ) from error
    return Detector(network.to(device).eval(), classes, min_score)


def save_detector(
    path: str | os.PathLike, detector: Detector, kind: str, settings: dict[str, int]
) -> Path:
    """Write a detector to a safetensors file in half precision, with what it needs to be loaded.

    Statistics of batches stay in single precision: half has no small numbers.

    Parameters
    ----------
    path : path
        A ``.safetensors`` file.
    detector : Detector
        What to save.
    kind, settings : {"plants", "aerial"}, dict
        Built by :func:`build_detector` or by :func:`build_aerial_detector`, with these settings,
        other than `rng`.
    """
    about = {"network": kind, "settings": settings}
    about |= {"classes": detector.classes, "min_score": detector.min_score}
    weights = {
        name: (values.half() if values.ndim > 1 else values).contiguous().cpu()
        for name, values in detector.network.state_dict().items()
    }
    return write_atomically(
        named_path(path), save(weights, metadata={"sharingan-lab": json.dumps(about)})
    )


def _load_coco(path: Path, device: str) -> Detector:
    from torchvision.models.detection import (
        FasterRCNN_ResNet50_FPN_Weights,
        fasterrcnn_resnet50_fpn,
    )

    weights = read_weights(path, "`sharingan fetch faster-rcnn`")
    network = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None, num_classes=91)
    try:
        network.load_state_dict(weights)
    except (RuntimeError, TypeError) as error:
        raise CheckpointError(
            f"{path} is not the expected Faster R-CNN: {reason_of(error)}"
        ) from error
    names = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]
    return Detector(network.to(device).eval(), tuple(names), 0.5)
