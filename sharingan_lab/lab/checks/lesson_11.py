"""Checks of lesson 11: shrinking, tuning, and a judge without a reference."""

from collections.abc import Callable

from torch import Tensor

from sharingan_lab.classical import unsharp_mask
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.checks.answers import near, number, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect


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
        return tensor(judge(images), (len(images),), "judge's answer, one number an image,")

    alone = "a judge without a reference has nothing but `image`: no sharp, no batch"
    first = values(blurred)
    try:
        other = values(blurred[:2, :, :96, :112].flip(0))
    except (Open, NotYet):
        raise
    except Exception as problem:
        seen = f"it stops at pictures of another size: {type(problem).__name__}: {problem}"
        raise NotYet(seen[:200], "a number for any picture", alone) from None
    same = near(values(blurred.flip(0)).flip(0), first, 1e-4 * (1 + first.abs().max().item()))
    expect(same and len(other) == 2, "another order, other numbers", "the same for each", alone)
    sees_blur = (values(sharp) > first).double().mean().item()
    sees_noise = (first > values(noisy)).double().mean().item()
    seen = f"sharp above blurred: {sees_blur:.0%}; blurred above noisy: {sees_noise:.0%}"
    look = "blur is not seen: do you average too much, or is one number the same for all?"
    if sees_noise < 0.9:
        look = "fooled by noise: what remains of noise, and of an edge, after averaging?"
    expect(min(sees_blur, sees_noise) >= 0.9, seen, "at least 90 % of both", look)
    return "now think of a spoiled picture that fools this judge: there always is one."
