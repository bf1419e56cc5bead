import contextlib
import io

import pytest
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import (
    DetectionScores,
    average_precision,
    box_overlap,
    detection_counts,
    detection_scores,
    match_detections,
    own_truth,
)


def random_boxes(n, rng):
    corner = 60 * torch.rand(n, 2, generator=rng, dtype=torch.float64)
    return torch.cat([corner, corner + 8 + 30 * torch.rand(n, 2, generator=rng)], dim=1)


def random_case(seed):
    """Truth, and detections of which most are jittered copies of it."""
    rng = torch.Generator().manual_seed(seed)
    gt_boxes = random_boxes(12, rng)
    gt_labels = torch.randint(1, 3, (12,), generator=rng)
    copies = torch.randint(12, (20,), generator=rng)
    boxes = gt_boxes[copies] + 3 * torch.randn(20, 4, generator=rng, dtype=torch.float64)
    boxes = torch.cat([boxes, random_boxes(6, rng)])
    labels = torch.cat([gt_labels[copies], torch.randint(1, 3, (6,), generator=rng)])
    swapped = torch.rand(26, generator=rng) < 0.1
    labels = torch.where(swapped, 3 - labels, labels)
    scores = torch.rand(26, generator=rng)
    return boxes, scores, labels, gt_boxes, gt_labels


def as_coco(boxes, labels, scores=None):
    return [
        {
            "id": number,
            "image_id": 1,
            "category_id": int(label),
            "bbox": [*box[:2].tolist(), *(box[2:] - box[:2]).tolist()],
            "area": float((box[2:] - box[:2]).prod()),
            "iscrowd": 0,
            **({} if scores is None else {"score": float(scores[number - 1])}),
        }
        for number, (box, label) in enumerate(zip(boxes, labels, strict=True), start=1)
    ]


def coco_judge(truth_rows, found_rows, images, iou):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": [{"id": i, "width": 100, "height": 100} for i in range(1, images + 1)],
            "categories": [{"id": 1, "name": "crop"}, {"id": 2, "name": "weed"}],
            "annotations": truth_rows,
            "info": {},
        }
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(found_rows), "bbox")
        judge.params.iouThrs = torch.tensor([iou], dtype=torch.float64).numpy()
        judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
        judge.evaluate()
        judge.accumulate()
    return judge


def coco_matches(boxes, scores, labels, gt_boxes, gt_labels, iou):
    found = as_coco(boxes, labels, scores)
    judge = coco_judge(as_coco(gt_boxes, gt_labels), found, 1, iou)
    matches = torch.full((len(boxes),), -1)
    for image in filter(None, judge.evalImgs):
        for detection, match in zip(image["dtIds"], image["dtMatches"][0], strict=True):
            matches[detection - 1] = int(match) - 1
    return matches


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.75])
@pytest.mark.parametrize("seed", range(8))
def test_matches_equal_those_of_coco(seed, iou):
    case = random_case(seed)
    expected = coco_matches(*case, iou)
    assert (expected >= 0).any() and (expected < 0).any()
    assert match_detections(*case, iou=iou).tolist() == expected.tolist()


def test_of_equal_overlaps_the_last_is_taken_as_coco_does():
    """The surer find lies between two plants; which of them it takes decides on the other find."""
    plants = torch.tensor([[0.0, 0, 4, 4], [2, 0, 6, 4]])
    finds = torch.stack([torch.tensor([1.0, 0, 5, 4]), plants[0]])
    case = finds, torch.tensor([0.9, 0.8]), torch.ones(2), plants, torch.ones(2)
    assert match_detections(*case).tolist() == coco_matches(*case, 0.5).tolist() == [1, 0]


def as_items(cases):
    found = [dict(zip(("boxes", "scores", "labels"), case[:3], strict=True)) for case in cases]
    return found, [dict(zip(("boxes", "labels"), case[3:], strict=True)) for case in cases]


@pytest.mark.parametrize("iou", [0.3, 0.5, 0.75])
def test_average_precision_equals_that_of_coco(iou):
    """Over eight pictures, of which one holds no truth and one no detection."""
    cases = [random_case(seed) for seed in range(8)]
    cases[2] = (*cases[2][:3], torch.zeros(0, 4), torch.zeros(0))
    cases[5] = (torch.zeros(0, 4), torch.zeros(0), torch.zeros(0), *cases[5][3:])
    truth_rows, found_rows = [], []
    for image, (boxes, scores, labels, *truth) in enumerate(cases, start=1):
        found_rows += [row | {"image_id": image} for row in as_coco(boxes, labels, scores)]
        truth_rows += [row | {"image_id": image} for row in as_coco(*truth)]
    truth_rows = [row | {"id": number} for number, row in enumerate(truth_rows, start=1)]
    judge = coco_judge(truth_rows, found_rows, len(cases), iou)
    for place, label in enumerate((1, 2)):
        expected = judge.eval["precision"][0, :, place, 0, -1].mean()
        mine = average_precision(*as_items(cases), label=label, iou=iou)
        assert 0.02 < mine < 0.95 and mine == pytest.approx(expected, abs=1e-12)


def test_average_precision_by_hand():
    """Right, wrong, right of two: precision 1 up to a recall of a half, then 2/3."""
    box, far = [0.0, 0, 10, 10], [50.0, 50, 60, 60]
    found = {
        "boxes": torch.tensor([box, [80.0, 80, 90, 90], far]),
        "labels": torch.ones(3),
        "scores": torch.tensor([0.9, 0.8, 0.1]),
    }
    truth = {"boxes": torch.tensor([box, far]), "labels": torch.ones(2)}
    ap = average_precision([found], [truth], label=1)
    assert ap == pytest.approx((51 * 1 + 50 * 2 / 3) / 101)
    assert str(average_precision([found], [truth], label=2)) == "nan"
    nothing = {part: values[:0] for part, values in found.items()}
    assert average_precision([nothing], [truth], label=1) == 0


def test_counts_of_classes_add_up_to_those_of_all():
    items = as_items([random_case(seed) for seed in range(4)])
    counts = [detection_counts(*items, label=label) for label in (None, 1, 2)]
    assert torch.equal(counts[0], counts[1] + counts[2]) and counts[1].sum() > 0
    scores = detection_scores(*items, label=2)
    assert counts[2].sum(dim=0).tolist() == [
        *(scores.true_positives, scores.false_positives, scores.false_negatives)
    ]
    assert detection_counts([], []).shape == (0, 3)


def test_overlap_by_hand():
    boxes = torch.tensor([[0.0, 0, 4, 4], [10, 10, 12, 12], [5, 5, 5, 5]])
    others = torch.tensor([[2.0, 2, 6, 6], [0, 0, 4, 4], [5, 5, 5, 5]])
    expected = [[4 / 28, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert box_overlap(boxes, others).tolist() == expected


def test_order_of_detections_does_not_matter():
    boxes, scores, labels, *truth = random_case(3)
    order = torch.randperm(len(boxes), generator=torch.Generator().manual_seed(0))
    shuffled = match_detections(boxes[order], scores[order], labels[order], *truth)
    assert shuffled.tolist() == match_detections(boxes, scores, labels, *truth)[order].tolist()


def test_a_plant_found_twice_counts_once():
    box = torch.tensor([[0.0, 0, 10, 10]])
    twice = {"boxes": box.repeat(2, 1), "labels": torch.ones(2), "scores": torch.tensor([0.7, 0.9])}
    counts = detection_scores([twice], [{"boxes": box, "labels": torch.ones(1)}])
    assert counts == DetectionScores(1, 1, 0)


def test_the_wrong_class_is_a_miss_and_a_false_alarm():
    box = torch.tensor([[0.0, 0, 10, 10]])
    found = {"boxes": box, "labels": torch.tensor([1]), "scores": torch.tensor([0.9])}
    counts = detection_scores([found], [{"boxes": box, "labels": torch.tensor([2])}])
    assert counts == DetectionScores(0, 1, 1)


def test_unsure_detections_are_left_out():
    boxes, scores, labels, gt_boxes, gt_labels = random_case(0)
    found = {"boxes": boxes, "scores": scores, "labels": labels}
    truth = {"boxes": gt_boxes, "labels": gt_labels}
    counts = detection_scores([found], [truth], min_score=0.6)
    assert counts.true_positives + counts.false_positives == int((scores >= 0.6).sum())
    assert counts.true_positives + counts.false_negatives == len(gt_boxes)


def test_what_just_reaches_a_threshold_counts():
    truth, label = torch.tensor([[0.0, 0, 10, 10]]), torch.tensor([1])
    half = torch.tensor([[0.0, 0, 10, 5]])  # an overlap of one half
    found = {"boxes": half, "scores": torch.tensor([0.25]), "labels": label}
    target = {"boxes": truth, "labels": label}
    settings = {"min_score": 0.25, "iou": 0.5}
    assert detection_counts([found], [target], **settings).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize(("rank", "expected"), [(99, 0.01), (100, 0.0)])
def test_of_an_image_the_hundred_surest_are_ranked(rank, expected):
    boxes = torch.tensor([[50.0, 50, 60, 60]]).repeat(101, 1)
    boxes[rank] = torch.tensor([0.0, 0, 10, 10])
    labels = torch.ones(101, dtype=torch.int64)
    found = {"boxes": boxes, "scores": torch.linspace(1, 0.5, 101), "labels": labels}
    target = {"boxes": boxes[rank][None], "labels": labels[:1]}
    assert average_precision([found], [target], label=1) == pytest.approx(expected)


def test_counts_add_up_over_images():
    found, truth = as_items([random_case(seed) for seed in range(3)])
    single = [detection_scores([f], [t]) for f, t in zip(found, truth, strict=True)]
    total = detection_scores(found, truth)
    assert total.true_positives == sum(part.true_positives for part in single)
    assert total.false_negatives == sum(part.false_negatives for part in single)


def test_ratios_by_hand():
    scores = DetectionScores(true_positives=6, false_positives=2, false_negatives=4)
    assert (scores.precision, scores.recall) == (0.75, 0.6)
    assert scores.f1 == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))


@pytest.mark.parametrize(
    ("counts", "ratios"),
    [((0, 0, 0), (1, 1, 1)), ((0, 0, 5), (1, 0, 0)), ((0, 5, 0), (0, 1, 0))],
)
def test_ratios_of_nothing(counts, ratios):
    scores = DetectionScores(*counts)
    assert (scores.precision, scores.recall, scores.f1) == ratios


def test_no_detections_and_no_truth_match_nothing():
    none, nothing = torch.zeros(0, 4), torch.zeros(0)
    one, first = torch.tensor([[0.0, 0, 1, 1]]), torch.ones(1)
    assert match_detections(none, nothing, nothing, one, first).tolist() == []
    assert match_detections(one, first, first, none, nothing).tolist() == [-1]


def test_own_truth_keeps_the_sure_findings():
    boxes, scores, labels, *_ = random_case(1)
    truth = own_truth([{"boxes": boxes, "scores": scores, "labels": labels}], min_score=0.4)
    assert torch.equal(truth[0]["boxes"], boxes[scores >= 0.4])
    assert torch.equal(truth[0]["labels"], labels[scores >= 0.4])


def test_disagreeing_lengths_are_named():
    boxes, scores, labels, *truth = random_case(0)
    with pytest.raises(InputError, match=r"26 boxes need as many scores, got \(25,\)"):
        match_detections(boxes, scores[1:], labels, *truth)
    with pytest.raises(InputError, match="1 images were searched, 2 have a truth"):
        detection_scores([{}], [{}, {}])
    with pytest.raises(InputError, match="iou is 0"):
        match_detections(boxes, scores, labels, *truth, iou=0)


@pytest.mark.parametrize(
    ("part", "values", "words"),
    [
        ("boxes", torch.tensor([]), r"boxes must be \(M, 4\)"),
        ("boxes", torch.full((1, 4), torch.nan), "NaN or infinity in boxes"),
        ("boxes", torch.tensor([[30.0, 40, 10, 10]]), "box 0 is .*, x2 and y2 must be"),
        ("labels", torch.ones(2), r"1 boxes need as many labels, got \(2,\)"),
        ("scores", torch.tensor([torch.nan]), "NaN or infinity in scores"),
        ("scores", [0.5], "scores must be a torch.Tensor, got list"),
    ],
)
def test_findings_that_are_none_are_named_with_their_picture(part, values, words):
    box = torch.tensor([[0.0, 0, 10, 10]])
    good = {"boxes": box, "labels": torch.ones(1), "scores": torch.ones(1)}
    bad = good | {part: values}
    with pytest.raises(InputError, match=f"^picture 1, detections: {words}"):
        detection_scores([good, bad], [good, good])
    with pytest.raises(InputError, match=f"^picture 1: {words}"):
        own_truth([good, bad])
    with pytest.raises(InputError, match=f"^detections: {words}"):
        match_detections(bad["boxes"], bad["scores"], bad["labels"], box, torch.ones(1))
    if part != "scores":
        with pytest.raises(InputError, match=f"^picture 0, truth: {words}"):
            detection_scores([good], [bad])


def test_boxes_without_area_are_no_truth_but_may_be_found():
    none = {"boxes": torch.zeros(1, 4), "labels": torch.ones(1), "scores": torch.ones(1)}
    there = {"boxes": torch.tensor([[0.0, 0, 10, 10]]), "labels": torch.ones(1)}
    assert detection_scores([none], [there]).false_positives == 1
    with pytest.raises(InputError, match="picture 0, truth: box 0 is"):
        detection_scores([none], [none])
