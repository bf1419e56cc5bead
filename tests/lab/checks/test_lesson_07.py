"""Answers to lesson 07."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.datasets import photos
from sharingan_lab.losses import generator_loss

from .judging import accepts, refuses, stays_open


def test_mean_cost():
    def cost(answer, truths, chances):
        return sum(p * F.mse_loss(answer, t) for p, t in zip(chances, truths, strict=True))

    def refused(words, function):
        refuses("07.mean_cost", words, function)

    accepts("07.mean_cost", cost)
    accepts("07.mean_cost", lambda x, ts, ps: (torch.tensor(ps) @ (ts - x) ** 2).mean())
    refused("not their sum", lambda x, ts, ps: 4 * cost(x, ts, ps))
    refused("squared", lambda x, ts, ps: (torch.tensor(ps) @ (ts - x).abs()).mean())
    refused("times its own", lambda x, ts, ps: (ts - x).square().mean())
    refused("add up to 1", lambda x, ts, ps: cost(x, ts, [1] * len(ps)))
    refused("mean truth", lambda x, ts, ps: F.mse_loss(torch.tensor(ps) @ ts, x))
    refused("no root", lambda x, ts, ps: cost(x, ts, ps).sqrt())
    refused("noise", lambda x, ts, ps: cost(x, ts[:2], ps[:2]))
    refused(".mean()", lambda x, ts, ps: torch.tensor(ps) @ (ts - x).square())
    stays_open("07.mean_cost", lambda x, ts, ps: None)


def test_perceptual_loss():
    rng = torch.Generator().manual_seed(0)
    phi = nn.Conv2d(3, 8, 3)
    with torch.no_grad():
        phi.weight.copy_(torch.randn(phi.weight.shape, generator=rng))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)

    def inside(x):
        return phi((x - mean) / deviation)

    def refused(words, loss):
        refuses("07.perceptual_loss", words, loss, features=phi)

    accepts("07.perceptual_loss", lambda x, y: F.mse_loss(inside(x), inside(y)), features=phi)
    accepts(
        "07.perceptual_loss",
        lambda x, y: ((inside(y) - inside(x)) ** 2).sum() / inside(x).numel(),
        features=phi,
    )
    refused("trained on", lambda x, y: F.mse_loss(phi(x), phi(y)))
    refused("not their size", lambda x, y: F.l1_loss(inside(x), inside(y)))
    refused("not their sum", lambda x, y: ((inside(x) - inside(y)) ** 2).sum())
    refused("compares pixels", F.mse_loss)
    refused("no root", lambda x, y: F.mse_loss(inside(x), inside(y)).sqrt())
    refused("0", lambda x, y: inside(x).square().mean() + inside(y).square().mean())
    refused(".mean()", lambda x, y: (inside(x) - inside(y)) ** 2)
    stays_open("07.perceptual_loss", lambda x, y: None, features=phi)


def test_exercise_1():
    values = torch.tensor([0.1, 0.2, 0.9])
    accepts("07.1", 0.4, 0.2)
    accepts("07.1", values.mean(), values.median())
    refuses("07.1", "how far away 0.9", 0.2, 0.4)
    refuses("07.1", "under L1", 0.4, 0.5)
    refuses("07.1", "my_l1 is None", 0.4, None)
    refuses("07.1", "quotes", "0.4", 0.2)


def test_exercise_2():
    right = ["perceptual loss", "-E[D(G(blurred))]"]
    accepts("07.2", set(right))
    accepts("07.2", tuple(right))
    stays_open("07.2", set())
    refuses("07.2", "sign is the critic", {"perceptual loss", "+E[D(G(blurred))]"})
    refuses("07.2", "verdict on the restored picture is missing", "perceptual loss")
    refuses("07.2", "its points are detached", {*right, "penalty"})
    refuses("07.2", "copy the names", {"perceptual", "-E[D(G(blurred))]"})


def test_exercise_3():
    accepts("07.3", 68)
    accepts("07.3", 68.0)
    refuses("07.3", "pooling sees further", 64)
    refuses("07.3", "8 pixels apart", 56)
    refuses("07.3", "not its area", 68**2)
    refuses("07.3", "quotes", "68 x 68")


def step(*, freeze=True, thaw=True, sign=1, weight=100, drop=False, blind=False, clear=False):
    """The generator's step of exercise 4, with the likely repairs and mistakes."""

    def made(generator, critic, blurred, sharp, generator_adam, content_loss):
        critic.requires_grad_(not freeze)
        generator_adam.zero_grad()
        restored = generator(blurred)
        if blind:
            with torch.no_grad():
                scores = critic(2 * restored - 1)
        else:
            scores = critic(2 * restored - 1)
        total = 0 * restored.sum() + weight * content_loss(restored, sharp)
        if not drop:
            total = total + sign * generator_loss(scores)
        total.backward()
        generator_adam.step()
        if thaw:
            critic.requires_grad_(True)
        if clear:
            critic.zero_grad()

    return made


def test_exercise_4():
    accepts("07.4", step())
    accepts("07.4", step(freeze=False, clear=True))
    stays_open("07.4", step(freeze=False))
    refuses("07.4", "does not reach the generator", step(blind=True))
    refuses("07.4", "does not reach the generator", step(drop=True))
    refuses("07.4", "sign", step(sign=-1))
    refuses("07.4", "another step", step(weight=1))
    refuses("07.4", "content loss does not", step(weight=0))
    refuses("07.4", "stays frozen", step(thaw=False))
    refuses("07.4", "then generator_adam.step()", lambda *a: None)


@pytest.fixture(scope="module")
def given():
    sharp = 0.15 + 0.7 * photos(64)[:3]
    rng = torch.Generator().manual_seed(0)
    differences = {
        "blurred": blur(sharp, linear_kernel(7, 0, 9)) - sharp,
        "noise": torch.randn(sharp.shape, generator=rng),
        "brighter": torch.ones_like(sharp),
    }
    size = differences["blurred"].square().mean()
    damaged = {n: sharp + d * (size / d.square().mean()).sqrt() for n, d in differences.items()}
    return {"damaged": damaged, "sharp": sharp}


def test_exercise_5(given):
    accepts("07.5", lambda x, y: (x - y).diff(dim=-1).square().mean(), **given)
    accepts("07.5", lambda x, y: (x - y).var(dim=(2, 3)).mean(), **given)
    stays_open("07.5", lambda x, y: None, **given)
    refuses("07.5", "when a picture brightens", F.mse_loss, **given)
    refuses("07.5", "when a picture brightens", F.l1_loss, **given)
    refuses("07.5", "0 for everything", lambda x, y: 0 * F.mse_loss(x, y), **given)
    refuses("07.5", "still see edges", lambda x, y: (x.std() - y.std()).relu() ** 2, **given)
    refuses("07.5", "finite", lambda x, y: F.mse_loss(x, y) / 0, **given)
    refuses("07.5", "shape", lambda x, y: (x - y).diff() ** 2, **given)
    refuses("07.5", "can be cheated", lambda x, y: -(x - y).diff().square().mean(), **given)


def test_exercise_6():
    accepts("07.6", 100 / 586**2)
    accepts("07.6", 2.91e-4)
    accepts("07.6", 0.0003)  # rounded to one digit
    refuses("07.6", "squares", 100 / 586)
    refuses("07.6", "make up for it", 100 * 586**2)
    refuses("07.6", "mse_loss", 100)
    refuses("07.6", "above 0", 0)
