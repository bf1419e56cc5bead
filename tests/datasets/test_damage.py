"""What lens and file do, beside SciPy and Pillow."""

import io

import numpy as np
import pytest
import scipy.ndimage
import torch
from PIL import Image

from sharingan_lab.datasets import photo
from sharingan_lab.datasets.damage import jpeg, soften
from sharingan_lab.images import from_uint8, to_uint8

SCENES = torch.cat([photo(name)[:, :, 40:140, 60:204] for name in ("chelsea", "coffee")])
SCENES = torch.cat([from_uint8(to_uint8(scene)) for scene in SCENES])


def by_pillow(image, quality):
    file = io.BytesIO()
    Image.fromarray(to_uint8(image)).save(file, "jpeg", quality=quality, subsampling="4:2:0")
    return from_uint8(np.array(Image.open(file)))


@pytest.mark.parametrize("quality", [10, 30, 50, 75, 90, 98])
def test_jpeg_is_that_of_pillow(quality):
    """But for a rounding on the way now and then: far less than what is lost."""
    for scene in SCENES:
        expected = by_pillow(scene, quality)[0]
        found = jpeg(scene[None], torch.tensor([float(quality)]))[0]
        difference, damage = (float((x - expected).abs().mean()) for x in (found, scene))
        assert difference < (0.35 if quality <= 90 else 0.6) * damage
        assert difference < 1.2 / 255


def test_each_image_has_its_own_quality():
    qualities = torch.tensor([95.0, 20.0])
    together = jpeg(SCENES, qualities)
    alone = torch.cat([jpeg(SCENES[i : i + 1], qualities[i : i + 1]) for i in range(2)])
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)
    lost = (together - SCENES).abs().mean(dim=(1, 2, 3))
    assert lost[1] > 2 * lost[0]


def test_any_size_can_be_compressed():
    odd = SCENES[:, :, :37, :21]
    found = jpeg(odd, torch.tensor([90.0, 90.0]))
    expected = torch.cat([by_pillow(image, 90) for image in odd])
    assert found.shape == odd.shape
    assert float((found - expected).abs().mean()) < 1.2 / 255


def test_levels_are_whole_8_bit_numbers():
    found = 255 * jpeg(SCENES, torch.tensor([60.0, 60.0]))
    torch.testing.assert_close(found, found.round(), atol=1e-4, rtol=0)


def test_soften_is_a_gaussian():
    deviations = torch.tensor([0.0, 0.7])
    found = soften(SCENES, deviations)
    for image, scene, deviation in zip(found, SCENES, deviations.tolist(), strict=True):
        expected = scene.numpy()
        if deviation:
            expected = scipy.ndimage.gaussian_filter(
                expected, (0, deviation, deviation), mode="mirror", radius=2
            )
        np.testing.assert_allclose(image, expected, atol=1e-5)
