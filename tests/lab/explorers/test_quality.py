"""The quality explorer without a browser."""

import pytest
import torch

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.datasets import photo
from sharingan_lab.evaluation import psnr, ssim
from sharingan_lab.lab.explorers.quality import CONTROLS, quality_explorer, spoil

pytestmark = pytest.mark.usefixtures("unpainted")

IMAGE = photo("coffee", 64)
NOTHING = {"shift": 0, "brightness": 0.0, "contrast": 1.0, "length": 0.0, "noise": 0.0}


def test_nothing_changes_nothing():
    torch.testing.assert_close(spoil(IMAGE, **NOTHING), IMAGE, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"shift": 3}, IMAGE.roll(3, -1)),
        ({"brightness": 0.1}, (IMAGE + 0.1).clamp(0, 1)),
        ({"length": 7.0}, blur(IMAGE, linear_kernel(7.0, 30, 31)).clamp(0, 1)),
    ],
)
def test_each_control_does_what_it_says(change, expected):
    torch.testing.assert_close(spoil(IMAGE, **NOTHING | change), expected, atol=1e-5, rtol=0)


def test_contrast_keeps_the_mean_and_scales_the_spread():
    flat = spoil(IMAGE, **NOTHING | {"contrast": 0.5})
    torch.testing.assert_close(flat.mean(), IMAGE.mean(), atol=1e-4, rtol=0)
    torch.testing.assert_close(flat.std(dim=(-1, -2)), IMAGE.std(dim=(-1, -2)) / 2)


def test_turning_every_control_changes_the_figures_shown():
    explorer = quality_explorer(IMAGE, **NOTHING)
    assert list(explorer.controls) == list(CONTROLS)
    for name, slider in explorer.controls.items():
        before = explorer.description
        slider.value = slider.max
        assert explorer.description != before, name
        slider.value = NOTHING[name]


def test_the_figures_are_those_of_the_library():
    explorer = quality_explorer(IMAGE, shift=2, noise=0.05)
    spoilt = spoil(IMAGE, **NOTHING | {"shift": 2, "noise": 0.05})
    expected = f"PSNR {psnr(spoilt, IMAGE).item():.1f} dB and SSIM {ssim(spoilt, IMAGE).item():.3f}"
    assert expected in explorer.description
