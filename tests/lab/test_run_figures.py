"""A training run on a page: what is said of it, what is refused, and lesson 08 made of one."""

import json
import re

import nbformat
import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.errors import DataError
from sharingan_lab.lab.animation import LARGEST
from sharingan_lab.lab.classroom.needs import needed
from sharingan_lab.lab.encoding import encode
from sharingan_lab.lab.explorers.run import run_explorer
from sharingan_lab.lab.report.catalogue import all_lessons, select
from sharingan_lab.lab.report.fingerprint import fingerprint
from sharingan_lab.lab.report.order import order
from sharingan_lab.lab.run_figures import (
    FRAMES,
    compare_runs,
    crop_gains,
    run_curves,
    run_ends,
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
    assert said["training time"].endswith(" s for 8 steps")


def test_a_long_run_is_counted_in_hours():
    row = {"step": 300_000, "epoch": 300.0}
    said = dict(settings_and_cost(RunRecord(recipe("report"), [row], {}, 300_000, 63_000.0)))
    assert said["recipe"] == "report, seed 0"
    assert said["training time"] == "17 h 30 min for 300000 steps"
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
    bound = panels["Wasserstein estimate"].lines[-1].get_xydata().tolist()
    for (step, allowed), row in zip(bound, record.checks[1:], strict=True):
        error = 4 * 10 ** (-row["psnr"] / 10)  # mean square in [-1, 1]
        assert step == row["step"] and allowed == pytest.approx((3 * 32 * 32 * error) ** 0.5)
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)


def test_an_unfinished_run_says_how_long_it_still_takes():
    row = {"step": 100, "epoch": 0.1, "content": 1.0}
    said = dict(settings_and_cost(RunRecord(recipe("report"), [row], {}, 100, 60.0)))
    assert said["still to go"] == "49 h 59 min at this pace"  # 2,999 minutes
    assert said["losses"].startswith("vgg19 with weight 100, wasserstein critic (5 steps, penalty")
    by_epochs = recipe("lite").with_settings(minutes=0.0)
    just_begun = RunRecord(by_epochs, [{"step": 0, "epoch": 0.0}], {}, 9, 60.0)
    said = dict(settings_and_cost(just_begun))
    assert "still to go" not in said and said["losses"] == "decibels, no critic"


@pytest.mark.parametrize(
    ("minutes", "state", "left"), [(2, "unfinished", "8 min 0 s"), (10, "finished", None)]
)
def test_a_run_by_the_clock_says_how_much_of_its_time_is_spent(minutes, state, left):
    config = recipe("lite").with_settings(minutes=10.0)
    row = {"step": 100, "epoch": 250.0, "content": 1.0}  # more epochs than the settings name
    said = dict(settings_and_cost(RunRecord(config, [row], {}, 100, 60.0 * minutes)))
    assert said["came to"] == f"step 100, epoch 250, {minutes} of 10 minutes ({state})"
    assert said.get("still to go") == left


def test_a_long_history_is_drawn_with_what_is_usual():
    rows = [
        {"step": i, "epoch": i / 10, "content": 1.0 + 9 * (i % 10 == 0), "wasserstein": 1.0,
         "penalty": 0.0, "psnr": 20.0, "input_psnr": 21.0}
        for i in range(200)
    ]  # fmt: skip
    figure, _ = run_curves(RunRecord(TINY, rows, {}, 0, 0.0))
    every, usual = figure.axes[0].lines
    assert max(every.get_ydata()) == 10 and set(usual.get_ydata()) == {1.0}


def test_five_ways_are_told_apart():
    row = {"step": 8, "psnr": 30.0, "input_psnr": 31.0, "wasserstein": 0.5}
    lines = compare_runs({str(way): [[row]] for way in range(5)}).axes[0].lines[:5]
    assert len({line.get_color() for line in lines}) == 5
    assert run_ends([row | {"psnr": 10.0}, row]) == {"rise": 20.0, "gain": -1.0, "estimate": 0.5}


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


def test_the_worst_pictures_still_fit_on_the_page(tmp_path):
    noise = torch.rand(3, 4, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    sheets = {step: write_samples(tmp_path, step, *noise) for step in range(FRAMES)}
    frames, _ = sample_frames(RunRecord(TINY, [], sheets, 0, 0.0))
    assert sum(len(encode(frame, tight=False).content) for frame in frames) < 0.95 * LARGEST


def test_frames_show_the_crop_blurred_most_above_the_one_blurred_least(tmp_path):
    sharp = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    off = torch.tensor([0.05, 0.3, 0.02, 0.1]).view(4, 1, 1, 1)
    blurred = (sharp + off * (0.5 - sharp).sign()).clamp(0, 1)
    sheets = {step: write_samples(tmp_path, step, blurred, sharp, sharp) for step in (0, 9)}
    checks = [{"step": step, "psnr": 30.0, "input_psnr": 20.0} for step in (0, 9)]
    record = RunRecord(TINY, checks, sheets, 0, 0.0)
    frames, _ = sample_frames(record)
    titles = [axes.get_title() for axes in frames[0].axes]
    assert titles[0].startswith("blurred: 10.") and titles[3].startswith("blurred: 3")
    assert titles[2] == titles[5] == "sharp"
    rows = crop_gains(record)
    assert [row[0] for row in rows] == ["crop 2", "crop 4", "crop 1", "crop 3"]
    assert rows[0][1] == titles[0].removeprefix("blurred: ").removesuffix(" dB")
    explorer = run_explorer(record)
    assert explorer.controls["crop"].value == 2 and explorer.controls["check"].value == 1


def test_crop_gains_want_a_picture():
    with pytest.raises(DataError, match="no pictures"):
        crop_gains(RunRecord(TINY, [], {}, 0, 0.0))


def test_the_explorer_goes_through_time_and_crops(record):
    explorer = run_explorer(record)
    last = record.checks[-1]["step"]
    assert explorer.description.startswith(f"At step {last} the restored crop has")
    seen = {explorer.description}
    explorer.controls["check"].value = 0
    assert explorer.description.startswith("At step 0 ")
    explorer.controls["crop"].value = 2
    assert explorer.description not in seen


def test_a_folder_without_a_run_is_refused_before_the_lesson(tmp_path, capsys):
    out = tmp_path / "out"
    wrong = ["--only", "08", "--out", str(out), "-p", "run_dir", str(tmp_path)]
    assert main(["report", *wrong]) == 2
    assert f"{tmp_path} holds no run" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_that_went_on_is_reported_again(run_dir, tmp_path):
    lesson = order(only=["08"], out=tmp_path / "out").chosen[0]
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
    (lesson,) = select(all_lessons(), ["08"])
    cells, course = lesson.notebook.cells, tmp_path / "course"
    code = [i for i, cell in enumerate(cells) if cell.cell_type == "code"]
    of_the_run = [i for i in code if re.search(r"\b(run_dir|record)\b", cells[i].source)]
    idle = {*code} - {*needed(cells, of_the_run)}  # the same without a run
    lesson.notebook.cells = [cell for i, cell in enumerate(cells) if i not in idle]
    course.mkdir()
    nbformat.write(lesson.notebook, course / lesson.path.name)
    out = tmp_path / "report"
    given = ["-p", "run_dir", str(run_dir), "--notebooks", str(course)]
    assert main(["report", "--out", str(out), *given]) == 0
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
