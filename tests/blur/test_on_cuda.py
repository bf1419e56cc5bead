"""The same blur on a GPU as on the CPU."""

import pytest
import torch

from sharingan_lab.blur import (
    add_noise,
    blending_weights,
    blur,
    blur_object,
    blur_varying,
    camera_shake,
    random_kernels,
    random_poses,
    rasterize,
    sample_trajectories,
)

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def on_gpu():
    return torch.Generator("cuda").manual_seed(0)


def test_paths_and_kernels_are_made_there_and_agree_with_the_cpus():
    paths = sample_trajectories(100, rng=on_gpu())
    kernels = rasterize(paths, 33, 0.5)
    assert paths.is_cuda and kernels.is_cuda
    torch.testing.assert_close(kernels.cpu(), rasterize(paths.cpu(), 33, 0.5), atol=1e-5, rtol=0)
    drawn = random_kernels(5000, 32, rng=on_gpu())  # more than one part
    torch.testing.assert_close(drawn.sum((1, 2)).cpu(), torch.ones(5000), atol=1e-5, rtol=0)


def test_images_are_blurred_there_as_on_the_cpu():
    images = torch.rand(4, 3, 48, 64, generator=torch.Generator().manual_seed(1))
    kernels = random_kernels(4, 17, rng=torch.Generator().manual_seed(2))
    weights = blending_weights(2, 2, 48, 64)
    poses = random_poses(4, 8, rng=torch.Generator().manual_seed(3))
    mask = (images[:, :1] > 0.5).float()
    cases = [
        (blur, (images, kernels)),
        (blur_varying, (images, kernels, weights)),
        (camera_shake, (images, poses)),
        (blur_object, (images, images.flip(0), mask, kernels)),
    ]
    for function, arguments in cases:
        found = function(*(argument.cuda() for argument in arguments))
        assert found.is_cuda
        torch.testing.assert_close(found.cpu(), function(*arguments), atol=1e-4, rtol=0)


def test_noise_is_drawn_there():
    grey = torch.full((2, 3, 64, 64), 0.5, device="cuda")
    noisy = add_noise(grey, 0.05, photons=100, rng=on_gpu())
    assert noisy.is_cuda
    assert float(noisy.var()) == pytest.approx(0.005 + 0.05**2, rel=0.1)
