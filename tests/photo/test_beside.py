"""What stands beside the pixels stays, or is said to be left out."""

import struct
import warnings

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin

from sharingan_lab import picture_files
from sharingan_lab.photo import Photo, encode_photo, read_photo
from sharingan_lab.photo.png import XMP, chunks, encode_png16, with_chunks

from .samples import DATE, PROFILE, camera_data, noise, picture, through, told


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


@pytest.mark.parametrize("options", [
    {"subsampling": "4:4:4"}, {"subsampling": "4:2:2"}, {"subsampling": "4:2:0"},
    {"keep_rgb": True}, {"subsampling": "4:4:4", "progressive": True, "quality": 100},
])  # fmt: skip
def test_a_jpeg_keeps_how_finely_its_colours_stand(options, tmp_path):
    picture("RGB", (160, 90)).save(tmp_path / "in.jpg", **options)
    before, after = through(tmp_path / "in.jpg")
    assert after.layer == before.layer and after.quantization == before.quantization
    _, better = through(tmp_path / "in.jpg", tmp_path / "better.jpg", quality=98)
    assert [layer[:3] for layer in better.layer] == [layer[:3] for layer in before.layer]


def test_sampling_that_pillow_cannot_write_becomes_no_coarser(tmp_path):
    picture("RGB", (160, 90)).save(tmp_path / "in.jpg", subsampling="4:2:2")
    data = (tmp_path / "in.jpg").read_bytes()
    at = data.index(b"\xff\xc0") + 11
    assert data[at] == 0x21
    (tmp_path / "in.jpg").write_bytes(data[:at] + b"\x12" + data[at + 1 :])  # 4:4:0
    before, after = through(tmp_path / "in.jpg")
    assert [layer[1:3] for layer in before.layer] == [(1, 2), (1, 1), (1, 1)]
    assert [layer[1:3] for layer in after.layer] == [(1, 1)] * 3


def test_the_first_of_several_pictures_is_taken_and_that_is_said(tmp_path):
    pages = [picture("L"), picture("L", (5, 5))]
    pages[0].save(tmp_path / "in.tif", save_all=True, append_images=pages[1:])
    with pytest.warns(UserWarning, match=r"in\.tif holds 2 pictures: the first is restored"):
        _, after = through(tmp_path / "in.tif")
    assert after.size == (37, 22) and after.n_frames == 1


XMP_TEXT = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


def said(path, out):
    """What warnings say of a file on its way into another one, and that one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        _, after = through(path, path.with_name(out))
        after.load()
    return [str(each.message).removeprefix(f"{path}: ") for each in caught], after


@pytest.mark.parametrize(
    ("out", "left"),
    [
        ("out.png", ""),
        ("out.tif", "comment"),
        ("out.webp", "comment"),
        ("out.avif", "comment"),
        ("out.bmp", "colour profile, camera data, XMP, comment"),
        ("out.jp2", "colour profile, camera data, XMP, resolution"),
        ("out.tga", "colour profile, camera data, XMP, resolution, comment"),
    ],
)
def test_of_a_jpeg_what_has_a_place_stays_and_the_rest_is_said(out, left, tmp_path):
    if out[3:] not in picture_files.written_endings():
        pytest.skip(f"this Pillow writes no {out[4:]}")
    about = {"exif": camera_data(), "icc_profile": PROFILE, "dpi": (300, 300)}
    path = tmp_path / "in.jpg"
    picture("RGB").save(path, xmp=XMP_TEXT, comment="größer".encode(), **about)
    lines, after = said(path, out)
    assert lines == [f"{out} has no place for its {left}"] * bool(left)
    words = {"XMP": "xmp", "colour profile": "icc_profile"}
    for word, key in words.items():
        kept = XMP_TEXT if key == "xmp" else PROFILE
        assert word in left or after.info[key] == kept
    assert "camera data" in left or told(after)["taken"] == DATE
    if out == "out.png":
        assert after.text["Comment"] == "größer"


def test_texts_of_a_png_are_said_where_they_have_no_place(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Title", "A walk")
    texts.add_text("Comment", "by hand")
    texts.add_itxt("XML:com.adobe.xmp", XMP_TEXT.decode(), zip=True)
    picture("RGB").save(tmp_path / "in.png", pnginfo=texts)
    lines, after = said(tmp_path / "in.png", "out.jpg")
    assert lines == ["out.jpg has no place for its texts"]
    assert (after.info["comment"], after.info["xmp"]) == (b"by hand", XMP_TEXT)
    lines, after = said(tmp_path / "in.png", "again.png")
    assert not lines and after.text["Title"] == "A walk" and after.info["xmp"] == XMP_TEXT


def test_an_xmp_that_is_too_long_for_a_jpeg_is_said(tmp_path):
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", f"<x>{'a' * 70_000}</x>")
    picture("RGB").save(tmp_path / "in.png", pnginfo=texts)
    lines, _ = said(tmp_path / "in.png", "out.jpg")
    assert lines == ["out.jpg has no place for its XMP"]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_names_stars_and_place_of_a_tiff_stay_and_the_rest_is_said(compression, tmp_path):
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    kept = {40091: "Titel".encode("utf-16le"), 18246: 4, 33550: (0.5, 0.5, 0.0), 33723: b"\x1c\2x"}
    for tag, value in {**kept, 700: XMP_TEXT, 37724: b"layers"}.items():
        tags[tag] = value
    path = tmp_path / "in.tif"
    picture("RGB").save(path, tiffinfo=tags, compression=compression)
    lines, after = said(path, "out.tif")
    assert lines == ["TIFF tags 37724 are left out"]
    assert {tag: after.tag_v2[tag] for tag in kept} == kept
    assert (after.info["xmp"], after.info["compression"]) == (XMP_TEXT, compression)
    lines, after = said(path, "out.jpg")
    assert lines[1:] == ["out.jpg has no place for its captions"]
    assert after.info["xmp"] == XMP_TEXT and after.getexif()[40091] == kept[40091]


@pytest.mark.parametrize("out", ["out.png", "out.tif"])
def test_16_bits_keep_what_stands_beside_them_in_the_other_format(out, tmp_path):
    pixels, tags = noise(9, 14, 3, white=65535), [(306, 2, None, DATE, True)]
    path = tmp_path / ("in.tif" if out == "out.png" else "in.png")
    if out == "out.png":
        tifffile.imwrite(path, pixels, photometric="rgb", iccprofile=PROFILE, extratags=tags)
    else:
        extra = [(b"eXIf", camera_data()[6:]), (b"iTXt", XMP + XMP_TEXT)]
        path.write_bytes(with_chunks(encode_png16(pixels), extra))
    lines, after = said(path, out)
    np.testing.assert_array_equal(read_photo(tmp_path / out).pixels, pixels)
    assert after.getexif()[306] == DATE
    if out == "out.png":
        assert after.info["icc_profile"] == PROFILE and not lines
    else:
        assert after.info["xmp"] == XMP_TEXT
        assert lines == ["camera settings and place are left out of 16 bits in a TIFF"]


def test_sizes_that_a_phone_writes_into_its_camera_data_are_not_those_of_a_tiff(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[256], exif[257] = 6, 4000, 3000
    picture("RGB").save(tmp_path / "in.jpg", exif=exif)
    _, after = through(tmp_path / "in.jpg", tmp_path / "out.tif")
    assert after.size == (22, 37)
