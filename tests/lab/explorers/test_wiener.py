"""The widget of lesson 02: its picture, its curve and its words follow the sliders."""

import re

import pytest
import torch

from sharingan_lab.blur import degrade, linear_kernel
from sharingan_lab.classical import wiener
from sharingan_lab.datasets import photo
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.explorers.wiener import POWERS, ratio_curve, wiener_explorer

pytestmark = pytest.mark.usefixtures("unpainted")


def best_power(explorer):
    return float(re.search(r"best ratio, 10\^(-?[\d.]+)", explorer.description)[1])


@pytest.fixture(scope="module")
def explorer():
    return wiener_explorer()


@pytest.fixture(autouse=True)
def from_the_start(explorer):
    for name, value in {"power": -1.5, "noise_std": 0.01, "angle_error": 0}.items():
        explorer.controls[name].value = value


def test_says_what_wiener_gives(explorer):
    sharp = photo("astronaut", 256)[..., 8:136, 48:176]
    rng = torch.Generator().manual_seed(0)
    blurred = degrade(sharp, linear_kernel(9, 20, 21), noise_std=0.02, rng=rng)
    restored = wiener(blurred, linear_kernel(9, 30, 21), noise_to_signal=0.1)
    explorer.controls["power"].value = -1.0
    explorer.controls["noise_std"].value = 0.02
    explorer.controls["angle_error"].value = 10
    assert f"PSNR {float(psnr(blurred, sharp)):.1f} dB" in explorer.description
    assert f"10 degrees: {float(psnr(restored, sharp)):.1f} dB" in explorer.description


def test_more_noise_and_a_wrong_kernel_want_a_larger_ratio(explorer):
    usual = best_power(explorer)
    explorer.controls["noise_std"].value = 0.06
    assert best_power(explorer) > usual
    explorer.controls["noise_std"].value = 0.01
    explorer.controls["angle_error"].value = 15
    assert best_power(explorer) > usual


def test_the_curve_tries_every_ratio():
    sharp = torch.rand(1, 1, 24, 24, generator=torch.Generator().manual_seed(0))
    curve = ratio_curve(sharp, torch.ones(1, 1, 1), sharp)
    assert len(curve) == len(POWERS) and curve == sorted(curve, reverse=True)


def test_still_picture_for_pages_without_a_kernel(explorer):
    assert explorer.still()["text/plain"] == explorer.description
