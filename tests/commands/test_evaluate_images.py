"""sharingan evaluate images: what it prints, what it writes, and what it refuses."""

import csv
import json
import math
import re

import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from sharingan_lab.cli import main
from sharingan_lab.datasets import photos
from sharingan_lab.evaluation import DEFINITIONS, INTERVAL, average, psnr
from sharingan_lab.images import read_image, to_uint8, write_image

NAMES = ("chelsea.png", "coffee.png", "rocket.png")


@pytest.fixture
def folders(tmp_path):
    """Three sharp photographs, noisy ones as the input, and less noisy ones as the restored."""
    sharp = photos(48, names=tuple(name[:-4] for name in NAMES))
    noise = torch.randn(sharp.shape, generator=torch.Generator().manual_seed(0))
    for folder, std in (("sharp", 0), ("blurred", 0.1), ("restored", 0.05)):
        for name, image in zip(NAMES, (sharp + std * noise).clamp(0, 1), strict=True):
            write_image(image, tmp_path / folder / name)
    return tmp_path


def evaluate(folder, *words):
    names = ["restored", "sharp"]
    return main(["evaluate", "images", *(str(folder / name) for name in names), *map(str, words)])


def table(printed):
    """Rows of the table, without the definitions above it."""
    return [line.split() for line in printed.splitlines() if not line.startswith(("PSNR:", "SSIM:",
            "interval:"))]  # fmt: skip


def test_it_prints_what_scikit_image_measures_and_how(folders, capsys):
    assert evaluate(folders) == 0
    printed = capsys.readouterr().out
    _, *rows, mean, low, high = table(printed)
    assert [row[0] for row in rows] == list(NAMES)
    for name, decibels, _ in rows:
        pixels = [to_uint8(read_image(folders / f / name)) for f in ("restored", "sharp")]
        assert float(decibels) == pytest.approx(
            peak_signal_noise_ratio(pixels[1], pixels[0], data_range=255), abs=1e-3
        )
    assert (mean[0], low[:3], high[:3]) == ("mean", ["95", "%", "from"], ["95", "%", "to"])
    assert float(low[3]) < float(mean[1]) < float(high[3])
    assert all(words in printed for words in (*DEFINITIONS.values(), INTERVAL))


def test_one_picture_has_a_mean_and_no_interval(folders, capsys):
    for name in NAMES[1:]:
        for folder in ("restored", "sharp"):
            (folders / folder / name).unlink()
    assert evaluate(folders) == 0
    *_, row, mean = table(capsys.readouterr().out)
    assert (row[0], mean[0]) == ("chelsea.png", "mean") and mean[1:] == row[1:]


def test_identical_pairs_are_named_and_in_no_mean(folders, capsys):
    sharp = folders / "sharp" / NAMES[0]
    (folders / "restored" / NAMES[0]).write_bytes(sharp.read_bytes())
    assert evaluate(folders) == 0
    _, first, *others, mean, _, _, note = table(capsys.readouterr().out)
    assert first == [NAMES[0], "identical", "1.0000"]
    assert float(mean[1]) == pytest.approx(sum(float(o[1]) for o in others) / 2, abs=1e-4)
    expected = (1 + sum(float(other[2]) for other in others)) / 3
    assert float(mean[2]) == pytest.approx(expected, abs=1e-4)
    assert " ".join(note) == "identical pairs: 1 of 3; the mean PSNR is that of the others"
    assert main(["evaluate", "images", *[str(folders / "sharp")] * 2]) == 0
    *_, mean, _, _, note = table(capsys.readouterr().out)
    assert mean == ["mean", "identical", "1.0000"]
    assert " ".join(note) == "identical pairs: 3 of 3"


def test_the_input_stands_beside_and_the_difference_is_paired(folders, capsys):
    assert evaluate(folders, "--input", folders / "blurred") == 0
    _, *rows, mean, low, high = table(capsys.readouterr().out)
    for name, before, after, gain, *_ in rows:
        sharp = read_image(folders / "sharp" / name)
        values = [
            psnr(read_image(folders / f / name), sharp).item() for f in ("blurred", "restored")
        ]
        assert [float(before), float(after)] == pytest.approx(values, abs=1e-4)
        assert float(gain) == pytest.approx(values[1] - values[0], abs=1e-4)
    gains = average([float(row[3]) for row in rows])
    assert [float(mean[3]), float(low[5]), float(high[5])] == pytest.approx(gains[:3], abs=2e-4)


def test_names_may_differ_in_their_ending(folders, capsys):
    for path in (folders / "sharp").iterdir():
        path.rename(path.with_suffix(".bmp"))
    assert evaluate(folders) == 0  # Pillow goes by content
    assert len(table(capsys.readouterr().out)) == 7


def test_files_without_a_partner_are_named(folders, capsys):
    (folders / "sharp" / NAMES[0]).unlink()
    write_image(torch.ones(1, 3, 8, 8), folders / "restored" / "other.png")
    (folders / "blurred" / NAMES[2]).unlink()
    assert evaluate(folders, "--input", folders / "blurred") == 2
    error = capsys.readouterr().err
    assert "3 file(s) without a partner, the first is chelsea.png, missing in" in error
    assert f"other.png, missing in {folders}/sharp and {folders}/blurred" in error
    assert f"rocket.png, missing in {folders}/blurred" in error
    assert error.count("\n") == 1


def test_many_files_without_a_partner_are_counted(folders, capsys):
    for number in range(9):
        write_image(torch.ones(1, 3, 8, 8), folders / "sharp" / f"{number}.png")
    assert evaluate(folders) == 2
    error = capsys.readouterr().err
    assert "9 file(s) without a partner, the first is 0.png" in error
    assert error.endswith("; and 4 more\n")


def test_two_sizes_are_named_and_the_others_measured(folders, capsys):
    write_image(torch.ones(1, 3, 8, 9), folders / "restored" / NAMES[1])
    assert evaluate(folders, "--json", folders / "a.json") == 1
    said = capsys.readouterr()
    assert "coffee.png has two sizes in the two folders: 9 x 8 and 48 x 48" in said.err
    assert "mean of 2" in said.out
    content = json.loads((folders / "a.json").read_text())
    assert (content["pictures"], content["failed"]) == (2, ["coffee.png"])


def test_the_only_pair_of_two_sizes_is_an_error(folders, capsys):
    for name in NAMES[1:]:
        for folder in ("restored", "sharp"):
            (folders / folder / name).unlink()
    write_image(torch.ones(1, 3, 8, 9), folders / "restored" / NAMES[0])
    assert evaluate(folders) == 2
    assert "chelsea.png has two sizes in the two folders: 9 x 8 and 48 x 48" in (
        capsys.readouterr().err
    )


def test_csv_and_json_hold_every_picture_and_the_definitions(folders, capsys):
    sharp = folders / "sharp" / NAMES[0]
    (folders / "restored" / NAMES[0]).write_bytes(sharp.read_bytes())
    words = [
        "--input",
        folders / "blurred",
        "--csv",
        folders / "a.csv",
        "--json",
        folders / "a.json",
    ]
    assert evaluate(folders, *words) == 0
    assert f"wrote {folders / 'a.csv'}" in capsys.readouterr().out
    with (folders / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    content = json.loads((folders / "a.json").read_text())
    assert [row["file"] for row in rows] == [entry["file"] for entry in content["files"]]
    assert all(words in row["definitions"] for row in rows for words in DEFINITIONS.values())
    assert content["definitions"] == {**DEFINITIONS, "interval": INTERVAL}
    assert float(rows[0]["psnr"]) == math.inf and content["files"][0]["psnr"] is None
    assert content["files"][0]["identical"] and not content["files"][1]["identical"]
    for row, entry in zip(rows[1:], content["files"][1:], strict=True):
        assert float(row["psnr_gain"]) == entry["psnr_gain"] == entry["psnr"] - entry["psnr_input"]
    expected = average([entry["psnr_gain"] for entry in content["files"][1:]])
    assert content["means"]["psnr_gain"] == expected._asdict()


def test_a_file_that_was_there_is_said_to_be_replaced(folders, capsys):
    for word in ("wrote", "replaced"):
        assert evaluate(folders, "--csv", folders / "a.csv") == 0
        assert f"{word} {folders / 'a.csv'}" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["csv", "json", "page"])
def test_no_picture_is_written_over(folders, option, capsys):
    target = folders / "sharp" / NAMES[0]
    before = target.read_bytes()
    assert evaluate(folders, f"--{option}", target) == 2
    assert "name a file that ends in" in capsys.readouterr().err
    assert target.read_bytes() == before


def test_the_page_needs_no_other_file_and_describes_its_pictures(folders):
    assert evaluate(folders, "--input", folders / "blurred", "--page", folders / "a.html") == 0
    page = (folders / "a.html").read_text()
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    images = re.findall(r'<img src="data:image/jpeg;base64,[^"]+" alt="([^"]+)"', page)
    assert len(images) == 9  # the three pictures, each blurred, restored and sharp
    assert all(text.startswith(NAMES) for text in images)
    assert page.count("<circle") == 6 and page.count('role="img" aria-label="3 pictures') == 2
    assert "3 lie above the diagonal" in page
    assert all(words in page for words in ("11 x 11", "data range 1", "95 % bootstrap interval"))


def test_the_page_of_identical_pictures_has_no_scatter(folders):
    same = [str(folders / "sharp")] * 2
    page = folders / "a.html"
    assert main(["evaluate", "images", *same, "--input", same[0], "--page", str(page)]) == 0
    text = page.read_text()
    assert "3 are identical" in text and "nan" not in text.split("</style>")[1].lower()


def test_names_are_text_on_the_page(folders):
    for folder in ("restored", "sharp"):
        path = folders / folder / NAMES[0]
        path.rename(path.with_name('a"<b>&.png'))
    assert evaluate(folders, "--page", folders / "a.html") == 0
    page = (folders / "a.html").read_text()
    assert "<b>" not in page and "a&quot;&lt;b&gt;&amp;.png" in page
