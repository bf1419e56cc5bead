"""Answers to lesson 05."""

import torch
from torch import nn

from sharingan_lab.lab import check
from sharingan_lab.lab.checks.answers import dice

from .judging import accepts, refuses, stays_open


def penalty(critic, real, fake, rng, *, graph=True, per=None, at=None, norm=None, shape=None):
    """The lesson's version, with the likely mistakes to turn on."""
    alpha = torch.rand(len(real) if per is None else per, 1, generator=rng)
    x_hat = (alpha * real + (1 - alpha) * fake) if at is None else at(real, fake)
    x_hat = x_hat.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x_hat).sum(), x_hat, create_graph=graph)
    norm = gradient.norm(dim=1) if norm is None else norm(gradient)
    return ((norm - 1) ** 2 if shape is None else shape(norm)).mean()


def with_mistake(**mistake):
    return lambda critic, real, fake, rng: penalty(critic, real, fake, rng, **mistake)


def test_my_penalty():
    accepts("05.my_penalty", penalty)

    def by_hand(critic, real, fake, rng):
        alpha = torch.rand(len(real), 1, generator=rng)
        x = torch.lerp(fake, real, alpha).requires_grad_(True)
        g = torch.autograd.grad(
            critic(x), x, torch.ones(len(real)), create_graph=True, retain_graph=True
        )[0]
        return ((g.square().sum(1).sqrt() - 1) ** 2).sum() / len(real)

    accepts("05.my_penalty", by_hand)
    refuses("05.my_penalty", "create_graph", with_mistake(graph=False))
    refuses("05.my_penalty", "one alpha for each", with_mistake(per=1))
    refuses("05.my_penalty", "where it is measured", with_mistake(at=lambda r, f: r))
    refuses("05.my_penalty", "not its middle", with_mistake(at=lambda r, f: (r + f) / 2))
    refuses("05.my_penalty", "belongs to real", lambda d, r, f, rng: penalty(d, f, r, rng))
    refuses("05.my_penalty", "below 1", with_mistake(shape=lambda n: torch.relu(n - 1) ** 2))
    refuses(
        "05.my_penalty", "then take the mean", with_mistake(shape=lambda n: (n.mean() - 1) ** 2)
    )
    refuses("05.my_penalty", "lambda comes later", with_mistake(shape=lambda n: 10 * (n - 1) ** 2))
    off = with_mistake(at=lambda r, f: torch.lerp(f, r, torch.rand(r.shape, generator=dice())))
    refuses("05.my_penalty", "both coordinates", off)
    refuses("05.my_penalty", "- 1", with_mistake(shape=lambda n: n))
    refuses("05.my_penalty", "the square", with_mistake(shape=lambda n: n - 1))
    refuses("05.my_penalty", "root", with_mistake(norm=lambda g: g.square().sum(1)))
    refuses("05.my_penalty", "of each sample", with_mistake(norm=lambda g: g.norm()))

    def of_the_mean(critic, real, fake, rng):
        return penalty(lambda x: critic(x).mean(), real, fake, rng)

    refuses("05.my_penalty", "N times flatter", of_the_mean)
    stays_open("05.my_penalty", lambda critic, real, fake, rng: None)


def test_exercise_1():
    accepts("05.1", 1, 1.2)
    accepts("05.1", 1.0, 1 + 4 / 20)
    refuses("05.1", "how long is w", 0, 1.2)
    refuses("05.1", "distance from 1", 4, 1.2)
    refuses("05.1", "put in W = 4", 1, 1.4)
    refuses("05.1", "its_slope is None", 1, None)


def test_exercise_2():
    accepts("05.2", lambda norm: (torch.relu(norm - 1) ** 2).mean())
    accepts("05.2", lambda norm: (norm.clamp(min=1) - 1).square().sum() / len(norm))
    refuses("05.2", ".mean()", lambda norm: torch.relu(norm - 1) ** 2)
    refuses("05.2", "torch.relu", lambda norm: ((norm - 1) ** 2).mean())
    refuses("05.2", "the square", lambda norm: torch.relu(norm - 1).mean())
    refuses("05.2", "not the sum", lambda norm: (torch.relu(norm - 1) ** 2).sum())
    refuses("05.2", "each slope on its own", lambda norm: torch.relu(norm.mean() - 1) ** 2)
    stays_open("05.2", lambda norm: None)


def test_exercise_3():
    accepts("05.3", penalty)

    def sums(critic, real, fake, rng):
        x = (real + fake) / 2
        x.requires_grad_()
        (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        return (g.norm(dim=1) - 1).square().mean()

    accepts("05.3", sums)
    stays_open("05.3", with_mistake(graph=False))

    def pretends(critic, real, fake, rng):
        return penalty(critic, real, fake, rng, graph=False).requires_grad_()

    refuses("05.3", "a graph without w", pretends)
    refuses("05.3", "it was right before", with_mistake(shape=lambda n: n**2))
    refuses("05.3", "ZeroDivisionError", lambda critic, real, fake, rng: 1 / 0)


def test_exercise_4():
    right = {"A": "channels", "B": "one alpha", "C": "right", "D": "sum"}
    accepts("05.4", dict(right), right=right)
    accepts("05.4", dict(reversed(right.items())), right=right)
    stays_open("05.4", dict.fromkeys("ABCD", ""), right=right)
    swapped = right | {"A": "right", "C": "channels"}
    refuses("05.4", "test A for what you call it", swapped, right=right)
    refuses("05.4", "2 of 4", swapped, right=right)
    refuses("05.4", "nothing for D", {"A": "right", "B": "sum", "C": "channels"}, right=right)
    refuses("05.4", "four different", dict.fromkeys("ABCD", "right"), right=right)
    refuses("05.4", "spelling", right | {"B": "alpha"}, right=right)
    refuses("05.4", "a diagnosis for each", ["right"], right=right)
    message = check("05.4", swapped, right=right).message
    assert "channels" not in message.split("look:")[1], "a wrong guess gives the answer away"


def test_exercise_5():
    def layer(f):
        m, s = f.mean((1, 2, 3), keepdim=True), f.std((1, 2, 3), keepdim=True)
        return (f - m) / (s + 1e-5)

    accepts("05.5", layer)
    accepts("05.5", nn.InstanceNorm2d(16))
    accepts("05.5", nn.GroupNorm(4, 16))
    stays_open("05.5", lambda f: f - f.mean())
    refuses("05.5", "mean", lambda f: (f - 5) / 3)
    refuses("05.5", "others change", lambda f: (f - f.mean().detach()) / f.std().detach())
    refuses("05.5", "others change", nn.BatchNorm2d(16))
    refuses("05.5", "spread", lambda f: f - f.mean((1, 2, 3), keepdim=True))
    refuses("05.5", "shape", lambda f: layer(f).flatten(1))
    refuses("05.5", "NaN", lambda f: layer(f) / 0)


def test_my_coverage():
    def near(points, centres, radius):
        return torch.cdist(points, centres) <= radius

    def loop(points, centres, radius, least):
        counts = [0] * len(centres)
        for row in torch.cdist(points, centres):
            counts[row.argmin()] += row.min().item() <= radius
        return sum(count >= least for count in counts)

    name = "05.my_coverage"
    accepts(name, lambda p, c, r, n: (near(p, c, r).sum(dim=0) >= n).sum())
    accepts(name, loop)
    refuses(name, "with radius", lambda p, c, r, n: len(c))
    refuses(name, "at least", lambda p, c, r, n: (near(p, c, r).sum(dim=0) > n).sum())
    refuses(name, "dim=0", lambda p, c, r, n: (near(p, c, r).sum(dim=1) >= n).sum())
    refuses(name, "too few", lambda p, c, r, n: near(p, c, r).any(dim=0).sum())
    refuses(name, "the least", lambda p, c, r, n: (near(p, c, r).sum(dim=0) >= min(n, 2)).sum())
    refuses(name, "mean", lambda p, c, r, n: near(p, c, r).sum(dim=0) >= n)
    stays_open(name, lambda p, c, r, n: None)
