"""Checks of lesson 00: a first measure, PSNR."""

import math
import re
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.checks.answers import close, dice, number, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect

_ACCIDENTS = ("darker", "noisy", "moved")


def my_psnr(function: Callable[[Tensor, Tensor], Tensor]) -> str:
    """Check a PSNR: a case for the head, a property, then the library's values."""
    grey = torch.full((1, 3, 8, 8), 0.5)
    seen = scalar(function(grey + 0.1, grey), "my_psnr")
    look = "the two lines of the formula: mean of the squares, then 10 log10(1 / mse)"
    looks = {
        -20.0: "the sign: a smaller error must give a larger PSNR, so 1 / mse",
        10.0: "the square: each difference is squared before the mean",
        40.0: "the factor: 10 for the mean of squares (20 belongs to its root)",
        2.0: "the factor in front of the logarithm: 10",
        10 * math.log(100): "the logarithm: to the base 10, torch.log10",
        20 * math.log10(6): "the peak: 1, the largest value there can be, not this picture's own",
        20 * math.log10(5): "the peak: 1, the largest value there can be, not this picture's own",
        20 * math.log10(2550): "the peak: these values go from 0 to 1, not to 255",
        10 * math.log10(100 / 192): "the mean of the squares, not their sum",
    }
    wrong = next((text for value, text in looks.items() if close(seen, value)), look)
    expect(close(seen, 20), f"{shown(seen)} dB where all is off by 0.1", "20 dB", wrong)
    back = scalar(function(grey, grey + 0.1), "my_psnr")
    expect(close(back, 20), f"{shown(back)} dB the other way round", "20 dB as well", look)
    x, y = torch.rand(2, 1, 3, 12, 20, generator=dice())
    seen, library = scalar(function(x, y), "my_psnr"), psnr(x, y)[0]
    if close(seen, -20 * (x - y).mean().abs().log10()):
        look = "the order: each difference is squared first, then comes the mean"
    expect(close(seen, library), f"{shown(seen)} dB on noise", f"{shown(library)} dB", look)
    return "20 dB for an error of 0.1, as wanted, and equal to the library's psnr on noise."


def exercise_1(decibels: object) -> str:
    """Check the PSNR of an error of 0.05."""
    value = number(decibels, "your_decibels")
    looks = {
        13: "the square: the error is squared before the logarithm",
        23: "half an error is a quarter of its square: twice 3 dB",
        40: "that is an error of 0.01; start from 20 dB for 0.1 and halve the error",
        14: "a smaller error means a larger PSNR",
        -26: "the sign: the peak, 1, is above the error",
        10: "decibels are not halved with the error: a smaller error adds some",
    }
    look = "from the 20 dB of 0.1 one step: half the error, a quarter of its square"
    look = next((text for v, text in looks.items() if abs(v - value) < 0.5), look)
    between = "between the 20 dB of an error of 0.1 and the 40 dB of 0.01"
    expect(abs(value - 20 * math.log10(20)) < 0.5, f"{shown(value)} dB", between, look)
    return "half of the error of 0.1, so 6 dB more than 20 dB."


def exercise_2(ranking: object, *, sharp: Tensor) -> str:
    """Check a ranking of three accidents, measured on the lesson's picture."""
    expect(not isinstance(ranking, set), "a set, which has no order", "a list", "square brackets")
    words = re.findall(r"\w+", ranking) if isinstance(ranking, str) else list(ranking)
    words = [str(word).lower() for word in words]
    expected = f"the names {', '.join(_ACCIDENTS)}, each once"
    complete = sorted(words) == sorted(_ACCIDENTS)
    expect(complete, shown(words), expected, "the spelling, and whether one is missing")
    noise = 0.02 * torch.randn(sharp.shape, generator=dice())
    pictures = (sharp * 0.95, sharp + noise, sharp.roll(1, dims=3))
    values = {name: psnr(p, sharp).item() for name, p in zip(_ACCIDENTS, pictures, strict=True)}
    best = sorted(values, key=values.get, reverse=True)
    look = "which accident changes some values by very much? Think of the edges"
    if words[-1] == best[-1]:
        look = "the first two: 5 % of a typical value, or 0.02, which is more?"
    look = "the order: best first" if words == best[::-1] else look
    expect(words == best, " > ".join(words), "another order", look)
    return ", ".join(f"{name} {values[name]:.1f} dB" for name in best)


def exercise_3(worse: object, *, sharp: Tensor, blurred: Tensor) -> str:
    """Check a picture of high PSNR that is spoilt: pixels unlike anything near them."""
    picture = tensor(worse, tuple(sharp.shape), "worse").to(sharp)
    before, after = psnr(blurred, sharp).item(), psnr(picture.clamp(0, 1), sharp).item()
    if torch.equal(picture, blurred):
        raise Open(f"this is still the blurred picture, {before:.1f} dB: change it.")
    inside = picture.min() >= -1e-4 and picture.max() <= 1 + 1e-4
    seen = f"values from {picture.min():.2f} to {picture.max():.2f}"
    expect(inside, seen, "a picture, in [0, 1]", "clamp(0, 1)")
    limit = f"more than the {before:.1f} dB of the blurred one"
    expect(after > before, f"{after:.1f} dB", limit, "damage fewer pixels, and start from sharp")
    brightest, darkest = (sign * F.max_pool2d(sign * sharp, 9, 1, 4) for sign in (1, -1))
    beyond = torch.maximum(picture - brightest, darkest - picture).amax(dim=1)
    if (spoilt := int((beyond > 0.15).sum())) < 6:
        raise NotYet(
            f"{after:.1f} dB, and hardly a pixel ({spoilt}) that does not fit its surroundings",
            "a picture that one would not show: a spot, a bar, wrong pixels",
            "start from sharp and spoil a small part of it thoroughly",
        )
    return f"{after:.1f} dB against {before:.1f} dB, and {spoilt} pixels stick out: look at it."
