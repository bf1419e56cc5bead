"""Image files: every mode, rounding, orientation, damage, folders, and nothing half-written."""

import io
import os
import re
import struct
import warnings
import zlib
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from PIL import Image

from sharingan_lab.errors import DataError, InputError, StorageError
from sharingan_lab.images import (
    from_uint8,
    list_pictures,
    read_image,
    to_uint8,
    write_image,
)
from sharingan_lab.picture_files import read_pixels


def test_every_level_survives_the_round_trip(tmp_path):
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    image = from_uint8(levels)
    assert np.array_equal(to_uint8(image), levels)
    assert np.array_equal(to_uint8(read_image(write_image(image, tmp_path / "a.png"))), levels)


def test_values_are_rounded_not_truncated():
    assert to_uint8(torch.full((3, 1, 1), 1.6 / 255)).max() == 2


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


# -- every mode ------------------------------------------------------------------------------------

GREYS = np.array([[0.0, 0.2, 0.4], [0.6, 0.8, 1.0]])
EIGHT = (255 * GREYS).round().astype(np.uint8)
SIXTEEN = (65535 * GREYS).round().astype(np.uint16)


def grey_file(path, mode):
    """Write the six grey levels as a file that Pillow opens in this mode."""
    grey = Image.fromarray(EIGHT)
    if mode == "I":
        path = path.with_suffix(".pgm")
        path.write_bytes(b"P5 3 2 65535\n" + SIXTEEN.astype(">u2").tobytes())
        return path
    path = path.with_suffix(".tif")
    if mode.startswith("I;16"):
        grey = Image.fromarray(SIXTEEN).convert("I").convert(mode)
    elif mode == "F":
        grey = Image.fromarray(GREYS.astype(np.float32))
    else:
        grey = grey.convert("RGB" if mode not in ("LA", "La") else "LA")
        grey = grey.convert(mode if mode != "La" else "LA")
    grey.save(path)
    if mode == "La":  # says that the colours are multiplied by alpha
        extra = [struct.pack("<HHIHH", 338, 3, 1, kind, 0) for kind in (2, 1)]
        path.write_bytes(path.read_bytes().replace(*extra))
    return path


@pytest.mark.parametrize("mode", [
    "L", "LA", "La", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16", "I;16B",
])  # fmt: skip
def test_grey_levels_of_every_mode_in_files_come_out_right(tmp_path, mode):
    path = grey_file(tmp_path / "grey", mode)
    with Image.open(path) as file:
        assert file.mode == mode
    np.testing.assert_allclose(read_pixels(path), EIGHT[..., None].repeat(3, axis=2), atol=1)


class InMemory:
    """An open file of a mode that no format of this Pillow stores."""

    def __init__(self, image):
        self.image = image

    def __enter__(self):
        return self.image

    def __exit__(self, *_):
        self.image.close()


@pytest.mark.parametrize("mode", [
    "1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV", "F",
    "I;16", "I;16L", "I;16B", "I;16N",
])  # fmt: skip
def test_black_and_white_of_every_mode_come_out_right(tmp_path, mode, monkeypatch):
    ends = Image.fromarray(np.array([[0, 255]], np.uint8))
    if mode == "F":
        image = Image.fromarray(np.array([[0, 1]], np.float32))
    elif mode.startswith("I;16"):
        image = Image.frombytes(mode, (2, 1), b"\x00\x00\xff\xff")
    else:
        through = {"La": "LA", "PA": "P", "RGBa": "RGBA"}.get(mode, "RGB")
        image = ends.convert("RGB" if mode != "La" else "L").convert(through).convert(mode)
    (tmp_path / "a.png").write_bytes(b"taken from memory")
    monkeypatch.setattr(Image, "open", lambda _: InMemory(image))
    assert image.mode == mode
    assert read_pixels(tmp_path / "a.png").tolist() == [[[0] * 3, [255] * 3]]


@pytest.mark.parametrize(
    ("name", "pixels", "message"),
    [
        (
            "a.tif",
            np.full((2, 3), 0.5 * 255, np.float32),
            "values from 127.5 to 127.5, not from 0 to 1",
        ),
        ("a.tif", np.full((2, 3), np.nan, np.float32), "values from nan to nan"),
        ("a.tif", np.full((2, 3), 70_000, np.int32), "signed or 32-bit integers"),
    ],
)
def test_numbers_without_a_known_range_are_refused(tmp_path, name, pixels, message):
    Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(DataError, match=rf"{name} has {message}"):
        read_image(tmp_path / name)


def test_twelve_bits_and_white_as_zero_are_scaled_as_the_file_says(tmp_path):
    twelve = Image.fromarray(np.array([[0, 2048, 4095]], np.uint16))
    twelve.save(tmp_path / "a.tif", tiffinfo={262: 1})
    packed = bytes([0x00, 0x08, 0x00, 0xFF, 0xF0])  # 0x000, 0x800, 0xFFF
    data = (tmp_path / "a.tif").read_bytes()
    with Image.open(tmp_path / "a.tif") as file:
        strip = file.tag_v2[273][0]
    entry = struct.pack("<HHIHH", 258, 3, 1, 16, 0)
    assert entry in data
    data = data.replace(entry, struct.pack("<HHIHH", 258, 3, 1, 12, 0))
    data = data[:strip] + packed + data[strip + len(packed) :]
    (tmp_path / "b.tif").write_bytes(data)
    assert read_pixels(tmp_path / "b.tif")[0, :, 0].tolist() == [0, 128, 255]
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(tmp_path / "c.tif", tiffinfo={262: 0})
    assert read_pixels(tmp_path / "c.tif")[0, :, 0].tolist() == [255, 0]


def test_a_turned_picture_of_16_bits_is_read_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("I;16", (8, 4)).save(tmp_path / "a.png", exif=exif)
    assert read_pixels(tmp_path / "a.png").shape == (8, 4, 3)


def test_beneath_an_alpha_channel_lies_the_stored_colour(tmp_path):
    Image.new("RGBA", (3, 2), (10, 20, 30, 0)).save(tmp_path / "a.png")
    image = Image.new("P", (3, 2), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.save(tmp_path / "p.png", transparency=b"\xff\x00")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("a.png", "p.png"):
            assert read_pixels(tmp_path / name)[0, 0].tolist() == [10, 20, 30]


# -- damaged, too large, odd names -----------------------------------------------------------------

FUZZED = ("AVIF", "BMP", "DDS", "GIF", "ICO", "IM", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI")
FUZZED += ("SGI", "TGA", "TIFF", "WEBP", "XBM", "MSP", "BLP", "ICNS")


def fuzzed(kind, count, rng):
    """Files of a kind with some bytes of their head changed, or cut."""
    image = Image.effect_mandelbrot((16, 16), (-3, -2.5, 2, 2.5), 20)
    image = image.convert({"MSP": "1", "XBM": "1", "BLP": "P", "GIF": "P"}.get(kind, "RGB"))
    whole = io.BytesIO()
    image.save(whole, format=kind)
    for _ in range(count):
        data = bytearray(whole.getvalue())
        for _ in range(int(rng.integers(1, 6))):
            data[int(rng.integers(min(len(data), 120)))] = int(rng.integers(256))
        yield bytes(data[: int(rng.integers(1, len(data)))] if rng.random() < 0.2 else data)


@pytest.mark.filterwarnings("ignore")  # Pillow's, of what it reads all the same
@pytest.mark.parametrize("kind", FUZZED)
def test_whatever_is_wrong_with_a_file_is_one_line_with_its_name(kind, tmp_path, monkeypatch):
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100_000)  # or a changed size takes a second
    rng, path, refused = np.random.default_rng(7), tmp_path / "damaged.png", 0
    for data in fuzzed(kind, 24, rng):
        path.write_bytes(data)
        try:
            pixels = read_pixels(path)
        except DataError as error:
            refused += 1
            assert re.fullmatch(r"cannot read [^\n]*damaged\.png as an image: [^\n]+", str(error))
        else:
            assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
    assert refused


@pytest.mark.parametrize("error", [
    struct.error("unpack"), ValueError("x"), IndexError(), zlib.error("x"), OverflowError("x"),
    KeyError("x"), TypeError("x"), RecursionError("x"), EOFError(), SyntaxError("x"),
])  # fmt: skip
def test_each_kind_that_pillow_raises_is_named(error, tmp_path, monkeypatch):
    write_image(torch.ones(3, 4, 5), tmp_path / "a.png")
    monkeypatch.setattr(Image.Image, "convert", Mock(side_effect=error))
    with pytest.raises(DataError, match=r"cannot read .*a\.png as an image: \S.*is the file whole"):
        read_image(tmp_path / "a.png")


def test_a_picture_that_is_too_large_says_so(tmp_path, monkeypatch):
    path = write_image(torch.ones(3, 30, 40), tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.raises(
        DataError, match=r"a\.png .*1200 pixels.* exceeds limit of .*make it smaller"
    ):
        read_image(path)
    monkeypatch.undo()
    monkeypatch.setattr(Image.Image, "convert", Mock(side_effect=MemoryError))
    with pytest.raises(DataError, match=r"a\.png .*not enough memory for it; make it smaller"):
        read_image(path)


def test_what_cannot_be_opened_is_named(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "phone.heic").write_bytes(b"\0\0\0\x18ftypheic")
    for name, message in {
        "pipe.png": "but a broken link, pipe or device: name a file",
        "phone.heic": "save it as JPEG or PNG first",
        "x" * 300 + ".png": "File name too long",
        "": "names no file or folder",
    }.items():
        with pytest.raises((DataError, InputError), match=message):
            read_image(name and tmp_path / name)


@pytest.mark.parametrize("name", ["x" * 251 + ".png", "ü" * 125 + ".png", "\udcff\udcfe.png"])
def test_names_of_every_length_and_of_any_bytes_are_written(name, tmp_path):
    assert read_image(write_image(torch.ones(3, 4, 5), tmp_path / name)).shape == (1, 3, 4, 5)
    assert os.listdir(tmp_path) == [name]
    with pytest.raises(StorageError, match="File name too long; choose a shorter name"):
        write_image(torch.ones(3, 4, 5), tmp_path / ("x" * 252 + ".png"))
    assert os.listdir(tmp_path) == [name]


def test_a_home_is_found_and_an_unknown_one_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    write_image(torch.ones(3, 4, 5), "~/pictures/a.png")
    assert read_image("~/pictures/a.png").shape == (1, 3, 4, 5)
    with pytest.raises(InputError, match=r"~no-such-user/a\.png: no such home folder"):
        write_image(torch.ones(3, 4, 5), "~no-such-user/a.png")
    assert os.listdir(tmp_path) == ["home"]


def test_a_format_that_cannot_hold_the_picture_is_refused_and_nothing_written(tmp_path):
    with pytest.raises(InputError, match=r"cannot write 16390 x 1 pixels to 'a\.webp'.*use \.png"):
        write_image(torch.ones(3, 1, 16390), tmp_path / "a.webp")
    for name in ("a.gif", "a.xyz", "a"):
        with pytest.raises(InputError, match=r"end the name in \.png or \.jpg"):
            write_image(torch.ones(3, 4, 5), tmp_path / name)
    assert os.listdir(tmp_path) == []


# -- folders ---------------------------------------------------------------------------------------


def test_a_folder_gives_its_pictures_and_names_what_is_passed_over(tmp_path):
    for name in ("b.JPG", "a.gif", "c.jfif", "d.ppm"):
        (tmp_path / name).write_bytes(b"")
    for name in ("._b.JPG", ".DS_Store", "Thumbs.db", "desktop.ini"):
        (tmp_path / name).write_bytes(b"")
    for name in ("1.heic", "2.heic", "3.HEIC", "4.heic", "film.mpg", "page.pdf", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "deep.png").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    with pytest.warns(UserWarning) as caught:
        found = list_pictures(tmp_path)
    assert [path.name for path in found] == ["a.gif", "b.JPG", "c.jfif", "d.ppm"]
    (text,) = (str(warning.message) for warning in caught)
    assert text == (
        f"passed over in {tmp_path}: 4 HEIC files (1.heic, 2.heic, 3.HEIC ...: save as JPEG or PNG "
        "first); 1 folder (deep.png); 3 other files (film.mpg, notes.txt, page.pdf)"
    )


def test_a_folder_with_too_few_pictures_is_refused_with_the_reason(tmp_path):
    (tmp_path / "._a.jpg").write_bytes(b"")
    with pytest.raises(DataError, match=r"holds no picture, at least 1 needed$"):
        list_pictures(tmp_path)
    (tmp_path / "a.heic").write_bytes(b"")
    with pytest.raises(DataError, match=r"passed over: 1 HEIC file \(a\.heic: save as JPEG"):
        list_pictures(tmp_path)
