"""The compiled loops against their plain twins in torch."""

import pytest
import torch

from sharingan_lab.blur import backend, blur, random_kernels, rasterize, sample_trajectories

compiled_here = pytest.mark.skipif(
    backend.compiled_loops() is None, reason="numba is not installed: nothing to compare"
)
pytestmark = compiled_here


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def in_torch(monkeypatch):
    """Call a function without the compiled loops."""

    def call(function, *args, **kwargs):
        with monkeypatch.context() as patch:
            patch.setattr(backend, "_load", lambda: None)
            return function(*args, **kwargs)

    return call


@pytest.mark.parametrize(
    "walk",
    [
        {},
        {"anxiety": 0.0},
        {"anxiety": 1.0, "inertia": 10.0, "gaussian": 100.0, "impulse": 1.0},
        {"steps": 2},
        {"path_length": torch.linspace(0, 90, 20)},
    ],
)
def test_walks_are_the_same(in_torch, walk):
    compiled = sample_trajectories(20, rng=seeded(), **walk)
    plain = in_torch(sample_trajectories, 20, rng=seeded(), **walk)
    torch.testing.assert_close(compiled, plain, atol=1e-4, rtol=0)


@pytest.mark.parametrize("size", [1, 2, 7, 20, 64])
@pytest.mark.parametrize("exposure", [1.0, 0.37, 1e-5])
def test_kernels_are_the_same(in_torch, size, exposure):
    paths = sample_trajectories(12, rng=seeded(1))  # most do not fit the small canvases
    compiled = rasterize(paths, size, exposure)
    plain = in_torch(rasterize, paths, size, exposure)
    torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=0)


@pytest.mark.parametrize("boundary", ["reflect", "replicate", "zero", "circular"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [1, 2, 15, 32])
def test_blurred_images_are_the_same(in_torch, boundary, channels, size):
    images = torch.rand(3, channels, 33, 47, generator=seeded(2))
    kernels = random_kernels(3, size, rng=seeded(3))
    compiled = blur(images, kernels, boundary=boundary)
    plain = in_torch(blur, images, kernels, boundary=boundary)
    torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=0)


def test_memory_that_is_not_contiguous_is_read_right(in_torch):
    images = torch.rand(2, 40, 3, 31, generator=seeded(4)).permute(0, 2, 3, 1)
    kernels = random_kernels(2, 9, rng=seeded(5)).transpose(1, 2)
    plain = in_torch(blur, images, kernels)
    torch.testing.assert_close(blur(images, kernels), plain, atol=1e-5, rtol=0)


def test_a_dense_kernel_goes_by_fourier_and_a_path_does_not(monkeypatch):
    calls = []
    loops = backend.compiled_loops()
    monkeypatch.setattr(loops, "convolve", lambda *_: calls.append(1))
    images = torch.rand(1, 3, 64, 64, generator=seeded())
    blur(images, torch.full((1, 31, 31), 1 / 961))
    assert not calls
    blur(images, random_kernels(1, 31, rng=seeded()))
    assert calls


def test_gradients_and_other_devices_are_left_to_torch():
    wanted = torch.ones(2, requires_grad=True)
    assert backend.compiled_loops(wanted) is None
    with torch.no_grad():
        assert backend.compiled_loops(wanted) is not None
        kernels = random_kernels(1, 9, rng=seeded()).requires_grad_()
        assert blur(torch.rand(1, 3, 12, 12), kernels).shape == (1, 3, 12, 12)
    assert backend.compiled_loops(torch.ones(2, device="meta")) is None
