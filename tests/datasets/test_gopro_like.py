"""GoPro-like pairs: means of frames, and nothing seen that is not in the photograph."""

import functools

import numpy as np
import pytest
import torch

from sharingan_lab.blur import warp
from sharingan_lab.datasets import gopro_like, gopro_like_pair, photo
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_sharp_frame_is_a_window_of_the_photograph():
    scene = photo("coffee", 93)
    sharp = gopro_like_pair(scene, frames=3, rng=seeded())[2]
    assert sharp.shape == (1, 3, 65, 65)
    windows = scene[0].unfold(1, 65, 1).unfold(2, 65, 1)
    differences = (windows - sharp[0, :, None, None]).abs().amax(dim=(0, 3, 4))
    assert differences.min() < 1e-3 and (differences > 0.1).sum() > 700


def test_the_blurred_images_are_the_means_of_the_frames(monkeypatch):
    kept = []

    def keep(*args, **settings):
        kept.append(warp(*args, **settings))
        return kept[-1]

    monkeypatch.setattr(gopro_like, "warp", keep)
    blur, blur_gamma, sharp = gopro_like_pair(photo("rocket", 120), frames=7, rng=seeded())
    border = (kept[0].shape[-1] - 84) // 2
    frames = kept[0][0, ..., border:-border, border:-border].clamp(0, 1).double().numpy()
    assert frames.shape == (7, 3, 84, 84)
    np.testing.assert_allclose(blur[0], frames.mean(0), atol=1e-5)
    np.testing.assert_allclose(blur_gamma[0], (frames**2.2).mean(0) ** (1 / 2.2), atol=1e-5)
    np.testing.assert_allclose(sharp[0], frames[3], atol=1e-6)


@pytest.mark.parametrize("shake", [4.0, 45.0])
def test_nothing_beyond_the_photograph_is_seen(monkeypatch, shake):
    """With black around it, a white photograph stays white, however hard the camera shakes."""
    monkeypatch.setattr(gopro_like, "warp", functools.partial(warp, boundary="zero"))
    white = torch.ones(1, 3, 100, 160)
    for seed in range(20):
        blur = gopro_like_pair(white, frames=5, shake=shake, rng=seeded(seed))[0]
        assert blur.min() > 0.999


def test_shake_decides_how_strong_the_blur_is():
    scene = photo("coffee", 160)
    still = gopro_like_pair(scene, frames=3, shake=0.0, rng=seeded())
    torch.testing.assert_close(still[0], still[2], atol=1e-5, rtol=0)
    quality = [
        torch.stack(
            [
                psnr(*pair[::2])
                for seed in range(10)
                for pair in [gopro_like_pair(scene, shake=shake, rng=seeded(seed))]
            ]
        ).mean()
        for shake in (1.0, 4.0, 16.0)
    ]
    assert quality[0] > quality[1] + 2 > quality[2] + 4


def test_a_range_of_shakes_gives_slight_and_strong_blur():
    scene = photo("coffee", 100)
    values = [
        float(psnr(*gopro_like_pair(scene, frames=5, rng=seeded(seed))[::2])) for seed in range(30)
    ]
    assert max(values) - min(values) > 6


def test_a_grey_tone_stays_what_it_is():
    for image in gopro_like_pair(torch.full((1, 3, 100, 130), 0.3), rng=seeded()):
        torch.testing.assert_close(image, torch.full((1, 3, 70, 100), 0.3), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("scene", "settings", "message"),
    [
        (torch.zeros(1, 3, 91, 200), {}, "200 x 91 is too small: .* 92 pixels or more"),
        (torch.zeros(3, 100, 100), {}, "images must be"),
        (torch.zeros(1, 3, 100, 100), {"frames": 4}, "frames=4: must be odd"),
        (torch.zeros(1, 3, 100, 100), {"frames": 1}, "frames=1: must be odd.* from 3 to 99"),
        (torch.zeros(1, 3, 100, 100), {"shake": (5.0, 1.0)}, r"shake=\(5.0, 1.0\)"),
        (torch.zeros(1, 3, 100, 100), {"shake": 90.0}, "shake=90.0.* from 0 to 45"),
    ],
)
def test_a_bad_photograph_or_setting_is_named(scene, settings, message):
    with pytest.raises(InputError, match=message):
        gopro_like_pair(scene, rng=seeded(), **settings)
