"""Definitions of PSNR and SSIM in use, each against an implementation of others or from a text."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from sharingan_lab.datasets import photos
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr, ssim, variants
from sharingan_lab.images import to_uint8

ALL = variants.PSNR_VARIANTS | variants.SSIM_VARIANTS


@pytest.fixture(scope="module")
def pair():
    sharp = photos(64, names=("chelsea", "coffee"))[..., :57]
    noise = torch.randn(sharp.shape, generator=torch.Generator().manual_seed(0))
    return (sharp + 0.08 * noise).clamp(0, 1), sharp


def check(function, pair, reference, **options):
    """Each image of a pair of batches by a reference of numpy arrays (3, H, W)."""
    arrays = (image.double().numpy() for image in pair)
    expected = [reference(x, y) for x, y in zip(*arrays, strict=True)]
    np.testing.assert_allclose(function(*pair).numpy(), expected, **{"rtol": 1e-9} | options)


def smoothed_ssim(x, y, smooth):
    """SSIM of arrays, from the paper's equation, by a way to average windows."""
    mx, my = smooth(x), smooth(y)
    vx, vy, vxy = smooth(x * x) - mx**2, smooth(y * y) - my**2, smooth(x * y) - mx * my
    top = (2 * mx * my + 1e-4) * (2 * vxy + 9e-4)
    return (top / ((mx**2 + my**2 + 1e-4) * (vx + vy + 9e-4))).mean()


def test_bytes_wrap_as_those_of_numpy(pair):
    """Subtracted and squared as arrays of bytes are in numpy."""

    def wrapping(x, y):
        x, y = (to_uint8(torch.from_numpy(z)) for z in (x, y))
        return 10 * np.log10(255**2 / ((x - y) ** 2).mean())

    check(variants.psnr_wrapped, pair, wrapping)
    assert (variants.psnr_wrapped(*pair) > psnr(*pair)).all()


def test_truncated_bytes_are_those_of_astype(pair):
    def truncating(x, y):
        sharp, cut = np.round(y * 255).astype(np.uint8), (x * 255).astype(np.uint8)
        return peak_signal_noise_ratio(sharp, cut)

    check(variants.psnr_truncated, pair, truncating, rtol=1e-5)
    from_a_file = torch.arange(256).view(1, 1, 16, 16) / 255  # every level stays what it is
    assert torch.isinf(variants.psnr_truncated(from_a_file, from_a_file)).all()


@pytest.mark.parametrize("measure", ["psnr", "ssim"])
def test_luma_is_that_of_scikit_image(pair, measure):
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}

    def of_luma(x, y):
        x, y = (rgb2ycbcr(z.transpose(1, 2, 0))[..., 0] for z in (x, y))
        if measure == "psnr":
            return peak_signal_noise_ratio(y, x, data_range=255)
        return structural_similarity(x, y, data_range=255, **options)

    check(getattr(variants, f"{measure}_luma"), pair, of_luma)


def test_the_box_is_scikit_images_default(pair):
    check(
        variants.ssim_box,
        pair,
        lambda x, y: structural_similarity(x, y, channel_axis=0, data_range=1),
    )


def test_beyond_the_border_is_black(pair):
    def smooth(x):
        return gaussian_filter(x, (0, 1.5, 1.5), truncate=3.5, mode="constant")

    check(variants.ssim_padded, pair, lambda x, y: smoothed_ssim(x, y, smooth))


def test_the_volume_runs_across_the_colours(pair):
    def smooth(x):
        return gaussian_filter(x, 1.5, truncate=3.5, mode="nearest")

    check(variants.ssim_volume, pair, lambda x, y: smoothed_ssim(x, y, smooth))
    grey = [image.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1) for image in pair]
    inside = [image[..., 8:-8, 8:-8] for image in grey]
    assert variants.ssim_volume(*inside).numpy() == pytest.approx(ssim(*inside).numpy(), abs=0.03)


def ricker(points, width):
    """The Mexican hat as textbooks have it: minus the second derivative of a Gaussian."""
    x = np.arange(points) - (points - 1) / 2
    scale = 2 / (np.sqrt(3 * width) * np.pi**0.25)
    return scale * (1 - (x / width) ** 2) * np.exp(-((x / width) ** 2) / 2)


def test_cw_ssim_is_that_of_a_plain_convolution(pair):
    def plain(x, y):
        pictures = [Image.fromarray(to_uint8(torch.from_numpy(z))).convert("L") for z in (x, y)]
        lines = [np.asarray(picture, dtype=float).ravel() for picture in pictures]
        a, b = (
            np.stack([np.convolve(line, ricker(10 * w, w), mode="same") for w in range(1, 31)])
            for line in lines
        )
        first = (2 * np.sum(abs(a) * abs(b), 0) + 0.01) / (np.sum(a**2 + b**2, 0) + 0.01)
        both = np.sum(a * np.conjugate(b), 0)
        second = (2 * abs(both) + 0.01) / (2 * np.sum(abs(a * b), 0) + 0.01)
        return np.mean(first * second)

    check(variants.cw_ssim, pair, plain, rtol=1e-7)


@pytest.mark.parametrize("name", [*variants.SSIM_VARIANTS])
def test_equal_images_are_perfect_and_others_are_not(pair, name):
    measure = variants.SSIM_VARIANTS[name]
    assert measure(pair[1], pair[1]).tolist() == pytest.approx([1, 1])
    assert (measure(*pair) < 0.999).all()


@pytest.mark.parametrize("measure", [*ALL.values()], ids=[*ALL])
def test_unequal_shapes_are_named(measure):
    with pytest.raises(InputError, match=r"one shape"):
        measure(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 17))


def test_torchmetrics_agrees_where_it_is_installed(pair):
    functional = pytest.importorskip("torchmetrics.functional.image")
    both = [image.double() for image in pair]
    value = functional.structural_similarity_index_measure(*both, data_range=1.0, reduction=None)
    torch.testing.assert_close(ssim(*pair), value, rtol=1e-6, atol=1e-8)
    for decibels, *single in zip(psnr(*pair), *both, strict=True):
        expected = functional.peak_signal_noise_ratio(*single, data_range=1.0)
        torch.testing.assert_close(decibels, expected)
