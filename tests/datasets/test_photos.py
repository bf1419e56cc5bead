from importlib import import_module
from pathlib import Path

import pytest
import skimage
import skimage.data
import torch

from sharingan_lab.datasets import photo, photo_names, photos
from sharingan_lab.errors import InputError, SharinganError
from sharingan_lab.images import to_uint8


@pytest.mark.parametrize("name", photo_names(grey=True))
def test_every_bundled_photo_loads_as_a_unit_range_rgb_image(name):
    image = photo(name)
    assert image.dtype == torch.float32 and image.shape[:2] == (1, 3)
    assert image.min() >= 0 and image.max() <= 1
    assert image.std() > 0.05


@pytest.mark.parametrize("name", photo_names(grey=True))
def test_every_photo_lies_in_the_installed_wheel(name, monkeypatch):
    """Without its downloader and cache, scikit-image has only the files of the wheel."""
    wheel_folder = Path(skimage.__file__).parent / "data"
    monkeypatch.setattr("skimage.data._fetchers._image_fetcher", None)
    monkeypatch.setattr("skimage.data._fetchers.data_dir", str(wheel_folder))
    import_module("sharingan_lab.datasets.photos")._load.cache_clear()
    photo(name)


def test_a_photo_holds_the_pixels_of_scikit_image():
    assert (to_uint8(photo("coffee")) == skimage.data.coffee()).all()
    assert (to_uint8(photo("camera"))[..., 1] == skimage.data.camera()).all()


def test_a_sized_photo_is_the_centred_square():
    square = photo("chelsea", size=300)
    torch.testing.assert_close(square, photo("chelsea")[..., 75:375])


def test_photos_are_batched_in_the_asked_order():
    batch = photos(32, names=("rocket", "coffee"))
    assert batch.shape == (2, 3, 32, 32)
    torch.testing.assert_close(batch[1:], photo("coffee", size=32))
    assert len(photos(16)) == len(photo_names())


def test_a_caller_may_write_into_a_photo():
    photo("rocket").zero_()
    assert photo("rocket").max() > 0


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(SharinganError, match=r"'lena'.*astronaut.*gravel"):
        photo("lena")


def test_a_size_of_zero_is_refused():
    with pytest.raises(InputError, match="size is 0"):
        photo("coffee", size=0)
