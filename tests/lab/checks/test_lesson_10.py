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
