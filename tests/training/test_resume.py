"""Runs that are stopped or killed at any moment, and end as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing import get_context

import pytest

from sharingan_lab import storage
from sharingan_lab.cli import main
from sharingan_lab.training import Trainer, checkpoints, recipe, samples
from sharingan_lab.training.step import Game

from ..patience import PATIENCE, wait_until
from ..small_disk import needs_fork
from .test_trainer import TINY


def kept(run_dir):
    """Bytes of everything that a run is judged by."""
    newest = sorted(run_dir.glob("checkpoints/step-*"))[-1]
    files = [run_dir / "history.csv", run_dir / "history.json", run_dir / "config.json"]
    files += sorted(newest.glob("*.safetensors")) + sorted(run_dir.glob("samples/*.png"))
    return {str(path.relative_to(run_dir)): path.read_bytes() for path in files}


def leftovers(run_dir):
    """Hidden files and folders: what a write that was broken off leaves."""
    return [path.name for path in run_dir.rglob(".*")]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    Trainer(TINY, folder).fit()
    return kept(folder)


# -- killed at named moments, in a copy of this process --------------------------------------------


def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)


def half_written(path, content):
    path.write_bytes(content[: len(content) // 2])
    die()


def half_deleted(folder, *_, **__):
    (folder / "manifest.json").unlink()
    die()


# moment: (whose, name, at which call, what happens instead)
MOMENTS = {
    "settings half written": (storage, "write_durably", 1, half_written),
    "settings not yet named": (storage.os, "replace", 1, die),
    "first picture half written": (storage, "write_durably", 2, half_written),
    "before the first step": (Trainer, "step", 1, die),
    "first checkpoint half written": (checkpoints, "write_durably", 1, half_written),
    "state half written": (checkpoints, "write_durably", 8, half_written),
    "manifest half written": (checkpoints, "write_durably", 5, half_written),
    "checkpoint not yet named": (checkpoints.os, "rename", 2, die),
    "in a critic step": (Game, "critic_step", 2, die),
    "in a validation": (samples, "finite_psnr", 3, die),
    "history half written": (storage, "write_durably", 3, half_written),
    "between history.csv and history.json": (storage, "write_durably", 4, half_written),
    "old checkpoint half deleted": (checkpoints.shutil, "rmtree", 1, half_deleted),
}


def killed_at(moment, config, run_dir):
    """Train on in a copy of this process until the moment; say whether it came."""
    child = os.fork()
    if child == 0:
        try:
            whose, name, call, instead = MOMENTS[moment]
            plain, calls = getattr(whose, name), []

            def counting(*arguments, **more):
                calls.append(1)
                if len(calls) == call:
                    return instead(*arguments, **more)
                return plain(*arguments, **more)

            setattr(whose, name, counting)
            Trainer(config, run_dir, resume=True).fit()
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@needs_fork
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at(moment, undisturbed, tmp_path):
    assert killed_at(moment, TINY, tmp_path)
    Trainer(TINY, tmp_path, resume=True).fit()
    assert kept(tmp_path) == undisturbed
    assert leftovers(tmp_path) == []


@needs_fork
@pytest.mark.slow
def test_killed_at_one_moment_after_the_other(undisturbed, tmp_path):
    for moment in MOMENTS:
        assert killed_at(moment, TINY, tmp_path), moment
    Trainer(TINY, tmp_path, resume=True).fit()
    assert kept(tmp_path) == undisturbed
    assert leftovers(tmp_path) == []


# -- stopped as a user does it ---------------------------------------------------------------------

SETTINGS = [
    "items=16", "epochs=4", "constant_epochs=2", "log_every=3", "validate_every=8",
    "checkpoint_seconds=0", "seed=7", "device=cpu",
]  # fmt: skip
WORDS = ["train", "--recipe", "quick", "--resume"]
WORDS += [word for setting in SETTINGS for word in ("--set", setting)]


class Run:
    """`sharingan train --recipe quick --resume` in a copy of this process."""

    def __init__(self, out):
        self.said = [out.with_suffix(f".{stream}") for stream in ("output", "errors")]
        for path in self.said:
            path.touch()  # it may be killed before it opens them
        self.process = get_context("fork").Process(target=self.train, args=(out,))
        self.process.start()

    def train(self, out):
        signal.signal(signal.SIGINT, signal.default_int_handler)  # not that of the tests
        output, errors = (path.open("w") for path in self.said)
        with output, errors, redirect_stdout(output), redirect_stderr(errors):
            code = main([*WORDS, "--out", str(out)])
        os._exit(code)

    def wait_for(self, folder, pattern):
        def is_there():
            return not self.process.is_alive() or any(folder.glob(pattern))

        wait_until(is_there, pattern, pause=0.001)
        return self

    def stop(self, *signals, pause=0.0):
        for number in signals:
            time.sleep(pause)
            if self.process.is_alive():
                os.kill(self.process.pid, number)
        return self

    def end(self):
        self.process.join(PATIENCE)
        return self.process.exitcode, *(path.read_text() for path in self.said)


@needs_fork
@pytest.mark.slow
def test_the_quick_recipe_stopped_at_any_moment_ends_with_the_bits_of_a_run_that_was_not(tmp_path):
    cut, moments = tmp_path / "cut", random.Random(time.time_ns())  # other moments every time
    starts = subprocess.Popen(
        [sys.executable, "-m", "sharingan_lab", *WORDS, "--out", str(cut)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while starts.poll() is None:  # some imports swallow one signal
        time.sleep(moments.uniform(0.1, 0.5))
        starts.send_signal(signal.SIGINT)
    assert starts.returncode != 0

    Run(cut).wait_for(cut, "config.json").stop(signal.SIGKILL).end()  # before the first checkpoint

    Run(cut).wait_for(cut, "checkpoints/.partial-*").stop(signal.SIGKILL).end()  # while it writes

    run = Run(cut).wait_for(cut, "checkpoints/step-*")
    run.stop(signal.SIGTERM, signal.SIGKILL, pause=moments.uniform(0.0, 0.05)).end()

    for leftover in cut.glob("checkpoints/.partial-*"):  # only its own tells that the next trains
        shutil.rmtree(leftover)
    run = Run(cut).wait_for(cut, "checkpoints/.partial-*")
    code, _, errors = run.stop(signal.SIGINT, signal.SIGINT, pause=0.01).end()
    if code:  # else it was done before the signal came, as on a busy machine
        assert code == 130 and errors.startswith("sharingan: stopped: stopped after step"), errors
        assert errors.count("\n") == 1

    code, output, errors = Run(cut).end()
    assert code == 0 and "step     16 of 16" in output, errors
    whole = recipe("quick").with_assignments(SETTINGS)
    Trainer(whole, tmp_path / "whole").fit()
    assert kept(cut) == kept(tmp_path / "whole")
    assert leftovers(cut) == []
