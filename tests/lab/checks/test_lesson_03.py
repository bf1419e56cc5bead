"""Answers to lesson 03."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from sharingan_lab.lab import mirrored_letters, pan

from .judging import accepts, refuses, stays_open

log_d = F.logsigmoid


def test_value():
    accepts("03.value", lambda r, f: log_d(r).mean() + log_d(-f).mean())
    accepts(
        "03.value",
        lambda r, f: r.sigmoid().log().mean() + (1 - torch.sigmoid(f)).log().mean(),
    )
    bce = F.binary_cross_entropy_with_logits
    accepts("03.value", lambda r, f: -(bce(r, r * 0 + 1) + bce(f, f * 0)).item())
    refuses("03.value", "sigmoid", lambda r, f: r.log().mean() + (1 - f).log().mean())
    refuses("03.value", "natural", lambda r, f: (log_d(r) + log_d(-f)).mean() / math.log(2))
    refuses("03.value", "grows", lambda r, f: log_d(-r).mean() + log_d(f).mean())
    refuses("03.value", "belongs", lambda r, f: log_d(r).mean() + log_d(f).mean())
    refuses("03.value", "sign", lambda r, f: -log_d(r).mean() - log_d(-f).mean())
    refuses("03.value", "not a sum", lambda r, f: log_d(r).sum() + log_d(-f).sum())
    refuses("03.value", "belongs", lambda r, f: log_d(-r).mean() + log_d(f).mean())
    refuses("03.value", "two terms", lambda r, f: log_d(r).mean())
    refuses("03.value", "are added", lambda r, f: log_d(r).mean() - log_d(-f).mean())
    refuses(
        "03.value",
        "not the logarithm of a mean",
        lambda r, f: r.sigmoid().mean().log() + (1 - f.sigmoid().mean()).log(),
    )
    refuses("03.value", "shape", lambda r, f: log_d(r) + log_d(-f))
    stays_open("03.value", lambda r, f: None)


def test_exercise_1():
    accepts("03.1", 0.5, -math.log(4))
    accepts("03.1", 1 / 2, torch.tensor(2 * math.log(0.5)))
    accepts("03.1", torch.tensor(0.5), -1.4)
    refuses("03.1", "p = q", 1.0, -1.386)
    refuses("03.1", "negative", 0.5, 1.386)
    refuses("03.1", "natural", 0.5, -0.602)
    refuses("03.1", "two terms", 0.5, -0.693)
    refuses("03.1", "value_then is None", 0.5, None)


def test_exercise_2():
    letters, _ = mirrored_letters()
    streaks = torch.stack([pan(letters, angle) for angle in (0.0, 90.0)], dim=1)[:, :, 0]
    accepts("03.2", 6, 1, streaks=streaks)
    accepts("03.2", 6.0, torch.tensor(1), streaks=streaks)
    refuses("03.2", "a p at the same places", 3, 1, streaks=streaks)
    refuses("03.2", "other heights", 2, 1, streaks=streaks)
    refuses("03.2", "itself", 5, 1, streaks=streaks)
    refuses("03.2", "stem", 12, 1, streaks=streaks)
    refuses("03.2", "survive both", 6, 2, streaks=streaks)
    refuses("03.2", "both_pans is None", 6, None, streaks=streaks)


def test_exercise_3():
    accepts("03.3", [0.38, 2.29])
    accepts("03.3", (2.286, 0.381))
    accepts("03.3", torch.tensor([2.285, 0.381]))
    accepts("03.3", np.roots([1.5, -4, 2 - math.log(2)]))
    refuses("03.3", "twice", [0.38, 0.38])
    refuses("03.3", "other side", 0.38)
    refuses("03.3", "other side", [2.29])
    refuses("03.3", "D* =", [0.4, 2.29])
    refuses("03.3", "D* =", [0.38, 2.29, 1.0])
    refuses("03.3", "finite", [float("nan"), 2.29])
    refuses("03.3", "quotes", ["0.38", "2.29"])
    stays_open("03.3", [])


def test_exercise_4():
    def smoothed(r, f):
        return -(0.9 * log_d(r) + 0.1 * log_d(-r)).mean() - log_d(-f).mean()

    def crossed(r, f, a, b):
        bce = F.binary_cross_entropy_with_logits
        return bce(r, torch.full_like(r, a)) + bce(f, torch.full_like(f, b))

    accepts("03.4", smoothed)
    accepts("03.4", lambda r, f: crossed(r, f, 0.9, 0) / 2)
    refuses("03.4", "one-sided", lambda r, f: crossed(r, f, 0.9, 0.1))
    refuses("03.4", "wrong side", lambda r, f: crossed(r, f, 1, 0.1))
    refuses("03.4", "nothing is smoothed", lambda r, f: crossed(r, f, 1, 0))
    refuses("03.4", "exchanged", lambda r, f: crossed(r, f, 0.1, 0))
    refuses("03.4", "sign", lambda r, f: -smoothed(r, f))
    refuses("03.4", ".mean()", lambda r, f: -0.9 * log_d(r) - 0.1 * log_d(-r) - log_d(-f))
    stays_open("03.4", lambda r, f: None)


def test_exercise_5():
    def fine(a, b, gradient, rate=0.1):
        a = a - rate * gradient(a, b)[0]
        return a, b + rate * (gradient(a, b)[1] - 0.5 * b)

    def foresees(a, b, gradient, rate=0.1):
        da, db = gradient(a, b)
        da, db = gradient(a - rate * da, b + rate * db)
        return a - rate * da, b + rate * db

    accepts("03.5", fine)
    accepts("03.5", foresees)
    refuses("03.5", "fine for b", lambda a, b, g: (a - 0.1 * g(a, b)[0], b + 0.1 * g(a, b)[1]))
    refuses("03.5", "goes up", lambda a, b, g: (0.9 * a, 0.9 * b))
    refuses("03.5", "through the slopes", lambda a, b, g: (0.9 * a - 0.1 * b, 0.9 * b + 0.1 * a))
    refuses("03.5", "goes up", lambda a, b, g: (a + 0.1 * g(a, b)[0], b - 0.1 * g(a, b)[1]))
    refuses("03.5", "your code stops with", lambda a, b, g: (a - 0.1 * g, b))
    stays_open("03.5", lambda a, b, g: None)


def test_exercise_6():
    accepts("03.6", 2.5, (98.0, 99.0, 0.1))
    accepts("03.6", 3, torch.tensor([96.0, 97.0, 0.1]))
    refuses("03.6", "less content", 100, (70.0, 99.0, 0.1))
    refuses("03.6", "more content", 0.0, (99.0, 20.0, 0.3))
    refuses("03.6", "no sign", -1, (99.0, 20.0, 0.3))
    refuses("03.6", "finite", 1.0, (float("nan"), 99.0, 0.1))


def test_my_js():
    def js(p, q, log=torch.log, half=0.5, two=2.0):
        kl = [torch.where(x > 0, x * log(two * x / (p + q)), 0).sum() for x in (p, q)]
        return half * (kl[0] + kl[1])

    def entropies(p, q):
        h = [-torch.xlogy(x, x).sum() for x in (p, q, (p + q) / 2)]
        return (h[2] - (h[0] + h[1]) / 2).item()

    accepts("03.my_js", js)
    accepts("03.my_js", entropies)
    refuses("03.my_js", "half", lambda p, q: js(p, q, half=1.0))
    refuses("03.my_js", "base 2", lambda p, q: js(p, q, log=torch.log2))
    refuses("03.my_js", "(p + q) / 2", lambda p, q: js(p, q, two=1.0))
    refuses("03.my_js", "not its root", lambda p, q: js(p, q).sqrt())
    refuses("03.my_js", "the sign", lambda p, q: -js(p, q))
    refuses("03.my_js", "xlogy", lambda p, q: (p * torch.log(p / q)).sum())
    refuses(
        "03.my_js",
        "for q",
        lambda p, q: torch.xlogy(p, p).sum() - torch.xlogy(p, (p + q) / 2).sum(),
    )
    refuses("03.my_js", ".sum()", lambda p, q: (torch.xlogy(p, p) + torch.xlogy(q, q)) / 2)
    refuses(
        "03.my_js",
        "0 / 0 where both",
        lambda p, q: 0.5 * sum(torch.xlogy(x, 2 * x / (p + q)).sum() for x in (p, q)),
    )
    refuses("03.my_js", "no mean", lambda p, q: js(p, q) / 2)
    stays_open("03.my_js", lambda p, q: None)
