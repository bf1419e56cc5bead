"""The trainer: exact resume, its schedule, what it refuses and what it says."""

import csv
import json
import os
import signal

import pytest
import torch

from sharingan_lab.errors import CheckpointError, ConfigError, DataError, TrainingError
from sharingan_lab.training import RECIPES, Trainer, read_history, recipe

TINY = recipe("quick").with_settings(
    items=8, epochs=3, constant_epochs=1, width=4, blocks=1, critic_width=4, crop=32,
    critic_steps=2, log_every=1, validate_every=2, dropout=0.5, content="l1", kernel_size=9,
    checkpoint_seconds=0.0,
)  # fmt: skip


def weights(trainer):
    networks = (trainer.generator, trainer.critic)
    return torch.cat([p.flatten() for n in networks for p in n.parameters()])


def stop_after(step):
    def progress(done, total, row, left):
        if done == step:
            os.kill(os.getpid(), signal.SIGINT)

    return progress


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_stopped_run_continues_to_the_same_bits(tmp_path, fresh, stop):
    config = TINY.with_settings(fresh_critic_batches=fresh)
    whole = Trainer(config, tmp_path / "whole")
    whole.fit()
    with pytest.raises(KeyboardInterrupt, match=f"step {stop}"):
        Trainer(config, tmp_path / "stopped").fit(stop_after(stop))
    torch.rand(7)  # whatever happens in between must not matter
    continued = Trainer(config, tmp_path / "stopped", resume=True)
    assert continued.steps_done == stop
    continued.fit()
    assert torch.equal(weights(whole), weights(continued))
    files = [(tmp_path / run / "history.csv").read_bytes() for run in ("whole", "stopped")]
    assert files[0] == files[1]


def test_a_run_between_two_rows_continues_to_the_same_bits(tmp_path):
    config = TINY.with_settings(log_every=4, validate_every=6)
    whole = Trainer(config)
    whole.fit()
    part = Trainer(config, tmp_path)
    take_step, done = part.step, []

    def third_step_is_interrupted(batches):
        done.append(take_step(batches))
        if len(done) == 3:  # between rows, so sums are carried over
            os.kill(os.getpid(), signal.SIGTERM)

    part.step = third_step_is_interrupted
    with pytest.raises(KeyboardInterrupt, match="step 3"):
        part.fit()
    continued = Trainer(config, tmp_path, resume=True)
    assert continued.summed == 3
    continued.fit()
    assert torch.equal(weights(whole), weights(continued))
    assert continued.history == whole.history


def test_two_runs_are_equal_and_another_seed_is_not():
    runs = [Trainer(TINY.with_settings(seed=seed)) for seed in (0, 0, 1)]
    histories = [run.fit() for run in runs]
    assert histories[0] == histories[1]
    assert not torch.equal(weights(runs[0]), weights(runs[2]))


def test_a_damaged_newest_checkpoint_falls_back_and_says_so(tmp_path):
    Trainer(TINY, tmp_path).fit()
    newest = sorted(tmp_path.glob("checkpoints/step-*"))[-1]
    weights_file = next(newest.glob("generator-*"))
    weights_file.write_bytes(weights_file.read_bytes()[:-1] + b"\xff")
    with pytest.warns(UserWarning, match="damaged"):
        continued = Trainer(TINY, tmp_path, resume=True)
    assert continued.steps_done == TINY.epochs * 2 - 1


def test_all_checkpoints_damaged_is_an_error(tmp_path):
    Trainer(TINY, tmp_path).fit()
    for manifest in tmp_path.glob("checkpoints/step-*/manifest.json"):
        manifest.write_text("{")
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="every checkpoint"):
        Trainer(TINY, tmp_path, resume=True)


def test_the_run_folder_holds_what_is_promised(tmp_path):
    trainer = Trainer(TINY, tmp_path)
    trainer.fit()
    assert json.loads((tmp_path / "config.json").read_text())["seed"] == TINY.seed
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert [int(row["step"]) for row in rows] == list(range(7))
    assert float(rows[-1]["content"]) == trainer.history[-1]["content"]
    names = sorted(path.name for path in tmp_path.rglob("*generator*.safetensors"))
    assert names[-1] == "generator-00000006.safetensors"
    assert not list(tmp_path.rglob("*.partial*"))


def test_row_zero_is_the_untrained_generator_beside_the_input():
    first = Trainer(TINY).fit()[0]
    assert first["step"] == 0 and "content" not in first
    assert first["psnr"] < first["input_psnr"]


def test_a_run_is_not_overwritten_nor_continued_with_other_settings(tmp_path):
    Trainer(TINY, tmp_path).fit()
    with pytest.raises(ConfigError, match="holds a run already"):
        Trainer(TINY, tmp_path)
    with pytest.raises(ConfigError, match=r"lambda_gp 10\.0 -> 100\.0"):
        Trainer(TINY.with_settings(lambda_gp=100.0), tmp_path, resume=True)


def test_a_run_that_cannot_start_leaves_nothing(tmp_path):
    with pytest.raises(DataError):
        Trainer(recipe("report").with_settings(data_root=str(tmp_path)), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_learning_rate_is_constant_and_then_falls_linearly():
    config = TINY.with_settings(epochs=6, constant_epochs=2, learning_rate=0.5)
    rates = [config.rate_in_epoch(epoch) for epoch in range(6)]
    assert rates == pytest.approx([0.5, 0.5, 0.4, 0.3, 0.2, 0.1])


def test_each_loss_reaches_its_network_only():
    trainer = Trainer(TINY)
    blurred, sharp = next(trainer._batches())[0]
    restored = trainer.generator(blurred)
    trainer.game.critic_step(blurred, sharp, restored.detach())
    assert all(p.grad is None for p in trainer.generator.parameters())
    before = [p.grad.clone() for p in trainer.critic.parameters()]
    trainer.game.generator_step(blurred, sharp, restored)
    assert all(p.grad is not None for p in trainer.generator.parameters())
    after = [p.grad for p in trainer.critic.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("fresh", [False, True])
def test_a_conditional_critic_is_trained_beside_its_own_blurred_images(fresh):
    trainer = Trainer(TINY.with_settings(conditional_critic=True, fresh_critic_batches=fresh))
    seen = []
    trainer.critic.register_forward_pre_hook(
        lambda _, args, kwargs: seen.append((args[0], kwargs["blurred"])), with_kwargs=True
    )
    batches = next(trainer._batches())
    trainer.step(batches)
    assert len(seen) == 3 * trainer.config.critic_steps + 1
    conditions = [2 * blurred - 1 for blurred, _ in (batches if fresh else batches * 3)]
    for i, (real, condition) in enumerate(seen[:-1:3]):
        assert torch.equal(condition, conditions[i])
        assert torch.equal(real, 2 * batches[i if fresh else 0][1] - 1)
    assert torch.equal(seen[-1][1], 2 * batches[-1][0] - 1)


def test_clipping_keeps_every_weight_of_the_critic_small():
    trainer = Trainer(TINY.with_settings(lambda_gp=0.0, weight_clip=0.01, learning_rate=0.1))
    trainer.step(next(trainer._batches()))
    assert max(p.abs().max().item() for p in trainer.critic.parameters()) == pytest.approx(0.01)
    assert max(p.abs().max().item() for p in trainer.generator.parameters()) > 0.05


def generator_gradient(clip_gradient):
    trainer = Trainer(TINY.with_settings(dropout=0.0, clip_gradient=clip_gradient))
    blurred, sharp = next(trainer._batches())[0]
    trainer.game.generator_step(blurred, sharp, trainer.generator(blurred))
    return torch.cat([p.grad.flatten() for p in trainer.generator.parameters()])


def test_a_long_gradient_of_the_generator_is_shortened_and_keeps_its_direction():
    free = generator_gradient(0.0)
    half = free.norm().item() / 2
    shortened = generator_gradient(half)
    assert shortened.norm().item() == pytest.approx(half, rel=1e-3)
    torch.testing.assert_close(shortened, free / 2, rtol=1e-3, atol=0.0)


def test_a_gradient_that_is_short_enough_is_left_alone():
    free = generator_gradient(0.0)
    assert torch.equal(generator_gradient(2 * free.norm().item()), free)


def test_the_critics_gradient_is_not_clipped():
    gradients = []
    for clip_gradient in (0.0, 1e-6):
        trainer = Trainer(TINY.with_settings(dropout=0.0, clip_gradient=clip_gradient))
        blurred, sharp = next(trainer._batches())[0]
        trainer.game.critic_step(blurred, sharp, trainer.generator(blurred).detach())
        gradients.append(torch.cat([p.grad.flatten() for p in trainer.critic.parameters()]))
    assert torch.equal(*gradients)


def test_bfloat16_takes_nearly_the_same_step_and_keeps_weights_in_float32():
    rows = {}
    for precision in ("float32", "bfloat16"):
        trainer = Trainer(TINY.with_settings(precision=precision, content="vgg19", dropout=0.0))
        trainer.step(next(trainer._batches()))
        rows[precision] = trainer.sums
        assert all(p.dtype == torch.float32 for p in trainer.generator.parameters())
    assert not torch.equal(rows["float32"], rows["bfloat16"])
    torch.testing.assert_close(rows["bfloat16"], rows["float32"], atol=0.02, rtol=0.05)


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_checkpoint(tmp_path):
    trainer = Trainer(TINY, tmp_path)

    def poison(step, total, row, left):
        if step == 2:
            with torch.no_grad():
                next(trainer.generator.parameters()).fill_(float("nan"))

    with pytest.raises(TrainingError, match="weights of the generator"):
        trainer.fit(poison)
    newest = sorted(tmp_path.glob("checkpoints/step-*"))[-1]
    assert newest.name == "step-00000001"


def test_a_loss_that_is_not_finite_is_named():
    trainer = Trainer(TINY)

    def poison(*_):
        with torch.no_grad():
            next(trainer.generator.parameters()).fill_(float("nan"))

    with pytest.raises(TrainingError, match="content, generator_loss not finite by step 1"):
        trainer.fit(poison)


def test_broken_weights_are_named_before_they_are_measured():
    trainer = Trainer(TINY)
    with torch.no_grad():
        next(trainer.generator.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingError, match="weights of the generator not finite by step 0"):
        trainer.fit()


WILD = TINY.with_settings(
    epochs=6, lambda_gp=0.0, learning_rate=0.05, critic_steps=5, critic_limit=1.0
)


def test_a_runaway_critic_stops_the_run_and_keeps_the_last_checkpoint(tmp_path):
    trainer = Trainer(WILD, tmp_path)
    pattern = r"runaway critic by step \d+: wasserstein .* penalty 0 mean a slope of .* is 1;"
    with pytest.raises(TrainingError, match=pattern):
        trainer.fit()
    kept = sorted(tmp_path.glob("checkpoints/step-*"))[-1]
    assert kept.name == f"step-{trainer.steps_done - 1:08d}"
    last = read_history(tmp_path)[-1]  # who reads the run sees what happened
    assert last["step"] == trainer.steps_done
    assert abs(last["wasserstein"]) > 2 * 3**0.5 * WILD.crop
    continued = Trainer(WILD.with_settings(critic_limit=0.0), tmp_path, resume=True)
    assert continued.steps_done == trainer.steps_done - 1
    assert len(continued.history) == trainer.steps_done


def test_a_runaway_critic_may_run_where_the_limit_is_off():
    history = Trainer(WILD.with_settings(critic_limit=0.0)).fit()
    assert max(abs(row.get("wasserstein", 0)) for row in history) > 2 * 3**0.5 * WILD.crop


def test_without_the_adversarial_term_the_critic_rests():
    trainer = Trainer(TINY.with_settings(lambda_adversarial=0.0, lambda_content=1.0))
    before = [p.clone() for p in trainer.critic.parameters()]
    trainer.fit()
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.critic.parameters(), strict=True))


def test_random_features_are_announced():
    trainer = Trainer(TINY.with_settings(content="vgg19", vgg="random"))
    assert "RANDOM" in trainer.notices[0]


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_compares_learned_features(name):
    assert recipe(name).vgg == "imagenet"
    small = {"crop": 16, "camera": "path", "kernel_size": 9, "width": 2, "blocks": 1}
    small |= {"critic_width": 2, "data": "photos", "batch_size": 1, "device": "cpu", "start": ""}
    config = recipe(name).with_settings(**small)
    assert Trainer(config).notices == []


def test_a_folder_of_photographs_can_be_trained_on(tmp_path):
    from sharingan_lab.datasets import photo
    from sharingan_lab.images import write_image

    for name in ("coffee", "rocket", "chelsea"):
        write_image(photo(name, 48), tmp_path / f"{name}.png")
    config = TINY.with_settings(data="folder", data_root=str(tmp_path))
    assert len(Trainer(config).fit()) == 7
