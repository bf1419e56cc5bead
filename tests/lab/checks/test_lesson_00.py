"""Answers to lesson 00."""

import torch

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.datasets import photo
from sharingan_lab.restore import load_generator, restore

from .judging import accepts, refuses, stays_open

SHARP = photo("astronaut")[..., :256, 96:352]


def test_my_psnr():
    accepts("00.my_psnr", lambda x, y: 10 * torch.log10(1 / (x - y).square().mean()))
    accepts("00.my_psnr", lambda x, y: -20 * torch.log10(((x - y) ** 2).mean().sqrt()).item())
    accepts("00.my_psnr", lambda x, y: -10 * torch.nn.functional.mse_loss(x, y).log10())
    refuses("00.my_psnr", "sign", lambda x, y: 10 * torch.log10((x - y).square().mean()))
    refuses("00.my_psnr", "the square", lambda x, y: 10 * torch.log10(1 / (x - y).abs().mean()))
    refuses("00.my_psnr", "torch.log10", lambda x, y: 10 * (1 / (x - y).square().mean()).log())
    refuses("00.my_psnr", "factor", lambda x, y: -20 * (x - y).square().mean().log10())
    refuses("00.my_psnr", "finite", lambda x, y: -10 * (x - y).mean().log10() * float("nan"))
    refuses("00.my_psnr", "not their sum", lambda x, y: -10 * (x - y).square().sum().log10())
    refuses("00.my_psnr", "squared first", lambda x, y: -20 * (x - y).mean().abs().log10())
    for peak in (lambda x, y: x.max(), lambda x, y: y.max(), lambda x, y: torch.tensor(255.0)):
        own = lambda x, y, peak=peak: 20 * (peak(x, y) / (x - y).square().mean().sqrt()).log10()  # noqa: E731
        refuses("00.my_psnr", "the peak", own)
    stays_open("00.my_psnr", lambda x, y: None)


def test_exercise_1():
    accepts("00.1", 26)
    accepts("00.1", torch.tensor(26.02))
    refuses("00.1", "smaller error means a larger PSNR", 14)
    refuses("00.1", "halve the error", 40)
    refuses("00.1", "the square", 13.01)
    refuses("00.1", "twice 3 dB", 23)
    refuses("00.1", "sign", -26.02)
    refuses("00.1", "not halved", 10)  # half of 20 dB
    refuses("00.1", "a quarter of its square", 32)
    refuses("00.1", "between the 20 dB", 32)


def test_exercise_2():
    accepts("00.2", ["noisy", "darker", "moved"], sharp=SHARP)
    accepts("00.2", ("noisy", "darker", "moved"), sharp=SHARP)
    accepts("00.2", "noisy, darker, moved", sharp=SHARP)
    accepts("00.2", "Noisy > darker > moved", sharp=SHARP)
    refuses("00.2", "best first", ["moved", "darker", "noisy"], sharp=SHARP)
    refuses("00.2", "edges", ["moved", "noisy", "darker"], sharp=SHARP)
    refuses("00.2", "spelling", ["noise", "darker", "moved"], sharp=SHARP)
    refuses("00.2", "each once", ["noisy", "noisy", "moved"], sharp=SHARP)
    refuses("00.2", "0.02", ["darker", "noisy", "moved"], sharp=SHARP)
    refuses("00.2", "one is missing", ["noisy"], sharp=SHARP)
    refuses("00.2", "no order", {"noisy", "darker", "moved"}, sharp=SHARP)
    stays_open("00.2", [], sharp=SHARP)


def test_exercise_3():
    rng = torch.Generator().manual_seed(0)
    kernel = random_kernels(1, 64, path_length=8.0, rng=rng, anxiety=(0.001, 0.01))
    blurred = degrade(SHARP, kernel, rng=rng)
    both = {"sharp": SHARP, "blurred": blurred}
    square, bar, salt = (SHARP.clone() for _ in range(3))
    square[..., 100:106, 110:116] = 0
    bar[..., 120, 60:200] = 1
    salt[..., 10::50, 10::50] = torch.tensor([1.0, 0.0, 1.0]).view(3, 1, 1)
    for worse in (square, bar, salt):
        accepts("00.3", worse, **both)
    stays_open("00.3", blurred.clone(), **both)
    restored = restore(blurred, load_generator("lite"))
    refuses("00.3", "fit its surroundings", restored, **both)
    refuses("00.3", "fit its surroundings", SHARP.clone(), **both)
    noisy = (SHARP + 0.02 * torch.randn(SHARP.shape, generator=rng)).clamp(0, 1)
    refuses("00.3", "fit its surroundings", noisy, **both)
    refuses("00.3", "damage fewer pixels", torch.zeros_like(SHARP), **both)
    refuses("00.3", "shape", square[0], **both)
    refuses("00.3", "clamp", square * 2, **both)
    refuses("00.3", "NaN", square / 0, **both)
