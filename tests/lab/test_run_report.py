"""A training run on a page: what is said of it, what is refused, and lesson 08 made of one."""

import json

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.errors import DataError
from sharingan_lab.lab import report
from sharingan_lab.lab.fingerprint import fingerprint
from sharingan_lab.lab.run_report import (
    FRAMES,
    run_curves,
    run_explorer,
    sample_frames,
    settings_and_cost,
)
from sharingan_lab.training import RunRecord, Trainer, read_run, recipe
from sharingan_lab.training.samples import write_samples

TINY = recipe("quick").with_settings(
    items=8, epochs=4, constant_epochs=1, width=4, blocks=1, critic_width=4, crop=32,
    critic_steps=2, log_every=1, validate_every=2, content="l1", kernel_size=9, seed=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    Trainer(TINY, folder).fit()
    return folder


@pytest.fixture(scope="module")
def record(run_dir):
    return read_run(run_dir)


def test_settings_and_cost_are_in_words(record):
    said = dict(settings_and_cost(record))
    assert said["recipe"].startswith("quick, seed 3, with ")
    assert "content=l1" in said["recipe"] and "seed=3" not in said["recipe"]
    assert said["came to"] == "step 8, epoch 4 of 4 (finished)"
    assert said["the generator saw"] == "32 crops"
    assert said["training time"].endswith("minutes for 8 steps")


def test_a_long_run_is_counted_in_hours():
    row = {"step": 300_000, "epoch": 300.0}
    said = dict(settings_and_cost(RunRecord(recipe("report"), [row], {}, 300_000, 63_000.0)))
    assert said["recipe"] == "report, seed 0"
    assert said["training time"] == "17.5 hours for 300000 steps"
    assert said["a step took"] == "0.21 s, 4.76 images a second"


def test_the_curves_show_the_history(record):
    figure, words = run_curves(record)
    panels = {axes.get_title(): axes for axes in figure.axes}
    shown = panels["Validation PSNR"].lines[0].get_xydata().tolist()
    assert shown == [[row["step"], row["psnr"]] for row in record.checks]
    assert panels["Gradient penalty"].lines[0].get_ydata().tolist() == [
        row["penalty"] for row in record.losses
    ]
    assert f"{record.checks[-1]['psnr']:.1f} dB" in words
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)


def test_a_run_of_one_row_has_no_curves():
    with pytest.raises(DataError, match="let it train further"):
        run_curves(RunRecord(TINY, [{"step": 0, "epoch": 0.0}], {}, 0, 0.0))


def test_frames_are_few_and_reach_from_the_first_picture_to_the_last(tmp_path):
    crops = torch.rand(3, 4, 3, 16, 16)
    sheets = {step: write_samples(tmp_path, step, *crops) for step in range(0, 130, 10)}
    frames, labels = sample_frames(RunRecord(TINY, [], sheets, 0, 0.0))
    assert len(frames) == FRAMES
    assert labels == ["step 0", "step 30", "step 60", "step 90", "step 120"]
    with pytest.raises(DataError, match="kept 1 pictures"):
        sample_frames(RunRecord(TINY, [], {0: sheets[0]}, 0, 0.0))


def test_the_explorer_goes_through_time_and_crops(record):
    explorer = run_explorer(record)
    last = record.checks[-1]["step"]
    assert explorer.description.startswith(f"At step {last} the restored crop has")
    seen = {explorer.description}
    explorer.sliders["check"].value = 0
    assert explorer.description.startswith("At step 0 ")
    explorer.sliders["crop"].value = 2
    assert explorer.description not in seen


def test_a_folder_without_a_run_is_refused_before_the_lesson(tmp_path, capsys):
    out = tmp_path / "out"
    wrong = ["--only", "08", "--out", str(out), "-p", "run_dir", str(tmp_path)]
    assert main(["report", *wrong]) == 2
    assert f"{tmp_path} holds no run" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_that_went_on_is_reported_again(run_dir, tmp_path):
    lesson = report.order(only=["08"], out=tmp_path / "out").chosen[0]
    before = fingerprint(lesson, "quick", {"run_dir": str(run_dir)})
    assert before == fingerprint(lesson, "quick", {"run_dir": str(run_dir)})
    copy = tmp_path / "grown"
    copy.mkdir()
    (copy / "history.csv").write_text("step\n")
    young = fingerprint(lesson, "quick", {"run_dir": str(copy)})
    (copy / "history.csv").write_text("step\n1\n")
    assert young != fingerprint(lesson, "quick", {"run_dir": str(copy)})


@pytest.mark.slow
def test_lesson_08_reports_on_a_run_that_is_given(run_dir, tmp_path):
    out = tmp_path / "report"
    given = ["-p", "run_dir", str(run_dir)]
    assert main(["report", "--only", "08", "--out", str(out), *given]) == 0
    (lesson,) = json.loads((out / "summary.json").read_text())["lessons"]
    last = read_run(run_dir).checks[-1]
    gain = f"{round(last['psnr'] - last['input_psnr'], 2):.4g} dB"
    assert [figure["shown"] for figure in lesson["key_figures"]] == [gain]
    assert any(str(run_dir) in text for text in lesson["notices"])
    assert any(text.startswith("No gain") for text in lesson["notices"])
    page = (out / "08_gopro_training.html").read_text()
    assert "step 8, epoch 4 of 4 (finished)" in page
    assert "sharingan-animation" in page
    assert not list((out / "files").rglob("run/config.json"))  # nothing was trained for it
