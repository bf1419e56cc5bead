"""Warnings in words: each made history draws its own warning and no other."""

import math

import pytest
import torch

from sharingan_lab.training import diagnose
from sharingan_lab.training.diagnosis import steepness

ROWS = 16


def a_run(wasserstein=2.0, penalty=0.02, content=0.05, psnr=27.0, input_psnr=26.0):
    """A healthy history, each number constant or a function of the time from 0 to 1."""

    def at(value, time):
        return value(time) if callable(value) else value

    rows = []
    for i in range(ROWS + 1):
        time = i / ROWS
        row = {"step": 10 * i, "epoch": i / 4, "learning_rate": 1e-4}
        if i:
            row |= {"wasserstein": at(wasserstein, time), "penalty": at(penalty, time)}
            row |= {"critic_loss": -1.0, "adversarial": 0.3, "generator_loss": 2.0}
            row["content"] = at(content, time)
        if i % 4 == 0:
            row |= {"psnr": at(psnr, time), "ssim": 0.8, "input_psnr": input_psnr}
        rows.append(row)
    return rows


def test_a_healthy_run_draws_no_warning():
    assert diagnose(a_run(), crop=64) == []


def test_a_bumpy_healthy_run_draws_no_warning():
    rng = torch.Generator().manual_seed(0)
    bump = lambda low, high: lambda _: low + (high - low) * torch.rand((), generator=rng).item()  # noqa: E731
    assert diagnose(a_run(bump(1.0, 3.0), bump(0.01, 0.03), bump(0.047, 0.053)), crop=64) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"wasserstein": lambda t: 0.01 * math.exp(6 * t)},
         ["Diverging critic: the |Wasserstein estimate| grew from 0.1"]),
        ({"wasserstein": lambda t: -0.01 * math.exp(6 * t)},
         ["Diverging critic: the |Wasserstein estimate| grew from 0.1"]),
        ({"penalty": lambda t: 0.002 * math.exp(5 * t)}, ["Diverging critic: the penalty grew"]),
        ({"penalty": 9.0},
         ["Steep critic: a penalty of 9 in the last quarter means slopes near 4 where"]),
        ({"penalty": 0.99}, ["Flat critic"]),
        ({"wasserstein": 90.0}, ["Runaway critic: it claims a distance of 90"]),
        ({"content": lambda t: 0.1 - 0.05 * t}, ["Content loss still falls"]),
        ({"content": lambda t: 0.05 + 0.2 * max(0.0, t - 0.5)}, ["Content loss has risen"]),
        ({"psnr": 25.5}, ["No gain: the restored crops are 0.50 dB below"]),
        ({"psnr": 26.0}, ["No gain"]),
        ({"psnr": lambda t: 29.0 - 8 * (t - 0.5) ** 2},
         ["Past its best: validation PSNR was 29.00"]),
    ],
)  # fmt: skip
def test_each_fault_draws_its_warning_and_no_other(change, words):
    found = diagnose(a_run(**change), crop=64)
    assert len(found) == len(words)
    assert all(text.startswith(start) for text, start in zip(found, words, strict=True))


@pytest.mark.parametrize(("times", "warnings"), [(4.5, 0), (5.5, 1)])
def test_a_critic_grows_that_is_five_times_larger(times, warnings):
    rows = a_run(wasserstein=lambda t: 0.1 if t < 0.5 else 0.1 * times)
    assert len(diagnose(rows, crop=64)) == warnings


@pytest.mark.parametrize(("lost", "warnings"), [(0.4, 0), (0.6, 1)])
def test_a_run_is_past_its_best_that_lost_half_a_decibel(lost, warnings):
    rows = a_run(psnr=lambda t: 29.0 if t < 0.8 else 29.0 - lost)
    assert len(diagnose(rows, crop=64)) == warnings


def test_a_loss_that_is_not_finite_is_named_with_its_step():
    rows = a_run()
    rows[5]["content"] = float("nan")
    rows[6]["content"] = rows[6]["penalty"] = float("inf")
    assert "Not finite: content at step 50." in diagnose(rows)


def test_one_wild_row_is_no_trend():
    rows = a_run()
    rows[-2]["wasserstein"] = rows[-2]["penalty"] = 1e6
    assert diagnose(rows, crop=64) == []


def test_a_short_run_is_not_judged_by_its_curves():
    short = a_run(content=lambda t: 0.1 - 0.05 * t)[:6]
    assert diagnose(short) == ["Too short to judge: 5 rows of losses, 8 are needed."]


def test_a_run_without_a_critic_is_not_blamed_for_it():
    assert diagnose(a_run(wasserstein=0.0, penalty=0.0), crop=64) == []


def test_a_run_that_was_never_validated_says_so():
    rows = [{k: v for k, v in row.items() if "psnr" not in k} for row in a_run()]
    assert diagnose(rows, crop=64) == ["Never validated: nothing says whether the run helps."]


def test_the_scores_of_a_linear_critic_betray_at_most_its_slope():
    """W of a critic of slope s never betrays more than s; its penalty betrays s itself."""
    rng = torch.Generator().manual_seed(1)
    real, fake = 2 * torch.rand(2, 5, 3, 16, 16, generator=rng) - 1
    difference = real - fake
    direction = difference.mean(dim=0) / difference.mean(dim=0).norm()
    for slope in (0.5, 3.0, 40.0):
        wasserstein = slope * (difference * direction).sum(dim=(1, 2, 3)).mean().item()
        assert 0 < steepness(wasserstein, 0.0, crop=16) < slope
        if slope >= 1:
            assert steepness(wasserstein, (slope - 1) ** 2, crop=16) == pytest.approx(slope)


def test_the_largest_difference_of_scores_betrays_slope_one():
    black, white = -torch.ones(3, 16, 16), torch.ones(3, 16, 16)
    distance = (white - black).norm().item()
    assert steepness(distance, 0.0, crop=16) == pytest.approx(1.0)
