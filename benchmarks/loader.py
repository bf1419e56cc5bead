"""Loading a training pair beside the training step that waits for it.

GoPro's frames are made here, of their size: a photograph with a sensor's noise.
"""

import itertools
import tempfile
from functools import partial
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader, Dataset

from benchmarks.side_by_side import Row, compare, seconds_of
from benchmarks.training_step import fast_step, random_batches
from sharingan_lab.blur import add_noise
from sharingan_lab.datasets import Camera, GoProPairs, PathCamera, SyntheticBlurPairs, photo
from sharingan_lab.device import choose_device
from sharingan_lab.images import to_uint8, write_image
from sharingan_lab.training import Trainer, recipe

PROMISED = 3.0
PROMISED_OF_LITE = 1 / 0.15  # its step takes a batch together
FRAMES = 4
PASS = 16  # pairs in a measurement


def rows() -> list[Row]:
    """One pair of 256 x 256 from each source of pairs, and a step of the recipe `report`."""
    device = choose_device("auto")
    step = seconds_of_a_step(device)
    with tempfile.TemporaryDirectory() as folder:
        return [
            beside_a_step(name, data, step, device, wanted=wanted)
            for name, data, wanted in sources(Path(folder), device)
        ] + [beside_lite(precision, device) for precision in ("float32", "bfloat16")]


def seconds_of_a_step(device: torch.device) -> float:
    """Measure a step on one pair in bfloat16, the fastest: the hardest for the loader."""
    free = {"data": "photos", "items": 1, "subset": 0, "crop": 64, "vgg": "random"}
    config = recipe("report").with_settings(**free, precision="bfloat16", device=device.type)
    return seconds_of(fast_step(Trainer(config), random_batches(device)), device, rounds=3)


def beside_a_step(
    name: str, data: Dataset, step: float, device: torch.device, *, wanted: float | None
) -> Row:
    """Load pairs as a run does, one by one, and compare with the time of a step."""
    seconds = seconds_of(partial(load, data, device), device, rounds=5) / PASS
    task = f"load a pair of 256 x 256: {name} (peer: a step that trains on it)"
    return Row(task, seconds, step, wanted, note=f"{1 / seconds:,.0f} pairs a second")


def beside_lite(precision: str, device: torch.device, rounds: int = 15) -> Row:
    """Make a batch of every kind of blur, and compare with the recipe `lite`'s step on it."""
    free = {"data": "photos", "real_root": "", "items": 8, "precision": precision}
    trainer = Trainer(recipe("lite").with_settings(**free, device=device.type))
    crop, size = trainer.config.crop, trainer.config.batch_size
    data = SyntheticBlurPairs(
        pictures(), crop, seed=0, items=PASS * size, camera=Camera(), transpose=True, device=device
    )
    batches = (range(size * i, size * (i + 1)) for i in itertools.cycle(range(PASS)))
    pairs = data.__getitems__([*range(size)])
    batch = [tuple(torch.stack(images) for images in zip(*pairs, strict=True))]
    return compare(
        f"make a batch of {size} x {crop} x {crop}: every kind of blur (peer: a step of `lite` on "
        f"it in {precision})",
        lambda: data.__getitems__([*next(batches)]),
        fast_step(trainer, batch),
        wanted=PROMISED_OF_LITE if precision == "float32" else None,
        rounds=rounds,
        device=device,
    )


def load(data: Dataset, device: torch.device) -> None:
    """Take batches of one pair out of a loader, to the device that trains."""
    for images in DataLoader(data, batch_sampler=[[i % len(data)] for i in range(PASS)]):
        _ = [image.to(device) for image in images]


def sources(
    folder: Path, device: torch.device, crop: int = 256
) -> list[tuple[str, Dataset, float | None]]:
    """Name the data sets, and the ratio that is promised of each."""
    write_frames(folder)
    gopro = partial(GoProPairs, folder, "train", crop=crop, seed=0)
    synthetic = partial(SyntheticBlurPairs, pictures(), crop, seed=0, items=PASS, device=device)
    return [
        ("GoPro from its cache", gopro(cache=folder / "cache", device=device), PROMISED),
        ("GoPro decoded each time", gopro(), None),  # frame_cache=false, for who has no room
        ("synthetic blur", synthetic(), PROMISED),
        ("synthetic blur in linear light", synthetic(camera=PathCamera(gamma=2.2)), PROMISED),
    ]


def pictures() -> list[Tensor]:
    """Two photographs (3, H, W) as bytes."""
    return [torch.tensor(to_uint8(photo(n))).permute(2, 0, 1) for n in ("coffee", "rocket")]


def write_frames(folder: Path) -> None:
    """Write pairs of noisy frames of 1280 x 720 in GoPro's layout."""
    rng = torch.Generator().manual_seed(0)
    scene = interpolate(photo("coffee"), (720, 1280), mode="bicubic", antialias=True).clamp(0, 1)
    for kind in ("blur", "sharp"):
        for i in range(FRAMES):
            frame = add_noise(scene, 0.01, rng=rng)
            write_image(frame, folder / "train" / "GOPR0001" / kind / f"{i:06d}.png")
