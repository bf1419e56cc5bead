"""sharingan evaluate: restored images, or what a detector finds."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from sharingan_lab.commands.files import each
from sharingan_lab.commands.options import Group, add_command, add_device, add_size, positive, seed
from sharingan_lab.errors import DataError


def add(group: Group) -> None:
    parser = group.add_parser(
        "evaluate",
        help="measure restored images or detections",
        epilog="Example: sharingan evaluate images restored/ sharp/",
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    images = add_command(
        kinds,
        "images",
        evaluate_images,
        "print PSNR and SSIM of the files with equal names in two folders",
        "restored/ sharp/",
    )
    images.add_argument("restored", metavar="RESTORED_DIR")
    images.add_argument("sharp", metavar="SHARP_DIR")
    detection = add_command(
        kinds,
        "detection",
        evaluate_detection,
        "train a small detector on generated weed fields; score sharp, blurred and restored ones",
        "--model lite --fields 40",
    )
    add = detection.add_argument
    add("--model", default="lite", help="generator that restores (default: lite)")
    add("--fields", type=positive, default=40, metavar="N", help="to test on (default: 40)")
    add(
        "--train-fields", type=positive, default=200, metavar="N", help="to train on (default: 200)"
    )
    add("--steps", type=positive, default=300, metavar="N", help="of training (default: 300)")
    add("--seed", type=seed, default=0, help="of fields, blur and training (default: 0)")
    add_size(detection)
    add_device(detection)


def evaluate_images(choice: argparse.Namespace) -> int:
    from sharingan_lab.images import list_pictures

    restored = {path.name: path for path in list_pictures(choice.restored)}
    sharp = {path.name: path for path in list_pictures(choice.sharp)}
    _check_partners(restored, sharp, choice)
    rows = each(sorted(restored), lambda name: _measure(name, restored[name], sharp[name]))
    means = [_mean([row[i] for row in rows.values()]) for i in (1, 2)] if rows else []
    label = "mean" if len(rows) == len(restored) else f"mean of {len(rows)}"
    _print_table(("file", "PSNR [dB]", "SSIM"), [*rows.values(), (label, *means)])
    if same := sum(decibels == math.inf for _, decibels, _ in rows.values()):
        rest = "; the mean PSNR is that of the others" if same < len(rows) else ""
        print(f"identical pairs: {same} of {len(rows)}{rest}")
    return int(len(rows) < len(restored))


def _mean(values: list[float]) -> float:
    return mean([value for value in values if value < math.inf] or values)


def _measure(name: str, restored: Path, sharp: Path) -> tuple[str, float, float]:
    from sharingan_lab.evaluation import psnr, ssim
    from sharingan_lab.images import read_image

    pair = read_image(restored), read_image(sharp)
    if pair[0].shape != pair[1].shape:
        sizes = " and ".join(f"{p.shape[3]} x {p.shape[2]}" for p in pair)
        raise DataError(f"{name} has two sizes in the two folders: {sizes}")
    return name, psnr(*pair).item(), ssim(*pair).item()


def _check_partners(restored: dict, sharp: dict, choice: argparse.Namespace) -> None:
    alone = sorted(set(restored) ^ set(sharp))
    if alone:
        folder = choice.sharp if alone[0] in restored else choice.restored
        raise DataError(
            f"{len(alone)} file(s) without a partner, the first is {alone[0]}, missing in {folder}"
        )


def evaluate_detection(choice: argparse.Namespace) -> int:
    import torch

    from sharingan_lab.blur import degrade, random_kernels
    from sharingan_lab.datasets import weed_fields
    from sharingan_lab.device import choose_device
    from sharingan_lab.evaluation import build_detector, evaluate_detection, train_detector
    from sharingan_lab.restore import load_generator, restore

    device = choose_device(choice.device)
    restorer = load_generator(choice.model, device)
    rng = torch.Generator().manual_seed(choice.seed)
    print(f"Drawing {choice.train_fields} fields to train on and {choice.fields} to test on")
    training = weed_fields(choice.train_fields, rng=rng)
    sharp, targets = weed_fields(choice.fields, rng=rng)
    kernels = random_kernels(len(sharp), choice.size, rng=rng)
    blurred = degrade(sharp, kernels, rng=rng)
    detector = build_detector(rng=rng).to(device)
    print(f"Training the detector for {choice.steps} steps")
    train_detector(detector, *training, steps=choice.steps, rng=rng, on_step=_print_step)
    versions = {"sharp": sharp, "blurred": blurred, "restored": restore(blurred, restorer)}
    scores = {name: evaluate_detection(detector, x, targets) for name, x in versions.items()}
    rows = [(name, s.precision, s.recall, s.f1) for name, s in scores.items()]
    _print_table(("fields", "precision", "recall", "F1"), rows)
    return 0


def _print_step(step: int, losses: dict[str, float]) -> None:
    if step % 50 == 0:
        print(f"step {step:>4}  loss {sum(losses.values()):.3f}", flush=True)


def _print_table(head: tuple, rows: Sequence[tuple]) -> None:
    width = max(len(str(row[0])) for row in [head, *rows])
    print("  ".join([f"{head[0]:<{width}}", *(f"{name:>9}" for name in head[1:])]))
    for name, *values in rows:
        cells = ("identical" if value == math.inf else f"{value:.4f}" for value in values)
        print("  ".join([f"{name:<{width}}", *(f"{cell:>9}" for cell in cells)]))
