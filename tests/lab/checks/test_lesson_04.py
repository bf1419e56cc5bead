"""Answers to lesson 04."""

import math

import torch

from sharingan_lab.lab import earth_movers_distance

from .judging import accepts, refuses, stays_open


def test_my_distance():
    accepts("04.my_distance", lambda p, q: torch.cumsum(p - q, dim=0).abs().sum())
    places = torch.arange(6.0)
    accepts(
        "04.my_distance",
        lambda p, q: earth_movers_distance(
            *(places.repeat_interleave((6 * x).round().int())[:, None] for x in (p, q))
        ),
    )
    accepts(
        "04.my_distance",
        lambda p, q: sum(abs(float((p - q)[:i].sum())) for i in range(1, 6)),
    )
    refuses("04.my_distance", "running sum", lambda p, q: (p - q).abs().sum())
    refuses("04.my_distance", "first add up", lambda p, q: (p - q).abs().cumsum(0).sum())
    refuses("04.my_distance", "whichever way", lambda p, q: -torch.cumsum(p - q, dim=0).sum())
    refuses("04.my_distance", "not their mean", lambda p, q: torch.cumsum(p - q, 0).abs().mean())
    refuses("04.my_distance", "passes both ways", lambda p, q: torch.cumsum(p - q, 0).sum().abs())
    stays_open("04.my_distance", lambda p, q: None)


def test_my_critic_loss():
    accepts("04.my_critic_loss", lambda real, fake: -(real.mean() - fake.mean()))
    accepts("04.my_critic_loss", lambda r, f: f.sum() / len(f) - r.sum() / len(r))
    refuses("04.my_critic_loss", "sign", lambda real, fake: real.mean() - fake.mean())
    refuses("04.my_critic_loss", ".mean()", lambda real, fake: fake.sum() - real.sum())
    log = torch.nn.functional.logsigmoid
    refuses("04.my_critic_loss", "equation (4)", lambda r, f: -log(r).mean() - log(-f).mean())
    stays_open("04.my_critic_loss", lambda real, fake: None)


def test_exercise_1():
    accepts("04.1", 6, 0.69)
    accepts("04.1", 6.0, math.log(2))
    refuses("04.1", "from where to where", 3, 0.69)
    refuses("04.1", "no sign", -6, 0.69)
    refuses("04.1", "nats", 6, 1.0)
    refuses("04.1", "parallel lines", 6, 0.0)


def test_exercise_2():
    p = torch.tensor([0.0, 3, 2, 1, 0, 0]) / 6
    q = torch.tensor([2.0, 0, 0, 1, 0, 3]) / 6
    given = {"p": p, "q": q, "work": float(torch.cumsum(p - q, 0).abs().sum())}
    accepts("04.2", [0, 1, 0, -1, -2, -3], **given)
    accepts("04.2", torch.tensor([5.0, 6, 5, 4, 3, 2]), **given)
    stays_open("04.2", [], **given)
    refuses("04.2", "six", [0, 1, 0], **given)
    refuses("04.2", "at most 1", [0, 3, 0, -1, -2, -3], **given)
    refuses("04.2", "upside down", [0, -1, 0, 1, 2, 3], **given)
    refuses("04.2", "go downhill", [0, -1, -2, -3, -4, -5], **given)
    refuses("04.2", "finite", [0, 1, float("nan"), 0, 0, 0], **given)


def test_exercise_3():
    accepts("04.3", 2 / 512, 1.1**10)
    accepts("04.3", 0.0039, 2.59)
    refuses("04.3", "solve", 1 / 512, 2.59)
    refuses("04.3", "do not add", 1 / 256, 2.0)
    refuses("04.3", "multiplies by 1.1", 1 / 256, 1.1)
    refuses("04.3", "quotes", "2/512", 2.59)


def test_exercise_4():
    accepts("04.4", lambda x: -x.abs())
    accepts("04.4", lambda x: 3 - (x**2 + 0.001).sqrt())
    refuses("04.4", "both sides", lambda x: 0.9 * x)
    refuses("04.4", "the sign", lambda x: x.abs())
    refuses("04.4", "steepest", lambda x: -2 * x.abs())
    refuses("04.4", "0.75 or more", lambda x: -0.5 * x.abs())
    refuses("04.4", "finite", lambda x: -x.sqrt())
    stays_open("04.4", lambda x: None)
    stays_open("04.4", lambda x: 0.5 * x)  # as it is handed out


def test_exercise_5():
    rng = torch.Generator().manual_seed(0)
    accepts("04.5", lambda n: 2.0 * torch.randint(2, (n, 2), generator=rng) - 1)
    corners = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    accepts("04.5", lambda n: corners.repeat(n // 4, 1))
    refuses("04.5", "fewer places", lambda n: torch.randn(n, 2, generator=rng))
    refuses("04.5", "means", lambda n: torch.randn(n, 2, generator=rng) + 2)
    refuses("04.5", "mean product", lambda n: torch.randn(n, 1, generator=rng).expand(n, 2))
    refuses("04.5", "moments", lambda n: 0.1 * corners.repeat(n // 4, 1))
    refuses("04.5", "shape", lambda n: torch.randn(n, generator=rng))
    stays_open("04.5", lambda n: None)
