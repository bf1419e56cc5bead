"""The one camera: the order of its steps, and numbers that differ from image to image."""

import pytest
import torch

from sharingan_lab.blur import add_noise, blur, degrade, random_kernels
from sharingan_lab.blur.camera import scene_light, shoot
from sharingan_lab.errors import InputError

SHARP = torch.rand(3, 3, 20, 24, generator=torch.Generator().manual_seed(0))
KERNELS = random_kernels(3, 9, rng=torch.Generator().manual_seed(1))
NOISE = 0.05 * torch.randn(SHARP.shape, generator=torch.Generator().manual_seed(2))


def shot(**changes):
    settings = {"gamma": 2.0, **changes}
    return shoot(SHARP, lambda light: [blur(light, KERNELS)], lambda x: x + NOISE, **settings)[0]


def test_degrade_is_a_shot_with_noise_in_light():
    rng = torch.Generator().manual_seed(3)
    settings = {"gamma": 2.2, "highlights": 4.0}
    expected = degrade(SHARP, 0.5 * KERNELS, noise_std=0.02, rng=rng, **settings)
    rng.manual_seed(3)
    (found,) = shoot(
        SHARP,
        lambda light: [blur(light, 0.5 * KERNELS)],
        lambda light: add_noise(light, 0.02, rng=rng),
        gain=2.0,
        **settings,
    )
    torch.testing.assert_close(found, expected)


def test_noise_comes_before_the_response_or_after_it():
    light = blur(SHARP**2, KERNELS)
    in_light, in_values = (light + NOISE).clamp(0, 1).sqrt(), (light.sqrt() + NOISE).clamp(0, 1)
    torch.testing.assert_close(shot(noise_in="light"), in_light, atol=1e-5, rtol=0)
    torch.testing.assert_close(shot(noise_in="values"), in_values, atol=1e-5, rtol=0)
    assert (in_light - in_values).abs().max() > 0.01


@pytest.mark.parametrize("noise_in", ["light", "values"])
def test_each_image_may_have_its_own_response_and_highlights(noise_in):
    gammas, lamps = [1.0, 1.5, 2.2], [1.0, 5.0, 1.0]
    own = shot(gamma=torch.tensor(gammas), highlights=torch.tensor(lamps), noise_in=noise_in)
    for i, (gamma, lamp) in enumerate(zip(gammas, lamps, strict=True)):
        same = shot(gamma=gamma, highlights=lamp, noise_in=noise_in)[i]
        torch.testing.assert_close(own[i], same)
    one_for_all = shot(gamma=2.0, highlights=torch.full((3,), 5.0))
    torch.testing.assert_close(one_for_all, shot(highlights=5.0))


def test_other_light_is_taken_without_noise():
    blurred, sharp = shoot(
        SHARP, lambda x: [blur(x, KERNELS), x], lambda x: x + NOISE, gamma=torch.full((3,), 1.7)
    )
    torch.testing.assert_close(blurred, shot(gamma=1.7))
    torch.testing.assert_close(sharp, SHARP, atol=1e-6, rtol=0)


def test_where_the_response_is_none_no_pixel_is_changed():
    ones = torch.ones(3)
    assert torch.equal(scene_light(SHARP, ones, ones), SHARP)
    (taken,) = shoot(SHARP, lambda x: [x], lambda x: x, gamma=ones, highlights=ones)
    assert torch.equal(taken, SHARP)


def test_an_unknown_place_of_the_noise_is_named():
    with pytest.raises(InputError, match="noise_in must be light or values, got 'file'"):
        shot(noise_in="file")
