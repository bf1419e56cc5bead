"""Two processes that train as one: the same weights, and no less after one of them was killed."""

import importlib.util
import json
import os
import re
import runpy
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from sharingan_lab.errors import CheckpointError, ConfigError
from sharingan_lab.training import Trainer, recipe
from sharingan_lab.training.team import Team, join_team

from ..patience import PATIENCE
from .test_trainer import TINY

SETTINGS = [
    "items=8", "epochs=3", "constant_epochs=1", "width=4", "blocks=1", "critic_width=4", "crop=32",
    "critic_steps=2", "log_every=1", "validate_every=2", "dropout=0.0", "content=l1",
    "kernel_size=9", "checkpoint_seconds=0.0", "batch_size=4", "device=cpu",
]  # fmt: skip


def command(out):
    sets = [word for setting in SETTINGS for word in ("--set", setting)]
    return ["train", "--recipe", "quick", "--out", out, "--resume", *sets]


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

# What each process does. In its first life: the command, until one dies before the fourth step. In
# its second, and where it is alone: one step of each configuration, its gradients into a file; a
# run by clocks that differ; a whole run; and the command once more.
SCRIPT = """
import json, os, signal, sys, torch
from pathlib import Path
from types import SimpleNamespace
from sharingan_lab.cli import main
from sharingan_lab.training import TrainConfig, Trainer, trainer
folder, ending, *words = sys.argv[1:]
folder, plain = Path(folder), Trainer.step

def mortal(run, batches):
    if run.steps_done == 3 and run.team.rank == 1:
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    plain(run, batches)

if words and not (folder / "died").exists():
    Trainer.step = mortal
    sys.exit(main(words))

for file in sorted(folder.glob("*.json")):
    one = Trainer(TrainConfig.read(file))
    one.step(next(one._batches()))
    one.team.average([one.sums])
    networks = (one.generator, one.critic)
    gradients = [parameter.grad for network in networks for parameter in network.parameters()]
    if one.team.leads:
        torch.save([*gradients, one.sums], file.with_suffix(ending))

config = TrainConfig.read(folder / "config")
now, usual = [0.0], trainer.time
trainer.time = SimpleNamespace(monotonic=lambda: now[0])
run, rates = Trainer(config.with_settings(minutes=12.0, average=0.9)), []

def step(batches):
    rates.append(float(run.optimisers["generator"].param_groups[0]["lr"]))
    plain(run, batches)
    now[0] += 60.0 * (1 + run.team.rank)

run.step = step
run.fit()
trainer.time = usual
if words:
    Trainer(config, folder / "whole").fit()
    main(words)
threads = [path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm")]
threads = [name for name in threads if "gloo" in name]
found = [run.seconds, run.finished, rates, threads]
(folder / f"clock-{run.team.rank}{ending}").write_text(json.dumps(found))
"""
CHANGES = {
    "fresh batches, conditional": {"fresh_critic_batches": True, "conditional_critic": True},
    "shared batch": {"fresh_critic_batches": False},
    "penalty of deblurgan": {"alpha_per": "batch", "norm_over": "channels", "patches": "sum"},
}


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Steps of one process, which is this one, a configuration each."""
    folder = tmp_path_factory.mktemp("steps")
    plain = recipe("quick").with_assignments(SETTINGS)
    (folder / "config").write_text(plain.to_json())
    # Adam's first step follows the sign of a gradient even where that is rounding: make it tiny
    config = plain.with_settings(lambda_content=1.0, learning_rate=1e-9)
    for name, changes in CHANGES.items():
        (folder / f"{name}.json").write_text(config.with_settings(**changes).to_json())
    (folder / "script.py").write_text(SCRIPT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["script.py", str(folder), ".one"])
        runpy.run_path(str(folder / "script.py"))
    return folder


@pytest.fixture(
    scope="module",
    params=[
        pytest.param([*TORCHRUN, "--max-restarts=1"], id="torchrun"),
        pytest.param([*ACCELERATE, "--max_restarts=1"], id="accelerate", marks=needs_accelerate),
    ],
)
def team(request, steps):
    """What two processes made, one of which died and was started again; and what they said."""
    folder = steps.with_name(f"team-{request.param_index}")
    shutil.copytree(steps, folder)
    done = run(*request.param, folder / "script.py", folder, ".two", *command(folder / "run"))
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_two_processes_have_the_gradients_of_one_with_the_joined_batch(team, name):
    one, two = (torch.load(team[0] / f"{name}{end}", weights_only=True) for end in (".one", ".two"))
    # 1e-5, or more where gradients are above 5: a bias before a normalisation has rounding alone
    largest = max(float(tensor.abs().max()) for tensor in one[:-1])
    for alone, together in zip(one, two, strict=True):
        torch.testing.assert_close(together, alone, atol=2e-6 * max(5.0, largest), rtol=1e-5)
    assert largest > 0.01
    *_, (_wasserstein, penalty, *_more) = one
    assert penalty > 0.1


@pytest.mark.slow
def test_a_killed_worker_is_started_again_and_the_run_ends_as_if_nothing_had_happened(team):
    folder, said = team
    assert (folder / "died").exists() and said.count("Training 'quick'") >= 2
    whole, again = folder / "whole", folder / "run"
    (step, weights), (same_step, same) = newest_weights(whole), newest_weights(again)
    assert step == same_step == "step-00000006"
    assert all(torch.equal(weights[name], same[name]) for name in weights)
    assert (whole / "history.csv").read_bytes() == (again / "history.csv").read_bytes()


@pytest.mark.slow
def test_processes_whose_clocks_differ_keep_one_schedule_that_of_the_slowest(team):
    one, two = (json.loads((team[0] / f"clock-{rank}.two").read_text()) for rank in (0, 1))
    assert one == two
    seconds, finished, rates, threads = one
    assert not threads  # they would abort an interpreter that ends
    assert (seconds, finished, len(rates)) == (720.0, True, 6)
    config = recipe("quick").with_assignments([*SETTINGS, "minutes=12", "average=0.9"])
    assert rates == pytest.approx([config.rate_by_clock(n / 6) for n in range(6)])


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
