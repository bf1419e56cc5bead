"""Checks of lesson 04: the earth mover's distance and its critic."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sharingan_lab.lab.checks.answers import close, dice, number, numbers, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect
from sharingan_lab.lab.toys.distances import earth_movers_distance


def my_distance(function: Callable[[Tensor, Tensor], Tensor]) -> str:
    """Check the earth mover's distance on a line: one pile, both ways, then the solver's."""
    p, q = torch.zeros(2, 6)
    p[1], q[4] = 1, 1
    seen = scalar(function(p, q), "my_distance")
    looks = {
        2: "what passes each gap is a running sum of p - q: torch.cumsum",
        -3: "the size of what passes, whichever way: .abs()",
        0.5: "the sum over the gaps, not their mean",
        7: "first add up, then take the size of each sum: .abs()",
    }
    look = next((t for v, t in looks.items() if close(seen, v)), "add up what passes each gap")
    expect(close(seen, 3), f"{shown(seen)} for one pile carried from 1 to 4", "3", look)
    back = scalar(function(q, p), "my_distance")
    look = "the size of what passes, whichever way: .abs()"
    expect(close(back, 3), f"{shown(back)} for the way back", "3 as well", look)
    p, q = (torch.tensor(x) / 6 for x in ([0.0, 3, 2, 1, 0, 0], [2.0, 0, 0, 1, 0, 3]))
    seen = scalar(function(p, q), "my_distance")
    places = torch.arange(6.0)
    loads = [places.repeat_interleave((6 * x).round().int())[:, None] for x in (p, q)]
    wanted = earth_movers_distance(*loads)
    look = "first add up, then take the size: in the puzzle earth passes both ways"
    expect(close(seen, wanted), f"{shown(seen)} for the puzzle", f"{wanted:.3f}", look)
    return "3 for a pile carried over 3 m, both ways, and the solver's number for the puzzle."


def my_critic_loss(function: Callable[[Tensor, Tensor], Tensor]) -> str:
    """Check the loss that a Wasserstein critic minimises."""
    seen = scalar(function(torch.tensor([3.0, 5.0]), torch.tensor([1.0])), "my_critic_loss")
    looks = {
        3: "the sign: the critic wants real scores high, and an optimiser minimises",
        -7: "E is a mean over the samples, .mean()",
        7: "E is a mean over the samples, .mean(), and the sign",
    }
    known = (text for value, text in looks.items() if close(seen, value))
    look = next(known, "minus what equation (4) maximises")
    expect(close(seen, -3), f"{shown(seen)} for real 3, 5 and fake 1", "-(4 - 1) = -3", look)
    real, fake = torch.randn(2, 50, generator=dice())
    seen, wanted = scalar(function(real, fake), "my_critic_loss"), fake.mean() - real.mean()
    look = "the scores as they are: no logarithm, no sigmoid, no size"
    expect(close(seen, wanted), f"{shown(seen)} on noise", shown(wanted), look)
    return "the critic's gain, its sign turned for an optimiser."


def exercise_1(movers_distance: object, divergence: object) -> str:
    """Check both distances of two Gaussians that hardly overlap."""
    w, js = number(movers_distance, "movers_distance"), number(divergence, "divergence")
    look = "every grain can take the same way; from where to where?"
    look = "a distance has no sign" if abs(w + 6) < 0.05 else look
    expect(abs(w - 6) < 0.05, f"W = {shown(w)}", "the length of a shift", look)
    look = "they hardly overlap: think of the parallel lines"
    look = "in nats: natural logarithms" if abs(js - 1) < 0.02 else look
    expect(abs(js - math.log(2)) < 0.02, f"JS = {shown(js)}", "that of 'nothing in common'", look)
    return "a shift costs its length, and 'nothing in common' is log 2."


def exercise_2(my_heights: object, *, p: Tensor, q: Tensor, work: float) -> str:
    """Check six heights, nowhere steeper than 1, that are worth the whole distance."""
    h = torch.tensor(numbers(my_heights, "my_heights"))
    expect(len(h) == 6, f"{len(h)} heights", "six, one for each place", "places 0 to 5")
    steepest, worth = h.diff().abs().max().item(), (h @ (p - q)).item()
    seen = f"neighbours differ by {steepest:.2f}"
    expect(steepest <= 1 + 1e-6, seen, "at most 1", "between which places is it too steep?")
    look = "make all earth go downhill: up by 1 where it passes to the left, down to the right"
    look = "upside down: high where earth lies, low where it is wanted" if worth < 0 else look
    seen = f"a fair hillside, worth {worth:.2f}"
    expect(worth > work - 1e-6, seen, f"{work:.2f}, the price of the plan", look)
    return "the price of the plan and the height of the hillside agree."


def exercise_3(my_c: object, my_growth: object) -> str:
    """Check the threshold for 512 units, and what missing it costs."""
    c, growth = number(my_c, "my_c"), number(my_growth, "my_growth")
    seen = f"c x 512 / 2 = {c * 256:.3g}"
    expect(abs(c * 256 - 1) < 0.03, seen, "1", "solve c x 512 / 2 = 1 for c")
    look = "each of the ten layers multiplies by 1.1"
    look = "the layers multiply, they do not add" if abs(growth - 2) < 0.05 else look
    expect(abs(growth - 1.1**10) < 0.1, f"my_growth = {shown(growth)}", "ten times 10 %", look)
    return "nobody hits c that well, and the right c is another one for every width."


def exercise_4(critic: Callable[[Tensor], Tensor]) -> str:
    """Check a critic of slope 1 that tells a narrow Gaussian from a wide one."""
    x = torch.linspace(-8, 8, 1601)
    heights = critic(x)
    heights = tensor(heights, (1601,), "my_critic's answer for 1601 points").float()
    if torch.allclose(heights, 0.5 * x):
        raise Open("my_critic is still a slanted line: write one that tells narrow from wide.")
    steep = heights.diff().abs().max().item() / 0.01
    look = "divide it by its steepest slope"
    expect(steep <= 1.01, f"slope {steep:.2f}", "at most 1, everywhere", look)
    points = torch.randn(200_000, generator=dice())
    worth = (critic(points).mean() - critic(2 * points).mean()).item()
    if steep == 0:
        raise Open("my_critic returns the same height everywhere.")
    look = "the earth has to move outwards, on both sides"
    look = "the sign: high where the real points, the narrow ones, lie" if worth < -0.1 else look
    expect(worth > 0.75, f"worth {worth:.2f}", "0.75 or more", look)
    return f"worth {worth:.2f}."


def exercise_5(forger: Callable[[int], Tensor]) -> str:
    """Check points with the first two moments of a Gaussian that are far from it."""
    points = tensor(forger(400), (400, 2), "my_forger(400)").float()
    means, second = points.mean(dim=0), points.T @ points / 400
    text = ", ".join(f"{m:.2f}" for m in means.tolist())
    expect(means.abs().max() < 0.2, f"means {text}", "0 and 0", "the blind critic sees means")
    text = ", ".join(f"{m:.2f}" for m in second.flatten().tolist())
    look = "mean squares of 1 along both axes, and a mean product of 0"
    expect((second - torch.eye(2)).abs().max() < 0.25, f"moments {text}", "1, 0, 0, 1", look)
    far = earth_movers_distance(points, torch.randn(400, 2, generator=dice()))
    look = "gather the points in fewer places: which few have these moments?"
    expect(far >= 0.7, f"fair moments, but only {far:.2f} away", "0.70 or more", look)
    return f"{far:.2f} away, and nothing to be seen in the first two moments."
