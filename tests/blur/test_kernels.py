"""Kernels: centred, energy-preserving, never empty, equal to a direct splat."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from sharingan_lab.blur import linear_kernel, random_kernels, rasterize, sample_trajectories
from sharingan_lab.errors import InputError

from ..patience import PATIENCE


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def centroids(kernels):
    """Centre of mass (n, 2) as (row, column)."""
    index = torch.arange(kernels.shape[-1], dtype=torch.float64)
    mass = kernels.double() / kernels.double().sum(dim=(1, 2), keepdim=True)
    return torch.stack([(mass.sum(2) * index).sum(1), (mass.sum(1) * index).sum(1)], dim=1)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 15, 16, 31, 64, 65])
@pytest.mark.parametrize("exposure", [1.0, 0.5, 0.1, 0.01, 1e-5])
def test_kernels_are_centred_positive_and_sum_to_the_exposure(size, exposure):
    kernels = random_kernels(12, size, exposure=exposure, steps=500, rng=seeded())
    assert kernels.shape == (12, size, size) and kernels.dtype == torch.float32
    assert torch.isfinite(kernels).all() and (kernels >= 0).all()
    assert (kernels.sum(dim=(1, 2)) - exposure).abs().max() < 1e-5
    assert (centroids(kernels) - size // 2).abs().max() < 0.01


@pytest.mark.parametrize("length", [0.0, 60.0, 200.0, 1e4])
def test_paths_too_long_for_the_canvas_are_shrunk_not_cut(length):
    paths = sample_trajectories(6, steps=300, path_length=length, anxiety=0.0, rng=seeded(1))
    kernels = rasterize(paths, 32)
    assert (kernels.sum(dim=(1, 2)) - 1).abs().max() < 1e-5
    assert (centroids(kernels) - 16).abs().max() < 0.01
    if length > 60:  # a straight path shrunk to fit touches the border
        border = kernels[:, 0].amax(1) + kernels[:, -1].amax(1)
        border += kernels[:, :, 0].amax(1) + kernels[:, :, -1].amax(1)
        assert (border > 0).all()


def test_default_length_never_has_to_be_shrunk():
    straight = {"anxiety": 0.0, "steps": 200}  # the widest path of its length
    for size in (32, 33, 64):
        paths = sample_trajectories(50, path_length=60 * size / 64, rng=seeded(2), **straight)
        wider = rasterize(paths, size + 20)
        inner = wider[:, 10 : 10 + size, 10 : 10 + size]
        torch.testing.assert_close(rasterize(paths, size), inner, atol=1e-6, rtol=0)


def test_rasterize_equals_a_direct_splat():
    path = sample_trajectories(1, steps=90, path_length=12.0, rng=seeded(3))
    points = path[0].double().numpy()
    exposed = points[:45]  # exposure one half
    exposed = exposed - exposed.mean(axis=0) + 10
    rows, columns = np.mgrid[:21, :21]
    expected = np.zeros((21, 21))
    for x, y in exposed:
        expected += np.maximum(0, 1 - abs(columns - x)) * np.maximum(0, 1 - abs(rows - y)) / 90
    np.testing.assert_allclose(rasterize(path, 21, 0.5)[0].numpy(), expected, atol=1e-6)


def test_x_runs_along_the_columns_and_y_downwards():
    path = torch.tensor([[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [3.0, 0.0]]])  # late light: right
    expected = torch.zeros(9, 9)
    expected[4, [3, 4, 6, 7]] = torch.tensor([0.5625, 0.1875, 0.1875, 0.0625])
    torch.testing.assert_close(rasterize(path, 9)[0], expected)
    torch.testing.assert_close(rasterize(path.flip(2), 9)[0], expected.T)


def test_fraction_of_one_step_still_gives_light():
    path = sample_trajectories(1, steps=10, rng=seeded(4))
    kernel = rasterize(path, 5, exposure=0.03)
    assert kernel[0, 2, 2] == pytest.approx(0.03)


def test_one_exposure_for_each_path():
    paths = sample_trajectories(3, steps=100, rng=seeded(5))
    exposure = torch.tensor([0.2, 0.5, 1.0])
    torch.testing.assert_close(rasterize(paths, 64, exposure).sum(dim=(1, 2)), exposure)
    one = rasterize(paths[1:2], 64, 0.5)
    assert torch.equal(rasterize(paths, 64, exposure)[1:2], one)


@pytest.mark.parametrize("split", [(4, 4), (1, 7), (3, 5), (1,) * 8])
def test_any_batch_split_gives_the_same_bits(split):
    whole = random_kernels(8, 31, steps=201, rng=seeded(6))
    source = seeded(6)
    parts = [random_kernels(n, 31, steps=201, rng=source) for n in split]
    assert torch.equal(whole, torch.cat(parts))


def test_parts_in_which_kernels_are_made_do_not_show():
    whole = random_kernels(150, 16, rng=seeded(9), exposure=torch.linspace(0.1, 1, 150))
    source = seeded(9)
    parts = [
        random_kernels(len(part), 16, rng=source, exposure=part)
        for part in torch.linspace(0.1, 1, 150).split([63, 2, 85])
    ]
    assert torch.equal(whole, torch.cat(parts))


def test_each_kernel_may_have_its_own_length():
    lengths = torch.tensor([0.0, 5.0, 25.0])
    kernels = random_kernels(3, 33, rng=seeded(), path_length=lengths, anxiety=0.0)
    lit = kernels.count_nonzero((1, 2))
    assert lit[0] == 1 < lit[1] < lit[2]


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak")
def test_ten_thousand_kernels_take_less_than_500_megabytes():
    code = """
import re, torch
from pathlib import Path
from sharingan_lab.blur import random_kernels

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

rng = torch.Generator().manual_seed(0)
random_kernels(1, rng=rng)
Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the imports
before = peak()
random_kernels(10_000, rng=rng)
print(peak() - before)
"""
    words = [sys.executable, "-c", code]
    run = subprocess.run(words, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert 100 < float(run.stdout) < 500  # the kernels themselves are 164


def test_random_kernels_default_length_follows_the_size():
    asked = random_kernels(2, 32, path_length=30.0, steps=100, rng=seeded(7))
    assert torch.equal(asked, random_kernels(2, 32, steps=100, rng=seeded(7)))


def test_linear_kernel_along_the_axes():
    row = linear_kernel(6, 0, 11)[0]
    assert row[5].sum() == pytest.approx(1, abs=1e-5)
    torch.testing.assert_close(row[5, 3:8], torch.full((5,), 1 / 6), atol=1e-3, rtol=0)
    torch.testing.assert_close(linear_kernel(6, 90, 11)[0], row.T, atol=1e-5, rtol=0)
    torch.testing.assert_close(linear_kernel(6, 180, 11)[0], row, atol=1e-5, rtol=0)


def test_linear_kernel_counts_angles_anticlockwise():
    kernel = linear_kernel(8, 45, 9)[0]
    assert kernel[1:4, 5:8].sum() > 0.3  # up and right
    assert kernel[1:4, 1:4].sum() == 0


@pytest.mark.parametrize("length", [0.0, 0.3, 7.5, 40.0, 1e3])
@pytest.mark.parametrize("size", [8, 31])
def test_linear_kernels_are_centred(length, size):
    kernel = linear_kernel(length, 30, size)
    assert kernel.shape == (1, size, size)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert (centroids(kernel) - size // 2).abs().max() < 0.01


def test_linear_kernel_has_the_variance_of_a_line():
    kernel = linear_kernel(10, 0, 21)[0].double()
    offset = torch.arange(21, dtype=torch.float64) - 10
    variance = float((kernel.sum(0) * offset**2).sum())
    # A uniform line has length^2 / 12; sharing light between two pixels adds 1/6 on average.
    assert math.isclose(variance, 100 / 12 + 1 / 6, rel_tol=0.01)


@pytest.mark.parametrize("exposure", [0.0, -0.5, 1.5, float("nan"), [0.5, 0.5, 0.5]])
def test_bad_exposure_is_named(exposure):
    paths = sample_trajectories(2, steps=10, rng=seeded())
    with pytest.raises(InputError, match="exposure"):
        rasterize(paths, 8, exposure)


@pytest.mark.parametrize(
    "paths",
    [torch.zeros(3, 2), torch.zeros(1, 4, 3), torch.zeros(1, 4, 2).long(), torch.zeros(1, 0, 2)],
)
def test_bad_trajectories_are_named(paths):
    with pytest.raises(InputError, match="trajectories"):
        rasterize(paths, 8)
    with pytest.raises(InputError, match="NaN"):
        rasterize(torch.full((1, 4, 2), math.nan), 8)


def test_bad_sizes_and_lengths_are_named():
    with pytest.raises(InputError, match="size"):
        random_kernels(1, 0, rng=seeded())
    with pytest.raises(InputError, match="size"):
        rasterize(torch.zeros(1, 3, 2), 7.5)
    with pytest.raises(InputError, match="length"):
        linear_kernel(-1, 0, 9)
