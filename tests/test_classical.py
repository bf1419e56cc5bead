"""Classical deblurring against linear algebra, scikit-image and plain formulas."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from skimage import restoration

from sharingan_lab.blur import add_noise, blur, degrade, linear_kernel, random_kernels
from sharingan_lab.classical import inverse_filter, richardson_lucy, tikhonov, wiener
from sharingan_lab.datasets import photo
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr

METHODS = [inverse_filter, wiener, tikhonov, richardson_lucy]


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def lopsided(size, seed=1):
    kernel = torch.rand(1, size, size, generator=seeded(seed)) ** 2
    return kernel / kernel.sum()


def circular_matrix(kernel, height, width):
    """The blur as a matrix (H W, H W): one column for each pixel lit alone."""
    lit = torch.eye(height * width).view(-1, 1, height, width).expand(-1, 3, -1, -1)
    return blur(lit, kernel, boundary="circular")[:, 0].reshape(height * width, -1).T.double()


def photograph(size=96):
    return photo("astronaut", 256)[..., 30 : 30 + size, 80 : 80 + size]


@pytest.mark.parametrize("size", [3, 4])
@pytest.mark.parametrize("weight", [0.02, 0.5])
def test_wiener_and_tikhonov_solve_their_least_squares_problems(size, weight):
    height, width, kernel = 7, 10, lopsided(size)
    blurred = 0.4 + 0.2 * torch.rand(1, 3, height, width, generator=seeded(2))  # stays in (0, 1)
    laplacian = torch.tensor([[[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]]) / 4
    matrix = circular_matrix(kernel, height, width)
    eye = torch.eye(height * width, dtype=torch.float64)
    rough = 4 * (eye - circular_matrix(laplacian, height, width))
    seen = blurred[0, 0].double().reshape(-1)
    for method, name, penalty, mean in (
        (wiener, "noise_to_signal", eye, seen.mean()),
        (tikhonov, "weight", rough, 0.0),
    ):
        normal = matrix.T @ matrix + weight * penalty.T @ penalty
        expected = (mean + torch.linalg.solve(normal, matrix.T @ (seen - mean))).clamp(0, 1)
        found = method(blurred, kernel, **{name: weight}, boundary="circular")[0, 0]
        torch.testing.assert_close(found.double().reshape(-1), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [4, 7])
@pytest.mark.parametrize(("height", "width"), [(32, 47), (33, 40)])
def test_inverse_is_exact_without_noise(size, height, width):
    sharp, kernel = torch.rand(2, 3, height, width, generator=seeded()), lopsided(size)
    blurred = blur(sharp.double(), kernel.double(), boundary="circular")
    restored = inverse_filter(blurred, kernel, cutoff=1e-6, boundary="circular")
    torch.testing.assert_close(restored, sharp.double(), atol=1e-4, rtol=0)


def test_inverse_is_worse_than_nothing_with_noise_and_wiener_better():
    sharp, kernel = photograph(), linear_kernel(7.5, 30, 15)
    blurred = degrade(sharp, kernel, noise_std=0.01, generator=seeded())
    scores = [psnr(picture, sharp) for picture in
              (inverse_filter(blurred, kernel), blurred, wiener(blurred, kernel))]  # fmt: skip
    assert scores[0] + 3 < scores[1] < scores[2] - 1


def test_cutoff_leaves_weak_frequencies_out():
    flat = torch.ones(1, 4, 4) / 16  # passes nothing at several frequencies of a 32 x 32 image
    sharp = torch.rand(1, 3, 32, 32, generator=seeded())
    restored = inverse_filter(
        blur(sharp, flat, boundary="circular"), flat, cutoff=0.0, boundary="circular"
    )
    assert torch.isfinite(restored).all()
    grey = inverse_filter(blur(sharp, flat), flat, cutoff=0.999)  # only the mean is left
    assert grey.std(dim=(2, 3)).max() < 1e-3


@pytest.mark.parametrize("size", [5, 6])
def test_richardson_lucy_is_scikit_images_inside_the_border(size):
    sharp, kernel = photograph(48), lopsided(size)
    blurred = degrade(sharp, kernel, generator=seeded())
    padded = F.pad(blurred, (size,) * 4, mode="reflect").double()
    odd = F.pad(kernel, (0, 1 - size % 2, 0, 1 - size % 2))[0].double().numpy()
    for channel in range(3):
        expected = restoration.richardson_lucy(padded[0, channel].numpy(), odd / odd.sum(), 8)
        found = richardson_lucy(blurred, kernel, iterations=8)[0, channel]
        inner = expected[size:-size, size:-size].clip(0, 1)
        np.testing.assert_allclose(found.numpy(), inner, atol=1e-5)


def test_richardson_lucy_equals_its_formula():
    sharp, kernel = photograph(40), lopsided(6)
    blurred = degrade(sharp, kernel, generator=seeded())
    seen = F.pad(blurred, (6,) * 4, mode="reflect").double()
    kernel = kernel.double()
    mirrored = F.pad(kernel, (0, 1, 0, 1)).flip(1, 2)  # odd, so that its middle stays the middle
    guess = torch.full_like(seen, 0.5)
    for _ in range(5):
        ratio = seen / (blur(guess, kernel, boundary="zero") + 1e-12)
        guess = guess * blur(ratio, mirrored, boundary="zero")
    expected = guess[..., 6:-6, 6:-6].clamp(0, 1).float()
    found = richardson_lucy(blurred, kernel, iterations=5)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("method", [wiener, tikhonov, richardson_lucy])
@pytest.mark.parametrize("size", [24, 25])
def test_they_improve_a_real_photograph_up_to_its_border(method, size):
    # The blurred scene reaches beyond the frame, as in life.
    scene = photo("astronaut", 256)[..., 20:180, 60:220]
    kernel = random_kernels(1, size, anxiety=(0.0, 0.03), generator=seeded(1))
    blurred = add_noise(blur(scene, kernel), 0.005, generator=seeded())[..., 30:130, 30:130]
    sharp, blurred = scene[..., 30:130, 30:130], blurred.clamp(0, 1)
    restored = method(blurred, kernel)
    assert psnr(restored, sharp) > psnr(blurred, sharp) + 1
    edge = torch.ones(1, 1, 100, 100)
    edge[..., 12:-12, 12:-12] = 0
    before, after = (((x - sharp).square() * edge).sum() for x in (blurred, restored))
    assert after < before


@pytest.mark.parametrize("method", METHODS)
def test_batches_any_size_type_and_exposure(method):
    sharp = torch.rand(2, 3, 31, 44, generator=seeded())
    kernels = random_kernels(2, 12, generator=seeded(3))
    blurred = degrade(sharp, kernels, generator=seeded(4))
    together = method(blurred, kernels)
    assert together.shape == blurred.shape and together.dtype == torch.float32
    assert together.min() >= 0 and together.max() <= 1
    apart = torch.cat([method(blurred[i : i + 1], kernels[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(together, apart)
    one = method(blurred, kernels[:1])
    torch.testing.assert_close(one[:1], together[:1])
    torch.testing.assert_close(method(blurred, 0.1 * kernels), together, atol=1e-4, rtol=0)
    assert method(blurred.double(), kernels).dtype == torch.float64


@pytest.mark.parametrize("method", METHODS)
def test_a_kernel_as_large_as_the_image(method):
    blurred = torch.rand(1, 3, 8, 9, generator=seeded())
    assert torch.isfinite(method(blurred, lopsided(8))).all()


@pytest.mark.parametrize("method", METHODS)
def test_bad_input_is_named(method):
    with pytest.raises(InputError, match="channels last"):
        method(torch.zeros(1, 8, 8, 3), lopsided(3))
    with pytest.raises(InputError, match="larger than the image"):
        method(torch.zeros(1, 3, 8, 8), lopsided(9))


@pytest.mark.parametrize(
    ("method", "setting"),
    [
        (inverse_filter, {"cutoff": -1.0}),
        (wiener, {"noise_to_signal": float("nan")}),
        (tikhonov, {"weight": -0.1}),
        (richardson_lucy, {"iterations": 0}),
        (wiener, {"boundary": "zero"}),
    ],
)
def test_bad_settings_are_named(method, setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        method(torch.zeros(1, 3, 8, 8), lopsided(3), **setting)
