"""Annotations of four kinds, written by hand, odd ones among them."""

import json

import pytest
import torch
from PIL import Image

from sharingan_lab.datasets import read_annotations
from sharingan_lab.errors import DataError
from sharingan_lab.evaluation.boxes import check_targets

KNOWN = ("background", "crop", "weed")
WANTED = {"boxes": [[10.0, 5, 30, 25], [0, 0, 8, 4]], "labels": [2, 1]}


def pictures(folder, *names, size=(60, 40)):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", size).save(folder / name)
    return [folder / name for name in names]


def voc(*things, size=(60, 40)):
    rows = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax>"
        f"<ymax>{y2}</ymax></bndbox></object>"
        for name, x1, y1, x2, y2 in things
    )
    width, height = size
    return (
        f"<annotation><size><width>{width}</width><height>{height}</height></size>"
        f"{rows}</annotation>"
    )


def labelme(*shapes, size=(60, 40)):
    return json.dumps({
        "imageWidth": size[0],
        "imageHeight": size[1],
        "shapes": [{"label": a, "points": p, "shape_type": kind} for a, p, kind in shapes],
    })  # fmt: skip


def coco(images, categories, annotations):
    rows = [{"id": i, "file_name": name, "width": 60, "height": 40} for i, name in images.items()]
    names = [{"id": i, "name": name} for i, name in categories.items()]
    return json.dumps({"images": rows, "categories": names, "annotations": annotations})


def mark(image, category, box, **more):
    return {"image_id": image, "category_id": category, "bbox": box, **more}


def as_lists(known):
    return [{part: values.tolist() for part, values in one.items()} for one in known.targets]


def write_each_kind(folder):
    """The same two boxes of a picture in each of the forms; returns what to read."""
    (path,) = pictures(folder, "a.png")
    forms = {
        "a.xml": voc(("weed", 11, 6, 30, 25), ("crop", 1, 1, 8, 4)),
        "a.txt": "1 0.333333333 0.375 0.333333333 0.5\n0 0.0 0.0 0.133333 0.0 0.133333 0.1\n",
        "a.json": labelme(
            ("weed", [[10, 9], [20, 25], [30, 5]], "polygon"),
            ("crop", [[8, 4], [0, 0]], "rectangle"),
        ),
        "all.json": coco(
            {7: "field/a.png"},
            {3: "weed", 9: "crop"},
            [mark(7, 3, [10, 5, 20, 20]), mark(7, 9, [0, 0, 8, 4])],
        ),
    }
    for name, text in forms.items():
        place = folder / name.replace(".", "_")
        place.mkdir()
        (place / name).write_text(text)
        (place / "classes.txt").write_text("crop\nweed\n")
    return path, [
        folder / "a_xml",
        folder / "a_txt",
        folder / "a_json",
        folder / "all_json/all.json",
    ]


def test_all_forms_say_the_same(tmp_path):
    path, sources = write_each_kind(tmp_path)
    for source in sources:
        known = read_annotations(source, [path], classes=KNOWN)
        assert known.pictures == [path] and known.odd == [], source
        torch.testing.assert_close(
            known.targets[0]["boxes"], torch.tensor(WANTED["boxes"]), atol=1e-3, rtol=0
        )
        assert known.targets[0]["labels"].tolist() == WANTED["labels"]
        check_targets(known.targets, torch.zeros(1, 3, 40, 60), 3)


def test_without_names_all_that_occur_are_known(tmp_path):
    path, (source, *_) = write_each_kind(tmp_path)
    assert read_annotations(source, [path]).classes == KNOWN


ODD = [("weed", [[5, 5], [5, 30]], "polygon"), ("weed", [[50, 30], [75, 50]], "rectangle"),
       ("weed", [[70, 5], [90, 20]], "rectangle"), ("stone", [[1, 1], [9, 9]], "rectangle"),
       ("crop", [[float("nan"), 1], [9, 9]], "rectangle"), ("crop", [[3, 3]], "point"),
       ("crop", [], "polygon")]  # fmt: skip
SAID = [
    "a.png: crop is a point, which has no box: left out",
    "a.png: weed 1 has no size: left out",
    "a.png: weed 2 reaches beyond the border: cut",
    "a.png: weed 3 lies beyond the border: left out",
    "a.png: stone 4 is of no known class: left out",
    "a.png: crop 5 has no size: left out",
    "a.png: crop 6 has no size: left out",
]


def test_odd_boxes_are_named_and_none_is_lost_in_silence(tmp_path):
    (path,) = pictures(tmp_path, "a.png")
    (tmp_path / "a.json").write_text(labelme(*ODD))
    known = read_annotations(tmp_path, [path], classes=KNOWN)
    assert known.odd == SAID
    assert as_lists(known) == [{"boxes": [[50, 30, 60, 40]], "labels": [2]}]
    left_out = sum("left out" in sentence for sentence in known.odd)
    assert left_out + len(known.targets[0]["boxes"]) == len(ODD)


def test_odd_files_are_named(tmp_path):
    names = ["bare.png", "large.png", "none.png", "twice.png", "torn.png", "broken.png", "ok.png"]
    paths = pictures(tmp_path, *names)
    paths[5].write_bytes(b"no picture")
    files = {
        "bare.xml": voc(),
        "large.xml": voc(("crop", 1, 1, 9, 9), size=(600, 400)),
        "twice.json": labelme(("crop", [[1, 1], [9, 9]], "rectangle")),
        "twice.xml": voc(("weed", 1, 1, 9, 9)),
        "torn.xml": "<annotation><object>",
        "broken.xml": voc(("crop", 1, 1, 9, 9)),
        "ok.txt": "0 0.5 0.5 0.5 0.5\n7 0.5 0.5 0.1 0.1\n0 0.5 0.5\n\n",
        "other.xml": voc(),
        "classes.txt": "crop\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    known = read_annotations(tmp_path, paths, classes=KNOWN)
    assert [path.stem for path in known.pictures] == ["bare", "twice", "ok"]
    assert [target["labels"].tolist() for target in known.targets] == [[], [1], [1]]
    words = "\n".join(known.odd)
    for sentence in (
        "bare.png: nothing is marked on it",
        "large.png: annotated at 600 x 400, it has 60 x 40: left out",
        "none.png: not annotated, left out",
        "twice.xml: twice.json was read instead",
        "torn.xml: cannot be read (no element found",
        "broken.png as an image",
        "ok.png: line 2 is of class 7, which classes.txt does not name: left out",
        "ok.png: line 3 has 2 numbers, not 4: left out",
        "other.xml: no picture of this name",
    ):
        assert sentence in words, sentence


def test_oddities_of_coco_are_named(tmp_path):
    paths = pictures(tmp_path, "a.png", "b.png")
    marks = [
        mark(1, 5, [2, 2, 10, 10]),
        mark(1, 5, [0, 0, 60, 40], iscrowd=1),
        mark(1, 8, [2, 2, 4, 4]),
        mark(1, 5, []),
        mark(99, 5, [2, 2, 4, 4]),
    ]
    file = tmp_path / "all.json"
    file.write_text(coco({1: "a.png", 2: "gone.png"}, {5: "crop"}, marks))
    known = read_annotations(file, paths, classes=KNOWN)
    assert as_lists(known) == [{"boxes": [[2, 2, 12, 12]], "labels": [1]}]
    assert known.odd == [
        "gone.png: annotated, no picture of this name",
        "all.json: annotation 5 is of no image in the file",
        "a.png: crop of annotation 2 is a crowd: left out",
        "a.png: crop of annotation 4 has no box: left out",
        "a.png: 8 2 is of no known class: left out",
        "b.png: not annotated, left out",
    ]


def test_a_picture_on_its_side_has_the_size_that_is_seen(tmp_path):
    image, exif = Image.new("RGB", (60, 40)), Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(tmp_path / "a.jpg", exif=exif)
    (tmp_path / "a.xml").write_text(voc(("crop", 1, 21, 40, 60), size=(40, 60)))
    known = read_annotations(tmp_path, [tmp_path / "a.jpg"], classes=KNOWN)
    assert known.odd == [] and as_lists(known)[0]["boxes"] == [[0, 20, 40, 60]]


def test_nothing_usable_is_an_error(tmp_path):
    (path,) = pictures(tmp_path / "in", "a.png")
    with pytest.raises(DataError, match=r"no annotations at .*none"):
        read_annotations(tmp_path / "none", [path])
    with pytest.raises(DataError, match=r"nothing usable of 1 pictures: a\.png: not annotated"):
        read_annotations(tmp_path, [path])
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DataError, match=r"list\.json is no JSON as COCO's"):
        read_annotations(tmp_path / "list.json", [path])
