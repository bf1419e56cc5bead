"""Means of frames, written out in numpy."""

import numpy as np
import pytest
import torch

from sharingan_lab.datasets import average_frames
from sharingan_lab.errors import InputError


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("gamma", [1.0, 2.2])
def test_an_average_is_that_of_numpy(gamma):
    frames = torch.rand(2, 5, 3, 4, 6, generator=seeded())
    expected = np.zeros((2, 3, 4, 6))
    for moment in range(5):
        expected += frames[:, moment].double().numpy() ** gamma / 5
    found = average_frames(frames, gamma).numpy()
    np.testing.assert_allclose(found, expected ** (1 / gamma), atol=1e-6)


def test_light_is_brighter_where_frames_differ_and_the_same_where_they_do_not():
    frames = torch.rand(1, 7, 3, 8, 8, generator=seeded())
    frames[..., 4:] = frames[:, :1, ..., 4:]
    values, light = average_frames(frames), average_frames(frames, 2.2)
    assert (light > values + 1e-3)[..., :4].all()
    torch.testing.assert_close(light[..., 4:], values[..., 4:])


@pytest.mark.parametrize(
    ("frames", "gamma", "message"),
    [
        (torch.zeros(5, 3, 4, 4), 1.0, r"frames must be \(N, T, C, H, W\), got \(5, 3, 4, 4\)"),
        (torch.zeros(1, 0, 3, 4, 4), 1.0, "frames must be"),
        (torch.zeros(1, 2, 3, 4, 4), 0.5, "gamma must be .* from 1 to 4, got 0.5"),
    ],
)
def test_bad_frames_are_refused(frames, gamma, message):
    with pytest.raises(InputError, match=message):
        average_frames(frames, gamma)
