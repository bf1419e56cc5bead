"""sharingan evaluate images: PSNR and SSIM of restored pictures."""

import argparse
import math
from pathlib import Path
from statistics import mean

from sharingan_lab.commands.files import each
from sharingan_lab.commands.options import Group, add_command
from sharingan_lab.commands.tables import print_table
from sharingan_lab.errors import DataError


def add(group: Group) -> None:
    parser = add_command(
        group,
        "images",
        evaluate_images,
        "print PSNR and SSIM of the files with equal names in two folders",
        "restored/ sharp/",
    )
    parser.add_argument("restored", metavar="RESTORED_DIR")
    parser.add_argument("sharp", metavar="SHARP_DIR")


def evaluate_images(choice: argparse.Namespace) -> int:
    from sharingan_lab.images import list_pictures

    restored = {path.name: path for path in list_pictures(choice.restored)}
    sharp = {path.name: path for path in list_pictures(choice.sharp)}
    _check_partners(restored, sharp, choice)
    rows = each(sorted(restored), lambda name: _measure(name, restored[name], sharp[name]))
    means = [_mean([row[i] for row in rows.values()]) for i in (1, 2)] if rows else []
    label = "mean" if len(rows) == len(restored) else f"mean of {len(rows)}"
    print_table(("file", "PSNR [dB]", "SSIM"), [*rows.values(), (label, *means)])
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
