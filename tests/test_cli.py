"""Every command: its help, its work, and one clear line with exit code 2 for bad input."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from nbformat import v4, write
from skimage.metrics import peak_signal_noise_ratio

from sharingan_lab.cli import main
from sharingan_lab.datasets import photo
from sharingan_lab.images import read_image, to_uint8, write_image
from sharingan_lab.restore import load_generator, restore
from sharingan_lab.training import TrainConfig, recipe

from .patience import PATIENCE, wait_until

COMMANDS = [
    "",
    "report",
    "train",
    "deblur",
    "blur",
    "evaluate",
    "evaluate images",
    "evaluate detection",
    "fetch",
    "explore",
    "lab",
    "course",
    "course check",
    "course refresh",
    "doctor",
]
TINY = ["epochs=1", "constant_epochs=1", "items=8", "batch_size=4", "width=4", "critic_width=4"]


@pytest.fixture
def picture(tmp_path):
    image = torch.rand(1, 3, 41, 50, generator=torch.Generator().manual_seed(0))
    return write_image(image, tmp_path / "in" / "picture.png")


def files(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert main([*command.split(), "--help"]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.startswith(f"Example: sharingan {command}".strip())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "COMMAND"),
        ("dance", "dance"),
        ("report --only 99", "no lesson '99': choose from 0"),
        ("report -p sead 3", "'sead': choose from"),
        ("report -p seed", "expected 2 arguments"),
        ("report --mode full -p data_root {tmp}", "sharingan fetch gopro"),
        ("report --timeout -3", "timeout"),
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
        ("deblur {tmp}/in/picture.png -o {tmp}/out --device tpu", "device='tpu'"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --size 99", "larger than the image"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --noise -1", "std"),
        ("blur {tmp}/in/picture.png -o {tmp}/b.png --seed x", "--seed"),
        ("evaluate images {tmp}/none {tmp}/in", "no such folder"),
        ("evaluate detection --steps 0", "--steps"),
        ("fetch nothing", "nothing named 'nothing': choose gopro"),
        ("course check --only 99", "no lesson '99'"),
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
    assert message in error
    assert files(tmp_path) == before


def test_help_needs_no_torch():
    source = "import sys; from sharingan_lab.cli import main; main(['--help']); " + (
        "assert 'torch' not in sys.modules and 'IPython' not in sys.modules"
    )
    subprocess.run(
        [sys.executable, "-c", source], check=True, capture_output=True, timeout=PATIENCE
    )


def test_the_library_imports_without_jupyter():
    source = (
        "import sys\n"
        "for name in ('IPython', 'papermill', 'nbformat', 'nbconvert', 'ipywidgets', 'nbclient'):\n"
        "    sys.modules[name] = None\n"
        "import sharingan_lab.blur, sharingan_lab.classical, sharingan_lab.datasets\n"
        "import sharingan_lab.evaluation, sharingan_lab.losses, sharingan_lab.networks\n"
        "import sharingan_lab.restore, sharingan_lab.training, sharingan_lab.cli\n"
        "import sharingan_lab.datasets.download\n"
        "from sharingan_lab.cli import main\n"
        "sys.exit(main(['evaluate', 'images', 'none', 'none']) != 2)\n"
    )
    subprocess.run(
        [sys.executable, "-c", source], check=True, capture_output=True, timeout=PATIENCE
    )


def test_deblur_one_file_to_a_file(picture, tmp_path):
    out = tmp_path / "restored.png"
    assert main(["deblur", str(picture), "-o", str(out)]) == 0
    expected = restore(read_image(picture), load_generator("lite"))
    np.testing.assert_array_equal(to_uint8(read_image(out)), to_uint8(expected))


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


def test_evaluate_images_prints_what_scikit_image_measures(picture, tmp_path, capsys):
    noisy = (read_image(picture) + 0.1).clamp(0, 1)
    write_image(noisy, tmp_path / "restored" / "picture.png")
    assert main(["evaluate", "images", str(tmp_path / "restored"), str(picture.parent)]) == 0
    *_, row, mean = capsys.readouterr().out.strip().splitlines()
    pixels = [to_uint8(read_image(p)) for p in (tmp_path / "restored" / "picture.png", picture)]
    expected = peak_signal_noise_ratio(pixels[1], pixels[0], data_range=255)
    assert float(row.split()[1]) == pytest.approx(expected, abs=1e-3)
    assert mean.split()[0] == "mean"
    assert mean.split()[1:] == row.split()[1:]


def test_evaluate_images_names_a_file_without_a_partner(picture, tmp_path, capsys):
    write_image(torch.ones(1, 3, 8, 8), tmp_path / "restored" / "other.png")
    assert main(["evaluate", "images", str(tmp_path / "restored"), str(picture.parent)]) == 2
    assert "2 file(s) without a partner, the first is other.png" in capsys.readouterr().err


def test_evaluate_images_names_files_of_two_sizes(picture, tmp_path, capsys):
    write_image(torch.ones(1, 3, 8, 9), tmp_path / "restored" / "picture.png")
    assert main(["evaluate", "images", str(tmp_path / "restored"), str(picture.parent)]) == 2
    assert "picture.png has two sizes in the two folders: 9 x 8 and 50 x 41" in (
        capsys.readouterr().err
    )


def test_evaluate_detection_prints_a_table(capsys):
    words = "evaluate detection --fields 1 --train-fields 1 --steps 1 --size 9"
    assert main(words.split()) == 0
    rows = capsys.readouterr().out.strip().splitlines()[-4:]
    assert rows[0].split() == ["fields", "precision", "recall", "F1"]
    assert [row.split()[0] for row in rows[1:]] == ["sharp", "blurred", "restored"]
    assert all(0 <= float(value) <= 1 for row in rows[1:] for value in row.split()[1:])


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
    assert TrainConfig.from_json((tmp_path / "a" / "config.json").read_text()).data == "folder"


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


# -- stopping a report --------------------------------------------------------------------------


def start_report(folder):
    """Start a report of a short and an endless lesson as a process of its own."""
    for name, source in (("01_short", "x = 1"), ("02_endless", "import time\ntime.sleep(600)")):
        cells = [v4.new_markdown_cell("# A title"), v4.new_code_cell(source)]
        (folder / "course").mkdir(exist_ok=True)
        write(v4.new_notebook(cells=cells), folder / "course" / f"{name}.ipynb")
    words = ["--notebooks", str(folder / "course"), "--out", str(folder / "out"), "--jobs", "2"]
    (folder / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "sharingan_lab", "report", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"TMPDIR": str(folder / "tmp")},
    )


def wait_for_the_short_lesson(process, folder):
    lines = iter(process.stdout)
    assert any("01_short" in line and "done in" in line for line in lines)
    wait_until(lambda: kernels_below(folder), "the kernel of the endless lesson")


def kernels_below(folder):
    """Processes whose command line names the folder: kernels and workers."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or ())
        if str(folder / "tmp") in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.info["pid"])
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_report_keeps_what_is_finished_and_leaves_no_process(number, tmp_path):
    process = start_report(tmp_path)
    try:
        wait_for_the_short_lesson(process, tmp_path)
        process.send_signal(number)
        rest, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped. What was finished is kept" in rest
    wait_until(lambda: not kernels_below(tmp_path), "the end of every kernel")
    out = tmp_path / "out"
    assert (out / "01_short.html").is_file()
    assert not (out / "02_endless.html").exists()
    index = (out / "index.html").read_text()
    assert "02 A title: not finished" in index
    assert 'href="02_endless.html"' not in index
    assert 'rel="next"' not in (out / "01_short.html").read_text()
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
