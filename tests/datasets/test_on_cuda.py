"""Training pairs made on a GPU: those of the CPU but for the noise."""

import pytest
import torch

from sharingan_lab.datasets import MixedPairs, SyntheticBlurPairs, photo

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

SCENES = [(255 * photo(name)[0]).round().to(torch.uint8) for name in ("chelsea", "coffee")]


def pairs_on(device, **changes):
    settings = {"crop": 64, "seed": 3, "items": 12, "transpose": True, **changes}
    return SyntheticBlurPairs(SCENES, device=device, **settings)


def test_crops_mirrors_and_kernels_are_those_of_the_cpu():
    still = {"noise_std": 0.0, "gamma": (1.0, 2.2), "length": (0.0, 40.0)}
    here, there = pairs_on("cpu", **still), pairs_on("cuda", **still)
    for epoch in (0, 3):
        here.set_epoch(epoch), there.set_epoch(epoch)
        for one, two in zip(here, there, strict=True):
            assert two[0].is_cuda and two[1].is_cuda
            torch.testing.assert_close(two[1].cpu(), one[1], atol=1e-6, rtol=0)
            torch.testing.assert_close(two[0].cpu(), one[0], atol=2e-3, rtol=0)  # black is steep


def test_noise_is_drawn_there_and_again_the_same():
    there = pairs_on("cuda", noise_std=0.05)
    clean = pairs_on("cuda", noise_std=0.0)
    noise = torch.stack([there[i][0] - clean[i][0] for i in range(12)])
    assert float(noise.std()) == pytest.approx(0.05, rel=0.15)  # clipping takes some of it
    assert torch.equal(there[5][0], pairs_on("cuda", noise_std=0.05)[5][0])
    assert not torch.equal(noise[0], noise[1])


def test_no_item_makes_the_host_wait():
    there = MixedPairs([pairs_on("cuda", gamma=2.2), pairs_on("cuda")])
    there[0], there[12]  # plans of transforms are made once
    torch.cuda.set_sync_debug_mode("error")
    try:
        items = [there[i] for i in range(24)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(sharp.is_cuda for _, sharp in items)
