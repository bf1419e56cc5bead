"""sharingan evaluate detection: on fields, on annotated pictures, and what it writes."""

import csv
import io
import json

import pytest
import torch
from PIL import Image

from sharingan_lab.cli import main
from sharingan_lab.commands.evaluate import detection_parts
from sharingan_lab.datasets import weed_fields
from sharingan_lab.evaluation import Detector, build_detector, save_detector
from sharingan_lab.images import write_image

FEW = ["--lengths", "20,60", "--size", "31", "--restore", "unsharp,wiener"]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def few_held_back(monkeypatch):
    """Tuning the unsharp mask on twelve pictures takes longer than all else here."""
    monkeypatch.setattr(detection_parts, "_HELD_BACK", 2)


@pytest.fixture(scope="module")
def tiles(tmp_path_factory):
    """Five fields as pictures with LabelMe's polygons; on one of them something odd is marked."""
    folder = tmp_path_factory.mktemp("tiles")
    images, targets = weed_fields(5, rng=seeded(3))
    for number, (image, target) in enumerate(zip(images, targets, strict=True)):
        write_image(image[None], folder / f"{number}.png")
        shapes = [
            {"label": ("", "crop", "weed")[label], "points": [box[:2], box[2:]]}
            for box, label in zip(target["boxes"].tolist(), target["labels"].tolist(), strict=True)
        ]
        shapes += [{"label": "stone", "points": [[1, 1], [9, 9]]}] * (number == 2)
        marks = {"shapes": shapes, "imageWidth": 256, "imageHeight": 256}
        (folder / f"{number}.json").write_text(json.dumps(marks))
    return folder


def rows_of(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def by_name(rows, kind="all"):
    return {(row["damage"], row["method"]): row for row in rows if row["class"] == kind}


def test_fields_are_judged_sharp_blurred_and_restored(tmp_path, capsys):
    out, content = tmp_path / "rows.csv", tmp_path / "rows.json"
    words = ["evaluate", "detection", "--fields", "2", *FEW, "--csv", str(out)]
    assert main([*words, "--json", str(content)]) == 0
    printed = capsys.readouterr().out
    rows = rows_of(out)
    whole = by_name(rows)
    assert list(whole) == [
        ("sharp", ""),
        *(("blur 20", method) for method in ("", "unsharp", "wiener")),
        *(("blur 60", method) for method in ("", "unsharp", "wiener")),
        *(("resized", method) for method in ("", "unsharp")),  # no kernel, no Wiener
        *(("all", method) for method in ("", "unsharp", "wiener")),
    ]
    for name, row in whole.items():
        low, value, high = (float(row[key]) for key in ("f1_low", "f1", "f1_high"))
        assert 0 <= low <= value <= high <= 1, name
        if name[0] != "all":
            missing = sum(float(row[key]) for key in row if key.startswith("missing: "))
            assert missing == pytest.approx(1 - value)
    assert float(whole["sharp", ""]["f1"]) > float(whole["blur 60", ""]["f1"])
    assert set(by_name(rows, "weed")) == {name for name in whole if name[0] != "all"}
    assert "detector: fields" in printed and "exact" in printed and "seed 0" in printed
    assert "held back" in printed and "What is missing to an F1 of 1" in printed
    known = json.loads(content.read_text("utf-8"))
    assert len(known["rows"]) == len(rows) and known["rows"][0]["psnr"] is None
    assert known["definitions"]["pictures"].startswith("2, with ")


def test_all_blurs_together_are_the_sum_of_each(tmp_path):
    out = tmp_path / "rows.json"
    words = ["--fields", "2", "--lengths", "20,60", "--size", "31", "--restore", "wiener"]
    assert main(["evaluate", "detection", *words, "--json", str(out)]) == 0
    rows = {
        (row["damage"], row["method"]): row
        for row in json.loads(out.read_text("utf-8"))["rows"]
        if row["class"] == "all"
    }
    assert "over_unsharp" not in rows["blur 60", "wiener"]
    parts = [rows[damage, "wiener"]["f1"] for damage in ("blur 20", "blur 60")]
    assert min(parts) - 0.05 <= rows["all", "wiener"]["f1"] <= max(parts) + 0.05
    lost, gained = (
        rows[a]["f1"] - rows[b]["f1"]
        for a, b in ((("sharp", ""), ("all", "")), (("all", "wiener"), ("all", "")))
    )
    assert rows["all", "wiener"]["won_back"] == pytest.approx(gained / lost)


def test_annotated_pictures_are_judged_and_oddities_named(tiles, tmp_path, capsys):
    panels, out = tmp_path / "panels", tmp_path / "rows.csv"
    words = ["evaluate", "detection", "--images", str(tiles), *FEW, "--csv", str(out)]
    assert main([*words, "--panels", str(panels)]) == 0
    printed = capsys.readouterr()
    assert "note: 2.png: stone " in printed.out and "of no known class: left out" in printed.out
    assert "pictures: 4, with" in printed.out and "1 pictures held back" in printed.out
    assert printed.err == ""
    assert f"truth: as annotated in {tiles}" in printed.out
    assert float(by_name(rows_of(out))["sharp", ""]["f1"]) > 0.8
    names = ["curves.png", *(f"panel-{number}.png" for number in (1, 2, 3, 4))]
    assert sorted(path.name for path in panels.iterdir()) == names
    whole = by_name(rows_of(out))
    values = (f"{float(whole[f'blur {x}', 'wiener']['f1']):.2f} at {x}" for x in (20, 60))
    with Image.open(panels / "curves.png") as picture:
        said = picture.text["Description"]
    assert said.startswith("F1 over the blur's length. sharp: ") and said in printed.out
    assert f"wiener: {', '.join(values)}" in said
    with Image.open(panels / "panel-1.png") as picture:
        assert min(picture.size) > 400


def test_the_detectors_own_findings_can_be_the_truth(tiles, tmp_path, capsys):
    out = tmp_path / "rows.csv"
    words = ["--images", str(tiles), "--annotations", "self", *FEW, "--csv", str(out)]
    assert main(["evaluate", "detection", *words]) == 0
    assert float(by_name(rows_of(out))["sharp", ""]["f1"]) == 1
    printed = capsys.readouterr().out
    assert "truth: what the detector finds on the sharp pictures, not what is there" in printed
    assert "amount 1, untuned" in printed


def test_another_detector_and_a_training_of_ones_own(tiles, tmp_path, capsys):
    settings = {"num_classes": 3, "size": 256, "width": 8}
    network = build_detector(**settings, rng=seeded()).eval()
    mine = Detector(network, ("background", "weed", "crop"), 0.7)
    path = save_detector(tmp_path / "mine.safetensors", mine, "plants", settings)
    short = ["--lengths", "20", "--size", "9", "--restore", "wiener"]
    words = ["--images", str(tiles), "--detector", str(path), *short]
    assert main(["evaluate", "detection", *words]) == 0
    assert "a score of 0.7 or more" in capsys.readouterr().out
    words = ["--fields", "1", "--train-fields", "1", "--steps", "1", *short]
    assert main(["evaluate", "detection", *words]) == 0
    assert "detector: trained here for 1 steps on 1 fields" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--restore unsharp,,lite", "commas between"),
        ("--restore lite,lite", "none of them twice"),
        ("--restore nothing", "no generator 'nothing'"),
        ("--lengths 30,x", "'x' is no length in pixels"),
        ("--lengths -3", "'-3' is no length"),
        ("--detector nothing", "no weights at nothing: choose fields"),
        ("--images nowhere", "no such folder: nowhere"),
        ("--csv rows.txt", "a file that ends in .csv"),
    ],
)
def test_wrong_calls_are_one_line(words, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, _, value = words.partition(" ")
    assert main(["evaluate", "detection", f"{first}={value}"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("sharingan: ") and error.count("\n") == 1 and message in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--images", "--annotations"])
def test_an_empty_name_does_not_stand_for_the_generated_fields(option, tmp_path, capsys):
    write_image(torch.rand(1, 3, 64, 64), tmp_path / "a.png")
    named = {"--images": str(tmp_path), option: ""}
    words = [word for pair in named.items() for word in pair]
    assert main(["evaluate", "detection", "--restore", "lite", *words]) == 2
    assert "'' names no file or folder" in capsys.readouterr().err
