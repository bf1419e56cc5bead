"""The frames of a camera shake, one by one."""

import pytest
import torch

from sharingan_lab.blur import camera_shake, random_poses, warp
from sharingan_lab.errors import InputError


def images(n=2):
    return torch.rand(n, 3, 24, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("paths", [1, 2])
def test_each_frame_is_the_shake_of_its_pose_alone(paths):
    poses = random_poses(paths, 5, generator=torch.Generator().manual_seed(1), rotation=20.0)
    frames = warp(images(), poses, focal=40.0, boundary="replicate")
    assert frames.shape == (2, 5, 3, 24, 32)
    for moment in range(5):
        alone = camera_shake(
            images(), poses[:, moment : moment + 1], focal=40.0, boundary="replicate"
        )
        torch.testing.assert_close(frames[:, moment], alone)


def test_no_motion_returns_the_image():
    torch.testing.assert_close(warp(images(1), torch.zeros(1, 1, 6))[:, 0], images(1))


def test_bad_poses_are_refused():
    with pytest.raises(InputError, match="poses must be"):
        warp(images(), torch.zeros(3, 5, 6))
