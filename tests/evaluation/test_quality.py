import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from sharingan_lab.datasets import photos
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import evaluate_pairs, psnr, ssim, ssim_map


@pytest.fixture(scope="module")
def pair():
    sharp = photos(96, names=("chelsea", "coffee", "rocket"))[..., :83]
    noise = torch.randn(sharp.shape, generator=torch.Generator().manual_seed(0))
    return (sharp + 0.08 * noise).clamp(0, 1), sharp


def skimage_ssim(image, reference, **options):
    return structural_similarity(
        image.double().numpy(),
        reference.double().numpy(),
        channel_axis=0,
        data_range=1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        **options,
    )


def test_psnr_equals_scikit_image(pair):
    expected = [
        peak_signal_noise_ratio(b.double().numpy(), a.double().numpy(), data_range=1)
        for a, b in zip(*pair, strict=True)
    ]
    np.testing.assert_allclose(psnr(*pair).numpy(), expected, rtol=1e-12)


def test_ssim_equals_scikit_image(pair):
    expected = [skimage_ssim(a, b) for a, b in zip(*pair, strict=True)]
    np.testing.assert_allclose(ssim(*pair).numpy(), expected, rtol=1e-10)


def test_ssim_map_equals_scikit_image_inside(pair):
    _, expected = skimage_ssim(pair[0][0], pair[1][0], full=True)
    inside = expected[:, 5:-5, 5:-5]
    np.testing.assert_allclose(ssim_map(*pair)[0].numpy(), inside, rtol=1e-8, atol=1e-12)


def test_a_constant_error_of_a_tenth_is_twenty_decibels():
    images = torch.zeros(2, 3, 12, 12)
    assert psnr(images + 0.1, images).tolist() == pytest.approx([20, 20], abs=1e-5)


def test_equal_images_are_perfect(pair):
    assert torch.isinf(psnr(pair[1], pair[1])).all()
    torch.testing.assert_close(ssim(pair[1], pair[1]), torch.ones(3, dtype=torch.float64))


def test_small_errors_survive_the_arithmetic():
    """In float32, windows of a bright flat picture lose the variance to cancellation."""
    bright = torch.full((1, 3, 32, 32), 0.9)
    noise = torch.randn(bright.shape, generator=torch.Generator().manual_seed(0))
    noisy = bright + 1e-3 * noise
    assert ssim(noisy, bright).item() == pytest.approx(skimage_ssim(noisy[0], bright[0]), rel=1e-10)


def test_evaluate_pairs_averages_the_images(pair):
    result = evaluate_pairs(*pair)
    assert result["psnr_each"] == psnr(*pair).tolist()
    assert result["psnr"] == pytest.approx(np.mean(result["psnr_each"]))
    assert result["ssim"] == pytest.approx(np.mean(result["ssim_each"]))


@pytest.mark.parametrize("measure", [psnr, ssim])
def test_unequal_shapes_are_named(measure):
    with pytest.raises(InputError, match=r"\(1, 3, 16, 16\) and \(1, 3, 16, 17\)"):
        measure(torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 16, 17))


def test_ssim_refuses_images_smaller_than_its_window():
    with pytest.raises(InputError, match="smaller than SSIM's"):
        ssim(torch.zeros(1, 3, 10, 40), torch.zeros(1, 3, 10, 40))
