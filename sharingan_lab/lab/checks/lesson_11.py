"""Checks of lesson 11: shrinking, tuning, and a judge without a reference."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.ndimage import laplace
from torch import Tensor

from sharingan_lab.classical import unsharp_mask
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.checks.answers import close, dice, near, number, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect


def my_tensor(function: Callable[[np.ndarray], Tensor]) -> str:
    """Check the way from bytes to a tensor: one red pixel, then noise."""
    pixels = np.zeros((2, 5, 3), dtype=np.uint8)
    pixels[0, 4] = 255, 51, 0
    answer = function(pixels.copy())
    if isinstance(answer, Tensor) and answer.shape != (1, 3, 2, 5):
        look = "colours before rows and columns: .permute(2, 0, 1)"
        look = "one picture is a batch of one: [None]" if answer.shape == (3, 2, 5) else look
        raise NotYet(f"an answer of shape {tuple(answer.shape)}", "(1, 3, 2, 5)", look)
    out = tensor(answer, (1, 3, 2, 5), "my_tensor's answer")
    seen = f"values up to {shown(out.max().item())}"
    expect(close(out.max(), 1), seen, "from 0 to 1", "divide by 255, the largest byte")
    corner = [round(v, 3) for v in out[0, :, 0, 4].tolist()]
    looks = {
        (0, 0.2, 1): "red stays first: the colours keep their order",
        (1, 0, 0): "// cuts off what is behind the point: / 255",
    }
    torn = "a reshape or view tears the colours apart: .permute(2, 0, 1) moves the axes"
    look = looks.get(tuple(corner), torn)
    expect(corner == [1, 0.2, 0], f"{corner} for the pixel 255, 51, 0", "[1, 0.2, 0]", look)
    noise = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    wanted = torch.tensor(noise.transpose(2, 0, 1) / 255)[None]
    same = near(tensor(function(noise.copy()), (1, 3, 4, 6), "my_tensor's answer"), wanted)
    look = "divide by 255 whatever a picture's largest byte is, and use the picture given"
    expect(same, "other values for a second picture", "its bytes / 255", look)
    return "colours first, a batch of one, values from 0 to 1."


def my_sharpness(function: Callable[[Tensor], Tensor]) -> str:
    """Check the variance of a Laplacian: one bright pixel for the head, then SciPy's."""
    dot = torch.zeros(3, 4).double()
    dot[1, 1] = 1
    looks = {
        12.5: "the mean over n: .var(correction=0)",
        8.5: "a variance: subtract the mean before you square",
        2.5: "the variance, not its root",
        3.5355339: "the variance, not its root",
        20 / 12: "leave the border out: n counts the pixels inside",
        20.25: "four neighbours, not eight",
        0.25: "minus four times the pixel itself",
        0.5: "minus four times the pixel itself",
    }
    default = "four slices of (H - 2, W - 2): above, below, left, right; minus 4 times the middle"
    answer = function(dot)
    if isinstance(answer, Tensor) and answer.numel() > 1:
        seen = f"{answer.numel()} numbers, shape {tuple(answer.shape)}"
        raise NotYet(seen, "one number", "the variance of them all: .var(correction=0)")
    seen = scalar(answer, "my_sharpness")
    look = next((text for v, text in looks.items() if close(seen, v)), default)
    text = f"{shown(seen)} for zeros (3, 4) with a 1 in the second row and column"
    expect(close(seen, 6.25), text, "the variance of -4 and 1: 6.25", look)
    ramp = torch.arange(48.0).view(6, 8).double()
    seen = scalar(function(ramp), "my_sharpness")
    expect(close(seen, 0), f"{shown(seen)} for a smooth ramp", "0", "it bends nowhere inside")
    grey = torch.rand(9, 12, generator=dice()).double()
    seen, wanted = scalar(function(grey), "my_sharpness"), laplace(grey.numpy())[1:-1, 1:-1].var()
    expect(close(seen, wanted), f"{shown(seen)} on noise", f"SciPy's {wanted:.4g}", default)
    return "6.25 for one bright pixel, 0 for a ramp, and SciPy's number on noise."


def exercise_1(your_width: object) -> str:
    """Check the width at which a blur of 60 px in 4,000 becomes one of 15."""
    width = number(your_width, "your_width")
    looks = {
        15: "that is the length of the blur; how wide is the whole picture then?",
        4: "that is how many times smaller it must become: divide the width by it",
        16_000: "a larger picture has a longer blur: divide, do not multiply",
        3955: "blur and width shrink by the same factor, not by the same number of pixels",
    }
    expected = "a width with a blur of 15 px"
    default = f"the blur would be {60 * width / 4000:.3g} px long"
    look = next((text for v, text in looks.items() if abs(v - width) < 0.5), default)
    expect(abs(width - 1000) < 0.5, f"{shown(width)} px", expected, look)
    return "a quarter of the width, a quarter of the blur."


def exercise_2(your_amount: object, *, blurred: Tensor, sharp: Tensor) -> str:
    """Check the amount of unsharp masking that is best in the mean, to a tenth."""
    amount = number(your_amount, "your_amount")
    expected = "the best from 0.1 to 1.5"
    look = "a negative amount blurs" if amount < 0 else "the range of the text"
    expect(0 <= amount <= 1.5, f"an amount of {shown(amount)}", expected, look)
    before = psnr(blurred, sharp)

    def gain(a: float) -> float:
        return (psnr(unsharp_mask(blurred, amount=a), sharp) - before).mean().item()

    best = max((tenths / 10 for tenths in range(1, 16)), key=gain)
    seen = f"{gain(amount):+.3f} dB with an amount of {shown(amount)}"
    look = "an amount of 0 changes nothing" if amount < 0.05 else "try smaller and larger amounts"
    expect(abs(amount - best) < 0.06, seen, "the largest mean gain, to a tenth", look)
    return f"{gain(amount):+.2f} dB. A table that was tuned on itself flatters its method."


def exercise_3(judge: Callable, *, sharp: Tensor, blurred: Tensor, noisy: Tensor) -> str:
    """Check a measure without a reference: above blur, above noise, from the image alone."""

    def values(images: Tensor) -> Tensor:
        answer = judge(images)
        answer = torch.as_tensor(answer) if isinstance(answer, list | np.ndarray) else answer
        return tensor(answer, (len(images),), "judge's answer, one number an image,")

    alone = "a judge without a reference has nothing but `image`: no sharp, no batch"
    first = values(blurred)
    try:
        other = values(blurred[:2, :, :96, :112].flip(0))
    except (Open, NotYet):
        raise
    except Exception as problem:
        seen = f"it stops at pictures of another size: {type(problem).__name__}: {problem}"
        raise NotYet(seen[:200], "a number for any picture", alone) from None
    tolerance = 1e-4 * (1 + first.abs().max().item())
    same = near(values(blurred.flip(0)).flip(0), first, tolerance)
    expect(same and len(other) == 2, "another order, other numbers", "the same for each", alone)
    same = near(values(blurred[:2]), first[:2], tolerance)
    expect(same, "two pictures alone, other numbers", "the same for each", alone)
    sees_blur = (values(sharp) > first).double().mean().item()
    sees_noise = (first > values(noisy)).double().mean().item()
    seen = f"sharp above blurred: {sees_blur:.0%}; blurred above noisy: {sees_noise:.0%}"
    look = "fooled by noise: what remains of noise, and of an edge, after averaging?"
    if sees_blur <= sees_noise:
        look = "blur is not seen: do you average too much, or is one number the same for all?"
    expect(min(sees_blur, sees_noise) >= 0.9, seen, "at least 90 % of both", look)
    return "now think of a spoiled picture that fools this judge: there always is one."
