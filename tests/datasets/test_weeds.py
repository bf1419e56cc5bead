import numpy as np
import pytest
import torch

from sharingan_lab.datasets import CLASS_NAMES, weed_field, weed_fields
from sharingan_lab.datasets.weeds.drawing import draw_plant
from sharingan_lab.datasets.weeds.field import _visible_boxes
from sharingan_lab.datasets.weeds.plants import WEEDS, crop
from sharingan_lab.datasets.weeds.soil import ROW_SPACING
from sharingan_lab.errors import InputError


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def fields():
    return weed_fields(12, rng=seeded(0))


def test_a_field_is_an_image_with_boxes_and_labels(fields):
    images, targets = fields
    assert images.shape == (12, 3, 256, 256) and images.dtype == torch.float32
    assert images.min() >= 0 and images.max() <= 1
    for target in targets:
        boxes, labels = target["boxes"], target["labels"]
        assert boxes.dtype == torch.float32 and labels.dtype == torch.int64
        assert boxes.shape == (len(labels), 4)
        assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= 256).all()
        assert (boxes[:, 2:] > boxes[:, :2]).all()


def test_a_field_holds_several_of_both_classes(fields):
    for target in fields[1]:
        crops, weeds = ((target["labels"] == label).sum() for label in (1, 2))
        assert crops >= 3 and weeds >= 3
    assert CLASS_NAMES == ("background", "crop", "weed")


def test_the_same_seed_draws_the_same_field():
    for once, again in zip(*(weed_field(96, rng=seeded(5)) for _ in range(2)), strict=True):
        torch.testing.assert_close(once, again, rtol=0, atol=0)
    assert not torch.equal(weed_field(96, rng=seeded(6))[0], once)


def test_fields_do_not_depend_on_how_many_are_drawn_at_once():
    source = seeded(1)
    parts = torch.cat([weed_fields(n, 64, rng=source)[0] for n in (1, 2)])
    torch.testing.assert_close(weed_fields(3, 64, rng=seeded(1))[0], parts, rtol=0, atol=0)


def test_the_global_generator_is_not_moved():
    before = torch.get_rng_state()
    weed_field(64, rng=seeded(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_boxes_are_exact():
    """The box of a plant on bare ground is the extent of the pixels that the plant changed."""
    rng = np.random.default_rng(0)
    for form in (*WEEDS, lambda rng: crop(rng, 22.0)):
        canvas = np.zeros((80, 80, 3), np.float32)
        owner = np.zeros((80, 80), np.int32)
        draw_plant(rng, canvas, owner, form(rng), np.array([38.3, 41.8]), 1)
        painted = torch.from_numpy(canvas).sum(-1) > 0.4
        rows, columns = painted.any(1).nonzero(), painted.any(0).nonzero()
        expected = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        boxes, seen = _visible_boxes(owner, 1)
        assert seen.all()
        assert abs(torch.from_numpy(boxes[0]) - torch.tensor(expected)).max() <= 1


def test_a_hidden_part_of_a_plant_is_not_in_its_box():
    owner = np.zeros((20, 20), np.int32)
    owner[4:12, 4:16] = 1
    owner[2:18, 10:19] = 2
    boxes, seen = _visible_boxes(owner, 3)
    assert boxes.tolist() == [[4, 4, 10, 12], [10, 2, 19, 18]]
    assert seen.tolist() == [True, True, False]


def test_boxes_hold_more_green_than_the_ground_around(fields):
    images, targets = fields
    greenness = 2 * images[:, 1] - images[:, 0] - images[:, 2]
    for plane, target in zip(greenness, targets, strict=True):
        on_plants = torch.zeros(256, 256, dtype=torch.bool)
        for x1, y1, x2, y2 in target["boxes"].long():
            on_plants[y1:y2, x1:x2] = True
        assert (plane > 0.15)[~on_plants].float().mean() < 0.002
        assert all((plane[y1:y2, x1:x2] > 0.1).any() for x1, y1, x2, y2 in target["boxes"].long())


def test_crops_stand_in_rows(fields):
    """Along the best direction, crop centres fall into few narrow lines; weeds do not."""

    def spread(points):
        turns = torch.linspace(0, torch.pi, 181)
        across = points[:, :1] * torch.cos(turns) + points[:, 1:] * torch.sin(turns)
        waves = torch.exp(2j * torch.pi * across / ROW_SPACING)
        return waves.mean(0).abs().max()

    values = {1: [], 2: []}
    for target in fields[1]:
        centres = (target["boxes"][:, :2] + target["boxes"][:, 2:]) / 2
        for label in values:
            values[label].append(spread(centres[target["labels"] == label]))
    crops, weeds = (torch.stack(values[label]).mean() for label in (1, 2))
    assert crops > 0.85 > weeds


@pytest.mark.parametrize("size", [64, 100, 333])
def test_other_sizes_work(size):
    image, boxes, _ = weed_field(size, rng=seeded(0))
    assert image.shape == (3, size, size) and len(boxes) > 0


def test_a_tiny_field_is_refused():
    with pytest.raises(InputError, match="size must be a whole number, at least 64, got 32"):
        weed_field(32, rng=seeded(0))
