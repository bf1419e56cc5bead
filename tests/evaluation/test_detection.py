import pytest
import torch

from sharingan_lab.datasets import weed_fields
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import (
    build_detector,
    detect,
    detection_scores,
    evaluate_detection,
    objectness_map,
    stage_scores,
    train_detector,
)
from sharingan_lab.evaluation.detector_training import _add_grain, _crop, _turn
from sharingan_lab.evaluation.stages import _proposals


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def small_detector(seed=0):
    return build_detector(size=96, width=16, rng=seeded(seed))


@pytest.fixture(scope="module")
def trained():
    """A narrow detector after one short training on small fields, and what it has not seen."""
    source = seeded(0)
    images, targets = weed_fields(24, 96, rng=source)
    detector = small_detector()
    history = train_detector(detector, images, targets, steps=60, rng=source)
    return detector, history, weed_fields(8, 96, rng=source)


def test_a_short_training_finds_plants_it_has_not_seen(trained):
    detector, history, (images, targets) = trained
    assert len(history) == 60
    first, last = (sum(sum(step.values()) for step in part) for part in (history[:6], history[-6:]))
    assert last < 0.7 * first
    everything = [{**target, "labels": target["labels"].clamp(max=1)} for target in targets]
    found = [{**one, "labels": one["labels"].clamp(max=1)} for one in detect(detector, images)]
    assert detection_scores(found, everything, min_score=0.3).recall > 0.5


def test_plants_stand_out_in_the_objectness_map(trained):
    detector, _, (images, targets) = trained
    maps = objectness_map(detector, images)
    assert maps.shape == (8, 12, 12) and maps.min() >= 0 and maps.max() <= 1
    for plane, target in zip(maps, targets, strict=True):
        centres = ((target["boxes"][:, :2] + target["boxes"][:, 2:]) / 16).long()
        assert plane[centres[:, 1], centres[:, 0]].mean() > 2 * plane.mean()


def test_detections_are_sorted_and_inside(trained):
    detector, _, (images, _) = trained
    for found in detect(detector, images, batch=3):
        assert (found["scores"].diff() <= 0).all()
        assert (found["boxes"] >= 0).all() and (found["boxes"] <= 96).all()
        assert set(found["labels"].tolist()) <= {1, 2}


def test_detection_does_not_depend_on_the_batch(trained):
    detector, _, (images, targets) = trained
    one, all_at_once = (detect(detector, images, batch=batch) for batch in (1, 8))
    for a, b in zip(one, all_at_once, strict=True):
        torch.testing.assert_close(a["boxes"], b["boxes"], rtol=1e-3, atol=1e-2)
    scores = evaluate_detection(detector, images, targets)
    there = sum(len(target["boxes"]) for target in targets)
    assert scores.true_positives + scores.false_negatives == there


def test_training_twice_gives_the_same_detector():
    images, targets = weed_fields(4, 96, rng=seeded(0))
    weights = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        detector = small_detector()
        train_detector(detector, images, targets, steps=3, batch=2, rng=seeded(2))
        weights.append(detector.state_dict())
    for name in weights[0]:
        torch.testing.assert_close(weights[0][name], weights[1][name], rtol=0, atol=0, msg=name)


def test_the_global_generator_is_put_back():
    images, targets = weed_fields(2, 96, rng=seeded(0))
    torch.manual_seed(7)
    before = torch.get_rng_state()
    train_detector(small_detector(), images, targets, steps=1, batch=1, rng=seeded(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_another_seed_gives_other_weights():
    first, second = (small_detector(seed).backbone.layers[0][0].weight for seed in (0, 1))
    assert not torch.equal(first, second)


def test_each_step_is_reported():
    images, targets = weed_fields(2, 96, rng=seeded(0))
    seen = []
    history = train_detector(
        small_detector(),
        images,
        targets,
        steps=2,
        batch=1,
        rng=seeded(0),
        on_step=lambda step, losses: seen.append((step, losses)),
    )
    assert seen == list(enumerate(history, start=1))


def test_turning_takes_the_boxes_along():
    """A box painted white is found where the turned box says."""
    image = torch.zeros(3, 40, 40)
    target = {"boxes": torch.tensor([[3.0, 5, 12, 30]]), "labels": torch.tensor([2])}
    image[:, 5:30, 3:12] = 1
    generator, forms = seeded(0), set()
    for _ in range(60):
        turned, moved = _turn(image, target, generator)
        x1, y1, x2, y2 = moved["boxes"][0].long().tolist()
        assert turned[:, y1:y2, x1:x2].min() == 1
        assert turned.sum() == 3 * (y2 - y1) * (x2 - x1)
        forms.add((x1, y1, x2, y2))
    assert len(forms) == 8


def test_a_crop_keeps_what_is_left_of_a_plant():
    """Boxes painted white: whole ones stay, cut ones shrink, those cut to below a third go."""
    image, rng, seen = torch.zeros(3, 40, 40), seeded(0), set()
    target = {"boxes": torch.tensor([[10.0, 10, 22, 22]]), "labels": torch.tensor([2])}
    image[:, 10:22, 10:22] = 1
    for _ in range(60):
        cut, kept = _crop(image, target, 16, rng)
        assert cut.shape == (3, 16, 16)
        share = cut[0].sum().item() / 144
        seen.add(len(kept["boxes"]))
        assert len(kept["boxes"]) == len(kept["labels"]) == (share >= 1 / 3)
        for x1, y1, x2, y2 in kept["boxes"].long().tolist():
            assert cut[:, y1:y2, x1:x2].min() == 1
            assert cut[0].sum() == (x2 - x1) * (y2 - y1)
    assert seen == {0, 1}


def test_grain_varies_up_to_its_largest_strength():
    grey, generator = torch.full((3, 64, 64), 0.5), seeded(0)
    strengths = torch.stack([_add_grain(grey, 0.1, generator).std() for _ in range(40)])
    assert strengths.max() < 0.105 and strengths.min() < 0.02
    assert abs(strengths.mean() - 0.05) < 0.015
    torch.testing.assert_close(_add_grain(grey, 0.0, generator), grey)


def test_unusable_training_data_is_refused():
    images, targets = weed_fields(2, 96, rng=seeded(0))
    with pytest.raises(InputError, match="1 targets"):
        train_detector(small_detector(), images, targets[:1], steps=1, rng=seeded(0))
    with pytest.raises(InputError, match="square"):
        train_detector(small_detector(), images[..., :64], targets, steps=1, rng=seeded(0))
    for setting in ({"steps": 0}, {"batch": 0}, {"grain": -1.0}, {"crop": 97}):
        with pytest.raises(InputError, match=next(iter(setting))):
            train_detector(small_detector(), images, targets, rng=seeded(0), **setting)


BOXES, LABELS = torch.tensor([[4.0, 5, 30, 40], [50.0, 60, 90, 80]]), torch.tensor([1, 2])
BAD_TARGETS = {
    "no boxes": ({"boxes": torch.tensor([])}, r"boxes must be \(M, 4\), none .*, got \(0,\)"),
    "one box": ({"boxes": BOXES[0]}, r"boxes must be \(M, 4\), none .*, got \(4,\)"),
    "an array": ({"boxes": BOXES.numpy()}, "boxes must be a torch.Tensor, got ndarray float32"),
    "no tensor": ({"labels": [1, 2]}, "labels must be a torch.Tensor, got list"),
    "no labels": ({"labels": None}, "labels must be a torch.Tensor, got NoneType"),
    "fewer labels": ({"labels": LABELS[:1]}, r"2 boxes need as many labels, got \(1,\)"),
    "background": ({"labels": LABELS - 1}, r"whole numbers from 1 to 2 .* got int64 \(2,\) from 0"),
    "unknown label": ({"labels": LABELS + 1}, "whole numbers from 1 to 2 .* from 2 to 3"),
    "half labels": ({"labels": LABELS + 0.5}, "labels must be whole numbers .* got float32"),
    "NaN": ({"boxes": BOXES * torch.nan}, "NaN or infinity in boxes"),
    "infinite": ({"boxes": BOXES / 0}, "NaN or infinity in boxes"),
    "no area": ({"boxes": BOXES[:, [0, 1, 0, 3]]}, r"box 0 is \[4.0, 5.0, 4.0, 40.0\], x2 and y2"),
    "sides": ({"boxes": torch.cat([BOXES[:, :2], BOXES[:, 2:] - BOXES[:, :2]], 1)},
              r"box 1 is \[50.0, 60.0, 40.0, 20.0\].* of x, y, width, height make x, y, x \+"),
    "outside": ({"boxes": BOXES + 10}, "inside of its 96 x 96 pixels, they reach from 14 to 100"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_TARGETS)
def test_unusable_targets_are_named_with_their_picture(what):
    wrong, words = BAD_TARGETS[what]
    images, detector = torch.rand(2, 3, 96, 96, generator=seeded(0)), small_detector()
    good = {"boxes": BOXES, "labels": LABELS}
    targets = [good, good | wrong]
    with pytest.raises(InputError, match=f"^picture 1: .*{words}"):
        train_detector(detector, images, targets, steps=10**6, rng=seeded(0))
    with pytest.raises(InputError, match=f"^picture 1: .*{words}"):
        evaluate_detection(detector, images, targets)


def test_pictures_without_plants_and_boxes_of_whole_numbers_are_fine():
    images, detector = torch.rand(2, 3, 96, 96, generator=seeded(0)), small_detector()
    bare = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    targets = [bare, {"boxes": BOXES.long(), "labels": LABELS.int()}]
    history = train_detector(detector, images, targets, steps=1, batch=4, rng=seeded(0))
    assert all(loss == loss for loss in history[0].values())
    assert evaluate_detection(detector, images, targets).false_negatives <= 2


def test_a_detector_of_another_kind_does_as_well():
    """torchvision's one-stage SSDlite, and a plain function: what matters is what comes out."""
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    images, targets = weed_fields(2, 96, rng=seeded(0))
    one_stage = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3)
    found = detect(one_stage, images)
    assert not one_stage.training and len(found) == 2
    assert all(set(one) == {"boxes", "labels", "scores"} for one in found)
    assert 0 <= evaluate_detection(one_stage, images, targets, min_score=0.1).f1 <= 1

    def oracle(seen):
        numbers = [next(i for i in range(2) if torch.equal(images[i], one)) for one in seen]
        return [targets[i] | {"scores": torch.ones(len(targets[i]["labels"]))} for i in numbers]

    assert evaluate_detection(oracle, images, targets).f1 == 1


def test_findings_are_sorted_whatever_the_detector_does():
    box = torch.tensor([[0.0, 0, 9, 9]]).repeat(2, 1)
    unsorted = {"boxes": box, "labels": torch.tensor([1, 2]), "scores": torch.tensor([0.2, 0.7])}
    (found,) = detect(lambda images: [unsorted] * len(images), torch.zeros(1, 3, 16, 16))
    assert found["labels"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda images: None, "a dict for each of 2 images, got NoneType"),
        (lambda images: [{}], "a dict for each of 2 images, got list"),
        (lambda images: [{}, {}], "^picture 0, detections: boxes must be a torch.Tensor"),
    ],
)
def test_a_callable_that_is_no_detector_is_told_so(answer, words):
    with pytest.raises(InputError, match=words):
        detect(answer, torch.zeros(2, 3, 16, 16))


def test_the_stages_answer_at_the_true_boxes(trained):
    """A detector that has learnt: plants are things, mostly of their class, moved to the plant."""
    detector, _, (images, targets) = trained
    scores = stage_scores(detector, images, targets)
    there = sum(len(target["boxes"]) for target in targets)
    assert {name: len(values) for name, values in scores.items()} == dict.fromkeys(scores, there)
    bare = stage_scores(detector, torch.zeros_like(images), targets)
    assert scores["objectness"].mean() > 2 * bare["objectness"].mean()
    assert scores["class"].mean() > bare["class"].mean()
    assert scores["place"].mean() > 0.5 and scores["place"].max() <= 1


def test_the_first_stage_proposes_what_it_proposes_in_detection(trained):
    detector, _, (images, _) = trained
    kept, _ = detector.transform([images[0]])
    features = {"0": detector.backbone(kept.tensors)}
    expected, _ = detector.rpn(kept, features)
    boxes, objectness = _proposals(detector, kept, list(features.values()))
    torch.testing.assert_close(boxes, expected[0])
    assert len(boxes) == len(objectness) and (objectness.diff() <= 0).all()
