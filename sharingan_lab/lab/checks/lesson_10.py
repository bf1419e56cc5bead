"""Checks of lesson 10: precision, recall, F1, and whose truth."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from sharingan_lab.evaluation import detection_scores, own_truth
from sharingan_lab.lab.checks.answers import number, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect

Boxes = Mapping[str, Tensor]


def exercise_1(paper_f1: object) -> str:
    """Check an F1 computed from precision and recall."""
    value, p, r = number(paper_f1, "paper_f1"), 0.671, 0.742
    looks = {
        (p + r) / 2: "that is the plain mean; F1 is the harmonic one, 2PR / (P + R)",
        (p * r) ** 0.5: "that is the geometric mean; F1 is the harmonic one, 2PR / (P + R)",
        p * r / (p + r): "the factor 2: of two equal numbers the mean is that number",
        p * r: "that is PR alone: times 2, divided by P + R",
        200 * p * r / (p + r): "as a part of 1, not in per cent",
    }
    found = (text for v, text in looks.items() if abs(v - value) < 5e-4 * max(1, v))
    look = next(found, "F1 = 2PR / (P + R), and it lies between P and R")
    right = abs(value - 2 * p * r / (p + r)) < 6e-4
    expect(right, shown(value), "the harmonic mean, three digits", look)
    return "close to the plain mean, because P and R are close to each other."


def exercise_2(careful: object, *, found: Sequence[Boxes], truth: Sequence[Boxes]) -> str:
    """Check a least score: a right find earns 1, a wrong one costs 3."""
    least = number(careful, "careful")
    look = "75 per cent are 0.75"
    expect(0 <= least <= 1, f"careful is {shown(careful)}", "a score from 0 to 1", look)

    def earns(score: float) -> int:
        counts = detection_scores(found, truth, min_score=score)
        return counts.true_positives - 3 * counts.false_positives

    grid = [step / 20 for step in range(1, 20)]
    most = max(map(earns, grid))
    best = [score for score in grid if earns(score) == most]
    look = "wrong finds eat it up: be more careful"
    look = look if least < best[0] else "plants that were found right are left: be less careful"
    expect(earns(least) >= 0.98 * most, f"{shown(least)} earns {earns(least)}", "more", look)
    return f"it earns {earns(least)} here; what it earns on new fields is another question."


def exercise_3(on_sharp: object, on_blurred: object, *, truth: Sequence[Boxes]) -> str:
    """Check two reports of a useless detector that agree with each other."""
    if on_blurred is None:
        raise Open("on_blurred is still missing.")
    for name, report in {"on_sharp": on_sharp, "on_blurred": on_blurred}.items():
        parts, kinds = ("boxes", "labels", "scores"), "a dictionary of boxes, labels and scores"
        good = isinstance(report, Mapping) and set(parts) <= set(report)
        expect(good, f"{name} is {shown(report)}", kinds, "the one for the sharp field is a model")
        boxes = tensor(report["boxes"], (None, 4), f"the boxes of {name}")
        for part in parts[1:]:
            tensor(report[part], (len(boxes),), f"{part} of {name}, one a box,")
    itself = detection_scores([on_blurred], own_truth([on_sharp])).f1
    look = "it must see the same thing twice, with scores of 0.5 or more or not at all"
    expect(itself == 1, f"F1 {itself:.2f} against its own truth", "1", look)
    against_true = detection_scores([on_blurred], truth).f1
    look = "not useless enough: where does no plant stand?"
    expect(against_true == 0, f"F1 {against_true:.2f} against the true boxes", "0", look)
    return "perfectly consistent, and perfectly useless."
