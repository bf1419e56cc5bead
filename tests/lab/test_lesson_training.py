"""What lesson 08 trains: its parameters become settings, its progress a bar."""

import os
import re
import signal
from types import SimpleNamespace

import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab import progress_bar, setup
from sharingan_lab.lab.lesson_training import SHORT, chosen_settings, watch
from sharingan_lab.training import Trainer, read_run, recipe, trainer


@pytest.fixture
def run(tmp_path):
    return setup("08", out_dir=str(tmp_path), seed=5, device="cpu")


def test_quick_mode_trains_a_short_quick(run):
    expected = recipe("quick").with_settings(seed=5, device="cpu", **SHORT)
    assert chosen_settings(run) == expected


def test_what_is_asked_for_wins(run):
    chosen = chosen_settings(run, "quick", 8, "epochs=6 lambda_gp=2")
    assert (chosen.epochs, chosen.constant_epochs, chosen.lambda_gp) == (6, 4, 2.0)
    assert chosen_settings(run, "lite").epochs == recipe("lite").epochs
    assert chosen_settings(run, "lite").minutes > 0
    assert (chosen_settings(run, "lite", 8).epochs, chosen_settings(run, "lite", 8).minutes) == (
        8,
        0,
    )
    with pytest.raises(ConfigError, match="did you mean 'epochs'"):
        chosen_settings(run, changes="epoch=6")


def test_full_mode_trains_the_report_on_the_gopro_that_was_found(tmp_path):
    for split in ("train", "test"):
        (tmp_path / "GOPRO_Large" / split).mkdir(parents=True)
    found = setup("08", data_root=str(tmp_path), out_dir=str(tmp_path / "out"), device="cpu")
    full = type(found)("08", "full", 0, found.device, found.data_root, found.out_dir)
    root = str(tmp_path / "GOPRO_Large")
    assert chosen_settings(full) == recipe("report").with_settings(device="cpu", data_root=root)


def test_a_watched_run_goes_on_where_it_stopped(run, tmp_path, capsys):
    small = recipe("quick").with_settings(
        items=8, epochs=2, constant_epochs=1, width=4, critic_width=4, device="cpu", log_every=1,
        vgg="random",
    )  # fmt: skip
    watch(Trainer(small, tmp_path / "run"))
    watch(Trainer(small, tmp_path / "run", resume=True))
    said = capsys.readouterr().out
    assert said.count("Notice: Content loss: VGG-19 conv3_3 with RANDOM weights") == 2
    assert read_run(tmp_path / "run").finished


def test_the_bar_of_a_run_by_the_clock_counts_its_seconds(bar, monkeypatch):
    now = SimpleNamespace(seconds=0.0)
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    monkeypatch.setattr(progress_bar, "_REDRAW_SECONDS", 0.0)
    small = recipe("quick").with_settings(
        items=8, minutes=1.0, width=4, critic_width=4, device="cpu", log_every=1, content="l1"
    )
    run = Trainer(small)
    plain = run.step

    def step(batches):
        plain(batches)
        now.seconds += 20

    run.step = step
    watch(run)
    counts = [count for text in bar for count in re.findall(r"in seconds: (\d+ of \d+)", text)]
    assert list(dict.fromkeys(counts)) == ["0 of 60", "20 of 60", "40 of 60", "60 of 60"]


@pytest.fixture
def bar(monkeypatch):
    """The texts that a progress bar in a notebook showed."""
    shown = []

    class Handle:
        def update(self, bundle):
            shown.append(repr(bundle))

    monkeypatch.setattr(progress_bar, "display", lambda data, display_id: Handle())
    return shown


def test_a_reader_who_stops_the_training_is_told_where_and_goes_on(tmp_path, bar):
    small = recipe("quick").with_settings(
        items=8, epochs=2, constant_epochs=1, width=4, critic_width=4, device="cpu", vgg="random"
    )
    trainer = Trainer(small, tmp_path / "run")
    take_step = trainer.step

    def step(batches):
        if trainer.steps_done == 1:
            os.kill(os.getpid(), signal.SIGINT)
        take_step(batches)

    trainer.step = step
    with pytest.raises(KeyboardInterrupt) as stopped:
        watch(trainer)
    assert str(stopped.value) == (
        "you stopped the training after step 2 of 4; its state is saved. "
        "Run the cell again and it goes on from there."
    )
    assert bar[-1].startswith("training, recipe quick: 2 of 4") and "stopped by you" in bar[-1]
    assert not any("nan" in text for text in bar)
    watch(Trainer(small, tmp_path / "run", resume=True))
    assert bar[-1].startswith("training, recipe quick: 4 of 4")
