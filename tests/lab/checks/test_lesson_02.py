"""Answers to lesson 02."""

import pytest
import torch
import torch.nn.functional as F

from sharingan_lab import classical
from sharingan_lab.blur import blur, degrade, linear_kernel, random_kernels
from sharingan_lab.datasets import photo, photos

from .judging import accepts, refuses, stays_open


def wiener(blurred, kernel, ratio, *, keep_mean=True, power=2, top=1.0):
    mean = mean_of(blurred) * keep_mean
    height, width = blurred.shape[-2:]
    k = kernel.shape[-1]
    canvas = F.pad(kernel, (0, width - k, 0, height - k))
    K = torch.fft.rfft2(canvas.roll((-(k // 2), -(k // 2)), dims=(-2, -1)))[:, None]
    X = K.conj() * torch.fft.rfft2(blurred - mean) / (K.abs() ** power + ratio)
    return (mean + torch.fft.irfft2(X, s=(height, width))).clamp(1 - top, top)


def mean_of(pictures):
    return pictures.mean(dim=(2, 3), keepdim=True)


def mean_lost(blurred, kernel, ratio):
    return (wiener(blurred, kernel, ratio, top=9.0) - mean_of(blurred)).clamp(0, 1)


def test_my_wiener():
    accepts("02.my_wiener", wiener)
    accepts(
        "02.my_wiener",
        lambda y, k, r: classical.wiener(y, k, noise_to_signal=r, boundary="circular"),
    )
    refuses("02.my_wiener", "the mean", lambda y, k, r: wiener(y, k, r, keep_mean=False))
    refuses("02.my_wiener", "the last line adds", lambda y, k, r: mean_lost(y, k, r))
    refuses("02.my_wiener", "the brackets", lambda y, k, r: mean_of(y) + mean_lost(y, k, r))
    refuses("02.my_wiener", "the ratio", lambda y, k, r: wiener(y, k, 0.0))
    refuses("02.my_wiener", "library", lambda y, k, r: wiener(y, k, r, power=1))
    refuses("02.my_wiener", "library", lambda y, k, r: wiener(y, k.flip(1, 2), r))
    refuses("02.my_wiener", "clamp", lambda y, k, r: wiener(y, k, r, top=9.0))
    stays_open("02.my_wiener", lambda y, k, r: None)


def lucy(seen, kernel, iterations, *, turn=True, divide=True, top=1.0):
    guess = torch.full_like(seen, 0.5)
    for _ in range(iterations):
        again = blur(guess, kernel, boundary="circular")
        ratio = seen / again if divide else again / seen
        guess = guess * blur(ratio, kernel.flip(1, 2) if turn else kernel, boundary="circular")
    return guess.clamp(0, top)


def test_my_richardson_lucy():
    accepts("02.my_richardson_lucy", lucy)
    accepts(
        "02.my_richardson_lucy",
        lambda y, k, n: classical.richardson_lucy(y, k, iterations=n, boundary="circular"),
    )
    refuses("02.my_richardson_lucy", "turned around", lambda y, k, n: lucy(y, k, n, turn=False))
    refuses("02.my_richardson_lucy", "the ratio", lambda y, k, n: lucy(y, k, n, divide=False))
    refuses("02.my_richardson_lucy", "flat 0.25", lambda y, k, n: lucy(y, k, 0))
    refuses("02.my_richardson_lucy", "clamp", lambda y, k, n: lucy(y, k, n, top=9.0))
    stays_open("02.my_richardson_lucy", lambda y, k, n: None)


def test_exercise_1():
    accepts("02.1", 0)
    accepts("02.1", 0.0)
    refuses("02.1", "whatever K", 1)
    refuses("02.1", "nearly the inverse", 0.001)
    refuses("02.1", "finite", float("inf"))
    refuses("02.1", "quotes", "zero")


def test_exercise_2():
    sharp = photo("astronaut", 64)
    part, rest = linear_kernel(7, 20, 9), linear_kernel(9, 100, 13)
    both = F.conv2d(part[None], rest[:, None].flip(2, 3), padding=12)[0]
    point = torch.zeros(1, 21, 21)
    point[0, 10, 10] = 1
    given = {"mystery": blur(sharp, both, boundary="circular"), "known": [both, point]}
    wide = F.pad(part, (6, 6, 6, 6))
    accepts("02.2", blur(sharp, rest, boundary="circular"), wide, **given)
    accepts("02.2", sharp.roll(-3, 3), both.roll(3, 2), **given)
    stays_open("02.2", sharp, point, **given)
    refuses("02.2", "one of the four", sharp, both, **given)
    refuses("02.2", "F.pad", blur(sharp, rest, boundary="circular"), part, **given)
    refuses("02.2", "to the other", sharp.roll(3, 3), both.roll(3, 2), **given)
    refuses("02.2", "neither lost nor made", sharp, 2 * both, **given)
    refuses("02.2", "shape", sharp[0], both, **given)


@pytest.fixture(scope="module")
def shot():
    rng = torch.Generator().manual_seed(0)
    scene = photo("astronaut", 128)
    kernel = random_kernels(1, 31, anxiety=(0.001, 0.01), rng=rng)
    return scene, kernel, degrade(scene, kernel, noise_std=0.03, rng=rng)


def test_exercise_3(shot):
    truth, kernel, seen = shot
    given = {"seen": seen, "kernel": kernel, "truth": truth}
    for weight in (0.02, torch.tensor(0.025)):
        accepts("02.3", weight, **given)
    refuses("02.3", "raise the weight", 0.0001, **given)
    refuses("02.3", "lower the weight", 9.0, **given)
    refuses("02.3", "above 0", -1, **given)
    refuses("02.3", "above 0", 0, **given)


def test_exercise_4(shot):
    truth, kernel, _ = shot
    seen = blur(truth, kernel)
    given = {"misplaced": classical.richardson_lucy(seen, kernel.roll(2, dims=2)), "truth": truth}
    accepts("02.4", 2, **given)
    accepts("02.4", 2.0, **given)
    stays_open("02.4", 0, **given)
    refuses("02.4", "other way", -2, **given)
    refuses("02.4", "explains the photograph", 4, **given)
    refuses("02.4", "whole", 1.5, **given)


def test_exercise_5():
    rng = torch.Generator().manual_seed(0)
    scenes = photos(128)[:5]
    kernels = random_kernels(5, 31, anxiety=(0.001, 0.01), rng=rng)
    given = {"scenes": scenes, "kernels": kernels}
    f = (torch.fft.fftfreq(128)[:, None] ** 2 + torch.fft.rfftfreq(128)[None] ** 2).sqrt()
    accepts("02.5", 0.3 * f**2, **given)
    accepts("02.5", 0.4 * f.double() ** 2 + 1e-4, **given)
    stays_open("02.5", 0.03 * torch.ones_like(f), **given)
    refuses("02.5", "weak waves", 0.03 / (f + 0.01), **given)
    refuses("02.5", "ten times", 30 * f**2, **given)
    refuses("02.5", "negative", -f, **given)
    refuses("02.5", "shape", 0.3 * f[:, :-1] ** 2, **given)
    refuses("02.5", "finite", 0.03 / f, **given)
