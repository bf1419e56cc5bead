"""Checks of lesson 03: the game of forger and detective."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.lab.checks.answers import close, dice, near, number, numbers, scalar, shown
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect
from sharingan_lab.lab.toys.distances import jensen_shannon
from sharingan_lab.lab.toys.distributions import Normal
from sharingan_lab.losses import critic_loss

Loss = Callable[[Tensor, Tensor], Tensor]
_REAL, _FORGED = Normal(mean=1.0, std=0.5), Normal(mean=0.0, std=1.0)


def value(function: Loss) -> str:
    """Check the value V of the game, from scores."""
    zero = torch.zeros(4)
    seen = function(zero, zero)
    if isinstance(seen, Tensor) and not seen.isfinite().all():
        look = "D = torch.sigmoid(score) first: a score is no probability, and may be 0 or negative"
        raise NotYet("infinity or NaN at scores 0", "the logarithm of D = 1/2", look)
    seen = scalar(seen, "value")
    looks = {
        math.log(4): "the sign: V is what the detective maximises, and log 1/2 is negative",
        2 * math.log10(0.5): "the logarithm: the natural one, torch.log",
        2 * math.log2(0.5): "the logarithm: the natural one, torch.log",
        8 * math.log(0.5): "E is a mean over the samples, .mean(), not a sum",
        math.log(0.5): "two terms, added: one for real coins, one for forged ones",
        0.0: "the two terms are added",
    }
    look = "D = torch.sigmoid(score), then log D of real scores plus log(1 - D) of fake ones"
    look = next((t for v, t in looks.items() if close(seen, v)), look)
    half = f"log(1/2) + log(1/2) = {2 * math.log(0.5):.3f}"
    expect(close(seen, -math.log(4)), f"{shown(seen)} at scores 0, where D = 1/2", half, look)
    sure, wrong = (scalar(function(zero + s, zero - s), "value") for s in (5, -5))
    seen = f"{shown(sure)} for a good detective, {shown(wrong)} for one who errs"
    look = "log D belongs to real scores, log(1 - D) to fake ones, and D grows with the score"
    expect(sure > wrong, seen, "the first near 0, the second far below", look)
    scores = torch.randn(2, 100, generator=dice())
    seen, library = scalar(function(*scores), "value"), -critic_loss(*scores, "vanilla")
    of_means = sum(torch.sigmoid(s).mean().log() for s in (scores[0], -scores[1]))
    if close(seen, of_means):
        look = "the mean of the logarithms, not the logarithm of a mean"
    expect(close(seen, library), f"{shown(seen)} on random scores", f"{shown(library)}", look)
    return "-log 4 for the undecided, and minus the library's critic_loss on random scores."


def my_js(function: Loss) -> str:
    """Check a Jensen-Shannon divergence: two ends for the head, then the lab's values."""
    p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    answers = [function(p, q), function(p, p)]
    look = "0 log 0 counts as 0: torch.xlogy; and divide by the mean of p and q, never by one alone"
    finite = [not isinstance(a, Tensor) or bool(a.isfinite().all()) for a in answers]
    if finite == [True, False]:
        look = "0 / 0 where both are 0: log p - log m in place of log(p / m), each by torch.xlogy"
    if not all(finite):
        raise NotYet("NaN or infinity where a cell is empty", f"log 2 = {math.log(2):.3f}", look)
    if any(isinstance(a, Tensor) and a.numel() > 1 for a in answers):
        raise NotYet("one number for each cell", "one for all", "a sum over the cells: .sum()")
    seen, zero = (scalar(answer, "my_js") for answer in answers)
    looks = {
        2 * math.log(2): "half of both sums together",
        math.log(2) / 2: "a sum over the cells, no mean; and one of p as well as one of q",
        1.0: "natural logarithms, not those to the base 2",
        0.0: "the 2 in 2p / (p + q): both are compared with the mean, (p + q) / 2",
        math.log(2) ** 0.5: "the divergence, not its root",
        -math.log(2): "the sign: p log p minus p log of the mean",
    }
    look = next((t for v, t in looks.items() if close(seen, v)), "two sums, one of p and one of q")
    expect(close(seen, math.log(2)), f"{shown(seen)} of nothing in common", "log 2 = 0.693", look)
    expect(close(zero, 0), f"{shown(zero)} of equal histograms", "0", "log(2p / (p + q)) at p = q")
    x, y = torch.rand(2, 50, generator=dice()).softmax(dim=1)
    seen, library = scalar(function(x, y), "my_js"), jensen_shannon(x, y)
    look = "the same sum for q as for p"
    text = f"{shown(seen)} of two random histograms"
    expect(close(seen, library, 1e-5), text, f"{shown(library)}", look)
    return "from 0 to log 2, and equal to jensen_shannon on random histograms."


def exercise_1(answer: object, value_then: object) -> str:
    """Check D* and V of a perfect forger."""
    d, v = number(answer, "answer"), number(value_then, "value_then")
    look = "put p = q into p / (p + q)"
    expect(abs(d - 0.5) < 1e-3, f"D* = {shown(d)}", "a probability for equal shares", look)
    looks = {
        math.log(4): "the sign: logarithms of 1/2 are negative",
        2 * math.log10(0.5): "the natural logarithm, math.log",
        math.log(0.5): "two terms, one for the real and one for the forged coins",
    }
    look = next((t for x, t in looks.items() if abs(v - x) < 0.01), "log(1/2) + log(1 - 1/2)")
    expect(abs(v + math.log(4)) < 0.02, f"V = {shown(v)}", "log D* + log(1 - D*) at D* = 1/2", look)
    return "a coin toss, and V = -log 4, the smallest value the forger can reach."


def exercise_2(one_pan: object, both_pans: object, *, streaks: Tensor) -> str:
    """Check how many letters explain one streaked picture, and two."""
    same = (streaks - streaks[4]).abs().amax(dim=(2, 3)) < 1e-3  # (36, 2): rows, columns; 4: the b
    counts = int(same[:, 1].sum()), int(same.all(dim=1).sum())
    one, both = number(one_pan, "one_pan"), number(both_pans, "both_pans")
    looks = {
        counts[0] // 2: "and a p at the same places?",
        2: "and at the other heights?",
        counts[0] - 1: "the b itself counts as well",
        2 * counts[0]: "at which side do b and p have their stem, at which d and q?",
    }
    look = looks.get(one, "which letters look alike when panned along the columns, at what heights")
    expect(one == counts[0], f"one_pan = {one:g}", "the number that look the same", look)
    look = "which letter and which place survive both pans?"
    expect(both == counts[1], f"both_pans = {both:g}", "those alike in both pictures", look)
    return "a second, different blur brings back what the first one took."


def exercise_3(undecided: object) -> str:
    """Check that all weights are given at which the two densities are equal."""
    given = sorted(numbers(undecided, "undecided"))
    # equal densities: 1.5 x^2 - 4 x + 2 - log 2 = 0
    root = math.sqrt(16 - 6 * (2 - math.log(2)))
    missing = {(4 - root) / 3: "the left", (4 + root) / 3: "the right"}
    for guess in given:
        found = min(missing, key=lambda x: abs(x - guess), default=None)
        if found is None or abs(found - guess) > 0.01:
            x = torch.tensor(guess)
            share = (_REAL.density(x) / (_REAL.density(x) + _FORGED.density(x))).item()
            known = sum(abs(guess - other) < 0.02 for other in given) > 1
            seen = f"{guess:.3g} g " + ("twice" if known else f"where D* = {share:.2f}")
            look = "where do the two bell curves cross? Each crossing once, to two decimals"
            raise NotYet(seen, "weights with D* = 0.5", look)
        del missing[found]
    seen = f"{len(given)} of 2 weights, right"
    expect(not missing, seen, "all of them", "follow the curve of D* to its other side")
    return "in between, coins are more often real; outside, more often forged."


def exercise_4(function: Loss) -> str:
    """Check a one-sided smoothed loss against binary cross-entropy, up to a positive factor."""
    draws = torch.randn(3, 2, 64, generator=dice()) * 2
    seen = torch.stack([scalar(function(*pair), "smoothed_loss") for pair in draws]).detach()

    def reference(real: Tensor, fake: Tensor, on_real: float, on_fake: float) -> Tensor:
        targets = torch.full_like(real, on_real), torch.full_like(fake, on_fake)
        both = zip((real, fake), targets, strict=True)
        return sum(F.binary_cross_entropy_with_logits(s, t) for s, t in both)

    def matches(on_real: float, on_fake: float, sign: int = 1) -> bool:
        wanted = sign * torch.stack([reference(*pair, on_real, on_fake) for pair in draws])
        factor = (seen @ wanted / (wanted @ wanted)).item()
        return factor > 0 and near(seen / factor, wanted, 1e-3)

    if matches(0.9, 0):
        return "trained on it, a detective comes to rest at 0.9 p / (p + q)."
    looks = {
        (0.9, 0.1): "the forged coins are smoothed too: one-sided means the real ones only",
        (1, 0.1): "the wrong side is smoothed: the real coins are real with 90 % only",
        (1, 0): "nothing is smoothed: -log D became -0.9 log D - 0.1 log(1 - D)",
        (0.1, 0): "0.9 and 0.1 are exchanged",
        (0.9, 0, -1): "the sign: the loss is minimised, the value V was maximised",
    }
    look = "the weights 0.9 and 0.1 on real coins; plain -log(1 - D) on forged ones"
    look = next((text for case, text in looks.items() if matches(*case)), look)
    expected = reference(*draws[0], 0.9, 0)
    raise NotYet(f"{shown(seen[0])} on random scores", f"{shown(expected)}, or a multiple", look)


def exercise_5(turn: Callable) -> str:
    """Check a turn that settles wherever the forger's goal lies."""

    def play(goal: float, a: float, b: float, turns: int = 1500) -> tuple[float, float]:
        for _ in range(turns):
            pair = turn(a, b, lambda a, b: (b, a - goal))
            if pair is None:
                raise Open("calmer_turn returns None: write its body in the cell above.")
            expect(len(pair) == 2, shown(pair), "the pair (a, b)", "the return")
            a, b = (number(each, "calmer_turn's answer") for each in pair)
            if math.hypot(a, b) > 1e6:
                break
        return a, b

    a, b = play(0.0, 1.0, 0.0, turns=1)
    seen = f"from (1, 0), where the slopes are (0, 1), to ({a:.2f}, {b:.2f})"
    expect(b > 0, seen, "a detective who goes up his slope", "b + rate * slope of b")
    for goal in (0.0, 0.7, -1.3):
        rest = play(goal, goal, 0.0, turns=1)
        seen = f"at rest, ({goal}, 0), it moves to ({rest[0]:.2f}, {rest[1]:.2f})"
        look = "use a and b through the slopes: where the equilibrium lies is not known"
        expect(math.dist(rest, (goal, 0)) < 1e-9, seen, "to stay where all slopes are 0", look)
        for start in [(1.0, 1.0), (-2.0, 0.5), (0.1, -1.0)]:
            end = play(goal, *start)
            seen = f"from {start}, goal {goal}, after 1,500 turns at ({end[0]:.2g}, {end[1]:.2g})"
            look = "a fine for b, or slopes taken where the other will be"
            expect(math.dist(end, (goal, 0)) < 0.05, seen, f"({goal}, 0) within 0.05", look)
    return "it comes to rest from every start, wherever the goal lies."


def exercise_6(content_weight: object, results: object) -> str:
    """Check what a content weight gave: edges (%), fitting (%)."""
    weight = number(content_weight, "content_weight")
    expect(weight >= 0, f"content_weight = {weight:g}", "0 or more", "a weight has no sign")
    strong, fitting, *_ = numbers(results, "the result")
    seen = f"weight {weight:g}: edges {strong:.0f} %, fitting {fitting:.0f} %"
    wanted = "both over 95 %"
    look = "the letters do not belong to the streaks: more content"
    expect(fitting > 95, seen, wanted, look)
    expect(strong > 95, seen, wanted, "ghosts: less content")
    return f"edges {strong:.0f} %, fitting {fitting:.0f} %."
