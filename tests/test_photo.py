"""A photo of every kind comes out as it went in, in everything but sharpness."""

import io
import struct
import sys
import types
import warnings
import zlib

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image, ImageCms, ImageOps, PngImagePlugin
from torch import nn

import sharingan_lab
from sharingan_lab import picture_files
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import list_pictures
from sharingan_lab.photo import Photo, as_channels, encode_photo, photo_of, read_photo
from sharingan_lab.photo.inks import to_inks, to_light
from sharingan_lab.photo.png import chunks, encode_png16
from sharingan_lab.restore import deblur, restore_file

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
DATE = "2024:05:06 07:08:09"


class Same(nn.Module):
    """Gives back what it is given: what changes then was changed around it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, images):
        return images


def noise(*shape, seed=0, white=255):
    kind = np.uint8 if white == 255 else np.uint16
    return np.random.default_rng(seed).integers(0, white + 1, shape).astype(kind)


def camera_data(orientation=1):
    exif = Image.Exif()
    exif[0x0112], exif[0x0132], exif[0x010F] = orientation, DATE, "Camera"
    exif[34665] = {36867: DATE, 33434: 0.02}
    exif[34853] = {1: "N"}
    return exif.tobytes()


def told(file):
    """What a file says of the camera, the date and the place."""
    exif = file.getexif()
    told = {tag: exif.get(tag) for tag in (0x0132, 0x010F)}
    own, place = exif.get_ifd(34665), exif.get_ifd(34853)
    return told | {"taken": own.get(36867), "exposure": float(own.get(33434, 0)), "where": place}


def through(path, out=None, **options):
    """The file, and what comes out when nothing is restored."""
    out = restore_file(path, out or path.with_name(f"out{path.suffix}"), Same(), **options)
    return Image.open(path), Image.open(out)


# -- modes -----------------------------------------------------------------------------------------

MODES = {
    "png": ("1", "L", "LA", "RGB", "RGBA", "I;16"),
    "tif": ("1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F", "RGBX"),
    "jpg": ("L", "RGB", "CMYK"),
    "webp": ("RGB", "RGBA"),
    "bmp": ("1", "L", "RGB"),
}


def picture(mode, size=(37, 22)):
    width, height = size
    if mode == "I;16":
        return Image.fromarray(noise(height, width, white=65535))
    if mode == "F":
        return Image.fromarray(noise(height, width).astype(np.float32) / 255)
    channels = {"L": 1, "1": 1, "LA": 2, "RGBA": 4, "CMYK": 4}.get(mode, 3)
    pixels = noise(height, width, channels)
    image = Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode="CMYK" if mode ==
                            "CMYK" else None)  # fmt: skip
    return image if image.mode == mode else image.convert(mode)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("ending", "mode"), [(ending, mode) for ending, modes in MODES.items() for mode in modes]
)
def test_every_mode_comes_out_as_it_went_in(ending, mode, tmp_path):
    lossless = {"webp": {"lossless": True, "exact": True}}.get(ending, {})
    picture(mode).save(tmp_path / f"in.{ending}", **lossless)
    before, after = through(tmp_path / f"in.{ending}")
    assert (after.mode, after.size, after.format) == (before.mode, before.size, before.format)
    off = np.abs(np.asarray(before, float) - np.asarray(after, float))
    exact = ending != "jpg" and mode not in ("YCbCr", "LAB")
    assert off.max() == 0 if exact else off.mean() < 8


@pytest.mark.parametrize("ending", ["png", "gif"])
def test_a_palette_becomes_colours_and_keeps_its_transparency(ending, tmp_path):
    image = picture("RGB").quantize(16)
    image.save(tmp_path / f"in.{ending}", transparency=3)
    out = restore_file(tmp_path / f"in.{ending}", tmp_path / "out.png", Same())
    with Image.open(tmp_path / f"in.{ending}") as before, Image.open(out) as after:
        assert after.mode == "RGBA"
        np.testing.assert_array_equal(np.asarray(before.convert("RGBA")), np.asarray(after))


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_colour_that_stands_for_transparent_becomes_alpha(mode, tmp_path):
    image = picture(mode)
    key = image.getpixel((3, 4))
    image.save(tmp_path / "in.png", transparency=key)
    _, after = through(tmp_path / "in.png")
    assert after.mode == {"L": "LA", "RGB": "RGBA"}[mode]
    clear = (np.asarray(image).reshape(22, 37, -1) == key).all(axis=2)
    np.testing.assert_array_equal(np.asarray(after)[..., -1] == 0, clear)


def test_transparency_stays_bit_by_bit_and_hidden_colours_with_it():
    pixels = noise(24, 30, 4)
    pixels[:12, :, 3] = 0
    restored = deblur(pixels)
    np.testing.assert_array_equal(restored[..., 3], pixels[..., 3])
    np.testing.assert_array_equal(restored[:12], pixels[:12])
    assert (restored[12:] != pixels[12:]).any()


def test_inks_keep_their_black():
    inks = noise(30, 20, 4)
    light = to_light(inks)
    np.testing.assert_array_equal(to_inks(light, inks), inks)
    brighter = np.maximum(light, noise(30, 20, 3, seed=1))
    again = to_inks(brighter, inks)
    assert (again[..., 3] <= inks[..., 3]).all()
    np.testing.assert_allclose(to_light(again).astype(int), brighter, atol=1)


# -- depth -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_16_bits_of_a_png_stay_16_bits(channels, tmp_path):
    pixels = noise(9, 14, channels, white=65535)
    (tmp_path / "in.png").write_bytes(encode_png16(pixels))
    np.testing.assert_array_equal(read_photo(tmp_path / "in.png").pixels, pixels)
    _, after = through(tmp_path / "in.png")
    np.testing.assert_array_equal(read_photo(tmp_path / "out.png").pixels, pixels)
    assert after.size == (14, 9)


@pytest.mark.parametrize("options", [
    {}, {"byteorder": ">"}, {"compression": "zlib"}, {"compression": "zlib", "byteorder": ">"},
])  # fmt: skip
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_of_a_tiff_stay_16_bits(channels, options, tmp_path):
    pixels = noise(9, 14, channels, white=65535)
    kind = {"photometric": "rgb" if channels > 1 else "minisblack"}
    extra = ["unassalpha"] if channels == 4 else None
    written = pixels if channels > 1 else pixels[..., 0]
    tifffile.imwrite(tmp_path / "in.tif", written, extrasamples=extra, **kind, **options)
    through(tmp_path / "in.tif")
    again = tifffile.imread(tmp_path / "out.tif")
    np.testing.assert_array_equal(again.reshape(pixels.shape), pixels)


def test_what_pillow_decodes_of_our_png_is_its_upper_half(tmp_path):
    pixels = noise(9, 14, 3, white=65535)
    with Image.open(io.BytesIO(encode_png16(pixels))) as image:
        image.verify()
    with Image.open(io.BytesIO(encode_png16(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels >> 8)


def test_fewer_bits_of_another_format_are_said(tmp_path):
    (tmp_path / "in.png").write_bytes(encode_png16(noise(9, 14, 3, white=65535)))
    with pytest.warns(UserWarning, match=r"out\.jpg holds 8 bits a channel, its input had more"):
        through(tmp_path / "in.png", tmp_path / "out.jpg")
    with pytest.warns(UserWarning, match="16 bits a channel become 8"):
        assert deblur(tmp_path / "in.png", Same()).mode == "RGB"


# -- beside the pixels -----------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "avif"])
def test_profile_date_place_and_resolution_stay_and_the_picture_is_upright(
    ending, orientation, tmp_path
):
    path = tmp_path / f"in.{ending}"
    if f".{ending}" not in picture_files.written_endings():
        pytest.skip(f"this Pillow writes no {ending}")
    image = picture("RGB")
    image.save(path, exif=camera_data(orientation), icc_profile=PROFILE, dpi=(300, 300))
    before, after = through(path)
    seen = ImageOps.exif_transpose(Image.open(path))
    assert after.size == seen.size == ((22, 37) if orientation == 6 else (37, 22))
    assert after.getexif().get(0x0112, 1) == 1
    assert after.info["icc_profile"] == PROFILE
    assert told(after) == told(before) and told(after)["taken"] == DATE
    if ending not in ("webp", "avif"):
        assert after.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_a_deep_tiff_keeps_profile_date_and_resolution(tmp_path, caplog):
    tags = [
        (306, 2, None, DATE, True),
        (271, 2, None, "Scanner", True),
        (270, 2, None, "a page", True),
    ]
    tifffile.imwrite(
        tmp_path / "in.tif", noise(9, 14, 3, white=65535), photometric="rgb", iccprofile=PROFILE,
        extratags=tags, resolution=(600, 600), resolutionunit=2, metadata=None, software="Scan",
    )  # fmt: skip
    _, after = through(tmp_path / "in.tif")
    assert after.info["icc_profile"] == PROFILE and after.info["dpi"] == (600, 600)
    assert [after.tag_v2[tag] for tag in (306, 271, 270, 305)] == [
        DATE,
        "Scanner",
        "a page",
        "Scan",
    ]
    assert not caplog.records


def test_a_deep_tiff_says_that_camera_settings_are_left_out(tmp_path):
    photo = Photo(noise(9, 14, 3, white=65535), "RGB", "TIFF", {"tags": {34665: {36867: DATE}}})
    with pytest.warns(UserWarning, match="camera settings and place are left out"):
        assert encode_photo(photo, photo.pixels, "out.tif")


def test_texts_and_colour_chunks_of_a_png_stay(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "A walk")
    texts.add_itxt("Comment", "größer", lang="de")
    texts.add(b"gAMA", struct.pack(">I", 45455))
    picture("RGBA").save(tmp_path / "in.png", pnginfo=texts, dpi=(72, 72))
    _, after = through(tmp_path / "in.png")
    assert after.text == {"Title": "A walk", "Comment": "größer"}
    kinds = [kind for kind, _ in chunks((tmp_path / "out.png").read_bytes())]
    assert kinds.count(b"gAMA") == kinds.count(b"pHYs") == 1


def test_an_orientation_in_xmp_is_that_of_an_upright_picture(tmp_path):
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    picture("RGB").save(tmp_path / "in.jpg", xmp=xmp, exif=camera_data(6), comment=b"by hand")
    _, after = through(tmp_path / "in.jpg")
    assert after.info["xmp"] == xmp.replace(b'"6"', b'"1"')
    assert after.info["comment"] == b"by hand"


def test_a_jpeg_is_compressed_as_it_was_or_as_one_says(tmp_path):
    image = picture("RGB", (200, 150))
    image.save(tmp_path / "in.jpg", quality=60, subsampling=0, progressive=True)
    before, after = through(tmp_path / "in.jpg")
    assert after.quantization == before.quantization and after.info.get("progressive")
    _, better = through(tmp_path / "in.jpg", tmp_path / "better.jpg", quality=98)
    assert better.quantization[0][0] < before.quantization[0][0]


def test_the_first_of_several_pictures_is_taken_and_that_is_said(tmp_path):
    pages = [picture("L"), picture("L", (5, 5))]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    with pytest.warns(UserWarning, match=r"in\.tif holds 2 pictures: the first is restored"):
        _, after = through(tmp_path / "in.tif")
    assert after.size == (37, 22) and after.n_frames == 1


# -- files that others write -----------------------------------------------------------------------


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


# -- formats that hold less ------------------------------------------------------------------------


def test_transparency_is_refused_where_it_would_be_lost(tmp_path):
    picture("RGBA").save(tmp_path / "in.png")
    with pytest.raises(InputError, match=r"'out\.jpg': it holds no transparency; use \.png"):
        through(tmp_path / "in.png", tmp_path / "out.jpg")
    assert not (tmp_path / "out.jpg").exists()
    picture("RGB").convert("RGBA").save(tmp_path / "in.png")  # opaque
    _, after = through(tmp_path / "in.png", tmp_path / "out.jpg")
    assert after.mode == "RGB"


def test_inks_become_colours_where_there_are_none_and_that_is_said(tmp_path):
    picture("CMYK").save(tmp_path / "in.tif", icc_profile=PROFILE)
    with pytest.warns(UserWarning, match="four inks become RGB, without their profile"):
        _, after = through(tmp_path / "in.tif", tmp_path / "out.png")
    assert after.mode == "RGB" and "icc_profile" not in after.info


# -- images, arrays, tensors -----------------------------------------------------------------------


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
    ],
)
def test_what_is_no_photo_is_refused_in_one_line(photo, message):
    with pytest.raises(InputError, match=message):
        deblur(photo)


def test_views_are_not_copied():
    pixels = noise(4, 5)
    assert np.shares_memory(as_channels(pixels), pixels)
    assert photo_of(Image.fromarray(pixels)).pixels.shape == (4, 5, 1)


# -- HEIC ------------------------------------------------------------------------------------------


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


# -- damage ----------------------------------------------------------------------------------------


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
