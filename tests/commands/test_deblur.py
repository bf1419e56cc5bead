"""sharingan deblur: which inputs are done, which are said, and what is refused before any work."""

import os

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.images import write_image


@pytest.fixture
def picture(tmp_path):
    image = torch.rand(1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    return write_image(image, tmp_path / "in" / "picture.png")


@pytest.mark.parametrize("name", ["scans/*.tif", "empty"])
def test_what_stands_for_no_picture_is_one_line_and_the_others_go_on(
    name, picture, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    os.mkdir("empty")
    assert main(["deblur", name, str(picture), "-o", "out"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert name in line and os.listdir("out") == ["picture.png"]
    assert main(["deblur", name, "none/*.png", "-o", "other"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2 and not os.path.exists("other")


def test_links_to_nothing_and_empty_files_are_a_line_each(picture, tmp_path, capsys):
    folder = picture.parent
    (folder / "broken.png").symlink_to("nowhere.png")
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "empty.png").touch()
    assert main(["deblur", str(folder), "-o", str(tmp_path / "out")]) == 1
    broken, circle, empty = capsys.readouterr().err.splitlines()
    assert "broken.png, but a broken link" in broken and "circle.png, but" in circle
    assert "empty.png as an image: the file is empty" in empty
    assert os.listdir(tmp_path / "out") == ["picture.png"]


def test_a_picture_that_is_named_twice_is_restored_once(picture, tmp_path, capsys):
    words = [str(picture), str(picture), str(picture.parent / "*.png")]
    assert main(["deblur", *words, "-o", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.count("wrote") == 1


@pytest.mark.parametrize("names", [("A.png", "a.png"), ("ÄRGER.png", "ärger.PNG")])
def test_names_that_differ_in_case_alone_are_refused_before_any_work(names, tmp_path, capsys):
    paths = [tmp_path / f"in{at}" / name for at, name in enumerate(names)]
    for path in paths:
        write_image(torch.rand(1, 3, 9, 9), path)
    assert main(["deblur", *map(str, paths), "-o", str(tmp_path / "out")]) == 2
    assert f"two inputs are named {names[0]}" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
