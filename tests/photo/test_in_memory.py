"""Images, arrays and tensors: what went in comes out, or one line says why not."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

import sharingan_lab
from sharingan_lab.errors import InputError
from sharingan_lab.photo import as_channels, photo_of
from sharingan_lab.restore import deblur

from .samples import PROFILE, Same, camera_data, noise, picture


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_an_image_gives_an_image_of_its_mode(mode):
    image = picture(mode)
    image.info["icc_profile"] = PROFILE
    restored = sharingan_lab.deblur(image)
    assert (restored.mode, restored.size) == (mode, image.size)
    assert restored.info["icc_profile"] == PROFILE
    assert mode == "1" or np.asarray(restored).tolist() != np.asarray(image).tolist()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(17, 21), (17, 21, 1), (17, 21, 2), (17, 21, 3), (17, 21, 4)])
def test_an_array_gives_an_array_of_its_shape_and_type(shape, kind):
    floats = kind in (np.float32, np.float64)
    pixels = noise(*shape) / 255 if floats else noise(*shape, white=np.iinfo(kind).max)
    pixels = pixels.astype(kind)
    before = pixels.copy()
    restored = deblur(pixels)
    assert (restored.shape, restored.dtype) == (shape, kind)
    np.testing.assert_array_equal(pixels, before)
    np.testing.assert_allclose(deblur(pixels, Same()), pixels, atol=1e-6 if floats else 0)


@pytest.mark.parametrize("shape", [(3, 17, 21), (2, 3, 17, 21), (1, 17, 21), (4, 17, 21)])
def test_a_tensor_gives_a_tensor(shape):
    images = torch.rand(shape, generator=torch.Generator().manual_seed(0))
    restored = deblur(images)
    assert (restored.shape, restored.dtype) == (images.shape, images.dtype)
    torch.testing.assert_close(deblur(images, Same()), images)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2), (16, 17)])
def test_any_size_will_do(size):
    assert deblur(noise(*size, 3)).shape == (*size, 3)
    assert deblur(Image.new("L", size, 90)).size == size


def test_a_file_of_colours_gives_an_upright_image(tmp_path):
    picture("RGB").save(tmp_path / "in.jpg", exif=camera_data(6), icc_profile=PROFILE)
    image = deblur(tmp_path / "in.jpg")
    assert (image.size, image.mode, image.info["icc_profile"]) == ((22, 37), "RGB", PROFILE)


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        (np.zeros((4, 5, 7), np.uint8), r"array \(H, W\) or \(H, W, C\), .*\(4, 5, 7\)"),
        (np.zeros((0, 5), np.uint8), "got ndarray uint8"),
        (np.zeros((4, 5), np.int32), "expected uint8, uint16 or floats"),
        (np.full((4, 5), 200.0), r"floats must lie in \[0, 1\], got .* from 200 to 200"),
        (np.full((4, 5), np.nan), "with NaN"),
        (torch.zeros(4, 5), r"expected a tensor \(C, H, W\)"),
        (torch.zeros(3, 4, 5, dtype=torch.float16), "expected uint8, uint16 or floats"),
        (torch.zeros(3, 4, 5, dtype=torch.bfloat16), r"got bfloat16 .*: use \.float\(\)"),
        (torch.zeros(3, 4, 5).to_sparse(), r"expected a dense tensor .*\.to_dense\(\)"),
        (torch.zeros(3, 4, 5, device="meta"), "expected a dense tensor with values"),
        (np.ma.array([[0.5]]), "got a MaskedArray: np.asarray makes one of it"),
        (np.zeros((4, 5)).view(np.matrix), "got a matrix: np.asarray makes one of it"),
        (Image.new("RGB", (0, 5)), r"an image with a pixel in it, got \(0, 5\)"),
        (None, "a path, a Pillow image, an array or a tensor, got NoneType"),
    ],
)
def test_what_is_no_photo_is_refused_in_one_line(photo, message):
    with pytest.raises(InputError, match=message):
        deblur(photo)


def test_an_image_that_cannot_be_loaded_is_refused():
    file = io.BytesIO()
    picture("RGB", (90, 90)).save(file, "JPEG")
    cut = Image.open(io.BytesIO(file.getvalue()[:-2000]))
    with pytest.raises(InputError, match="cannot be loaded: image file is truncated"):
        deblur(cut)


def test_views_are_not_copied():
    pixels = noise(4, 5)
    assert np.shares_memory(as_channels(pixels), pixels)
    assert photo_of(Image.fromarray(pixels)).pixels.shape == (4, 5, 1)
