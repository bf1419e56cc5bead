"""Blur against direct float64 convolution by scipy; noise against its statistics."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import torch

from sharingan_lab.blur import add_noise, blur, degrade, random_kernels
from sharingan_lab.errors import InputError

NDIMAGE = {"reflect": "mirror", "replicate": "nearest", "zero": "constant", "circular": "wrap"}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_images(n=2, height=40, width=53, seed=0):
    return torch.rand(n, 3, height, width, generator=seeded(seed))


def lopsided(n, size, seed=1):
    """Kernels without any symmetry, so that a missing flip or shift cannot hide."""
    kernels = torch.rand(n, size, size, generator=seeded(seed)) ** 4
    return kernels / kernels.sum(dim=(1, 2), keepdim=True)


def by_ndimage(image, kernel, boundary):
    """Direct convolution of one channel; scipy's origin of an even kernel is k // 2 as well."""
    return scipy.ndimage.convolve(
        image.double().numpy(), kernel.double().numpy(), mode=NDIMAGE[boundary]
    )


@pytest.mark.parametrize("boundary", list(NDIMAGE))
@pytest.mark.parametrize("size", [1, 2, 3, 6, 9])
def test_blur_equals_direct_convolution(boundary, size):
    images, kernels = some_images(2, 21, 34), lopsided(2, size)
    blurred = blur(images, kernels, boundary=boundary)
    for image, kernel, result in zip(images, kernels, blurred, strict=True):
        for channel, found in zip(image, result, strict=True):
            expected = by_ndimage(channel, kernel, boundary)
            np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("size", [4, 5])
def test_origin_of_the_kernel_is_its_middle(size):
    images, kernels = some_images(1, 20, 23), lopsided(1, size)
    full = scipy.signal.convolve2d(images[0, 0].double().numpy(), kernels[0].double().numpy())
    start = size // 2
    expected = full[start : start + 20, start : start + 23]
    found = blur(images, kernels, boundary="zero")[0, 0].numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(9, 9), (9, 64), (101, 57)])
def test_any_height_and_width(height, width):
    images = some_images(1, height, width)
    kernels = lopsided(1, 9)
    found = blur(images, kernels)
    assert found.shape == images.shape and found.dtype == torch.float32
    np.testing.assert_allclose(
        found[0, 1].numpy(), by_ndimage(images[0, 1], kernels[0], "reflect"), atol=1e-5
    )


def test_one_kernel_serves_a_batch():
    images, kernel = some_images(3), lopsided(1, 7)
    torch.testing.assert_close(blur(images, kernel), blur(images, kernel.expand(3, 7, 7)))


def test_constant_image_stays_and_exposure_darkens():
    grey = torch.full((1, 3, 40, 40), 0.6)
    kernel = random_kernels(1, 32, generator=seeded())
    torch.testing.assert_close(blur(grey, kernel), grey, atol=1e-5, rtol=0)
    torch.testing.assert_close(blur(grey, 0.3 * kernel), 0.3 * grey, atol=1e-5, rtol=0)


def test_blurring_does_not_move_a_dot():
    dot = torch.zeros(1, 3, 65, 65)
    dot[:, :, 30, 34] = 1.0
    seen = blur(dot, random_kernels(1, 32, generator=seeded(2)), boundary="zero")[0, 0].double()
    index = torch.arange(65, dtype=torch.float64)
    assert float((seen.sum(1) * index).sum()) == pytest.approx(30, abs=0.1)
    assert float((seen.sum(0) * index).sum()) == pytest.approx(34, abs=0.1)


def test_blur_has_a_gradient():
    images = some_images(1, 8, 9).double().requires_grad_()
    kernels = (lopsided(1, 4).double() + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(blur, (images, kernels))


def test_noise_has_the_stated_spread_and_is_not_clipped():
    noise = add_noise(torch.zeros(4, 3, 64, 64), 0.2, generator=seeded())
    assert float(noise.std()) == pytest.approx(0.2, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.005)
    assert noise.min() < 0


def test_noise_is_the_same_for_any_batch_split():
    images = some_images(4, 5, 7)  # 105 numbers an image: not a multiple of 16
    generator = seeded(3)
    parts = [add_noise(part, 0.1, generator=generator) for part in images.split([1, 3])]
    assert torch.equal(add_noise(images, 0.1, generator=seeded(3)), torch.cat(parts))


def test_degrade_is_blur_plus_noise_times_gain():
    sharp, kernels = some_images(2), 0.25 * lopsided(2, 5)
    noisy = add_noise(blur(sharp, kernels), 0.01, generator=seeded(4))
    expected = (4 * noisy).clamp(0, 1)
    torch.testing.assert_close(degrade(sharp, kernels, generator=seeded(4)), expected)


def test_short_exposure_keeps_brightness_and_amplifies_noise():
    grey = torch.full((1, 3, 64, 64), 0.5)
    for exposure in (1.0, 0.5, 0.1):
        kernel = random_kernels(1, 15, exposure=exposure, generator=seeded(5))
        seen = degrade(grey, kernel, noise_std=0.005, generator=seeded(6))
        assert float(seen.mean()) == pytest.approx(0.5, abs=0.005)
        assert float(seen.std()) == pytest.approx(0.005 / exposure, rel=0.05)


GOOD = lopsided(1, 3)
BAD_IMAGES = [
    (np.zeros((1, 3, 8, 8)), "torch.Tensor"),
    (torch.zeros(3, 8, 8), r"\(N, 3, H, W\)"),
    (torch.zeros(1, 8, 8, 3), "channels last"),
    (torch.zeros(1, 2, 8, 8), r"\(N, 3, H, W\)"),
    (torch.zeros(0, 3, 8, 8), r"\(N, 3, H, W\)"),
    (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "divide 8-bit pixels by 255"),
    (torch.full((1, 3, 8, 8), float("nan")), "NaN"),
]
BAD_KERNELS = [
    (GOOD[0], "kernels must be"),
    (torch.ones(1, 3, 4) / 12, "kernels must be"),
    (GOOD.expand(3, 3, 3), "for 2 images"),
    (torch.ones(1, 3, 3, dtype=torch.int64), "floating-point"),
    (GOOD.numpy(), "ndarray"),
    (torch.ones(1, 9, 9) / 81, "larger than the image"),
    (-GOOD, "negative"),
    (GOOD * float("nan"), "NaN"),
    (0 * GOOD, "exposure"),
]


@pytest.mark.parametrize(("images", "word"), BAD_IMAGES)
def test_bad_images_are_named(images, word):
    with pytest.raises(InputError, match=word):
        blur(images, GOOD)
    with pytest.raises(InputError, match=word):
        add_noise(images, 0.1, generator=seeded())
    with pytest.raises(InputError, match=word):
        degrade(images, GOOD, generator=seeded())


@pytest.mark.parametrize(("kernels", "word"), BAD_KERNELS)
def test_bad_kernels_are_named(kernels, word):
    with pytest.raises(InputError, match=word):
        blur(torch.zeros(2, 3, 8, 12), kernels)


def test_other_bad_arguments_are_named():
    images = some_images(1, 8, 8)
    with pytest.raises(InputError, match="boundary"):
        blur(images, GOOD, boundary="mirror")
    with pytest.raises(InputError, match="std"):
        add_noise(images, -0.1, generator=seeded())
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        degrade(255 * images, GOOD, generator=seeded())
