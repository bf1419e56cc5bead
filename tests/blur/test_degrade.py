"""Blur against direct float64 convolution by scipy; noise against its statistics."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.signal
import scipy.stats
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
    kernel = random_kernels(1, 32, rng=seeded())
    torch.testing.assert_close(blur(grey, kernel), grey, atol=1e-5, rtol=0)
    torch.testing.assert_close(blur(grey, 0.3 * kernel), 0.3 * grey, atol=1e-5, rtol=0)


def test_blurring_does_not_move_a_dot():
    dot = torch.zeros(1, 3, 65, 65)
    dot[:, :, 30, 34] = 1.0
    seen = blur(dot, random_kernels(1, 32, rng=seeded(2)), boundary="zero")[0, 0].double()
    index = torch.arange(65, dtype=torch.float64)
    assert float((seen.sum(1) * index).sum()) == pytest.approx(30, abs=0.1)
    assert float((seen.sum(0) * index).sum()) == pytest.approx(34, abs=0.1)


def test_blur_has_a_gradient():
    images = some_images(1, 8, 9).double().requires_grad_()
    kernels = (lopsided(1, 4).double() + 0.01).requires_grad_()
    assert torch.autograd.gradcheck(blur, (images, kernels))


def test_noise_has_the_stated_spread_and_is_not_clipped():
    noise = add_noise(torch.zeros(4, 3, 64, 64), 0.2, rng=seeded())
    assert float(noise.std()) == pytest.approx(0.2, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.005)
    assert noise.min() < 0


def test_noise_is_the_same_for_any_batch_split():
    images = some_images(4, 5, 7)  # 105 numbers an image: not a multiple of 16
    source = seeded(3)
    parts = [add_noise(part, 0.1, rng=source) for part in images.split([1, 3])]
    assert torch.equal(add_noise(images, 0.1, rng=seeded(3)), torch.cat(parts))


def test_degrade_is_blur_plus_noise_times_gain():
    sharp, kernels = some_images(2), 0.25 * lopsided(2, 5)
    noisy = add_noise(blur(sharp, kernels), 0.01, rng=seeded(4))
    expected = (4 * noisy).clamp(0, 1)
    torch.testing.assert_close(degrade(sharp, kernels, rng=seeded(4)), expected)


def test_short_exposure_keeps_brightness_and_amplifies_noise():
    grey = torch.full((1, 3, 64, 64), 0.5)
    for exposure in (1.0, 0.5, 0.1):
        kernel = random_kernels(1, 15, exposure=exposure, rng=seeded(5))
        seen = degrade(grey, kernel, noise_std=0.005, rng=seeded(6))
        assert float(seen.mean()) == pytest.approx(0.5, abs=0.005)
        assert float(seen.std()) == pytest.approx(0.005 / exposure, rel=0.05)


@pytest.mark.parametrize("level", [0.02, 0.3, 0.9])
def test_photons_arrive_by_the_poisson_law(level):
    """Counts are whole numbers with the probabilities that scipy gives."""
    light = torch.full((1, 1, 200, 200), level)
    counts = (50 * add_noise(light, 0.0, photons=50, rng=seeded(7))).double()
    torch.testing.assert_close(counts, counts.round(), atol=1e-4, rtol=0)
    found = np.bincount(counts.round().long().flatten().numpy(), minlength=80)
    expected = 40_000 * scipy.stats.poisson.pmf(np.arange(len(found)), 50 * level)
    frequent = expected > 20
    chi2 = ((found - expected)[frequent] ** 2 / expected[frequent]).sum()
    assert chi2 < scipy.stats.chi2.ppf(0.999, frequent.sum() - 1)


def test_shot_noise_and_read_noise_add_their_variances():
    light = torch.full((2, 3, 128, 128), 0.4)
    noisy = add_noise(light, 0.03, photons=200, rng=seeded(8))
    assert float(noisy.var()) == pytest.approx(0.4 / 200 + 0.03**2, rel=0.03)
    assert float(noisy.mean()) == pytest.approx(0.4, abs=0.001)


def test_gamma_blurs_light_not_pixel_values():
    sharp, kernels = some_images(2), lopsided(2, 5)
    found = degrade(sharp, kernels, noise_std=0.0, gamma=2.2, rng=seeded())
    expected = blur(sharp.double() ** 2.2, kernels.double()) ** (1 / 2.2)
    torch.testing.assert_close(found.double(), expected, atol=1e-4, rtol=0)
    plain = degrade(sharp, kernels, noise_std=0.0, rng=seeded())
    assert (found > plain - 1e-5).all() and (found - plain).mean() > 0.01  # bright pixels win


def test_noise_is_added_in_light_and_grows_where_it_is_dark():
    steps = torch.cat([torch.full((1, 3, 64, 64), level) for level in (0.2, 0.8)], dim=3)
    still = torch.ones(1, 1, 1)
    seen = degrade(steps, still, noise_std=0.003, gamma=2.2, rng=seeded(9))
    dark, bright = seen[..., :64].std(), seen[..., 64:].std()
    slopes = [(1 / 2.2) * level ** (1 - 2.2) for level in (0.2, 0.8)]  # of light ** (1 / 2.2)
    assert float(dark / bright) == pytest.approx(slopes[0] / slopes[1], rel=0.1)


def test_highlights_let_a_lamp_draw_its_path_and_leave_the_rest_alone():
    night = torch.full((1, 3, 41, 41), 0.1)
    night[..., 20, 20] = 1.0
    kernels = torch.full((1, 1, 9), 1 / 9).expand(1, 9, 9) * torch.eye(9)
    lamp, plain = (
        degrade(night, kernels, noise_std=0.0, highlights=h, rng=seeded()) for h in (20, 1)
    )
    on_path = torch.eye(41, dtype=torch.bool)
    on_path[:16], on_path[25:] = False, False
    assert (lamp[..., on_path] == 1).all() and (plain[..., on_path] < 0.3).all()
    torch.testing.assert_close(lamp[..., ~on_path], plain[..., ~on_path], atol=1e-5, rtol=0)


def test_grey_images_are_degraded_as_each_channel_of_a_colour_one():
    grey = torch.rand(2, 1, 20, 30, generator=seeded())
    kernels = lopsided(2, 5)
    settings = {"noise_std": 0.0, "gamma": 2.2, "highlights": 3.0, "rng": seeded()}
    colour = degrade(grey.expand(2, 3, 20, 30), kernels, **settings)
    torch.testing.assert_close(degrade(grey, kernels, **settings), colour[:, :1])


GOOD = lopsided(1, 3)
BAD_IMAGES = [
    (np.zeros((1, 3, 8, 8)), r"got ndarray float64 \(1, 3, 8, 8\)"),
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
        add_noise(images, 0.1, rng=seeded())
    with pytest.raises(InputError, match=word):
        degrade(images, GOOD, rng=seeded())


@pytest.mark.parametrize(("kernels", "word"), BAD_KERNELS)
def test_bad_kernels_are_named(kernels, word):
    with pytest.raises(InputError, match=word):
        blur(torch.zeros(2, 3, 8, 12), kernels)


def test_other_bad_arguments_are_named():
    images = some_images(1, 8, 8)
    with pytest.raises(InputError, match="boundary"):
        blur(images, GOOD, boundary="mirror")
    with pytest.raises(InputError, match="std"):
        add_noise(images, -0.1, rng=seeded())
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        degrade(255 * images, GOOD, rng=seeded())
    for name, value in (("photons", 0.0), ("gamma", 0.5), ("gamma", float("nan")),
                        ("highlights", 0.9), ("noise_std", float("inf"))):  # fmt: skip
        with pytest.raises(InputError, match=name.removeprefix("noise_")):
            degrade(images, GOOD, rng=seeded(), **{name: value})
    with pytest.raises(InputError, match=r"negative light, got -0\.5"):
        add_noise(images - 0.5 - images.min(), 0.1, photons=100, rng=seeded())
