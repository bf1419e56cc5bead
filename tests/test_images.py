"""Image files: rounding, orientation, and nothing half-written."""

import numpy as np
import pytest
import torch
from PIL import Image

from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import from_uint8, read_image, to_uint8, write_image


def test_every_level_survives_the_round_trip(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    image = from_uint8(levels)
    assert np.array_equal(to_uint8(image), levels)
    assert np.array_equal(to_uint8(read_image(write_image(image, tmp_path / "a.png"))), levels)


def test_values_are_rounded_not_truncated():
    assert to_uint8(torch.full((3, 1, 1), 1.6 / 255)).max() == 2


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "CMYK", "1"])
def test_other_colour_modes_become_rgb(tmp_path, mode):
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    Image.new("RGB", (5, 4), "white").convert(mode).save(path)
    image = read_image(path)
    assert image.shape == (1, 3, 4, 5) and image.min() > 0.99


def test_a_turned_photograph_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: rotate by 90 degrees
    Image.new("RGB", (8, 4)).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (1, 3, 8, 4)


def test_a_broken_file_is_named_and_an_old_one_kept(tmp_path):
    whole = write_image(torch.ones(1, 3, 40, 40), tmp_path / "a.png")
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:60])
    with pytest.raises(DataError, match=r"cut\.png"):
        read_image(tmp_path / "cut.png")
    with pytest.raises(InputError):
        write_image(torch.ones(2, 3, 4, 4), whole)
    assert read_image(whole).shape == (1, 3, 40, 40)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "cut.png"]
