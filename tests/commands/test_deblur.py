"""sharingan deblur: which inputs are done, which are said, and what is refused before any work."""

import errno
import os
import signal

import pytest
import torch

from sharingan_lab import restore as restoring
from sharingan_lab.cli import main
from sharingan_lab.images import write_image
from sharingan_lab.storage import writing_to


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


@pytest.fixture
def pictures(tmp_path):
    images = torch.rand(3, 1, 3, 20, 30, generator=torch.Generator().manual_seed(0))
    return [write_image(one, tmp_path / f"in/{at}.png") for at, one in enumerate(images)]


@pytest.fixture
def stopped_at_the_second(pictures, tmp_path, monkeypatch):
    """Restore the pictures of a folder; at the second something happens."""
    whole = restoring.encode_photo

    def run(happens):
        def encode(photo, pixels, name, **settings):
            if name == pictures[1].name:
                happens()
            return whole(photo, pixels, name, **settings)

        words = ["deblur", str(pictures[0].parent), "-o", str(tmp_path / "out"), "--compare"]
        with monkeypatch.context() as patched:
            patched.setattr(restoring, "encode_photo", encode)
            return words, main(words)

    return run


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_keeps_what_is_whole_and_resume_goes_on(
    number, stopped_at_the_second, tmp_path, capsys
):
    before = signal.getsignal(number)
    words, code = stopped_at_the_second(lambda: signal.raise_signal(number))
    assert code == 130 and signal.getsignal(number) is before
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sharingan: stopped") and "--resume goes on" in line
    assert os.listdir(tmp_path / "out") == ["0.png"]
    first = (tmp_path / "out" / "0.png").stat().st_mtime_ns
    assert main([*words, "--resume"]) == 0
    assert "3 of 3 restored, 1 of them before" in capsys.readouterr().out
    assert (tmp_path / "out" / "0.png").stat().st_mtime_ns == first
    page = (tmp_path / "out" / "compare.html").read_text()
    assert page.count('type="range"') == 3


def refusing(number, folder):
    """What the disk does that does not take a file."""

    def refuse():
        with writing_to(folder):
            raise OSError(number, os.strerror(number))

    return refuse


def test_a_disk_that_is_full_is_one_line_and_no_other_picture_is_tried(
    stopped_at_the_second, tmp_path, capsys
):
    words, code = stopped_at_the_second(refusing(errno.ENOSPC, tmp_path / "out"))
    assert code == 1 and os.listdir(tmp_path / "out") == ["0.png"]
    (line,) = capsys.readouterr().err.splitlines()
    assert "No space left on device" in line and "--resume goes on" in line
    assert main([*words, "--resume"]) == 0


def test_a_place_that_takes_no_picture_is_one_line_and_the_others_are_restored(
    stopped_at_the_second, tmp_path, capsys
):
    _, code = stopped_at_the_second(refusing(errno.EPERM, tmp_path / "out"))
    assert code == 1 and {"0.png", "2.png", "compare.html"} == {*os.listdir(tmp_path / "out")}
    (line,) = capsys.readouterr().err.splitlines()
    assert "Operation not permitted" in line


def test_going_on_and_replacing_are_two_things(picture, tmp_path, capsys):
    words = ["deblur", str(picture), "-o", str(tmp_path / "out"), "--force", "--resume"]
    assert main(words) == 2
    assert "--resume: not allowed with argument --force" in capsys.readouterr().err
