"""A photo of every kind comes out as it went in, in everything but sharpness: modes and depths."""

import base64
import io
import types
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image

from sharingan_lab import picture_files
from sharingan_lab.errors import InputError
from sharingan_lab.photo import encode_photo, photo_of, read_photo
from sharingan_lab.photo.depth import bits_said
from sharingan_lab.photo.inks import to_inks, to_light
from sharingan_lab.photo.png import encode_png16
from sharingan_lab.restore import deblur, restore_file

from .samples import PROFILE, Same, noise, picture, through

ENCODED = {  # two by two pixels: by OpenJPEG, and by libavif
    "in.j2k": (
        "|4;u>051Rl000020000200000000000000200002000000000000R#J0S^HI4*>!HQUDA90003200aa80smY81VD"
        "iQWB?@q0Yh?SVRU6=AYyqSPjF>!N>D{dAa-SPb7^mGATlmBE;Rp;015yA0000r00IA#&-^eX3%M;|rz63>lh6DxB"
        "n`^)^K=<Euph_%3=#xq#WBGDVNyT;*#"
    ),
    "10.avif": (
        "0000WW^{RQVRmU|00000VRmU|ZE0pPZE0a<O+hh10002%ZDn*}000000000XXk=`10000000000aA{+700000000"
        "0000000000004sdC7Z2$lO000310016oY;R)#0000)000310RR910RR926951JBLDyZC~0YKW&i*H00031000_kZ"
        "f0cy000000RRADb}%tRZ)|UJ00000YH4tCZ~y=ROKEUpZvX%Q6lrsCWdHyG000000ssI20ssI25O8UDX#fBK00Rm"
        "N3IG5A3}JRLLxCVb000006Ju{|a&BX6cmM(b0ssbp0000NX>e^}0000000001009I60)qqq001j(WMOm?015{<05"
        "<R-AZaodAM#>^-~bi|2mtIP#cjY|3Cx{kbW8"
    ),
    "12.avif": (
        "0000SW^{RQVRmU|00000VRmU|ZE0pPZE0a<0002%ZDn*}000000000XXk=`10000000000aA{+70000000000000"
        "00000004sdC7Z2$lO000310016oY;R)#0000)000310RR910RR924*&oFApigXC~0YKW&i*H00031000_kZf0cy0"
        "00000RRADb}%tRZ)|UJ00000YH4tCZ~y=ROKEUpZvX%Q6lrsCWdHyG000000ssI20ssI25O8UDX#fBK00RsR3;+N"
        "C3}JRLLxDhG000006Ju{|a&BX6cmM(b0ssbp0000NX>e^}0000000001009I60)qqq001d%WMOm?0160L05-G;2p"
        "S+V6Cd(ogx~-c4g`=ks>yb2aDLG#"
    ),
}


MODES = {
    "png": ("1", "L", "LA", "RGB", "RGBA", "I;16"),
    "tif": ("1", "L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "F", "RGBX"),
    "jpg": ("L", "RGB", "CMYK"),
    "webp": ("RGB", "RGBA"),
    "bmp": ("1", "L", "RGB", "RGBA"),
    "jp2": ("L", "LA", "RGB", "RGBA", "I;16"),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("ending", "mode"), [(ending, mode) for ending, modes in MODES.items() for mode in modes]
)
def test_every_mode_comes_out_as_it_went_in(ending, mode, tmp_path):
    lossless = {"webp": {"lossless": True, "exact": True}}.get(ending, {})
    if (ending, mode) == ("bmp", "RGBA"):  # of which Pillow itself loses the alpha
        photo = photo_of(picture(mode))
        (tmp_path / "in.bmp").write_bytes(encode_photo(photo, photo.pixels, "in.bmp"))
    else:
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


def deep_file(name):
    """A file of colours that Pillow cuts to 8 bits; AVIF and JPEG 2000 as other programs wrote."""
    head = {"in.ppm": b"P6\n2 2\n1023\n", "plain.ppm": b"P3\n2 1\n65535\n1 2 3 65535 4 5\n"}
    body = {"in.ppm": bytes(24)}
    return head.get(name, b"") + body.get(name, b"") or base64.b85decode(ENCODED[name])


@pytest.mark.parametrize(
    ("name", "bits"),
    [("in.ppm", 10), ("plain.ppm", 16), ("in.j2k", 16), ("10.avif", 10), ("12.avif", 12)],
)
def test_bits_that_pillow_cuts_are_said(name, bits, tmp_path):
    if name.endswith("avif") and ".avif" not in picture_files.written_endings():
        pytest.skip("this Pillow reads no avif")
    (tmp_path / name).write_bytes(deep_file(name))
    with pytest.warns(UserWarning, match=rf"{name}: {bits} bits a channel are read as 8; .* PNG"):
        assert read_photo(tmp_path / name).pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("kind", "data", "bits"),
    [("HEIF", b"....pixi\0\0\0\0\3\n\n\n", 10), ("HEIF", b"none", 8), ("SGI", b"\1\xda\1\2", 16)],
)
def test_what_a_file_says_of_its_depth(kind, data, bits, tmp_path):
    (tmp_path / "in").write_bytes(data)
    assert bits_said(types.SimpleNamespace(format=kind, filename=tmp_path / "in")) == bits


@pytest.mark.parametrize("ending", ["ppm", "jp2", "avif", "heic", "jpg", "png", "tif", "webp"])
def test_8_bits_are_not_called_more(ending, tmp_path):
    if ending != "ppm" and f".{ending}" not in picture_files.written_endings():
        pytest.skip(f"this Pillow writes no {ending}")
    picture("RGB").save(tmp_path / f"in.{ending}")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert read_photo(tmp_path / f"in.{ending}").pixels.dtype == np.uint8


def test_black_and_white_becomes_grey_where_there_is_none(tmp_path):
    picture("1").save(tmp_path / "in.png")
    before, after = through(tmp_path / "in.png", tmp_path / "out.jp2")
    np.testing.assert_array_equal(np.asarray(after), np.asarray(before.convert("L")))


def test_fewer_bits_of_another_format_are_said(tmp_path):
    (tmp_path / "in.png").write_bytes(encode_png16(noise(9, 14, 3, white=65535)))
    with pytest.warns(UserWarning, match=r"out\.jpg holds 8 bits a channel, its input had more"):
        through(tmp_path / "in.png", tmp_path / "out.jpg")
    with pytest.warns(UserWarning, match="16 bits a channel become 8"):
        assert deblur(tmp_path / "in.png", Same()).mode == "RGB"


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
    with pytest.warns(
        UserWarning, match=r"in\.tif: its four inks become RGB in out\.png, w.+ profile"
    ):
        _, after = through(tmp_path / "in.tif", tmp_path / "out.png")
    assert after.mode == "RGB" and "icc_profile" not in after.info
