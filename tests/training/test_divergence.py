"""Losses that are not finite and critics that run away: named, stopped, and nothing good lost."""

from functools import cache

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.errors import TrainingError
from sharingan_lab.training import Trainer, read_history

from .test_disk import TRAIN
from .test_resume import kept
from .test_trainer import TINY, WILD


def spoil(trainer, at_step, network, value):
    """Overwrite one weight of a network just before a step."""
    take_step, taken = trainer.step, []

    def step(batches):
        taken.append(1)
        if len(taken) == at_step:
            with torch.no_grad():
                next(getattr(trainer, network).parameters()).view(-1)[0] = value
        return take_step(batches)

    trainer.step = step
    return trainer


OF_THE_CRITIC = "wasserstein, penalty, critic_loss, adversarial, generator_loss"
ALL = "wasserstein, penalty, critic_loss, adversarial, content, generator_loss"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """What a run keeps that nothing disturbs, by how often it logs."""

    @cache
    def run(log_every):
        folder = tmp_path_factory.mktemp("good")
        Trainer(TINY.with_settings(log_every=log_every, validate_every=100), folder).fit()
        return kept(folder)

    return run


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(("network", "named"), [("critic", OF_THE_CRITIC), ("generator", ALL)])
@pytest.mark.parametrize("log_every", [1, 100])
def test_what_is_not_finite_is_named_and_the_last_good_checkpoint_goes_on(
    network, named, value, log_every, good, tmp_path
):
    config = TINY.with_settings(log_every=log_every, validate_every=100)
    broken = spoil(Trainer(config, tmp_path / "bad"), 4, network, value)
    with pytest.raises(TrainingError) as caught:
        broken.fit()
    assert str(caught.value) == (
        f"{named} not finite by step 4: the run stops, the last good checkpoint is kept; try a "
        "smaller learning_rate"
    )
    names = sorted(path.name for path in (tmp_path / "bad" / "checkpoints").iterdir())
    assert names == ["step-00000001", "step-00000002", "step-00000003"]
    Trainer(config, tmp_path / "bad", resume=True).fit()  # the cause is gone
    assert kept(tmp_path / "bad") == good(log_every)


def test_a_spoilt_frame_is_found_before_anything_is_kept_of_it(tmp_path):
    trainer = Trainer(TINY.with_settings(log_every=100, validate_every=100), tmp_path)
    plain = type(trainer.data).__getitems__

    class Spoilt(type(trainer.data)):
        def __getitems__(self, indices):
            spoil = float("nan") if self.epoch == 1 else 1.0
            return [(blurred, spoil * sharp) for blurred, sharp in plain(self, indices)]

    trainer.data.__class__ = Spoilt
    with pytest.raises(TrainingError, match=r"content.* not finite by step 3"):
        trainer.fit()
    assert sorted(path.name for path in tmp_path.glob("checkpoints/*"))[-1] == "step-00000002"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["lambda_content=1e39"], "generator_loss not finite by step 1"),
        (["lambda_gp=0", "learning_rate=0.05", "critic_limit=1", "critic_steps=5"], "runaway"),
    ],
)
def test_the_command_stops_with_one_line(change, words, tmp_path, capsys):
    sets = [word for setting in [*change, "tensorboard=false"] for word in ("--set", setting)]
    assert main([*TRAIN, *sets, "--set", "epochs=6", "--out", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sharingan: ") and words in line
    assert "the last good checkpoint is kept; try a" in line


def test_a_runaway_run_goes_on_to_the_bits_of_one_without_a_limit(tmp_path):
    free = WILD.with_settings(critic_limit=0.0)
    Trainer(free, tmp_path / "free").fit()
    with pytest.raises(TrainingError, match="runaway critic"):
        Trainer(WILD, tmp_path / "stopped").fit()
    assert read_history(tmp_path / "stopped")[-1] in read_history(tmp_path / "free")
    Trainer(free, tmp_path / "stopped", resume=True).fit()
    stopped, whole = kept(tmp_path / "stopped"), kept(tmp_path / "free")
    del stopped["config.json"], whole["config.json"]  # the limit stands there
    assert stopped == whole
