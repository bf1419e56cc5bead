"""Checks of lesson 10: precision, recall, F1, and whose truth."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from sharingan_lab.evaluation import box_overlap, detection_scores, own_truth
from sharingan_lab.lab.checks.answers import close, dice, number, numbers, scalar, shown, tensor
from sharingan_lab.lab.checks.verdict import NotYet, Open, expect

Boxes = Mapping[str, Tensor]


def my_iou(function: Callable[[list[float], list[float]], float]) -> str:
    """Check the overlap of two boxes: cases for the head, then the library's."""
    apart = "boxes that lie apart share nothing: cut width and height at 0, max(0.0, ...)"
    union = "the union counts what both cover once: area of a + area of b - shared"
    halves = {
        0.25: union,
        0.5: "divide by the union, not by one box; edges are lengths, so no + 1",
        2: "the area that both cover: width times height",
    }
    cases = (
        ("half on each other", [0, 0, 2, 2], [1, 0, 3, 2], 1 / 3, halves, union),
        ("the same box", [1, 2, 4, 8], [1, 2, 4, 8], 1, {}, union),
        ("one inside the other", [0, 0, 4, 4], [1, 1, 3, 3], 0.25, {}, union),
        ("side by side, apart", [0, 0, 2, 2], [5, 0, 7, 2], 0, {}, apart),
        ("apart both ways", [0, 0, 2, 2], [5, 6, 7, 8], 0, {}, apart),
    )
    for name, a, b, wanted, looks, default in cases:
        seen = scalar(function([float(v) for v in a], [float(v) for v in b]), "my_iou")
        look = next((text for v, text in looks.items() if close(seen, v)), default)
        expect(close(seen, wanted), f"{shown(seen)} for {name}: {a}, {b}", shown(wanted), look)
    corners = 9 * torch.rand(20, 2, 2, generator=dice()).double()
    boxes = torch.cat([corners, corners + 1 + corners.flip(0)], dim=2)[:, 0]
    for a, b in zip(boxes[:10], boxes[10:], strict=True):
        seen = scalar(function(a.tolist(), b.tolist()), "my_iou")
        library = box_overlap(a[None], b[None]).item()
        text = f"{shown(seen)} for two boxes drawn at random"
        expect(close(seen, library), text, shown(library), "all four edges of both boxes")
    return "five cases for the head, and equal to box_overlap on boxes drawn at random."


def my_suppression(function: Callable[[Tensor, Tensor, float], Sequence[int]]) -> str:
    """Check non-maximum suppression: three cases for the head, then torchvision's."""
    from torchvision.ops import nms  # the other lessons' checks need no torchvision

    def kept(pairs: Mapping[tuple[int, int], float], scores: list[float]) -> list[int]:
        overlap = torch.eye(len(scores))
        for (i, j), value in pairs.items():
            overlap[i, j] = overlap[j, i] = value
        return indices(function(overlap, torch.tensor(scores), 0.5))

    def indices(answer: object) -> list[int]:
        if answer is None:
            raise Open("my_suppression returns None: write its body in the cell above.")
        if getattr(answer, "dtype", None) in (bool, torch.bool):
            raise NotYet("a mask of true and false", "indices", "of a mask: mask.nonzero()")
        answer = [] if isinstance(answer, list) and not answer else numbers(answer, "the answer")
        return sorted(int(i) for i in answer)

    first = {
        (): "the surest always stays; a box is not compared with itself",
        (0, 1): "a box that overlaps a surer one by more than `most` goes",
    }
    surest = "begin with the surest: scores.argsort(descending=True)"
    chain = "compare with the boxes that stay, not with those that have gone already"
    limit = "only an overlap of *more* than `most` drives a box out"
    cases = (
        ("two on each other", {(0, 1): 0.7}, [0.6, 0.9], [1], surest),
        ("two that lie apart", {(0, 1): 0.2}, [0.6, 0.9], [0, 1], limit),
        (
            "three in a chain, A on B on C",
            {(0, 1): 0.6, (1, 2): 0.6},
            [0.9, 0.8, 0.7],
            [0, 2],
            chain,
        ),
        ("two that overlap by just 0.5", {(0, 1): 0.5}, [0.9, 0.8], [0, 1], limit),
    )
    for name, pairs, scores, wanted, look in cases:
        seen = kept(pairs, scores)
        look = first.get(tuple(seen), look) if look == surest else look
        expect(seen == wanted, f"{seen} stay of {name}", f"{wanted}", look)
    boxes = torch.tensor([2.0, 2, 8, 9]) + torch.randint(-2, 3, (12, 4), generator=dice())
    scores = torch.rand(12, generator=dice(1))
    for most, look in ((0.5, chain), (0.3, "the limit that is given, `most`")):
        seen = indices(function(box_overlap(boxes, boxes), scores, most))
        wanted = sorted(nms(boxes, scores, most).tolist())
        expect(seen == wanted, f"{seen} stay of twelve boxes at {most}", f"{wanted}", look)
    return "the cases for the head, and the same boxes stay as with torchvision's nms."


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
