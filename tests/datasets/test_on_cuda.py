"""Training pairs made on a GPU: those of the CPU."""

import time

import pytest
import torch

from sharingan_lab.datasets import Camera, MixedPairs, PathCamera, SyntheticBlurPairs, photo

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

SCENES = [(255 * photo(name)[0]).round().to(torch.uint8) for name in ("chelsea", "coffee")]


PATH = PathCamera(path_length=(0.0, 40.0), noise_std=(0.0, 0.05), gamma=(1.0, 2.2))


def pairs_on(device, camera=PATH):
    settings = {"crop": 64, "seed": 3, "items": 40, "transpose": True, "camera": camera}
    return SyntheticBlurPairs(SCENES, device=device, **settings)


@pytest.mark.parametrize("camera", [PATH, Camera()])
def test_items_are_those_of_the_cpu(camera):
    here, there = pairs_on("cpu", camera), pairs_on("cuda", camera)
    for epoch in (0, 3):
        here.set_epoch(epoch), there.set_epoch(epoch)
        every = [*range(40)]
        for one, two in zip(here.__getitems__(every), there.__getitems__(every), strict=True):
            assert two[0].is_cuda and two[1].is_cuda
            # the lens goes by Fourier there
            torch.testing.assert_close(two[1].cpu(), one[1], atol=1e-4, rtol=0)
            # black is steep, and a rounding may tip a wave of a compressed file
            assert float((two[0].cpu() - one[0]).abs().mean()) < 1e-3


@pytest.mark.parametrize("camera", [PATH, Camera()])
def test_no_item_makes_the_host_wait(camera):
    there = MixedPairs([pairs_on("cuda", camera), pairs_on("cuda", camera)])
    there.__getitems__([*range(80)])  # plans of transforms are made once
    torch.cuda.set_sync_debug_mode("error")
    try:
        items = there.__getitems__([*range(80)])
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(sharp.is_cuda for _, sharp in items)


def test_a_batch_is_few_kernels(capsys):
    settings = {"crop": 128, "seed": 3, "items": 1280, "camera": Camera(), "device": "cuda"}
    there = SyntheticBlurPairs(SCENES, **settings)
    there.__getitems__([*range(128)])
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as told:
        there.__getitems__([*range(128)])
    launches = sum(each.count for each in told.key_averages() if "LaunchKernel" in each.key)
    assert 0 < launches < 15 * 128
    torch.cuda.synchronize()
    start = time.perf_counter()
    for first in range(0, 1280, 128):
        there.__getitems__([*range(first, first + 128)])
    torch.cuda.synchronize()
    rate = 1280 / (time.perf_counter() - start)
    with capsys.disabled():
        print(f"\n{launches / 128:.1f} kernels a pair, {rate:.0f} pairs of 128 x 128 a second")
