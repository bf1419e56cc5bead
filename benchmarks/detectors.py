"""Train the detectors that ship, and measure them.

``python -m benchmarks.detectors fields`` needs nothing;
``python -m benchmarks.detectors uav-weeds --tiles DIR --features FILE`` the tiles of
``sharingan fetch weeds`` and MobileNetV2's weights, torchvision's or others under its names.
Weights are written every 200 steps into ``--out``; ``--start`` goes on from such a file.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import Module

from sharingan_lab import evaluation as ev
from sharingan_lab.datasets import CLASS_NAMES, TEST_COLUMNS, TILE_CLASSES, weed_fields

Pictures = tuple[Tensor, list[dict[str, Tensor]]]
# Neighbouring tiles show the same plants' neighbours: blocks of columns, the last for the test.
TRAINED, CHOSEN = range(9), (9,)
FROZEN = 4  # first layers of MobileNetV2: edges and colours are everywhere the same


def tile_pictures(folder: Path, columns: Sequence[int]) -> Pictures:
    """The tiles ``tile_<column>_<row>`` of some columns, and their boxes."""
    from sharingan_lab.datasets import read_annotations
    from sharingan_lab.images import read_image

    paths = [folder / f"tile_{column}_{row}.jpg" for column in columns for row in range(10)]
    known = read_annotations(folder, paths, classes=TILE_CLASSES)
    return torch.cat([read_image(path) for path in known.pictures]), known.targets


def save_steps(network: Module, out: Path) -> Callable[[int, dict[str, float]], None]:
    """Print losses as they go by, and keep the weights."""

    def on_step(step: int, losses: dict[str, float]) -> None:
        if step % 50 == 0:
            print(f"step {step:>5}  loss {sum(losses.values()):.3f}", flush=True)
        if step % 200 == 0:
            torch.save(network.state_dict(), out.with_suffix(".partial.pth"))

    return on_step


def train_fields(choice: argparse.Namespace) -> ev.Detector:
    """The small backbone on generated fields."""
    rng = torch.Generator().manual_seed(0)
    training = weed_fields(800, rng=rng)
    network = ev.build_detector(rng=rng)
    _train(network, training, choice, 2000, rng=rng)
    chosen, tested = (weed_fields(60, rng=torch.Generator().manual_seed(s)) for s in (1, 2))
    return _finish(network, CLASS_NAMES, chosen, tested)


def train_weeds(choice: argparse.Namespace) -> ev.Detector:
    """MobileNetV2 on aerial tiles."""
    folder = Path(choice.tiles)
    rng = torch.Generator().manual_seed(0)
    network = ev.build_aerial_detector(rng=rng)
    weights = torch.load(choice.features, weights_only=True)
    weights = {name.removeprefix("features."): values for name, values in weights.items()}
    features = network.backbone.features
    features.load_state_dict({name: weights[name] for name in features.state_dict()})
    for values in features[:FROZEN].parameters():
        values.requires_grad_(False)
    settings = {"learning_rate": 1e-3, "grain": 0.03, "crop": 320}
    _train(network, tile_pictures(folder, TRAINED), choice, 1200, rng=rng, **settings)
    chosen, tested = (tile_pictures(folder, columns) for columns in (CHOSEN, TEST_COLUMNS))
    return _finish(network, TILE_CLASSES, chosen, tested)


def _train(network: Module, pictures: Pictures, choice, steps: int, **settings) -> None:
    if choice.start:
        network.load_state_dict(torch.load(choice.start, weights_only=True))
    on_step = save_steps(network, choice.out)
    ev.train_detector(network, *pictures, steps=choice.steps or steps, on_step=on_step, **settings)


def _finish(
    network: Module, classes: Sequence[str], chosen: Pictures, tested: Pictures
) -> ev.Detector:
    """Fix the threshold on some sharp pictures, and print what it does on others."""
    found = ev.detect(network, chosen[0], batch=2)
    tried = {
        percent / 100: ev.detection_scores(found, chosen[1], min_score=percent / 100).f1
        for percent in range(20, 95, 5)
    }
    min_score = max(tried, key=tried.get)
    found = ev.detect(network, tested[0], batch=2)
    for label, name in enumerate(classes[1:], start=1):
        scores = ev.detection_scores(found, tested[1], label=label, min_score=min_score)
        ap50 = ev.average_precision(found, tested[1], label=label)
        print(f"{name}: {scores}, F1 {scores.f1:.3f}, AP50 {ap50:.3f}, from {min_score} on")
    return ev.Detector(network.eval(), tuple(classes), min_score)


MADE = {
    "fields": (train_fields, "plants", {"num_classes": 3, "size": 256, "width": 32}),
    "uav-weeds": (train_weeds, "aerial", {"num_classes": 3, "width": 64}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=MADE)
    parser.add_argument("--tiles", metavar="DIR")
    parser.add_argument("--features", metavar="FILE")
    parser.add_argument("--start", metavar="FILE")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    choice = parser.parse_args()
    torch.set_num_threads(1)
    train, kind, settings = MADE[choice.name]
    print(ev.save_detector(choice.out, train(choice), kind, settings), json.dumps(settings))


if __name__ == "__main__":
    main()
