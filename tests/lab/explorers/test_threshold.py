"""The widget that turns the thresholds of the boxes, without a browser."""

import torch

from sharingan_lab.evaluation import detection_scores
from sharingan_lab.lab import threshold_explorer

TRUTH = {
    "boxes": torch.tensor([[5.0, 5, 25, 25], [40, 40, 60, 60], [5, 40, 25, 60]]),
    "labels": torch.tensor([1, 2, 2]),
}
FOUND = {
    "boxes": torch.tensor([[5.0, 5, 25, 25], [40, 40, 60, 60], [70, 70, 80, 80]]),
    "scores": torch.tensor([0.97, 0.8, 0.3]),
    "labels": torch.tensor([1, 1, 2]),
}
IMAGES = torch.rand(2, 3, 90, 90, generator=torch.Generator().manual_seed(0))


def test_the_explorer_follows_its_sliders():
    versions = {"sharp": IMAGES, "blurred": IMAGES / 2}
    found = {"sharp": [FOUND, FOUND], "blurred": [FOUND, {**FOUND, "scores": FOUND["scores"] / 2}]}
    explorer = threshold_explorer(versions, found, [TRUTH, TRUTH])
    before = explorer.description
    for name, value in (("min_score", 0.9), ("iou", 0.6), ("field", 1)):
        explorer.controls[name].value = value
        assert explorer.description != before
        before = explorer.description
    expected = detection_scores(found["blurred"], [TRUTH, TRUTH], min_score=0.9, iou=0.6).f1
    assert before.startswith("Field 1 with finds of at least 90 % and an overlap of 0.60.")
    assert before.endswith(f"blurred F1 {expected:.2f}.")
