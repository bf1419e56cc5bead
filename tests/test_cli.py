"""Every command: its help, its work, and one clear line with exit code 2 for bad input."""

import io
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from nbformat import v4, write
from PIL import Image

from sharingan_lab.cli import main
from sharingan_lab.datasets import photo
from sharingan_lab.errors import ConfigError
from sharingan_lab.images import read_image, to_uint8, write_image
from sharingan_lab.interrupts import stop_requested
from sharingan_lab.locations import weights_dir
from sharingan_lab.networks import LiteGenerator
from sharingan_lab.restore import load_generator, restore
from sharingan_lab.training import TrainConfig, Trainer, recipe
from sharingan_lab.training.recipes import RECIPES

from .patience import PATIENCE, wait_until
from .small_disk import needs_fork

COMMANDS = [
    "",
    "report",
    "train",
    "deblur",
    "blur",
    "evaluate",
    "evaluate images",
    "evaluate restorers",
    "evaluate detection",
    "fetch",
    "explore",
    "lab",
    "course",
    "course build",
    "course check",
    "course grade",
    "course refresh",
    "doctor",
]
TINY = [
    *("epochs=1", "constant_epochs=1", "items=8", "batch_size=4"),
    *("width=4", "critic_width=4", "content=l1"),
]


@pytest.fixture
def picture(tmp_path):
    image = torch.rand(1, 3, 41, 50, generator=torch.Generator().manual_seed(0))
    return write_image(image, tmp_path / "in" / "picture.png")


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    printed = capsys.readouterr().out
    assert f"sharingan {command}".strip() in printed.lower().partition("\nexample")[2]


def test_the_help_of_train_names_every_recipe(capsys):
    main(["train", "--help"])
    named = capsys.readouterr().out.rpartition("--recipe RECIPE")[2].partition("--data")[0]
    assert set(re.findall(r"\w+", named)) >= set(RECIPES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "COMMAND"),
        ("dance", "dance"),
        ("report --only 99", "no lesson '99': choose from 0"),
        ("report -p sead 3", "'sead': choose from"),
        ("report -p seed", "expected 2 arguments"),
        ("report --mode full -p data_root {tmp}", "sharingan fetch gopro"),
        *((f"report --timeout {x}", f"above 0 to 1000000, got {x}") for x in ("-3", "nan", "inf")),
        ("report --only 01,,08", "no lesson ''"),
        ("lab --port 65536", "from 0 to 65535, got '65536'"),
        ("explore --port 65536", "from 0 to 65535, got '65536'"),
        ("course grade {tmp}/in -o {tmp}/in/picture.png", "name a file that ends in .csv"),
        ("report --notebooks {tmp}/none", "no lessons"),
        ("train --recipe nope", "unknown recipe 'nope': choose from"),
        ("train --recipe quick --set sead=1", "did you mean 'seed'?"),
        ("train --recipe quick --set seed", "write FIELD=VALUE"),
        ("train --recipe quick --set crop=1", "crop=1"),
        ("train --recipe quick --data {tmp}/in", "says nothing about data='photos'"),
        ("train --set data=mixed --data {tmp}/in", "has neither 'train' nor 'test'"),
        ("deblur", "INPUT"),
        ("deblur {tmp}/none.png -o {tmp}/out", "no such image"),
        ("deblur {tmp}/in/picture.png -o {tmp}/out --model nope", "no generator 'nope'"),
        ("deblur {tmp}/in/picture.png -o {tmp}/in", "would overwrite its input"),
        ("deblur {tmp}/in/picture.png x.png -o {tmp}/out.png", "2 inputs cannot go to one file"),
        ("deblur a/x.png b/x.png -o {tmp}/out", "two inputs are named x.png"),
        ("deblur {tmp}/in/picture.png -o {tmp}/out --device tpu", "invalid choice: 'tpu'"),
        ("deblur {tmp}/in/*.gif -o {tmp}/out", "no file is like {tmp}/in/*.gif"),
        ("deblur {tmp}/in/picture.png -o {tmp}/out.png --format jpg", "say two things"),
        ("deblur {tmp}/in/picture.png -o {tmp}/out --quality 101", "from 1 to 100, got '101'"),
        ("deblur {tmp}/in/picture.png -o {tmp}/out --format gif", "invalid choice: 'gif'"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --size 99", "larger than the image"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --size 9999999", "from 1 to 4096"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --noise -1", "from 0 to 1, got '-1'"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --noise 1e23", "from 0 to 1, got '1e23'"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --seed x", "--seed"),
        ("evaluate images {tmp}/none {tmp}/in", "no such folder"),
        ("evaluate images {tmp}/in {tmp}/in --csv {tmp}/in/picture.png/a.csv", "picture.png is no"),
        ("evaluate detection --steps 0", "--steps"),
        ("evaluate detection --lengths 30,1e30", "'1e30' is no length in pixels, above 0 to 4096"),
        ("evaluate detection --panels {tmp}/in/picture.png/a", "picture.png is no folder"),
        ("evaluate detection --annotations {tmp}/in", "these need --images"),
        ("fetch nothing", "nothing named 'nothing': choose gopro"),
        ("course check --only 99", "no lesson '99'"),
        ("course build", "--to"),
        ("course grade {tmp}/none", "is no folder"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    words, message, picture, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    assert main(words.format(tmp=tmp_path).split()) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"sharingan: [^\n]+\n", error)
    assert message.format(tmp=tmp_path) in error
    assert files(tmp_path) == before


def test_deblur_one_file_to_a_file(picture, tmp_path):
    out = tmp_path / "restored.png"
    assert main(["deblur", str(picture), "-o", str(out)]) == 0
    expected = restore(read_image(picture), load_generator("lite"))
    np.testing.assert_array_equal(to_uint8(read_image(out)), to_uint8(expected))


def test_deblur_replaces_only_what_one_wants_replaced(picture, tmp_path, capsys):
    out = tmp_path / "restored.jpg"
    out.write_bytes(b"of yesterday")
    words = ["deblur", str(picture), "-o", str(out)]
    assert main(words) == 2
    assert "restored.jpg would be replaced: write --force" in capsys.readouterr().err
    assert out.read_bytes() == b"of yesterday"
    assert main([*words, "--force", "--quality", "50"]) == 0
    coarse = out.stat().st_size
    assert main([*words, "--force", "--quality", "97"]) == 0
    assert out.stat().st_size > coarse
    assert main(["deblur", str(picture), "-o", str(picture), "--force"]) == 2
    assert "would overwrite its input" in capsys.readouterr().err


def test_deblur_takes_patterns_and_odd_names_and_another_format(picture, tmp_path):
    for name in ("a [1].jpg", "-b.jpg", "größe.jpg"):
        write_image(torch.ones(1, 3, 20, 20), picture.parent / name)
    (picture.parent / "notes.txt").write_text("no picture")
    out = tmp_path / "out"
    words = ["deblur", str(picture.parent / "*.jpg"), str(picture.parent / "a [1].jpg")]
    assert main([words[0], words[1], "-o", str(out), "--format", "webp"]) == 0
    assert files(out) == ["-b.webp", "a [1].webp", "größe.webp"]
    assert main(["deblur", words[2], "-o", str(out)]) == 0
    assert main(["deblur", "-o", str(tmp_path / "b.png"), "--", f"{picture.parent}/-b.jpg"]) == 0


def test_deblur_goes_on_past_a_file_that_is_not_there(picture, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["deblur", str(tmp_path / "gone.png"), str(picture), "-o", str(out)]) == 1
    assert files(out) == ["picture.png"]
    assert capsys.readouterr().err == f"sharingan: no such image: {tmp_path / 'gone.png'}\n"


class Stream:
    """Standard input or output, with its bytes."""

    def __init__(self, data=b""):
        self.buffer = io.BytesIO(data)


def test_deblur_reads_standard_input_and_writes_standard_output(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(picture.read_bytes()))
    with monkeypatch.context() as piped:
        piped.setattr(sys, "stdout", output := Stream())
        assert main(["deblur", "-", "-o", "-"]) == 0
    (tmp_path / "piped.png").write_bytes(output.buffer.getvalue())
    assert main(["deblur", str(picture), "-o", str(tmp_path / "filed.png")]) == 0
    assert (tmp_path / "piped.png").read_bytes() == (tmp_path / "filed.png").read_bytes()


@pytest.mark.parametrize(
    ("data", "line"),
    [(b"", "nothing came on standard input"), (b"no picture", "standard-input as an image")],
)
def test_what_comes_on_standard_input_may_be_nothing(data, line, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(data))
    assert main(["deblur", "-", "-o", str(tmp_path / "out.png")]) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"sharingan: [^\n]+\n", error) and line in error
    assert files(tmp_path) == []


def test_deblur_shows_before_and_after_in_one_page(picture, tmp_path, capsys):
    write_image(torch.rand(1, 3, 20, 30), picture.parent / "<wide>.png")
    out = tmp_path / "out"
    words = ["deblur", str(picture.parent), "-o", str(out), "--compare"]
    assert main(words) == 0
    page = (out / "compare.html").read_text()
    assert page.count('type="range"') == 2 and page.count("data:image/webp;base64,") == 4
    assert "&lt;wide&gt;.png, 30 x 20 pixels" in page and "http" not in page
    assert page.count("(100vh - 14rem) * 30 / 20)") == 1  # it fits on a screen with its slider
    for name in ("picture.png", "<wide>.png"):
        (out / name).unlink()
    assert main(words) == 2
    assert "compare.html would be replaced" in capsys.readouterr().err


def test_deblur_a_folder_keeps_the_names_and_names_what_failed(picture, tmp_path, capsys):
    (picture.parent / "broken.jpg").write_bytes(b"no image")
    write_image(torch.ones(1, 3, 20, 20), picture.parent / "white.jpg")
    out = tmp_path / "out"
    assert main(["deblur", str(picture.parent), "-o", str(out)]) == 1
    assert files(out) == ["picture.png", "white.jpg"]
    printed = capsys.readouterr()
    assert "broken.jpg" in printed.err
    assert printed.err.count("\n") == 1
    assert "2 of 3 restored" in printed.out


def test_blur_follows_from_its_seed(picture, tmp_path):
    outs = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    for out, seed in zip(outs, "113", strict=True):
        assert main(["blur", str(picture), "-o", str(out), "--seed", seed, "--size", "9"]) == 0
    a, b, c = (read_image(out) for out in outs)
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert a.shape == read_image(picture).shape


def test_blur_into_a_folder_keeps_the_name(picture, tmp_path):
    assert main(["blur", str(picture), "-o", str(tmp_path / "out"), "--size", "9"]) == 0
    assert files(tmp_path / "out") == ["picture.png"]


def test_train_then_resume_then_deblur(picture, tmp_path, capsys):
    out = tmp_path / "run"
    settings = [word for field in TINY for word in ("--set", field)]
    start = ["train", "--recipe", "quick", *settings, "--out", str(out)]
    assert main(start) == 0
    printed = capsys.readouterr().out
    assert re.search(r"step +2 of 2 .*PSNR [\d.]+ dB \(input [\d.]+ dB\)", printed)
    assert main(start) == 2  # there is a run already
    assert "resume it or choose another" in capsys.readouterr().err
    assert main(["train", "--resume", "--out", str(out)]) == 0  # by the settings it was begun with
    restored = tmp_path / "restored.png"
    assert main(["deblur", str(picture), "-o", str(restored), "--model", str(out)]) == 0
    assert restored.is_file()


def test_train_on_a_folder_of_photographs(tmp_path):
    for name in ("chelsea", "coffee", "rocket"):
        write_image(photo(name, 80), tmp_path / "photos" / f"{name}.png")
    settings = [word for field in (*TINY, "data=folder") for word in ("--set", field)]
    words = ["--recipe", "quick", "--data", str(tmp_path / "photos"), "--out", str(tmp_path / "a")]
    assert main(["train", *words, *settings]) == 0
    assert TrainConfig.read(tmp_path / "a" / "config.json").data == "folder"


def test_train_without_its_data_leaves_nothing(tmp_path, capsys):
    words = ["train", "--data", str(tmp_path / "none"), "--out", str(tmp_path / "run")]
    assert main(words) == 2
    assert str(tmp_path / "none") in capsys.readouterr().err
    assert files(tmp_path) == []


def test_the_quick_recipe_needs_no_data():
    assert recipe("quick").data == "photos"


def test_doctor_says_what_is_missing_and_how_to_get_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SHARINGAN_DATA", str(tmp_path))
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert f"torch {torch.__version__.partition('+')[0]}" in printed
    assert re.search(rf"missing +gopro at {tmp_path}.*full mode.*sharingan fetch gopro", printed)
    assert "Quick mode can run." in printed


# -- pictures in -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["deblur", "in/picture.png", "-o", "result.gif"], "has the ending of no picture that"),
        (
            ["deblur", "in/picture.png", "-o", "2024.11"],
            "for a folder of that name, write 2024.11/",
        ),
        (["blur", "in/picture.png", "-o", "b.xyz"], "end it in .png or .jpg"),
        (["blur", "in", "-o", "b.png"], "in is a folder: name one picture"),
        (["deblur", "in/picture.png", "-o", ""], "'' names no file or folder"),
        (["deblur", "", "-o", "out"], "'' names no file or folder"),
        (["blur", "", "-o", "b.png"], "'' names no file or folder"),
        (["blur", "in/picture.png", "-o", ""], "'' names no file or folder"),
        (["synthesize", "", "-o", "out"], "'' names no file or folder"),
        (["synthesize", "in", "-o", ""], "'' names no file or folder"),
        (["evaluate", "images", "", "in"], "'' names no file or folder"),
        (["train", "--out", ""], "'' names no file or folder"),
        (["train", "--data", ""], "'' names no file or folder"),
        (["report", "--out", ""], "'' names no file or folder"),
        (["report", "--notebooks", ""], "'' names no file or folder"),
        (["fetch", "vgg19", "--to", ""], "'' names no file or folder"),
        (["fetch", "vgg19", "--from", ""], "'' names no file or folder"),
        (["lab", "--to", ""], "'' names no file or folder"),
        (["deblur", "in/picture.png", "-o", "~nobody-here/out"], "no such home folder"),
        (["train", "--out", "~nobody-here/run", "--recipe", "quick"], "no such home folder"),
        (["train", "--set", "data_root=~nobody-here/x"], "no such home folder"),
        (["train", "--recipe", "quick", "--set", "vgg=~nobody-here/x"], "no such home folder"),
        (["report", "--only", "11", "-p", "photo", "~nobody-here/a.jpg"], "no such home folder"),
        (["report", "--out", "~nobody-here/reports"], "no such home folder"),
        (["fetch", "gopro", "--to", "~nobody-here/data"], "no such home folder"),
        (["synthesize", "in", "-o", "~nobody-here/out"], "no such home folder"),
    ],
)
def test_what_is_ambiguous_is_refused_before_any_work(
    words, message, picture, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(r"sharingan: [^\n]+\n", error) and message in error
    assert files(tmp_path) == before


def test_an_ending_that_exists_as_a_folder_or_is_marked_as_one_is_a_folder(
    picture, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.gif").mkdir()
    for out in ("there.gif", "new.png/"):
        assert main(["blur", str(picture), "-o", out, "--size", "9"]) == 0
        assert files(tmp_path / out) == ["picture.png"]


def test_a_home_stands_for_itself_in_options_and_settings(picture, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(picture.parent))
    assert main(["blur", "~/picture.png", "-o", "~/out/b.png", "--size", "9"]) == 0
    assert (picture.parent / "out" / "b.png").is_file()
    run = Trainer(recipe("quick").with_settings(items=4, width=4, critic_width=4), "~/run")
    assert run.run_dir == picture.parent / "run" and not (tmp_path / "~").exists()


def test_one_bad_picture_of_a_folder_is_a_line_and_the_others_go_on(picture, tmp_path, capsys):
    folder, out = picture.parent, tmp_path / "out"
    Image.new("P", (20, 20)).save(folder / "few.gif")
    Image.new("RGB", (20, 20)).save(folder / "small.jfif", format="JPEG")
    (folder / "broken.jpg").write_bytes(picture.read_bytes()[:60])
    (folder / "._picture.png").write_bytes(b"a companion")
    (folder / "phone.heic").write_bytes(b"")
    assert main(["deblur", str(folder), "-o", str(out)]) == 1
    assert files(out) == ["few.png", "picture.png", "small.jfif"]
    printed = capsys.readouterr()
    assert "3 of 4 restored" in printed.out
    passed_over, broken = printed.err.splitlines()
    assert "1 HEIC file (phone.heic: save as JPEG or PNG first)" in passed_over
    assert re.fullmatch(r"sharingan: cannot read .*broken\.jpg as an image: .+", broken)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        ZeroDivisionError("of another kind"),
    ],
)
def test_what_one_picture_does_to_the_network_ends_no_batch(
    error, picture, tmp_path, capsys, monkeypatch
):
    write_image(torch.ones(1, 3, 99, 99), picture.parent / "large.png")
    plain = LiteGenerator.forward

    def forward(self, images):
        if images.shape[-1] == 99:
            raise error
        return plain(self, images)

    monkeypatch.setattr(LiteGenerator, "forward", forward)
    assert main(["deblur", str(picture.parent), "-o", str(tmp_path / "out")]) == 1
    assert files(tmp_path / "out") == ["picture.png"]
    (line,) = capsys.readouterr().err.splitlines()
    remedy = "another kind" if isinstance(error, ZeroDivisionError) else "make it smaller"
    assert "large.png" in line and remedy in line


@pytest.mark.parametrize("error", [RuntimeError("can't allocate memory"), MemoryError()])
def test_a_command_that_needs_more_memory_than_there_is_says_so(
    error, tmp_path, capsys, monkeypatch
):
    def build(*_, **__):
        raise error

    monkeypatch.setattr("sharingan_lab.training.players.Generator", build)
    assert main(["train", "--recipe", "quick", "--out", str(tmp_path / "run")]) == 1
    assert "not enough memory" in capsys.readouterr().err
    assert files(tmp_path) == []


def test_pairs_that_cannot_be_put_there_are_one_line(picture, tmp_path, capsys):
    write_image(torch.ones(1, 3, 199, 199), picture.parent / "a.png")
    write_image(torch.ones(1, 3, 199, 199), picture)
    words = ["synthesize", str(picture.parent), "-o", str(picture / "pairs")]
    assert main(words) == 1
    assert f"cannot write to {picture}: " in capsys.readouterr().err
    assert main(["course", "build", "--only", "00", "--to", str(picture)]) == 1
    assert f"cannot write to {picture}/student: " in capsys.readouterr().err


def test_evaluate_images_goes_on_past_a_bad_one(picture, tmp_path, capsys):
    for folder in (picture.parent, tmp_path / "restored"):
        write_image(torch.rand(3, 20, 20), folder / "other.png")
        (folder / "broken.png").write_bytes(b"no picture")
    write_image(torch.ones(3, 41, 50), tmp_path / "restored" / "picture.png")
    assert main(["evaluate", "images", str(tmp_path / "restored"), str(picture.parent)]) == 1
    printed = capsys.readouterr()
    rows = [line.split("  ")[0].strip() for line in printed.out.splitlines()]
    assert rows[3:] == ["file", "other.png", "picture.png", "mean of 2", "95 % from", "95 % to"]
    assert "broken.png as an image" in printed.err


def test_names_that_a_terminal_cannot_show_are_restored(picture, tmp_path, monkeypatch):
    name = b"\xff\xfe \xc3\xbc.png"
    os.rename(picture, os.path.join(os.fsencode(picture.parent), name))
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="strict")
    monkeypatch.setattr(sys, "stdout", terminal)
    words = ["blur", str(picture.parent / os.fsdecode(name)), "-o", str(tmp_path / "out")]
    assert main([*words, "--size", "9"]) == 0
    terminal.flush()
    assert os.listdir(os.fsencode(tmp_path / "out")) == [name]
    assert terminal.buffer.getvalue().startswith(b"wrote ")


def test_an_input_of_another_name_is_not_overwritten_either(picture, tmp_path, capsys):
    Image.new("P", (41, 50)).save(tmp_path / "picture.gif")
    (tmp_path / "other").mkdir()
    write_image(torch.ones(3, 20, 20), tmp_path / "other" / "b.png")
    words = [str(tmp_path / "picture.gif"), str(tmp_path / "other" / "b.png")]
    assert main(["deblur", *words, str(picture), "-o", str(picture.parent)]) == 2
    assert "two inputs are named picture.png" in capsys.readouterr().err
    write_image(torch.ones(3, 20, 20), picture.parent / "b.png")
    both = [str(tmp_path / "other" / "b.png"), str(picture)]
    assert main(["deblur", *both, "-o", str(picture.parent)]) == 2
    assert "would overwrite its input" in capsys.readouterr().err


# -- seeds and places ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "blur {tmp}/in/picture.png -o {tmp}/b.png --seed {seed}",
        "synthesize {tmp}/in -o {tmp}/out --seed {seed}",
        "evaluate detection --seed {seed}",
        "train --recipe quick --out {tmp}/run --set seed={seed}",
        "report --only 01 --out {tmp}/reports -p seed {seed}",
    ],
)
@pytest.mark.parametrize("seed", [2**64, 2**63, 10**400, -1])
def test_a_seed_beyond_64_bits_is_refused_in_one_line(words, seed, picture, tmp_path, capsys):
    before = files(tmp_path)
    assert main(words.format(tmp=tmp_path, seed=seed).split()) == 2
    assert re.fullmatch(r"sharingan: [^\n]*whole number [^\n]+\n", capsys.readouterr().err)
    assert files(tmp_path) == before


def test_the_largest_seed_works(picture, tmp_path):
    words = ["blur", str(picture), "-o", str(tmp_path / "b.png"), "--size", "9"]
    assert main([*words, "--seed", str(2**63 - 1)]) == 0
    config = recipe("quick").with_settings(
        seed=2**63 - 1, items=4, width=4, critic_width=4, epochs=2, constant_epochs=1, content="l1"
    )
    assert Trainer(config).fit()[-1]["step"] == 2


@pytest.mark.parametrize("words", ["doctor", "train --recipe quick", "fetch vgg19", "report"])
def test_a_user_without_a_home_is_told_so(words, tmp_path, capsys, monkeypatch):
    def unknown(_):
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert main(words.split()) == 2
    assert "this user has no home folder: set HOME" in capsys.readouterr().err
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="set HOME"):
        weights_dir()
    assert files(tmp_path) == []


@pytest.mark.parametrize("words", ["report", "lab", "course refresh"])
def test_what_windows_lacks_is_refused_there(words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert error == (
        f"sharingan: sharingan {words} needs Linux or macOS: on Windows, run it in WSL\n"
    )
    assert files(tmp_path) == []


# -- stopping a report --------------------------------------------------------------------------


def report(folder, *words):
    """The command, in a copy of this process with a folder for its kernels' files."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ["TMPDIR"], tempfile.tempdir = str(folder / "tmp"), None
    with (folder / "said").open("w") as said, redirect_stdout(said), redirect_stderr(said):
        code = main(["report", *words])
    os._exit(code)


def start_report(folder):
    """Start a report of a short and an endless lesson as a process of its own."""
    for name, source in (("01_short", "x = 1"), ("02_endless", "import time\ntime.sleep(600)")):
        cells = [v4.new_markdown_cell("# A title"), v4.new_code_cell(source)]
        (folder / "course").mkdir(exist_ok=True)
        write(v4.new_notebook(cells=cells), folder / "course" / f"{name}.ipynb")
    words = ["--notebooks", str(folder / "course"), "--out", str(folder / "out"), "--jobs", "2"]
    (folder / "tmp").mkdir()
    (folder / "said").touch()
    process = get_context("fork").Process(target=report, args=(folder, *words))
    process.start()
    return process


def wait_for_the_short_lesson(process, folder):
    def is_done():
        assert process.is_alive(), (folder / "said").read_text()
        return re.search("01_short.*done in", (folder / "said").read_text())

    wait_until(is_done, "the end of the short lesson")
    wait_until(lambda: kernels_below(folder), "the kernel of the endless lesson")


def kernels_below(folder):
    """Processes whose command line names the folder: kernels and workers."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or ())
        if str(folder / "tmp") in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.info["pid"])
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_stops_a_report_and_is_given_back(number):
    before = signal.getsignal(number)
    with stop_requested(signal.SIGHUP) as stopped:
        os.kill(os.getpid(), number)
        assert stopped.wait(PATIENCE)
    assert signal.getsignal(number) is before


@needs_fork
def test_a_stopped_report_keeps_what_is_finished_and_leaves_no_process(tmp_path):
    process = start_report(tmp_path)
    try:
        wait_for_the_short_lesson(process, tmp_path)
        process.terminate()
        process.join(PATIENCE)
    finally:
        process.kill()
    assert process.exitcode == 130
    assert "Stopped. What was finished is kept" in (tmp_path / "said").read_text()
    wait_until(lambda: not kernels_below(tmp_path), "the end of every kernel")
    out = tmp_path / "out"
    assert (out / "01_short.html").is_file()
    assert not (out / "02_endless.html").exists()
    index = (out / "index.html").read_text()
    assert "02 A title: not finished" in index
    assert 'href="02_endless.html"' not in index
    assert '<a rel="next"' not in (out / "01_short.html").read_text()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_python_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "sharingan_lab", "--version"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("sharingan-lab ")
    assert Path(sys.executable).exists()
