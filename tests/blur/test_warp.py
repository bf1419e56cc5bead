"""The frames of a camera shake, one by one."""

import pytest
import torch

from sharingan_lab.blur import camera_shake, margin, random_poses, warp
from sharingan_lab.errors import InputError


def images(n=2):
    return torch.rand(n, 3, 24, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("paths", [1, 2])
def test_each_frame_is_the_shake_of_its_pose_alone(paths):
    poses = random_poses(paths, 5, rng=torch.Generator().manual_seed(1), rotation=20.0)
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


def test_a_margin_is_as_wide_as_needed_and_no_wider():
    """A white image in a black world: frames stay white if a margin as wide is cut off."""
    poses = random_poses(
        12, 9, rng=torch.Generator().manual_seed(2), rotation=25.0, translation=0.2
    )
    for path, needed in zip(poses[:, None], margin(poses, 40, 60), strict=True):
        assert needed > 0.5
        for room, is_enough in ((int(needed) + 1, True), (int(needed * 0.9 - 0.5), False)):
            scene = torch.ones(1, 1, 40 + 2 * room, 60 + 2 * room)
            frames = warp(scene, path, focal=60.0, boundary="zero")
            inner = frames[..., room : room + 40, room : room + 60]
            assert bool(inner.min() > 0.999) == is_enough


def test_a_camera_that_comes_no_nearer_to_the_border_needs_no_margin():
    poses = torch.zeros(2, 1, 6)
    poses[1, 0, 5] = -0.1  # the scene is nearer, its image larger
    assert margin(poses, 40, 60).tolist() == [0, 0]


def test_a_margin_needs_poses():
    with pytest.raises(InputError, match="poses must be"):
        margin(torch.zeros(3, 6), 40, 60)
