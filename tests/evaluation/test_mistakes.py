import pytest
import torch

from sharingan_lab.evaluation import MISTAKES, detection_scores, mistake_shares

from .test_matching import as_items, random_case

THERE = {"boxes": torch.tensor([[0.0, 0, 10, 10]]), "labels": torch.tensor([1])}
NEAR = torch.tensor([[0.0, 0, 10, 3]])  # IoU 0.3


def find(boxes=THERE["boxes"], label=1, score=0.9):
    number = len(boxes)
    return {
        "boxes": boxes,
        "labels": torch.full((number,), label),
        "scores": torch.full((number,), score),
    }


# What is found where one object is; the share of each reason in 1 - F1.
CASES = {
    "right": (find(), {}),
    "another class": (find(label=2), {"class": 1.0}),
    "beside": (find(NEAR), {"place": 1.0}),
    "beside, another class": (find(NEAR, label=2), {"class and place": 1.0}),
    "too unsure": (find(score=0.4), {"unsure": 1.0}),
    "nothing": (find(torch.zeros(0, 4)), {"not seen": 1.0}),
    "elsewhere": (find(THERE["boxes"] + 50), {"not seen": 0.5, "made up": 0.5}),
    "two of one": (find(THERE["boxes"].repeat(2, 1)), {"twice": 1 / 3}),
    "unsure and another class": (find(label=2, score=0.3), {"not seen": 1.0}),
}


@pytest.mark.parametrize("what", CASES)
def test_each_mistake_has_its_reason(what):
    found, expected = CASES[what]
    shares = mistake_shares([found], [THERE])
    assert tuple(shares) == MISTAKES
    assert {name: share for name, share in shares.items() if share} == pytest.approx(expected)


def test_reasons_add_up_to_what_is_missing():
    items = as_items([random_case(seed) for seed in range(12)])
    shares = mistake_shares(*items, min_score=0.4)
    assert sum(share > 0 for share in shares.values()) >= 6
    missing = 1 - detection_scores(*items, min_score=0.4).f1
    assert sum(shares.values()) == pytest.approx(missing, abs=1e-12)


def test_nothing_there_and_nothing_found_is_no_mistake():
    nothing = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0), "scores": torch.zeros(0)}
    assert not any(mistake_shares([nothing], [nothing]).values())
    made_up = mistake_shares([find()], [nothing])
    assert made_up["made up"] == 1
