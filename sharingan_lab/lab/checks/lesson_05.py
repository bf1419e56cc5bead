"""Checks of lesson 05: the gradient penalty, and what mode collapse is."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from sharingan_lab.lab.checks.answers import close, dice, near, number, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect
from sharingan_lab.lab.toys.distributions import gaussian_mixture, mode_coverage, ring_centres
from sharingan_lab.losses import gradient_penalty


def my_penalty(function: Callable) -> str:
    """Check a penalty: linear critics, a curved one, and whether it reaches the weights."""
    real, fake = torch.zeros(64, 2), torch.ones(64, 2)
    looks = {
        5.0: "the slope's distance from 1: (norm - 1) ** 2",
        4.0: "the square: (norm - 1) ** 2",
        25.0: "the slope's distance from 1: subtract 1 before the square",
        576.0: "the norm is the root of the sum of squares: gradient.norm(dim=1)",
        16 * 64: "the mean over the samples, not the sum",
        (5 / 64 - 1) ** 2: "differentiate the sum of the scores: their mean is N times flatter",
        24.0: "subtract 1 from the norm, then square: (norm - 1) ** 2",
        160.0: "the fine without its price: lambda comes later",
    }
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    fine = scalar(function(lambda x: x @ w, real, fake, dice()), "my_penalty")
    norm = "the norm over the coordinates of each sample, gradient.norm(dim=1)"
    look = next((text for v, text in looks.items() if close(fine, v)), norm)
    expect(close(fine, 16), f"{shown(fine)} for a linear critic of slope 5", "(5 - 1)^2 = 16", look)
    wanted = "a fine that autograd can follow to the critic's weights"
    expect(fine.requires_grad, "a number without its graph", wanted, "create_graph=True")
    (pull,) = torch.autograd.grad(fine, w)
    look = "the graph of the slope: create_graph=True, and no .detach() behind it"
    expect(near(pull, torch.tensor([4.8, 6.4])), "another gradient for w", "[4.8, 6.4]", look)
    fine = scalar(function(lambda x: x @ w / 10, real, fake, dice()), "my_penalty")
    look = "slopes below 1 are fined as well: no relu, no clamp"
    expect(close(fine, 0.25), f"{shown(fine)} for slope 0.5", "(0.5 - 1)^2 = 0.25", look)
    _measured_on_lines(function, real, fake)
    return "16 for slope 5, its gradient reaches the weights, and equal to gradient_penalty."


def _measured_on_lines(function: Callable, real: Tensor, fake: Tensor) -> None:
    """Check where a penalty is measured: a bowl tells how far along, a valley how far off."""

    def bowl(x: Tensor) -> Tensor:
        return 20 * (x**2).sum(1)

    seen = scalar(function(bowl, real, fake, dice()), "my_penalty")
    library = gradient_penalty(bowl, real, fake, rng=dice())
    slopes = 40 * 2**0.5 * (1 - torch.rand(len(real), 1, generator=dice()))  # at x_hat
    where = "where it is measured: x_hat = alpha * real + (1 - alpha) * fake"
    looks = {
        gradient_penalty(bowl, fake, real, rng=dice()): "alpha belongs to real, 1 - alpha to fake",
        (slopes.mean() - 1) ** 2: "fine each sample, then take the mean: ((norm - 1) ** 2).mean()",
        (20 * 2**0.5 - 1) ** 2: "a random place on each line, not its middle",
        (40 * 2**0.5 - 1) ** 2: where,
        1.0: where,
    }
    look = "one alpha for each sample: torch.rand(len(real), 1, generator=rng)"
    look = next((text for value, text in looks.items() if close(seen, value, 1e-3)), look)
    expect(close(seen, library, 0.05), f"{seen:.0f} for a curved critic", f"{library:.0f}", look)
    valley = function(lambda x: 20 * (x[:, 0] - x[:, 1]) ** 2, real, fake, dice())
    look = "one alpha for both coordinates of a sample, shape (N, 1): x_hat lies on the line"
    seen = f"{scalar(valley, 'my_penalty'):.0f} for a critic that is flat along the lines"
    expect(close(valley, 1), seen, "(0 - 1)^2 = 1", look)


def my_coverage(function: Callable) -> str:
    """Check a count of covered modes: a case for the head, then the lab's on a ring."""
    centres = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    points = torch.tensor([[0.1, 0.0], [0.0, 0.2], [9.2, 0.0], [5.0, 5.0], [4.0, 5.0]])
    looks = {
        3: "points that are near none: compare with radius",
        5: "the modes are counted, not the points",
        2: "one point is too few where least is 2",
        0: "sum over the points, dim=0, and at least: as many points as least will do",
    }
    for least, wanted in ((2, 1), (1, 2)):
        seen = scalar(function(points, centres, 0.3, least), "my_coverage").item()
        look = looks.get(seen, "for each centre: how many distances are at most radius?")
        text = f"{shown(seen)} modes where 2, 1 and 0 points lie near three centres, least={least}"
        expect(seen == wanted, text, f"{wanted}", look)
    ring, rng = ring_centres(8), dice()
    for modes in (8, 5):
        points, _ = gaussian_mixture(300, ring[:modes], 0.2, rng=rng)
        seen = scalar(function(points, ring, 0.3, 20), "my_coverage").item()
        library = mode_coverage(points, ring, radius=0.3, least=20)[0]
        look = "all centres, the radius and the least that are given"
        expect(seen == library, f"{shown(seen)} modes of a ring of 8", f"{library}", look)
    return "2, 1 and 0 points told apart, and equal to mode_coverage on a ring."


def exercise_1(its_penalty: object, its_slope: object) -> str:
    """Check a penalty and a slope by formula."""
    fine, slope = number(its_penalty, "its_penalty"), number(its_slope, "its_slope")
    look = "how long is w, and how far is that from 1?"
    look = "w is 2 long: the distance from 1, squared" if fine in (2, 4) else look
    expect(abs(fine - 1) < 1e-3, f"penalty {shown(fine)}", "(|w| - 1)^2", look)
    expect(abs(slope - 1.2) < 1e-3, f"slope {shown(slope)}", "1 + W / (2 lambda)", "put in W = 4")
    return "both: a fine of 1, and a slope of 1.2."


def exercise_2(function: Callable[[Tensor], Tensor]) -> str:
    """Check a one-sided fine of norms."""
    cases = {0.3: 0.0, 1.0: 0.0, 3.0: 4.0, -0.0: 0.0}
    for slope, wanted in cases.items():
        seen = scalar(function(torch.tensor([slope])), "one_sided")
        look = "below 1 nothing is due: torch.relu" if slope < 1 else "the square of the excess"
        expect(close(seen, wanted), f"slope {slope} is fined {shown(seen)}", shown(wanted), look)
    seen = scalar(function(torch.tensor([3.0, 0.0])), "one_sided")
    look = "the mean over the batch, not the sum"
    look = "cut each slope on its own, then take the mean" if close(seen, 0.25) else look
    expect(close(seen, 2), f"slopes 3 and 0 are fined {shown(seen)}", "(4 + 0) / 2 = 2", look)
    return "it is gradient_penalty(..., one_sided=True)."


def exercise_3(function: Callable) -> str:
    """Check that a penalty's gradient reaches the critic's weights."""
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    ends = torch.zeros(8, 2), torch.ones(8, 2)
    fine = scalar(function(lambda x: x @ w, *ends, dice()), "silent_penalty")
    look = "the number: it was right before, only its graph was missing"
    expect(close(fine, 16), f"a fine of {shown(fine)} for slope 5", "16", look)
    if not fine.requires_grad:
        raise Open("the number is right, but its graph was thrown away: w gets no gradient.")
    look = "the slope must stay in the graph when it is computed: an option of autograd.grad"
    (pull,) = torch.autograd.grad(fine, w, allow_unused=True)
    expect(pull is not None, "a graph without w", "a gradient for w", look)
    seen = f"a gradient of ({pull[0]:.2f}, {pull[1]:.2f}) for w"
    expect(near(pull, 2 * 4 * w / 5), seen, "(4.80, 6.40)", look)
    return "now the fine pulls the weights towards slope 1."


_TESTS = {
    "right": "a linear critic of slope 1 must be fined 0, and a curved one, again, much the same",
    "channels": "a critic of slope 1 in every single pixel, and so steep in all, must go free",
    "sum": "a map of 16 equal scores must be fined as if it were 16 times steeper",
    "one alpha": "called repeatedly with a curved critic, such as 40 * x**2, it must jump most",
}


def exercise_4(guess: object, *, right: Mapping[str, str]) -> str:
    """Check four diagnoses; say how to test a wrong one, not what is right."""
    expected = 'a diagnosis for each letter, {"A": "right", ...}'
    known = isinstance(guess, Mapping)
    expect(known, f"guess is {shown(guess)}", expected, "fill in the four texts of guess")
    if not any(guess.values()):
        raise Open("fill in the four diagnoses above.")
    for letter in right:
        expect(guess.get(letter), f"nothing for {letter}", expected, "all four are wanted")
        seen = f"{letter} is {guess[letter]!r}"
        expect(guess[letter] in _TESTS, seen, f"one of {', '.join(_TESTS)}", "the spelling")
    named = [guess[letter] for letter in right]
    seen, look = f"{', '.join(named)}", "each repository has its own mistake"
    expect(len(set(named)) == len(right), seen, "four different ones", look)
    wrong = [letter for letter in right if guess[letter] != right[letter]]
    if wrong:
        look = f"test {wrong[0]} for what you call it: {_TESTS[guess[wrong[0]]]}"
        raise NotYet(f"{4 - len(wrong)} of 4 are right", "all four", look)
    return "you can review a repository by its numbers."


def exercise_5(function: Callable[[Tensor], Tensor]) -> str:
    """Check a normalisation over a sample's own axes, on features of two different scales."""
    features = 5 + 3 * torch.randn(4, 16, 8, 8, generator=dice())
    if near(function(features.clone()), features - features.mean()):
        raise Open("my_norm still subtracts one mean of the whole batch.")
    out = tensor(function(features.clone()), (4, 16, 8, 8), "my_norm's answer")
    others = features.clone()
    others[1:] = 50 * others[1:] - 7
    same = near(function(others)[0], out[0], 1e-3)
    seen, look = "a sample changes when the others change", "never over the first axis, the samples"
    expect(same, seen, "no sample that knows of another", look)
    batches = {"mean 5, spread 3": features, "mean -2, spread 0.5": features / 6 - 2.8}
    for name, batch in batches.items():
        out = tensor(function(batch.clone()), (4, 16, 8, 8), "my_norm's answer")
        mean, spread = out.mean((1, 2, 3)).abs().max(), out.std((1, 2, 3))
        look = "subtract the mean of each sample's own features, keepdim=True"
        expect(mean < 0.1, f"features of {name} come out with mean {mean:.2f}", "0", look)
        off, look = (spread - 1).abs().max(), "divide by the spread of each sample's own features"
        seen = f"features of {name} come out with spread {spread.mean():.2f}"
        expect(off < 0.1, seen, "1", look)
    return "any mean and spread over a sample's own axes will do."
