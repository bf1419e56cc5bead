"""Files as others write them, and damaged ones."""

import io
import struct
import sys
import types
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps, PngImagePlugin

from sharingan_lab import picture_files
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import list_pictures
from sharingan_lab.photo import read_photo
from sharingan_lab.photo.png import encode_png16
from sharingan_lab.restore import deblur, restore_file

from .samples import PROFILE, Same, camera_data, noise, picture, through, told


def test_letters_beyond_ascii_stay_in_a_turned_photo_and_in_a_tiff(tmp_path):
    exif, name = Image.Exif(), "José".encode()
    exif[0x0112], exif[0x013B] = 6, name
    picture("RGB").save(tmp_path / "in.jpg", exif=exif.tobytes())
    artist = [(0x013B, 2, None, name, True)]
    for ending, white in (("tif", 255), ("tiff", 65535)):
        pixels = noise(9, 14, 3, white=white)
        tifffile.imwrite(tmp_path / f"in.{ending}", pixels, photometric="rgb", extratags=artist)
    for ending in ("jpg", "tif", "tiff"):
        _, after = through(tmp_path / f"in.{ending}")
        assert after.getexif()[0x013B].encode("latin-1") == name


def test_captions_of_a_jpeg_stay(tmp_path):
    caption = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x0b\x1c\x02x\x00\x06A walk\x00"
    segment = b"\xff\xed" + (2 + len(caption)).to_bytes(2, "big") + caption
    picture("RGB").save(tmp_path / "in.jpg", extra=segment)
    before, after = through(tmp_path / "in.jpg")
    assert after.info["photoshop"] == before.info["photoshop"] != {}


def test_a_damaged_exif_does_not_cost_the_picture(tmp_path):
    picture("RGB").save(tmp_path / "in.png", exif=b"Exif\0\0no such thing")
    with pytest.warns(UserWarning, match=r"in\.png: damaged camera data are left out"):
        before, after = through(tmp_path / "in.png")
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))


@pytest.mark.parametrize("kind", ["zip", "raw"])
def test_an_orientation_in_a_packed_text_does_not_turn_the_picture_twice(kind, tmp_path):
    texts = PngImagePlugin.PngInfo()
    xmp = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    if kind == "zip":
        texts.add_itxt("XML:com.adobe.xmp", xmp, zip=True)
    else:
        data = camera_data(6)
        texts.add_text("Raw profile type exif", f"\nexif\n{len(data)}\n{data.hex()}\n", zip=True)
    picture("RGB").save(tmp_path / "in.png", pnginfo=texts)
    before, after = through(tmp_path / "in.png")
    assert ImageOps.exif_transpose(after).size == ImageOps.exif_transpose(before).size == (22, 37)
    assert after.size == (22, 37)


def test_a_lossless_webp_stays_so_beside_a_profile(tmp_path):
    picture("RGB").save(tmp_path / "in.webp", lossless=True, icc_profile=PROFILE)
    before, after = through(tmp_path / "in.webp")
    np.testing.assert_array_equal(np.asarray(before), np.asarray(after))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour_of_16_bits_becomes_alpha(channels, tmp_path):
    pixels = noise(9, 14, channels, white=65535)
    flat = encode_png16(pixels)
    key = struct.pack(f">{channels}H", *pixels[2, 3].tolist())
    cut = 33  # behind the head
    kind = b"tRNS" + key
    chunk = struct.pack(">I", len(key)) + kind + struct.pack(">I", zlib.crc32(kind))
    (tmp_path / "in.png").write_bytes(flat[:cut] + chunk + flat[cut:] + b"\n")
    through(tmp_path / "in.png")
    again = read_photo(tmp_path / "out.png").pixels
    np.testing.assert_array_equal(again[..., :-1], pixels)
    assert again[2, 3, -1] == 0 and (again[..., -1] == 0).sum() == 1


def test_a_transparent_colour_of_black_and_white_becomes_alpha(tmp_path):
    picture("1").save(tmp_path / "in.png", transparency=0)
    before, after = through(tmp_path / "in.png")
    assert after.mode == "LA"
    np.testing.assert_array_equal(np.asarray(after)[..., 1] > 0, np.asarray(before))


def test_16_bits_in_an_order_that_pillow_misreads_are_refused(tmp_path):
    planes = noise(3, 9, 14, white=65535)
    tifffile.imwrite(tmp_path / "in.tif", planes, photometric="rgb", planarconfig="separate")
    with pytest.raises(DataError, match=r"in\.tif has 16 bits in an order .*: save it as PNG"):
        read_photo(tmp_path / "in.tif")


def test_a_file_s_image_keeps_its_camera_data_and_other_byte_orders_stay(tmp_path):
    picture("RGB").save(tmp_path / "in.jpg", exif=camera_data())
    image = deblur(tmp_path / "in.jpg", Same())
    image.save(tmp_path / "out.jpg", exif=image.info["exif"])
    with Image.open(tmp_path / "in.jpg") as before, Image.open(tmp_path / "out.jpg") as after:
        assert told(before) == told(after)
    pixels = noise(9, 14, 3, white=65535).astype(">u2")
    restored = deblur(pixels, Same())
    assert restored.dtype == pixels.dtype and (restored == pixels).all()


def test_heic_is_read_where_pillow_heif_is_installed_and_named_where_not(tmp_path, monkeypatch):
    path = tmp_path / "phone.heic"
    path.write_bytes(b"a phone's")
    with pytest.raises(
        DataError, match=r"phone\.heic .*JPEG or PNG first, or pip install pillow-heif"
    ):
        read_photo(path)
    called = []
    fake = types.SimpleNamespace(register_heif_opener=lambda: called.append(True))
    monkeypatch.setitem(sys.modules, "pillow_heif", fake)
    picture_files._formats.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        list_pictures(tmp_path, least=0)
    picture_files._formats.cache_clear()
    assert called


def intact():
    """Files with all that stands beside the pixels: their endings and bytes."""
    for ending, mode in (("jpg", "RGB"), ("jpg", "CMYK"), ("png", "RGBA"), ("tif", "RGB"),
                         ("tif", "LAB"), ("webp", "RGBA")):  # fmt: skip
        file = io.BytesIO()
        kind = Image.registered_extensions()[f".{ending}"]
        picture(mode, (16, 16)).save(file, kind, exif=camera_data(6), icc_profile=PROFILE)
        yield ending, file.getvalue()
    yield "png", encode_png16(noise(16, 16, 3, white=65535))


def damaged(data, rng):
    """The same file cut, with bytes changed, or with some pushed in."""
    data, place = bytearray(data), int(rng.integers(len(data)))
    kind = rng.integers(3)
    if kind == 0:
        return bytes(data[:place])
    if kind == 1:
        data[place:place] = rng.bytes(int(rng.integers(1, 40)))
    for at in rng.integers(len(data), size=6 if kind == 2 else 0):
        data[at] = rng.integers(256)
    return bytes(data)


@pytest.mark.filterwarnings("ignore")  # Pillow's and ours, of what is read all the same
def test_a_damaged_file_is_one_line_or_a_whole_picture_and_nothing_between(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200_000)  # or a changed size takes a second
    rng, refused, out = np.random.default_rng(3), 0, tmp_path / "out"
    out.mkdir()
    for ending, whole in list(intact()) * 16:
        path = tmp_path / f"in.{ending}"
        path.write_bytes(damaged(whole, rng))
        try:
            written = restore_file(path, out / path.name, Same())
        except (DataError, InputError) as error:
            refused += 1
            assert "\n" not in str(error) and "in." in str(error)
        else:
            with Image.open(written) as file:
                file.load()
            written.unlink()
        assert not list(out.iterdir())
    assert refused
