"""Judge restorers on fixed pictures: ``python -m benchmarks.judges --sharp DIR --real DIR``.

Two kinds of pictures, the same ones at every call: 100 crops that every kind of blur spoiled, of
pictures that no training of `sharingan train` on this folder has seen, and pairs of real blur. Each
model, a shipped name, a file or the folder of a run, stands beside the blurred input and an unsharp
mask whose amount was tuned on other crops of the held-back pictures.
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from sharingan_lab.classical import unsharp_mask
from sharingan_lab.datasets import Camera, SyntheticBlurPairs, load_folder
from sharingan_lab.datasets.camera import KINDS
from sharingan_lab.datasets.draws import item_keys
from sharingan_lab.datasets.mixed import take_items
from sharingan_lab.evaluation import psnr, ssim
from sharingan_lab.images import read_image
from sharingan_lab.losses import PerceptualLoss
from sharingan_lab.restore import load_generator, restore

CROPS, SIDE, SEED = 100, 128, 20_000
HIGHEST = 50.0  # dB; a picture without blur is its own sharp one, and infinitely good
RESAMPLES = 2000
Pair = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Verdict:
    """How much better a method's pictures are than the blurred ones, a value for each."""

    psnr: Tensor
    ssim: Tensor
    features: Tensor  # distance in VGG-19 conv3_3, as a part of the blurred picture's

    def cells(self) -> list[str]:
        """What the table says: mean gain with its 95 % interval, the worst picture, SSIM."""
        low, high = interval(self.psnr)
        return [
            f"{self.psnr.mean():+.2f} ({low:+.2f} to {high:+.2f})",
            f"{self.psnr.min():+.2f}",
            f"{self.ssim.mean():+.4f}",
            f"{self.features.mean():.3f}",
        ]


def interval(values: Tensor) -> tuple[float, float]:
    """95 % interval of a mean: the bootstrap's percentiles."""
    rng = torch.Generator().manual_seed(0)
    chosen = torch.randint(len(values), (RESAMPLES, len(values)), generator=rng)
    means = values[chosen].mean(dim=1).double()
    return tuple(means.quantile(torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist())


def synthetic(sharp: Path, seed: int = SEED) -> dict[str, list[Pair]]:
    """Crops of every kind of blur, by kind, of the pictures that training holds back."""
    held_back = load_folder(sharp, as_uint8=True, crop=SIDE)[::10]
    camera = Camera()
    pairs = SyntheticBlurPairs(held_back, SIDE, seed=seed, items=CROPS, camera=camera)
    kinds = camera.kinds_of(item_keys(seed, 0, torch.arange(CROPS))).tolist()
    found: dict[str, list[Pair]] = {"held-back crops, all": []}
    for kind, (blurred, clear) in zip(kinds, take_items(pairs, [*range(CROPS)]), strict=True):
        pair = blurred[None], clear[None]
        found["held-back crops, all"].append(pair)
        found.setdefault(f"held-back crops, {KINDS[kind]}", []).append(pair)
    return found


def real(folder: Path) -> dict[str, list[Pair]]:
    """Pairs of real blur, by the folder that holds their folders ``blur`` and ``sharp``."""
    found = {}
    for blur in sorted(folder.rglob("blur")):
        names = sorted(path for path in blur.iterdir() if path.suffix == ".png")
        found[blur.parent.name] = [
            (read_image(path), read_image(blur.with_name("sharp") / path.name)) for path in names
        ]
    return found


def judge(pairs: list[Pair], method: Callable[[Tensor], Tensor], loss: PerceptualLoss) -> Verdict:
    """Restore the pictures and compare with the blurred ones."""
    rows = []
    for blurred, sharp in pairs:
        restored = method(blurred)
        gains = [
            float(measure(restored, sharp) - measure(blurred, sharp))
            for measure in (finite_psnr, ssim)
        ]
        before = float(loss(blurred, sharp))
        rows.append([*gains, float(loss(restored, sharp)) / before if before else 1.0])
    return Verdict(*torch.tensor(rows).T)


def finite_psnr(images: Tensor, sharp: Tensor) -> Tensor:
    """PSNR, at most `HIGHEST`."""
    return psnr(images, sharp).clamp(max=HIGHEST)


def unsharp(amount: float) -> Callable[[Tensor], Tensor]:
    """The trivial baseline: the picture plus what a Gaussian of 2 pixels takes from it."""
    return partial(unsharp_mask, amount=amount, radius=2.0)


def tuned_amount(sharp: Path) -> float:
    """The amount of the unsharp mask that serves other crops of the held-back pictures best."""
    pairs = synthetic(sharp, SEED + 1)["held-back crops, all"]

    def gain(amount: float) -> float:
        sharpen = unsharp(amount)
        return sum(float(finite_psnr(sharpen(b), s)) for b, s in pairs)

    return max((i / 10 for i in range(16)), key=gain)


def table(rows: list[list[str]]) -> str:
    """Lay the rows out as Markdown."""
    head = ["pictures", "input PSNR", "method", "PSNR gain (95 %)", "worst", "SSIM gain"]
    head.append("features")
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


@torch.inference_mode()
def main(arguments: list[str]) -> None:
    """Judge the models that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sharp", type=Path, required=True, help="folder of sharp pictures")
    parser.add_argument("--real", type=Path, required=True, help="folder of real pairs")
    parser.add_argument("models", nargs="*", default=["lite"])
    choice = parser.parse_args(arguments)
    amount = tuned_amount(choice.sharp)
    methods = {f"unsharp mask {amount:g}": unsharp(amount)}
    for model in choice.models:
        network = load_generator(model)
        methods[model] = lambda image, network=network: restore(image, network)
    loss, rows = PerceptualLoss("imagenet"), []
    for name, pairs in (real(choice.real) | synthetic(choice.sharp)).items():
        before = sum(float(finite_psnr(*pair)) for pair in pairs) / len(pairs)
        for method, run in methods.items():
            verdict = judge(pairs, run, loss)
            rows.append([f"{name} ({len(pairs)})", f"{before:.2f} dB", method, *verdict.cells()])
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
