"""Runs by the clock, averaged weights, and weights to start with."""

import os
import signal
import warnings
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from sharingan_lab.errors import CheckpointError, ConfigError
from sharingan_lab.networks import Generator
from sharingan_lab.restore import load_generator
from sharingan_lab.training import Trainer, read_run, trainer
from sharingan_lab.training.checkpoints import save_network

from .test_trainer import TINY, stop_after, weights

STEPS = 12
BY_CLOCK = TINY.with_settings(
    minutes=float(STEPS), warm_up=0.25, epochs=2, constant_epochs=1, learning_rate=0.01,
    validate_every=5,
)  # fmt: skip


@pytest.fixture
def clock(monkeypatch):
    """A clock on which each step takes a minute, and nothing else takes any time."""
    now = SimpleNamespace(seconds=1000.0)
    monkeypatch.setattr(trainer, "time", SimpleNamespace(monotonic=lambda: now.seconds))
    plain = Trainer.step

    def a_minute(self, batches):
        plain(self, batches)
        now.seconds += 60

    monkeypatch.setattr(Trainer, "step", a_minute)
    return now


def rates(run):
    return [row["learning_rate"] for row in run.history[1:]]


# -- the clock -------------------------------------------------------------------------------------


def test_a_run_by_the_clock_ends_when_its_time_is_up(clock, tmp_path):
    run = Trainer(BY_CLOCK, tmp_path)
    run.fit()
    assert run.steps_done == STEPS and run.finished and run.total_steps == STEPS
    assert run.config.rate(run.steps_done, run.share) == 0
    last = run.history[-1]
    assert "psnr" in last and last["epoch"] == STEPS / run.steps_per_epoch  # beyond `epochs`
    record = read_run(tmp_path)
    assert record.finished and record.share == 1 and record.seconds == 60 * STEPS


def test_the_rate_rises_stays_and_falls_with_the_time_spent(clock):
    run = Trainer(BY_CLOCK)
    run.fit()
    rising, staying = [0, 1 / 3, 2 / 3], [1] * 4
    falling = [(STEPS - step) / (STEPS / 2) for step in range(7, STEPS)]
    expected = [0.01 * part for part in (*rising, *staying, *falling)]
    assert rates(run) == pytest.approx(expected, rel=1e-5)


def test_a_slower_machine_takes_fewer_steps_along_the_same_schedule(clock, monkeypatch):
    quick = Trainer.step

    def two_minutes(self, batches):
        quick(self, batches)
        clock.seconds += 60

    monkeypatch.setattr(Trainer, "step", two_minutes)
    run = Trainer(BY_CLOCK)
    run.fit()
    assert run.steps_done == STEPS / 2
    every = Trainer(BY_CLOCK)
    expected = [every.config.rate_by_clock(2 * step / STEPS) for step in range(STEPS // 2)]
    assert rates(run) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_a_stopped_run_goes_on_with_the_time_that_is_left(clock, tmp_path, stop):
    whole = Trainer(BY_CLOCK, tmp_path / "whole")
    whole.fit()
    with pytest.raises(KeyboardInterrupt, match=f"step {stop}"):
        Trainer(BY_CLOCK, tmp_path / "cut").fit(stop_after(stop))
    record = read_run(tmp_path / "cut")
    assert not record.finished and record.share == stop / STEPS
    clock.seconds += 1e6  # the night between
    continued = Trainer(BY_CLOCK, tmp_path / "cut", resume=True)
    assert continued.seconds == 60 * stop
    continued.fit()
    assert torch.equal(weights(whole), weights(continued))
    assert continued.history == whole.history


def test_a_finished_run_by_the_clock_takes_no_more_steps(clock, tmp_path):
    Trainer(BY_CLOCK, tmp_path).fit()
    again = Trainer(BY_CLOCK, tmp_path, resume=True)
    again.fit()
    assert again.steps_done == STEPS and clock.seconds == 1000 + 60 * STEPS


def test_a_checkpoint_holds_the_time_spent_and_a_killed_run_loses_only_what_came_after(
    clock, tmp_path
):
    config = BY_CLOCK.with_settings(checkpoint_seconds=150.0)
    run = Trainer(config, tmp_path)

    def power_cut(done, *_):
        if done == 8:
            raise SystemExit

    with pytest.raises(SystemExit):
        run.fit(power_cut)
    continued = Trainer(config, tmp_path, resume=True)
    assert continued.steps_done == 6 and continued.seconds == 360
    continued.fit()
    assert continued.steps_done == STEPS


def test_what_is_left_is_the_rest_of_the_time(clock):
    told = []
    Trainer(BY_CLOCK).fit(lambda step, total, row, left: told.append((step, total, left)))
    assert told[0] == (0, 0, 60 * STEPS)  # how many steps it will be is not known yet
    assert told[1:] == [(n, STEPS, 60 * (STEPS - n)) for n in range(1, STEPS + 1)]


def test_sigterm_stops_a_run_by_the_clock_and_its_state_is_saved(clock, tmp_path):
    run = Trainer(BY_CLOCK.with_settings(checkpoint_seconds=1e9), tmp_path)
    run.step = lambda batches: (Trainer.step(run, batches), os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(KeyboardInterrupt, match="step 1"):
        run.fit()
    assert Trainer(run.config, tmp_path, resume=True).seconds == 60


def test_constant_to_the_end_and_no_warm_up():
    config = TINY.with_settings(minutes=1.0, epochs=3, constant_epochs=3, learning_rate=0.5)
    assert [config.rate_by_clock(share) for share in (0.0, 0.5, 0.99)] == [0.5] * 3


# -- the average -----------------------------------------------------------------------------------

AVERAGED = TINY.with_settings(average=0.7, learning_rate=0.01)


def test_the_average_is_that_of_a_loop(tmp_path):
    run = Trainer(AVERAGED, tmp_path)
    expected = [p.detach().clone() for p in run.generator.parameters()]
    plain = run.step

    def step(batches):
        plain(batches)
        for average, now in zip(expected, run.generator.parameters(), strict=True):
            average.copy_(0.7 * average + 0.3 * now.detach())

    run.step = step
    run.fit()
    for average, found, now in zip(
        expected, run.averaged.parameters(), run.generator.parameters(), strict=True
    ):
        torch.testing.assert_close(found, average, atol=1e-6, rtol=1e-5)
        assert not torch.equal(found, now)


def test_the_average_is_what_is_validated_kept_and_restores(tmp_path):
    run = Trainer(AVERAGED, tmp_path)
    run.fit()
    assert run.validate()["psnr"] == run.history[-1]["psnr"]
    blurred, _ = run.validation
    with torch.no_grad():
        by_average = run.averaged(blurred[:1])
        assert not torch.equal(run.generator.eval()(blurred[:1]), by_average)
        assert torch.equal(load_generator(tmp_path)(blurred[:1]), by_average)
    newest = sorted(tmp_path.glob("checkpoints/step-*"))[-1]
    for name, network in (("generator", run.averaged), ("trained", run.generator)):
        kept = load_file(newest / f"{name}-{run.steps_done:08d}.safetensors")
        assert all(torch.equal(kept[key], value) for key, value in network.state_dict().items())


@pytest.mark.parametrize("stop", [1, 3])
def test_a_run_with_an_average_continues_to_the_same_bits(tmp_path, stop):
    whole = Trainer(AVERAGED, tmp_path / "whole")
    whole.fit()
    with pytest.raises(KeyboardInterrupt):
        Trainer(AVERAGED, tmp_path / "cut").fit(stop_after(stop))
    continued = Trainer(AVERAGED, tmp_path / "cut", resume=True)
    continued.fit()
    for one, two in ((whole.averaged, continued.averaged), (whole.generator, continued.generator)):
        pairs = zip(one.parameters(), two.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert continued.history == whole.history


def test_an_average_leaves_the_training_as_it_is():
    plain, averaged = Trainer(TINY.with_settings(learning_rate=0.01)), Trainer(AVERAGED)
    plain.fit(), averaged.fit()
    assert torch.equal(weights(plain), weights(averaged))


# -- weights to start with -------------------------------------------------------------------------


@pytest.fixture
def begun(tmp_path):
    """A run that was trained before, and its generator."""
    run = Trainer(TINY.with_settings(seed=5), tmp_path / "begun")
    run.fit()
    return tmp_path / "begun", run.generator


def same_weights(one, two):
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


@pytest.mark.parametrize("place", ["folder", "file"])
def test_a_run_starts_with_the_weights_that_are_named(begun, place):
    folder, generator = begun
    files = sorted(folder.glob("checkpoints/step-*/generator-*.safetensors"))
    start = folder if place == "folder" else files[-1]
    run = Trainer(AVERAGED.with_settings(start=str(start)))
    assert same_weights(run.generator, generator) and same_weights(run.averaged, generator)
    assert not same_weights(Trainer(AVERAGED).generator, generator)


def test_a_shipped_generator_is_a_start():
    shipped = load_generator("lite")
    lite = TINY.with_settings(architecture="lite", start="lite", **shipped.settings)
    assert same_weights(Trainer(lite).generator, shipped)


def test_a_run_that_goes_on_does_not_start_again(begun, tmp_path):
    folder, generator = begun
    config = AVERAGED.with_settings(start=str(folder))
    with pytest.raises(KeyboardInterrupt):
        Trainer(config, tmp_path / "run").fit(stop_after(2))
    for file in folder.rglob("*.safetensors"):
        file.unlink()  # nor does it need the weights any more
    continued = Trainer(config, tmp_path / "run", resume=True)
    assert continued.steps_done == 2 and not same_weights(continued.generator, generator)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    save_network(Generator(8, 1), tmp_path / "wide.safetensors")
    for start, held in ((tmp_path / "wide.safetensors", "Generator of .*8"), ("lite", "LiteGen")):
        with pytest.raises(ConfigError, match=f"holds a {held}.*, this run trains a Generator"):
            Trainer(TINY.with_settings(start=str(start)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_start_that_is_not_there_is_named():
    with pytest.raises(CheckpointError, match="no generator 'nothing'"):
        Trainer(TINY.with_settings(start="nothing"))


# -- bfloat16 where there is none ------------------------------------------------------------------


@pytest.mark.parametrize("capability", ["AVX2", "DEFAULT"])
def test_bfloat16_without_its_instructions_is_warned_of(monkeypatch, capability):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    with pytest.warns(UserWarning, match=f"this CPU \\({capability}\\) .* precision=float32"):
        Trainer(TINY.with_settings(precision="bfloat16", device="cpu"))


def test_bfloat16_with_its_instructions_or_float32_is_not(monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
        Trainer(TINY.with_settings(precision="bfloat16", device="cpu"))
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
        Trainer(TINY.with_settings(device="cpu"))
