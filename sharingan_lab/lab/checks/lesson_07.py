"""Checks of lesson 07: losses, and which part trains which network."""

import copy
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from sharingan_lab.lab.checks.answers import close, dice, near, number, scalar, shown
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect
from sharingan_lab.losses import generator_loss


def mean_cost(function: Callable) -> str:
    """Check the mean cost of an answer in L2: two truths for the head, then five of noise."""
    truths, chances = torch.stack([torch.zeros(4), torch.ones(4)]), (0.75, 0.25)
    seen = scalar(function(torch.full((4,), 0.2), truths, chances), "mean_cost")
    looks = {
        "the mean over the pixels, not their sum": 0.76,
        "L2: the differences squared": 0.35,
        "the chances: each truth's cost times its own": 0.34,
        "the chances add up to 1: each truth's cost times its own": 0.68,
        "the mean of the costs, not the cost of the mean truth": 0.0025,
        "no root: the squares themselves": 0.19**0.5,
    }
    found = (t for t, v in looks.items() if close(seen, v))
    look = next(found, "p_k times the mean square, summed over k")
    text = f"{shown(seen)} for 0.2, where 0 has chance 3/4 and 1 has 1/4"
    expect(close(seen, 0.19), text, "3/4 * 0.04 + 1/4 * 0.64 = 0.19", look)
    truths, answer = torch.rand(5, 64, generator=dice()), torch.rand(64, generator=dice(1))
    chances = torch.rand(5, generator=dice(2)).softmax(dim=0)
    costs = torch.stack([nn.functional.mse_loss(answer, truth) for truth in truths])
    wanted = chances @ costs
    seen = scalar(function(answer, truths, tuple(chances.tolist())), "mean_cost")
    text = f"{shown(seen)} for five truths of noise"
    expect(close(seen, wanted, 1e-5), text, f"{shown(wanted)}, by F.mse_loss", look)
    return "0.19 for the two truths, and what F.mse_loss says for five of noise."


def perceptual_loss(function: Callable, *, features: Callable[[Tensor], Tensor]) -> str:
    """Check a perceptual loss: equal pictures, order, and the library's value."""
    x, y = torch.rand(2, 1, 3, 32, 32, generator=dice())
    device = next(features.parameters()).device
    x, y = x.to(device), y.to(device)
    with torch.no_grad():
        same = scalar(function(x, x), "perceptual_loss")
        seen = scalar(function(x, y), "perceptual_loss")
        mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(3, 1, 1)
        deviation = torch.tensor([0.229, 0.224, 0.225], device=device).view(3, 1, 1)
        inside = [features((p - mean) / deviation) for p in (x, y)]
        raw = (features(x) - features(y)).square().mean()
    expect(close(same, 0), f"{shown(same)} for two equal pictures", "0", "a difference, squared")
    wanted = (inside[0] - inside[1]).square().mean()
    looks = {
        "VGG was trained on (picture - mean) / deviation: do that first": raw,
        "the square of the differences, not their size": (inside[0] - inside[1]).abs().mean(),
        "the mean of the squares, not their sum": wanted * inside[0].numel(),
        "features, phi(...): this compares pixels": (x - y).square().mean(),
        "no root: the mean of the squares": wanted.sqrt(),
    }
    found = (t for t, v in looks.items() if close(seen / v, 1, 1e-3))
    look = next(found, "phi of both pictures, difference, square, mean")
    good = close(seen / wanted, 1, 1e-3)
    expect(good, f"{shown(seen)} for two pictures of noise", shown(wanted), look)
    return "0 for equal pictures, and the library's PerceptualLoss for two of noise."


def exercise_1(my_l2: object, my_l1: object) -> str:
    """Check the best answers under L2 and L1 for 0.1, 0.2, 0.9."""
    for name, given, right, other in (("L2", my_l2, 0.4, 0.2), ("L1", my_l1, 0.2, 0.4)):
        v = number(given, f"my_{name.lower()}")
        look = "try some values: the mean cost of v is loss(v, values).mean()"
        if abs(v - other) < 0.005:
            look = "that is what the other loss wants: does this one care how far away 0.9 is?"
        expect(abs(v - right) < 0.005, f"{shown(v)} under {name}", "the value of least cost", look)
    return "the mean under L2, the median under L1."


_PARTS = {
    "-E[D(x)]": "it does not contain the generator at all",
    "penalty": "its points are detached: it shapes the critic only",
    "+E[D(G(blurred))]": "that sign is the critic's; the generator wants the score to rise",
    "-E[D(G(blurred))]": "the critic's verdict on the restored picture is missing",
    "perceptual loss": "what keeps the restored picture close to the sharp one is missing",
}


def exercise_2(my_parts: object) -> str:
    """Check which parts of the losses enter the generator's step."""
    mine = {my_parts} if isinstance(my_parts, str) else set(my_parts)
    mine = {str(part).strip() for part in mine}
    look = "copy the names from the table of section 6"
    strange = sorted(mine - set(_PARTS))
    expect(not strange, f"{', '.join(strange)}", f"names among {', '.join(_PARTS)}", look)
    wrong = sorted(mine ^ {"-E[D(G(blurred))]", "perceptual loss"})
    if wrong:
        seen = f"{len(mine)} part{'s' * (len(mine) != 1)}: {', '.join(sorted(mine))}"
        raise NotYet(seen, "those with a gradient for the generator", _PARTS[wrong[0]])
    return "the critic's verdict and the perceptual loss."


def exercise_3(my_pixels: object) -> str:
    """Check the receptive field of conv4_1."""
    n = number(my_pixels, "my_pixels")
    looks = {
        64: "the pooling sees further, too: one neighbour, 4 pixels away",
        56: "behind the pooling neighbours are 8 pixels apart, not 4",
        60: "behind the pooling neighbours are 8 pixels apart, so conv4_1 adds more than 8",
        48: "that is conv3_4. The pooling and conv4_1 follow",
        40: "that is conv3_3. Each layer behind it widens the view",
        68 * 68: "the side of the square, not its area",
    }
    look = looks.get(n, "the loop of section 3: + (kernel - 1) x the pixels between neighbours")
    expect(n == 68, f"{n:g} pixels", "the side of the square that one number sees", look)
    return "40, + 2 x 4 for conv3_4, + 4 for the pooling, + 2 x 8 for conv4_1."


def exercise_4(step: Callable) -> str:
    """Check a generator's step on small networks: what it moves, and what it leaves behind."""
    blurred, sharp = torch.rand(2, 2, 3, 12, 12, generator=dice())
    generator, critic, optimiser = _networks()
    before = copy.deepcopy(critic.state_dict())
    start = [p.detach().clone() for p in generator.parameters()]
    step(generator, critic, blurred, sharp, optimiser, _content)
    kept = all(torch.equal(a, b) for a, b in zip(before.values(), critic.parameters(), strict=True))
    expect(kept, "the critic's weights move", "only the generator's", "which optimiser steps?")
    now = [p.detach() for p in generator.parameters()]
    wanted = "the step of both terms: generator_loss(scores) + 100 * content loss"
    moved = any(not torch.equal(a, b) for a, b in zip(now, start, strict=True))
    look = "total.backward(), then generator_adam.step(); freeze weights, not scores"
    expect(moved, "the generator does not learn", wanted, look)

    def is_like(adversarial: float, weight: float) -> bool:
        other = _after(adversarial, weight, blurred, sharp)
        return all(near(a, b, 1e-6) for a, b in zip(now, other, strict=True))

    seen, look = "the critic's verdict does not reach the generator", "no no_grad, no detach there"
    expect(not is_like(0, 100), seen, wanted, look)
    seen, look = "the generator learns to please nobody: the verdict's sign is turned", "its sign"
    expect(not is_like(-1, 100), seen, wanted, look)
    seen, look = "the content loss does not reach the generator", "100 * content_loss(...)"
    expect(not is_like(1, 0), seen, wanted, look)
    look = "keep both terms as they were; only the critic's gradients are at issue"
    expect(is_like(1, 100), "the generator takes another step than before", wanted, look)
    _expect_clean(critic)
    return "the gradient passes through the critic and is not collected in it."


def _networks() -> tuple[nn.Module, nn.Module, torch.optim.Optimizer]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = nn.Sequential(nn.Conv2d(3, 3, 3, padding=1), nn.Sigmoid())
        critic = nn.Conv2d(3, 1, 4)
    return generator, critic, torch.optim.SGD(generator.parameters(), lr=0.01)


def _content(restored: Tensor, sharp: Tensor) -> Tensor:
    return (restored - sharp).square().mean()


def _after(adversarial: float, weight: float, blurred: Tensor, sharp: Tensor) -> list[Tensor]:
    """Weights of the generator after a step of its two terms, so weighted."""
    generator, critic, optimiser = _networks()
    restored = generator(blurred)
    verdict = generator_loss(critic(2 * restored - 1))
    (adversarial * verdict + weight * _content(restored, sharp)).backward()
    optimiser.step()
    return [p.detach() for p in generator.parameters()]


def _expect_clean(critic: nn.Module) -> None:
    """Complain of a critic with gradients that are not its own, or one that stays frozen."""
    if any(p.grad is not None and p.grad.abs().sum() > 0 for p in critic.parameters()):
        raise Open(
            "the step leaves gradients in the critic, of the generator's wish; the critic's next "
            "backward() adds to them, and so it learns to praise fakes. Mend the step."
        )
    frozen = not all(p.requires_grad for p in critic.parameters())
    look = "critic.requires_grad_(True) again at the end"
    expect(not frozen, "the critic stays frozen after the step", "one that can learn again", look)


def exercise_5(loss: Callable, *, damaged: Mapping[str, Tensor], sharp: Tensor) -> str:
    """Check a loss that forgives brightness and not blur."""
    first = loss(sharp, sharp)
    if first is None:
        raise Open("my_loss returns None: let it return a number.")
    costs = {name: scalar(loss(x, sharp), "my_loss").item() for name, x in damaged.items()}
    none = scalar(first, "my_loss").item()
    expect(abs(none) < 1e-6, f"{shown(none)} for equal pictures", "0", "a difference, squared")
    some = {n: f"{n} costs {shown(c)}" for n, c in costs.items()}
    least = min(costs, key=costs.get)
    expect(costs[least] >= 0, some[least], "0 or more", "a loss with a sign can be cheated")
    seen = f"{some['brighter']}, {some['noise']}"
    look = "what stays as it is when a picture brightens? Differences of neighbours, or to its mean"
    look = "the loss is 0 for everything" if costs["noise"] == 0 else look
    expect(costs["brighter"] < 0.1 * costs["noise"], seen, "less than a tenth of noise", look)
    seen = f"{some['blurred']}, {some['brighter']}"
    look = "does your loss still see edges? A mean over the picture does not"
    expect(costs["blurred"] > costs["brighter"] + 1e-9, seen, "blurred above brighter", look)
    return "would you train a generator with it alone? Features average, too."


def exercise_6(my_lambda: object) -> str:
    """Check a weight for features that are 586 times as large."""
    weight = number(my_lambda, "my_lambda")
    expect(weight > 0, f"lambda = {shown(weight)}", "a weight above 0", "such as 100 / 2")
    share = weight / 100 * 586**2
    look = "compare F.mse_loss(586 * a, 586 * b) with F.mse_loss(a, b)"
    if abs(share / 586 - 1) < 0.02:
        look = "nearly: the loss adds up squares of differences of features"
    elif weight > 100:
        look = "her loss is larger already; her lambda has to make up for it"
    seen = f"lambda = {shown(weight)}: a loss {share:.3g} times yours"
    expect(abs(share - 1) < 0.05, seen, "the same loss", look)
    return "the loss is a square, so it is 586 squared times as large."
