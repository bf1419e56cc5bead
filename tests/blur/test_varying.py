"""Blur that changes over the image, against single kernels and against averages of frames."""

import math

import pytest
import torch

from sharingan_lab.blur import (
    blending_weights,
    blur,
    blur_object,
    blur_varying,
    linear_kernel,
    random_kernels,
)
from sharingan_lab.errors import InputError


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


IMAGES = torch.rand(2, 3, 40, 52, generator=seeded())
KERNELS = random_kernels(6, 15, rng=seeded(1))


def test_equal_kernels_are_uniform_blur():
    weights = blending_weights(2, 3, 40, 52)
    same = KERNELS[:1].expand(6, 15, 15)
    expected = blur(IMAGES, KERNELS[:1])
    torch.testing.assert_close(blur_varying(IMAGES, same, weights), expected, atol=1e-5, rtol=0)


def test_each_image_and_pixel_gets_its_own_mixture():
    weights = torch.rand(2, 3, 40, 52, generator=seeded(2))
    weights /= weights.sum(dim=1, keepdim=True)
    kernels = KERNELS.view(2, 3, 15, 15)
    found = blur_varying(IMAGES, kernels, weights)
    for i in range(2):
        for y, x in ((0, 0), (17, 30), (39, 51)):
            local = torch.einsum("m,mij->ij", weights[i, :, y, x], kernels[i])[None]
            expected = blur(IMAGES[i : i + 1], local)[0, :, y, x]
            torch.testing.assert_close(found[i, :, y, x], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (3, 4), (5, 2)])
def test_weights_sum_to_one_change_smoothly_and_are_one_in_the_middle(rows, columns):
    weights = blending_weights(rows, columns, 90, 120)
    assert weights.shape == (rows * columns, 90, 120) and weights.min() >= 0
    torch.testing.assert_close(weights.sum(dim=0), torch.ones(90, 120), atol=1e-6, rtol=0)
    for dim, side in ((1, 90 / rows), (2, 120 / columns)):
        assert weights.diff(dim=dim).abs().max() <= 1.01 * math.pi / 2 / side
    for i in range(rows):
        for j in range(columns):
            y, x = round((i + 0.5) * 90 / rows), round((j + 0.5) * 120 / columns)
            assert weights[i * columns + j, y, x] > 0.99


def test_moving_object_is_the_average_of_its_frames():
    background, thing = torch.rand(2, 1, 3, 30, 44, generator=seeded(3))
    mask = torch.zeros(1, 1, 30, 44)
    mask[..., 10:20, 15:25] = 1.0
    shifts = range(-4, 5)
    kernel = torch.zeros(1, 9, 9)
    kernel[0, 4] = 1 / 9
    frames = [
        (mask * thing + (1 - mask) * 0).roll(s, -1) + (1 - mask.roll(s, -1)) * background
        for s in shifts
    ]
    found = blur_object(background, thing, mask, kernel)
    torch.testing.assert_close(found, torch.stack(frames).mean(dim=0), atol=1e-5, rtol=0)


def test_an_object_leaves_the_background_beyond_its_reach_alone():
    background, thing = torch.rand(2, 2, 1, 30, 44, generator=seeded(4))
    mask = torch.zeros(1, 1, 30, 44)
    mask[..., 10:20, 15:25] = 1.0
    found = blur_object(background, thing, mask, 0.25 * linear_kernel(6, 0, 9))
    far = torch.ones(30, 44, dtype=bool)
    far[10:20, 10:30] = False
    torch.testing.assert_close(found[..., far], background[..., far], atol=1e-6, rtol=0)
    assert (found[..., ~far] - background[..., ~far]).abs().max() > 0.1


WEIGHTS = blending_weights(2, 3, 40, 52)


@pytest.mark.parametrize(
    ("kernels", "weights", "word"),
    [
        (KERNELS[0], WEIGHTS, r"kernels must be \(m, k, k\)"),
        (KERNELS.expand(3, 6, 15, 15), WEIGHTS, r"\(2, m, k, k\)"),
        (-KERNELS, WEIGHTS, "negative"),
        (0 * KERNELS, WEIGHTS, "sums to zero"),
        (torch.ones(6, 41, 41), WEIGHTS, "larger than the image"),
        (KERNELS, WEIGHTS[:5], r"got \(5, 40, 52\)"),
        (KERNELS, WEIGHTS.numpy(), "ndarray"),
        (KERNELS, -WEIGHTS, "negative"),
        (KERNELS, 1.5 * WEIGHTS, "off by up to 0.5"),
    ],
)
def test_bad_kernels_and_weights_are_named(kernels, weights, word):
    with pytest.raises(InputError, match=word):
        blur_varying(IMAGES, kernels, weights)


def test_other_bad_input_is_named():
    with pytest.raises(InputError, match="0 x 2 regions"):
        blending_weights(0, 2, 8, 8)
    with pytest.raises(InputError, match="9 x 1 regions"):
        blending_weights(9, 1, 8, 8)
    mask = torch.ones(1, 1, 40, 52)
    with pytest.raises(InputError, match="one shape"):
        blur_object(IMAGES, IMAGES[:1], mask, KERNELS[:1])
    with pytest.raises(InputError, match=r"mask must be \(2, 1, 40, 52\)"):
        blur_object(IMAGES, IMAGES, mask[..., 1:], KERNELS[:1])
    with pytest.raises(InputError, match=r"mask must be .*\(N, 1, H, W\), got .*\(1, 3, 40, 52\)"):
        blur_object(IMAGES, IMAGES, mask.expand(1, 3, 40, 52), KERNELS[:1])
    with pytest.raises(InputError, match=r"mask must lie in \[0, 1\]"):
        blur_object(IMAGES, IMAGES, 2 * mask, KERNELS[:1])
