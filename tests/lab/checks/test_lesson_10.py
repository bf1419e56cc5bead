"""Answers to lesson 10."""

import torch

from .judging import accepts, refuses, stays_open

PLANT = torch.tensor([[10.0, 10, 30, 30]])
CORNER = torch.tensor([[100.0, 100, 110, 110]])
WEED = torch.tensor([2])


def finds(boxes, scores):
    scores = torch.tensor(scores)
    return {
        "boxes": boxes.expand(len(scores), 4),
        "labels": WEED.expand(len(scores)),
        "scores": scores,
    }


def test_exercise_1():
    accepts("10.1", 0.705)
    accepts("10.1", torch.tensor(2 * 0.671 * 0.742 / (0.671 + 0.742)))
    refuses("10.1", "plain mean", 0.7065)
    refuses("10.1", "geometric", (0.671 * 0.742) ** 0.5)
    refuses("10.1", "factor 2", 0.3524)
    refuses("10.1", "PR alone", 0.671 * 0.742)
    refuses("10.1", "per cent", 70.47)
    refuses("10.1", "lies between", 0.65)
    refuses("10.1", "quotes", "0.705")
    refuses("10.1", "finite", float("nan"))


def test_exercise_2():
    """Ten fields: right finds of 0.62 to 0.97, and wrong ones up to 0.58."""
    parts = [(finds(PLANT, [0.62 + 0.04 * i]), finds(CORNER, [0.22 + 0.04 * i])) for i in range(10)]
    found = [{key: torch.cat([r[key], w[key]]) for key in r} for r, w in parts]
    given = {"found": found, "truth": [{"boxes": PLANT, "labels": WEED}] * 10}
    accepts("10.2", 0.6, **given)
    accepts("10.2", torch.tensor(0.61), **given)
    refuses("10.2", "more careful", 0.3, **given)
    refuses("10.2", "less careful", 0.8, **given)
    refuses("10.2", "less careful", 1, **given)
    refuses("10.2", "75 per cent", 60, **given)
    refuses("10.2", "quotes", "0.6", **given)
    refuses("10.2", "finite", float("nan"), **given)
    stays_open("10.2", None, **given)


def test_exercise_3():
    truth = [{"boxes": PLANT, "labels": WEED}]
    nothing, corner, plant = finds(PLANT, []), finds(CORNER, [0.9]), finds(PLANT, [0.9])
    accepts("10.3", nothing, nothing, truth=truth)
    accepts("10.3", corner, finds(CORNER, [0.8]), truth=truth)
    accepts(
        "10.3",
        {**plant, "labels": torch.tensor([1])},
        {**plant, "labels": torch.tensor([1])},
        truth=truth,
    )
    refuses("10.3", "not useless enough", plant, plant, truth=truth)
    refuses("10.3", "the same thing twice", nothing, corner, truth=truth)
    refuses("10.3", "0.5 or more", corner, finds(CORNER, [0.2]), truth=truth)
    refuses("10.3", "dictionary", nothing, CORNER, truth=truth)
    refuses("10.3", "dictionary", nothing, {"boxes": CORNER}, truth=truth)
    refuses("10.3", "one a box", nothing, {**corner, "scores": torch.ones(2)}, truth=truth)
    refuses("10.3", "a tensor", nothing, {**corner, "boxes": [[0, 0, 1, 1]]}, truth=truth)
    stays_open("10.3", nothing, None, truth=truth)


def iou(a, b, *, cut=0.0, more=0, shared_again=1):
    width = max(cut, min(a[2], b[2]) - max(a[0], b[0]) + more)
    height = max(cut, min(a[3], b[3]) - max(a[1], b[1]) + more)
    areas = sum((box[2] - box[0] + more) * (box[3] - box[1] + more) for box in (a, b))
    return width * height / (areas - shared_again * width * height)


def test_my_iou():
    def tensors(a, b):
        a, b = torch.tensor(a), torch.tensor(b)
        sides = (torch.minimum(a, b)[2:] - torch.maximum(a, b)[:2]).clamp(min=0)
        return sides.prod() / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - sides.prod())

    accepts("10.my_iou", iou)
    accepts("10.my_iou", tensors)
    refuses("10.my_iou", "lie apart", lambda a, b: iou(a, b, cut=-1e9))
    refuses("10.my_iou", "once", lambda a, b: iou(a, b, shared_again=0))
    refuses("10.my_iou", "no + 1", lambda a, b: iou(a, b, more=1))
    refuses("10.my_iou", "half on each other", lambda a, b: 1.0 if a == b else 0.0)
    refuses("10.my_iou", "finite", lambda a, b: float("nan"))
    stays_open("10.my_iou", lambda a, b: None)


def suppress(overlap, scores, most, *, descending=True, among_all=False, strict=False):
    stays = []
    order = scores.argsort(descending=descending).tolist()
    for place, i in enumerate(order):
        rivals = order[:place] if among_all else stays
        if all(overlap[i, j] < most if strict else overlap[i, j] <= most for j in rivals):
            stays.append(i)
    return stays


def test_my_suppression():
    def by_crossing_out(overlap, scores, most):
        alive = torch.ones(len(scores), dtype=torch.bool)
        for i in scores.argsort(descending=True):
            if alive[i]:
                alive &= (overlap[i] <= most) | (torch.arange(len(scores)) == i)
        return alive.nonzero()[:, 0]

    accepts("10.my_suppression", suppress)
    accepts("10.my_suppression", by_crossing_out)
    accepts("10.my_suppression", lambda *a: by_crossing_out(*a).numpy())
    refuses("10.my_suppression", "the surest", lambda *a: suppress(*a, descending=False))
    refuses("10.my_suppression", "have gone", lambda *a: suppress(*a, among_all=True))
    refuses("10.my_suppression", "of *more*", lambda *a: suppress(*a, strict=True))
    refuses("10.my_suppression", "apart", lambda o, s, m: [int(s.argmax())])
    refuses("10.my_suppression", "a surer one", lambda o, s, m: list(range(len(s))))
    refuses("10.my_suppression", "with itself", lambda o, s, m: [])
    refuses("10.my_suppression", "limit that is given", lambda o, s, m: suppress(o, s, 0.5))
    refuses("10.my_suppression", "nonzero", lambda o, s, m: s > 0.7)
    stays_open("10.my_suppression", lambda o, s, m: None)
