"""Two processes that train as one: the same weights, and no less after one of them was killed."""

import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from sharingan_lab.errors import CheckpointError, ConfigError
from sharingan_lab.training import Trainer, recipe
from sharingan_lab.training.team import Team, join_team

from ..patience import PATIENCE, wait_until
from .test_trainer import TINY

SETTINGS = [
    "items=8", "epochs=3", "constant_epochs=1", "width=4", "blocks=1", "critic_width=4", "crop=32",
    "critic_steps=2", "log_every=1", "validate_every=2", "dropout=0.0", "content=l1",
    "kernel_size=9", "checkpoint_seconds=0.0", "batch_size=4", "device=cpu",
]  # fmt: skip


def command(out, *more, settings=SETTINGS):
    sets = [word for setting in settings for word in ("--set", setting)]
    return ["-m", "sharingan_lab", "train", "--recipe", "quick", "--out", str(out), *more, *sets]


def run(*words):
    # a process that aborts says where
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def newest_weights(out):
    folder = sorted((out / "checkpoints").glob("step-*"))[-1]
    tensors = {}
    for name in ("generator", "critic"):
        (path,) = folder.glob(f"{name}-*.safetensors")
        tensors |= {f"{name}.{key}": value for key, value in load_file(path).items()}
    return folder.name, tensors


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
# `--multi_gpu` is what starts several processes, on a CPU too; `--num_processes` alone starts one
ACCELERATE = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes=2"]
ACCELERATE += ["--num_machines=1", "--mixed_precision=no", "--dynamo_backend=no"]


needs_accelerate = pytest.mark.skipif(
    importlib.util.find_spec("accelerate") is None, reason="the package accelerate is missing"
)

# One step of each configuration, its gradients into a file; then a run by the command.
STEPS = """
import sys, torch
from pathlib import Path
from sharingan_lab.cli import main
from sharingan_lab.training import TrainConfig, Trainer
folder, ending, *words = sys.argv[1:]
for file in sorted(Path(folder).glob("*.json")):
    trainer = Trainer(TrainConfig.from_json(file.read_text()))
    trainer.step(next(trainer._batches()))
    trainer.team.average([trainer.sums])
    networks = (trainer.generator, trainer.critic)
    gradients = [parameter.grad for network in networks for parameter in network.parameters()]
    if trainer.team.leads:
        torch.save([*gradients, trainer.sums], file.with_suffix(ending))
sys.exit(main(words))
"""
CHANGES = {
    "fresh batches, conditional": {"fresh_critic_batches": True, "conditional_critic": True},
    "shared batch": {"fresh_critic_batches": False},
    "penalty of deblurgan": {"alpha_per": "batch", "norm_over": "channels", "patches": "sum"},
}
LONGER = [*SETTINGS, "epochs=20"]


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Steps of one process, a configuration each, and the script that makes them."""
    folder = tmp_path_factory.mktemp("steps")
    # Adam's first step follows the sign of a gradient even where that is rounding: make it tiny
    config = recipe("quick").with_assignments([*SETTINGS, "lambda_content=1", "learning_rate=1e-9"])
    for name, changes in CHANGES.items():
        (folder / f"{name}.json").write_text(config.with_settings(**changes).to_json())
    (folder / "steps.py").write_text(STEPS)
    done = run(folder / "steps.py", folder, ".one", "doctor")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((TORCHRUN, "--max-restarts=1"), id="torchrun"),
        pytest.param((ACCELERATE, "--max_restarts=1"), id="accelerate", marks=needs_accelerate),
    ],
)
def launcher(request, steps):
    """How two processes are started, which have taken the same steps and trained a whole run."""
    start, _ = request.param
    shutil.rmtree(steps / "whole", ignore_errors=True)  # of another launcher
    whole = command(steps / "whole", settings=LONGER)
    done = run(*start, steps / "steps.py", steps, ".two", *whole[2:])
    assert done.returncode == 0, done.stderr
    return request.param


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_two_processes_have_the_gradients_of_one_with_the_joined_batch(launcher, steps, name):
    one, two = (torch.load(steps / f"{name}{end}", weights_only=True) for end in (".one", ".two"))
    # 1e-5, or more where gradients are above 5: a bias before a normalisation has rounding alone
    largest = max(float(tensor.abs().max()) for tensor in one[:-1])
    for alone, together in zip(one, two, strict=True):
        torch.testing.assert_close(together, alone, atol=2e-6 * max(5.0, largest), rtol=1e-5)
    assert largest > 0.01
    *_, (_wasserstein, penalty, *_more) = one
    assert penalty > 0.1


@pytest.mark.slow
def test_a_killed_worker_is_started_again_and_the_run_ends_as_if_nothing_had_happened(
    launcher, steps, tmp_path
):
    start, again = launcher
    words = [*start, again, *command(tmp_path, "--resume", settings=LONGER)]
    process = subprocess.Popen(
        [sys.executable, *words], env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip

    def is_under_way():
        assert process.poll() is None, process.stdout.read()
        newest = max(tmp_path.glob("checkpoints/step-*"), default=None)
        return newest and newest.name >= "step-00000003"

    wait_until(is_under_way, "the third step", pause=0.01)
    os.kill(a_worker_of(process.pid), signal.SIGKILL)
    output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, output
    assert output.count("Training 'quick'") >= 2
    whole = steps / "whole"
    (step, weights), (same_step, same) = newest_weights(whole), newest_weights(tmp_path)
    assert step == same_step == "step-00000040"
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert (whole / "history.csv").read_bytes() == (tmp_path / "history.csv").read_bytes()


TWO_CLOCKS = """
import json, os, sys
from pathlib import Path
from types import SimpleNamespace
from sharingan_lab.training import TrainConfig, Trainer, trainer
rank, now = int(os.environ["RANK"]), [0.0]
trainer.time = SimpleNamespace(monotonic=lambda: now[0])
run = Trainer(TrainConfig.from_json(open(sys.argv[1]).read()))
plain, rates = run.step, []
def step(batches):
    rates.append(float(run.optimisers["generator"].param_groups[0]["lr"]))
    plain(batches)
    now[0] += 60.0 * (1 + rank)
run.step = step
run.fit()
run.team.part_ways()
threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
threads = [name for name in threads if "gloo" in name]
with open(f"{sys.argv[2]}-{rank}", "w") as file:
    json.dump([run.seconds, run.finished, rates, threads], file)
"""


@pytest.mark.slow
def test_processes_whose_clocks_differ_keep_one_schedule_that_of_the_slowest(tmp_path):
    config = recipe("quick").with_assignments([*SETTINGS, "minutes=12", "average=0.9"])
    (tmp_path / "config.json").write_text(config.to_json())
    (tmp_path / "step.py").write_text(TWO_CLOCKS)
    words = [*TORCHRUN, tmp_path / "step.py", tmp_path / "config.json", tmp_path / "found"]
    done = run(*map(str, words))
    assert done.returncode == 0, done.stderr
    one, two = (json.loads((tmp_path / f"found-{rank}").read_text()) for rank in (0, 1))
    assert one == two
    seconds, finished, rates, threads = one
    assert not threads  # they would abort an interpreter that ends
    assert (seconds, finished, len(rates)) == (720.0, True, 6)
    assert rates == pytest.approx([config.rate_by_clock(n / 6) for n in range(6)])


def a_worker_of(parent):
    """A child of a process, from /proc."""
    path = f"/proc/{parent}/task/{parent}/children"
    if not os.path.exists(path):
        pytest.skip("only Linux tells the children of a process")
    with open(path) as file:
        return int(file.read().split()[-1])


def test_another_number_of_processes_is_named(tmp_path, monkeypatch):
    Trainer(TINY.with_settings(batch_size=2), tmp_path).fit()
    monkeypatch.setattr("sharingan_lab.training.trainer.join_team", lambda device: Team(0, 2))
    monkeypatch.setattr(Team, "wait", lambda self: None)
    with pytest.raises(CheckpointError, match="written by 1 processes: continue it with as many"):
        Trainer(TINY.with_settings(batch_size=2), tmp_path, resume=True)


def test_a_batch_that_cannot_be_shared_is_named(monkeypatch):
    monkeypatch.setattr("sharingan_lab.training.trainer.join_team", lambda device: Team(0, 3))
    with pytest.raises(ConfigError, match="batch_size=4 cannot be shared by 3 processes"):
        Trainer(recipe("quick").with_settings(items=8))


def test_an_incomplete_environment_is_named(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match=re.escape("RANK, MASTER_ADDR, MASTER_PORT not set")):
        join_team(torch.device("cpu"))
