"""Judge restorers on fixed pictures: ``python -m benchmarks.judges --sharp DIR --real DIR``.

Three kinds of pictures, the same ones at every call: pairs of real blur; 100 crops that every kind
of blur spoiled; and crops that one path blurred, whose kernel is known. The crops are of pictures
that no training of `sharingan train` on this folder has seen. Each model, a shipped name, a file or
the folder of a run, stands beside the blurred input, an unsharp mask that was tuned on other pairs,
blind deconvolution, and, where the kernel is known, Wiener's filter and Richardson-Lucy.

A sharp frame that is not of the middle of the exposure lies a pixel or two beside what anybody
could restore, and PSNR counts that as an error of the method. So gains are told twice: as the
pictures lie, and with both, blurred and restored, first moved as a whole to where they fit the
sharp one best.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from scipy.ndimage import shift
from scipy.optimize import minimize
from torch import Tensor

from sharingan_lab.blur import Pair
from sharingan_lab.classical import richardson_lucy, wiener
from sharingan_lab.datasets import Camera, SyntheticBlurPairs, blurred_pairs, load_folder
from sharingan_lab.datasets.batched import take_items
from sharingan_lab.datasets.camera import KINDS
from sharingan_lab.datasets.draws import item_keys
from sharingan_lab.evaluation import Method, average, ssim
from sharingan_lab.evaluation.baselines import MASKS, blind, tune, unsharp
from sharingan_lab.evaluation.quality import finite_psnr
from sharingan_lab.images import list_pictures, read_image
from sharingan_lab.losses import PerceptualLoss
from sharingan_lab.restore import load_generator, restore

CROPS, SIDE, SEED = 100, 128, 20_000
KNOWN = 24  # crops whose kernel is known, of 33 pixels, and whose noise has a deviation of 1 %
KERNEL_SIZE = 33
FARTHEST = 4  # pixels that a picture is moved at most before it is compared
HIGHEST = 50.0  # dB, as of finite_psnr


@dataclass(frozen=True)
class Verdict:
    """How much better a method's pictures are than the blurred ones, a value for each."""

    psnr: Tensor
    aligned: Tensor  # the same, both pictures moved to where they fit best
    ssim: Tensor
    features: Tensor  # mean distance in VGG-19 conv3_3, as a part of the blurred pictures' mean

    def cells(self) -> list[str]:
        """What the table says: mean gains with their 95 % interval, the worst picture, SSIM."""
        cells = []
        for gains in (self.psnr, self.aligned):
            cells += [f"{average(gains.tolist()):+.2f}", f"{gains.min():+.2f}"]
        return [*cells, f"{self.ssim.mean():+.4f}", f"{float(self.features):.3f}"]


def synthetic(sharp: Path, seed: int = SEED) -> dict[str, list[Pair]]:
    """Crops of every kind of blur, by kind, of the pictures that training holds back."""
    held_back = load_folder(sharp, as_uint8=True, crop=SIDE)[::10]
    camera = Camera()
    pairs = SyntheticBlurPairs(held_back, SIDE, seed=seed, items=CROPS, camera=camera)
    kinds = camera.kinds_of(item_keys(seed, 0, torch.arange(CROPS))).tolist()
    found: dict[str, list[Pair]] = {"held-back crops, all": []}
    for kind, (blurred, clear) in zip(kinds, take_items(pairs, [*range(CROPS)]), strict=True):
        pair = Pair(blurred[None], clear[None])
        found["held-back crops, all"].append(pair)
        found.setdefault(f"held-back crops, {KINDS[kind]}", []).append(pair)
    return found


def of_known_kernels(sharp: Path, seed: int = SEED) -> list[Pair]:
    """Crops of held-back pictures, each blurred by the kernel of one path, with a little noise."""
    held_back = load_folder(sharp, as_uint8=True, crop=SIDE)[::10]
    pictures = (held_back[number % len(held_back)] for number in range(KNOWN))
    crops = (picture[None, :, :SIDE, :SIDE].float() / 255 for picture in pictures)
    return list(blurred_pairs(crops, KERNEL_SIZE, rng=torch.Generator().manual_seed(seed)))


def real(folder: Path) -> dict[str, list[Pair]]:
    """Pairs of real blur, by the folder that holds their folders ``blur`` and ``sharp``."""
    found = {}
    for blur in sorted(folder.rglob("blur")):
        found[blur.parent.name] = [
            Pair(read_image(path), read_image(blur.with_name("sharp") / path.name))
            for path in list_pictures(blur)
        ]
    return found


def judge(pairs: list[Pair], method: Method, loss: PerceptualLoss) -> Verdict:
    """Restore the pictures and compare with the blurred ones."""
    rows = []
    for pair in pairs:
        restored = method(pair)
        gains = [
            float(measure(restored, pair.sharp) - measure(pair.blurred, pair.sharp))
            for measure in (finite_psnr, aligned_psnr, ssim)
        ]
        distances = [float(loss(image, pair.sharp)) for image in (restored, pair.blurred)]
        rows.append([*gains, *distances])
    *gains, after, before = torch.tensor(rows).T
    return Verdict(*gains, after.mean() / before.mean())


def aligned_psnr(images: Tensor, sharp: Tensor) -> Tensor:
    """PSNR of the inner part after the best move of the whole picture by parts of pixels."""
    moved, still = images[0].double().numpy(), sharp[0].double().numpy()
    inner = (slice(None), *[slice(FARTHEST + 1, -FARTHEST - 1)] * 2)

    def error(way: tuple[float, float], order: int = 1, channels: slice = slice(1, 2)) -> float:
        if max(map(abs, way)) > FARTHEST:
            return 1.0
        there = shift(moved[channels], (0, *way), order=order, mode="nearest")
        return float(((there - still[channels])[inner] ** 2).mean())

    steps = (-2.0, 0.0, 2.0)
    start = min(((down, along) for down in steps for along in steps), key=error)
    best = minimize(error, start, method="Nelder-Mead", options={"xatol": 0.02, "fatol": 1e-9}).x
    every = slice(None)
    least = min(error((0.0, 0.0), channels=every), error(best, 3, every))
    return -10 * torch.tensor(least).clamp(min=10 ** (-HIGHEST / 10)).log10()


def restored_by(model: str) -> Method:
    """The pictures of a network."""
    network = load_generator(model)
    return lambda pair: restore(pair.blurred, network)


WITH_THE_KERNEL: dict[str, Method] = {
    "Wiener, true kernel": lambda pair: wiener(pair.blurred, pair.kernel),
    "Richardson-Lucy, true kernel": lambda pair: richardson_lucy(pair.blurred, pair.kernel),
}


def table(rows: list[list[str]]) -> str:
    """Lay the rows out as Markdown."""
    head = ["pictures", "input PSNR", "method", "PSNR gain (95 %)", "worst"]
    head += ["aligned gain (95 %)", "worst", "SSIM gain", "features"]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


@torch.inference_mode()
def main(arguments: list[str]) -> None:
    """Judge the models that the command names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sharp", type=Path, required=True, help="folder of sharp pictures")
    parser.add_argument("--real", type=Path, required=True, help="folder of real pairs")
    parser.add_argument("--tune", type=Path, help="folder of other real pairs, for unsharp mask")
    parser.add_argument("models", nargs="*", default=["lite"])
    choice = parser.parse_args(arguments)
    crops = synthetic(choice.sharp)
    known_kernels = {"held-back crops, known kernel": of_known_kernels(choice.sharp)}
    sets = real(choice.real) | crops | known_kernels
    mask = tune(unsharp, MASKS, _for_tuning(choice))
    methods = {"unsharp mask {:g}, radius {:g}".format(*mask): unsharp(mask)}
    methods |= {"blind Richardson-Lucy": blind(KERNEL_SIZE)}
    methods |= {model: restored_by(model) for model in choice.models}
    loss, rows = PerceptualLoss("imagenet"), []
    for name, pairs in sets.items():
        before = sum(float(finite_psnr(pair.blurred, pair.sharp)) for pair in pairs) / len(pairs)
        known = WITH_THE_KERNEL if pairs[0].kernel is not None else {}
        for method, run in (methods | known).items():
            verdict = judge(pairs, run, loss)
            rows.append([f"{name} ({len(pairs)})", f"{before:.2f} dB", method, *verdict.cells()])
            print(" | ".join(rows[-1]), file=sys.stderr, flush=True)
    print(table(rows))


def _for_tuning(choice: argparse.Namespace) -> list[Pair]:
    """Pairs that are not judged: of the folder named, or other crops of the held-back pictures."""
    if choice.tune is None:
        return synthetic(choice.sharp, SEED + 1)["held-back crops, all"]
    return [pair for pairs in real(choice.tune).values() for pair in pairs[::5]]


if __name__ == "__main__":
    main(sys.argv[1:])
