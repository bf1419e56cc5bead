"""Checks of lesson 09: what PSNR and SSIM see."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.evaluation import psnr, ssim
from sharingan_lab.lab.checks.answers import close, dice, number, numbers, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect


def my_grey_levels(function: Callable[[float], float]) -> str:
    """Check the way back from decibels to the typical error in grey levels."""
    seen = scalar(function(20), "my_grey_levels")
    looks = {
        0.1: "that is in parts of 1; a byte has 255 grey levels",
        25.6: "a byte's largest value is 255",
        2.55**0.5: "times 255 after the root, not under it",
        0.01: "that is the MSE: the typical error is its root, times 255",
        2.55: "the MSE is a mean of squares: the typical error is its root",
        2550: "the sign: more decibels, less error",
        25500: "the sign: more decibels, less error",
        255 * math.exp(-1): "the logarithm of PSNR is to the base 10: 10 ** ...",
    }
    default = "solve PSNR = 10 log10(1 / MSE) for MSE, take its root, times 255"
    look = next((text for v, text in looks.items() if close(seen, v, 1e-3)), default)
    expect(close(seen, 25.5, 1e-3), f"{shown(seen)} grey levels at 20 dB", "a tenth of 255", look)
    for decibels in (40, 31.4):
        seen, wanted = scalar(function(decibels), "my_grey_levels"), 255 * 10 ** (-decibels / 20)
        text = f"{shown(seen)} grey levels at {decibels} dB"
        expect(close(seen, wanted, 1e-3), text, shown(wanted), "the decibels that are given")
    return "a tenth of 255 at 20 dB, a hundredth at 40 dB."


def my_ssim(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> str:
    """Check SSIM of one window: cases for the head, then a gaussian window by the library's."""
    halves = torch.tensor([0.5, 0.5]).double()
    up, down, grey = (torch.tensor(v).double() for v in ([0.4, 0.6], [0.6, 0.4], [0.5, 0.5]))
    opposite, brighter = -0.0191 / 0.0209, 0.7001 / 0.7401
    looks = {
        -1.0: "C2 is missing: 0.03 ** 2, above and below",
        0.2: "C1 and C2 are squares: 0.01 ** 2 and 0.03 ** 2",
        -0.0199 / 0.0201: "C1 and C2 are swapped: the second factor has C2, 0.03 ** 2",
        -0.0391 / 0.0409: "the weights: variance and covariance are weighted means, too",
        1.0: "1 says equal: use the covariance, negative where one goes up and the other down",
    }
    same = {
        0.0209 / 0.2009: "variances, without a root",
        0.0209 / 0.0409: "the variance is a weighted mean: (w * (x - mx) ** 2).sum()",
    }
    plain = "mean of x, mean of y; then both variances, then the covariance, all with the weights"
    cases = (
        ("equal windows", up, up, 1.0, same),
        ("0.4, 0.6 against 0.6, 0.4", up, down, opposite, looks),
        ("0.5 against 0.7, all flat", grey, grey + 0.2, brighter, {1.0: "the first factor"}),
    )
    for name, x, y, wanted, texts in cases:
        seen = scalar(function(x, y, halves), "my_ssim")
        look = next((text for v, text in texts.items() if close(seen, v)), plain)
        expect(close(seen, wanted), f"{shown(seen)} for {name}", shown(wanted), look)
    bell = torch.exp(-(torch.arange(-5.0, 6).double() ** 2) / (2 * 1.5**2))
    weights = (bell[:, None] * bell / bell.sum() ** 2).flatten()
    x, y = torch.rand(2, 1, 1, 11, 11, generator=dice()).double()
    seen, library = scalar(function(x.flatten(), y.flatten(), weights), "my_ssim"), ssim(x, y)[0]
    look = "the weights that are given, for means, variances and covariance"
    expect(close(seen, library), f"{shown(seen)} for a gaussian window", shown(library), look)
    return "the cases for the head, and equal to the library's ssim on a gaussian window."


def exercise_1(rise: object) -> str:
    """Check the decibels of half an error."""
    value = number(rise, "rise")
    looks = {
        3.01: "3 dB halve the squared error: what does half the error do to its square?",
        -6.02: "the sign: a smaller error has a larger PSNR",
        12.04: "the square was taken twice: the MSE becomes a quarter, and no less",
        0.602: "the factor 10 in front of the logarithm",
        1.386: "the logarithm is to the base 10, and a factor of 10 stands before it",
        2.0: "that is the factor of the error; in decibels it is 10 log10 of that of the MSE",
    }
    default = "PSNR = 10 log10(1 / MSE), and the MSE becomes a quarter"
    look = next((text for v, text in looks.items() if abs(v - value) < 0.1), default)
    expect(abs(value - 20 * math.log10(2)) < 0.1, f"{shown(value)} dB", "the rise in dB", look)
    return "10 log10(4): six decibels are a factor of two in the error."


def exercise_2(back: object, *, displaced: Tensor, sharp: Tensor) -> str:
    """Check the shift that puts a picture back into its place."""
    shift = numbers(back, "back")
    seen = f"back is {shown(back)}"
    expect(len(shift) == 2, seen, "two numbers, (rows, columns)", "rows first, as in (1, 0)")
    expect(all(n == round(n) for n in shift), seen, "whole numbers", "roll moves by whole pixels")
    rows, columns = (int(n) for n in shift)
    if (rows, columns) == (0, 0):
        raise Open("put a shift into back: rows down, columns to the right.")

    def gap(down: int, right: int) -> float:
        return (displaced.roll((down, right), dims=(-2, -1)) - sharp).abs().max().item()

    after, before = (
        psnr(x[..., 8:-8, 8:-8], sharp[..., 8:-8, 8:-8]).item()
        for x in (displaced.roll((rows, columns), dims=(-2, -1)), displaced)
    )
    look = "warmer: go on" if after > before else "colder: try another way, or search in two loops"
    if gap(columns, rows) == 0:
        look = "the order: rows first"
    elif gap(-rows, -columns) == 0:
        look = "the direction: that is how it was moved; move it back"
    seen = f"{after:.1f} dB after the shift, {before:.1f} dB before"
    expect(gap(rows, columns) == 0, seen, "the sharp picture itself", look)
    return f"nothing but a shift was wrong with it, and PSNR had called it poor: {before:.1f} dB."


def exercise_3(copy: object, *, sharp: Tensor) -> str:
    """Check a picture that PSNR calls poor and SSIM fine."""
    picture = tensor(copy, tuple(sharp.shape), "copy").to(sharp)
    if torch.equal(picture, sharp):
        raise Open("the copy is still perfect: change it.")
    seen = f"values from {picture.min():.2f} to {picture.max():.2f}"
    expect(picture.min() >= 0 and picture.max() <= 1, seen, "a picture, in [0, 1]", "clamp(0, 1)")
    decibel, similarity = psnr(picture, sharp).item(), ssim(picture, sharp).item()
    seen = f"PSNR {decibel:.1f} dB, SSIM {similarity:.3f}"
    look = "SSIM compares means, spreads and going together: which error leaves two of them alone?"
    expect(similarity > 0.93, seen, "SSIM above 0.93", look)
    expect(decibel < 18, seen, "PSNR below 18 dB", "the right kind of error: make it larger")
    return f"PSNR {decibel:.1f} dB says poor, SSIM {similarity:.3f} says fine."
