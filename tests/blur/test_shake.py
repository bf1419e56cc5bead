"""Camera shake against single homographies computed pixel by pixel, and against uniform blur."""

import numpy as np
import pytest
import scipy.ndimage
import torch

from sharingan_lab.blur import blur, camera_shake, random_poses, rasterize, sample_trajectories
from sharingan_lab.errors import InputError


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(n=1, channels=3, height=48, width=64):
    """Images without detail finer than two pixels, for which interpolation hardly matters."""
    images = torch.rand(n, channels, height, width, generator=seeded())
    return blur(images, torch.full((1, 5, 5), 1 / 25))


def test_translation_is_uniform_blur():
    """Both sample bilinearly, so they agree to rounding away from the border."""
    path = sample_trajectories(1, steps=40, path_length=12.0, rng=seeded(1))
    path -= path.mean(dim=1, keepdim=True)
    poses = torch.zeros(1, 40, 6)
    poses[..., 3:5] = path / 64
    images = torch.rand(2, 3, 48, 64, generator=seeded(2))
    found = camera_shake(images, poses)[..., 12:-12, 12:-12]
    expected = blur(images, rasterize(path, 24))[..., 12:-12, 12:-12]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize("boundary", ["reflect", "replicate", "zero"])
def test_a_frame_is_a_homography(boundary):
    """Rodrigues' formula and scipy's sampling, written out for one pose."""
    pose = np.array([2.0, -1.5, 4.0, 0.03, -0.02, 0.05])
    image, focal = smooth()[0, 0], 80.0
    found = camera_shake(
        image[None, None], torch.tensor(pose)[None, None], focal=focal, boundary=boundary
    )[0, 0]
    vector = np.deg2rad(pose[:3])
    angle = np.linalg.norm(vector)
    kx, ky, kz = vector / angle
    cross = np.array([[0, -kz, ky], [kz, 0, -kx], [-ky, kx, 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    lens = np.array([[focal, 0, 31.5], [0, focal, 23.5], [0, 0, 1]])
    plane = np.outer(pose[3:], [0, 0, 1])
    back = np.linalg.inv(lens @ (turn + plane) @ np.linalg.inv(lens))
    y, x = np.mgrid[:48, :64]
    u, v, w = np.einsum("ij,jhw->ihw", back, np.stack([x, y, np.ones_like(x)]))
    mode = {"reflect": "mirror", "replicate": "nearest", "zero": "grid-constant"}[boundary]
    expected = scipy.ndimage.map_coordinates(
        image.double().numpy(), [v / w, u / w], order=1, mode=mode
    )
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_result_is_the_mean_of_the_frames_and_each_image_has_its_own_path():
    images = smooth(2)
    poses = random_poses(2, 5, rng=seeded(3), rotation=10.0)
    frames = [camera_shake(images, poses[:, t : t + 1]) for t in range(5)]
    together = camera_shake(images, poses)
    torch.testing.assert_close(together, torch.stack(frames).mean(dim=0), atol=1e-5, rtol=0)
    alone = camera_shake(images[1:], poses[1:])
    torch.testing.assert_close(together[1:], alone, atol=1e-6, rtol=0)


def test_rolling_blurs_the_corners_and_not_the_middle():
    image = torch.rand(1, 3, 65, 65, generator=seeded(4))
    poses = torch.zeros(1, 21, 6)
    poses[0, :, 2] = torch.linspace(-6, 6, 21)
    change = (camera_shake(image, poses) - image).abs().mean(dim=(0, 1))
    assert change[31:34, 31:34].mean() < 0.2 * change[5:15, 5:15].mean()


def test_random_poses_split_like_their_paths_and_keep_the_image_in_place():
    whole = random_poses(3, 7, rng=seeded(5), rotation=3.0, translation=0.02)
    source = seeded(5)
    parts = [random_poses(n, 7, rng=source, rotation=3.0, translation=0.02) for n in (1, 2)]
    assert torch.equal(whole, torch.cat(parts))
    assert whole.mean(dim=1).abs().max() < 1e-6
    assert whole[..., :3].abs().max() <= 3.0 and whole[..., 3:].abs().max() <= 0.02
    assert whole.std(dim=1).min() > 0  # every one of the six moves


@pytest.mark.parametrize(
    ("poses", "word"),
    [
        (torch.zeros(1, 4, 3), r"\(1, T, 6\)"),
        (torch.zeros(3, 4, 6), r"\(2, T, 6\) for 2 images"),
        (torch.zeros(1, 0, 6), r"got float32 \(1, 0, 6\)"),
        (torch.zeros(1, 4, 6, dtype=torch.int64), "floating-point"),
        (torch.full((1, 4, 6), float("inf")), "NaN or infinity"),
        (torch.tensor([[[0.0, 0, 0, 0, 0, -1.5]]]), "behind the camera"),
    ],
)
def test_bad_poses_are_named(poses, word):
    with pytest.raises(InputError, match=word):
        camera_shake(smooth(2), poses)


def test_other_bad_input_is_named():
    with pytest.raises(InputError, match="circular"):
        camera_shake(smooth(), torch.zeros(1, 1, 6), boundary="circular")
    with pytest.raises(InputError, match="focal"):
        camera_shake(smooth(), torch.zeros(1, 1, 6), focal=0.0)
    with pytest.raises(InputError, match="frames"):
        random_poses(1, 1, rng=seeded())
    with pytest.raises(InputError, match="rotation"):
        random_poses(1, rotation=90.0, rng=seeded())
    with pytest.raises(InputError, match="translation"):
        random_poses(1, translation=-0.1, rng=seeded())
