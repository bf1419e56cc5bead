"""Paths against the statements of the algorithm: length, symmetry, reversals, reproducibility."""

import numpy as np
import pytest
import torch

from sharingan_lab.blur import sample_trajectories, throw_dice, walk
from sharingan_lab.errors import InputError


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def headings(paths):
    """Unit vectors (n, steps - 1) of the moves, as complex numbers."""
    moves = torch.view_as_complex((paths[:, 1:] - paths[:, :-1]).double().contiguous())
    return moves / moves.abs()


def test_every_step_has_the_same_length_and_they_add_up():
    paths = sample_trajectories(5, steps=401, path_length=30.0, rng=seeded())
    moves = (paths[:, 1:] - paths[:, :-1]).norm(dim=2)
    torch.testing.assert_close(moves, torch.full_like(moves, 30 / 400), atol=1e-4, rtol=0)
    assert torch.equal(paths[:, 0], torch.zeros(5, 2))
    assert paths.dtype == torch.float32


def test_length_only_scales():
    short = sample_trajectories(3, path_length=20.0, rng=seeded(1))
    long = sample_trajectories(3, path_length=60.0, rng=seeded(1))
    torch.testing.assert_close(long, 3 * short, atol=1e-4, rtol=0)


@pytest.mark.parametrize("steps", [2, 37, 500])
@pytest.mark.parametrize("split", [(4, 4), (1, 7), (3, 2, 3), (1,) * 8])
def test_any_batch_split_gives_the_same_bits(steps, split):
    whole = sample_trajectories(8, steps=steps, rng=seeded(2))
    source = seeded(2)
    parts = [sample_trajectories(n, steps=steps, rng=source) for n in split]
    assert torch.equal(whole, torch.cat(parts))


def test_global_random_state_is_neither_read_nor_changed():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = sample_trajectories(1, steps=50, rng=seeded())
    torch.manual_seed(1)
    assert torch.equal(first, sample_trajectories(1, steps=50, rng=seeded()))
    torch.manual_seed(0)
    sample_trajectories(1, steps=50, rng=seeded())
    assert torch.equal(before, torch.get_rng_state())


def test_without_anxiety_the_path_is_straight_in_every_direction():
    paths = sample_trajectories(400, steps=50, anxiety=0.0, rng=seeded(3))
    assert torch.allclose(paths[:, -1].norm(dim=1), torch.tensor(60.0), atol=1e-3)
    mean_direction = (paths[:, -1] / 60).mean(dim=0).norm()
    assert mean_direction < 3 / 400**0.5  # three standard errors of a uniform direction


def test_impulses_reverse_with_the_stated_probability():
    walk = {"gaussian": 0.0, "inertia": 0.0, "impulse": 0.5, "anxiety": 0.04}
    paths = sample_trajectories(200, steps=1001, rng=seeded(4), **walk)
    turn = headings(paths)[:, 1:] / headings(paths)[:, :-1]
    reversed_ = turn.real < 0
    rate = reversed_.double().mean()
    assert abs(rate - 0.02) < 4 * (0.02 / reversed_.numel()) ** 0.5
    # -1 + 2 (1 - exp(ij)) with |j| <= 1/2 turns by at most about 0.9 radian away from a reversal.
    assert (turn[reversed_].angle().abs() > torch.pi - 0.95).all()
    assert (turn[~reversed_].angle().abs() < 1e-2).all()


def test_gaussian_noise_turns_by_its_strength():
    walk = {"gaussian": 2.0, "inertia": 0.0, "impulse": 0.0, "anxiety": 0.02}
    paths = sample_trajectories(100, steps=1000, rng=seeded(5), **walk)
    turn = (headings(paths)[:, 1:] / headings(paths)[:, :-1]).angle()
    assert abs(turn.std() - 0.04) < 0.001  # small angles: the noise across the direction
    assert abs(turn.mean()) < 0.001


def test_inertia_keeps_the_path_near_its_start():
    walk = {"gaussian": 4.0, "impulse": 0.0, "anxiety": 0.05}
    free = sample_trajectories(100, inertia=0.0, rng=seeded(6), **walk)
    held = sample_trajectories(100, inertia=10.0, rng=seeded(6), **walk)
    assert held.norm(dim=2).mean() < 0.7 * free.norm(dim=2).mean()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"n": 0}, "n must"),
        ({"n": 1, "steps": 1}, "steps"),
        ({"n": 1, "path_length": -1.0}, "length"),
        ({"n": 1, "path_length": float("nan")}, "length"),
        ({"n": 1, "anxiety": 1.5}, "anxiety"),
        ({"n": 1, "inertia": (0.5, 0.2)}, "inertia"),
        ({"n": 1, "gaussian": float("nan")}, "gaussian"),
        ({"n": 1, "anxiety": [0.0, 0.1]}, r"anxiety=\[0.0, 0.1\]: must be a number or a range"),
        ({"n": 1, "impulse": (0.1,)}, "impulse"),
    ],
)
def test_bad_arguments_are_named(wrong, word):
    with pytest.raises(InputError, match=word):
        sample_trajectories(**wrong, rng=seeded())


def test_a_number_of_numpy_is_a_number():
    settings = {"inertia": np.float32(0.5), "impulse": np.int64(0)}
    plain = sample_trajectories(2, steps=20, inertia=0.5, impulse=0, rng=seeded())
    assert torch.equal(sample_trajectories(2, steps=20, **settings, rng=seeded()), plain)


def test_a_path_is_walked_with_the_dice_that_were_thrown():
    dice = throw_dice(3, 300, rng=seeded(7))
    walked = walk(dice, path_length=20.0, anxiety=(0.0, 0.05))
    sampled = sample_trajectories(
        3, steps=300, path_length=20.0, anxiety=(0.0, 0.05), rng=seeded(7)
    )
    assert torch.equal(walked, sampled)


def test_dice_are_uniform_and_standard_normal():
    dice = throw_dice(500, 201, rng=seeded(8))
    assert dice.settings.shape == (500, 5) and dice.luck.shape == (500, 200)
    for uniform in (dice.settings, dice.luck):
        assert uniform.min() >= 0 and uniform.max() < 1
        assert float(uniform.mean()) == pytest.approx(0.5, abs=0.02)
        assert float(uniform.var()) == pytest.approx(1 / 12, abs=0.005)
    for part in dice.pushes.unbind(2):  # five deviations of the mean of 100,000
        for power, moment, slack in ((1, 0, 0.016), (2, 1, 0.023), (4, 3, 0.16)):
            assert float((part**power).mean()) == pytest.approx(moment, abs=slack)
