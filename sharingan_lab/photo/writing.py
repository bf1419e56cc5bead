"""Put a photo together again, with other colours: as an image in memory or as the bytes of a file.

Transparency that the file format cannot hold is refused; bits, inks and what stands beside the
pixels are kept where it has a place for them, and said where not.
"""

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin

from sharingan_lab.errors import InputError
from sharingan_lab.photo.bmp import with_alpha_mask
from sharingan_lab.photo.inks import to_inks
from sharingan_lab.photo.photo import Photo
from sharingan_lab.photo.png import chunks_beside, encode_png16, with_chunks
from sharingan_lab.photo.tags import FOLDERS, IPTC_TAG, TELLING, XMP_TAG, own_tags
from sharingan_lab.picture_files import check_can_write, to_8_bits

_ALPHA = {"AVIF", "BMP", "HEIF", "JPEG2000", "PNG", "TGA", "TIFF", "WEBP"}
_INKS = {"JPEG", "TIFF"}
_SOFTWARE = 305  # a tag of TIFF that tifffile writes itself
# What stands beside the pixels, in Pillow's words and in a reader's, and which formats hold it.
_PLACES = {
    "icc_profile": ("colour profile", {"AVIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP"}),
    "exif": ("camera data", {"AVIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP"}),
    "xmp": ("XMP", {"AVIF", "HEIF", "JPEG", "PNG", "TIFF", "WEBP"}),
    "dpi": ("resolution", {"BMP", "JPEG", "PNG", "TIFF"}),
    "comment": ("comment", {"JPEG", "JPEG2000", "PNG"}),
    "captions": ("captions", {"JPEG"}),
    "iptc": ("captions", {"TIFF"}),
    "texts": ("texts", {"PNG"}),
}
_ONE_SEGMENT = {"comment", "exif", "xmp"}
_SEGMENT = 65500  # bytes of a JPEG's, give or take what stands at its head
_SCREENS = (72, 96)  # resolutions that say nothing of the picture
_AS_IT_WAS = {"1", "HSV", "LAB", "La", "RGBX", "RGBa", "YCbCr"}  # of the modes, in a TIFF


def image_of(photo: Photo, pixels: np.ndarray) -> Image.Image:
    """The photo with these pixels as a Pillow image of the photo's mode.

    A palette has no place for new colours: RGB comes back, or RGBA. Nor has a Pillow image for
    colours of 16 bits: they become 8, with a warning.
    """
    if pixels.dtype == np.uint16 and pixels.shape[2] > 1:
        warnings.warn("16 bits a channel become 8 in a Pillow image of colours", stacklevel=2)
        pixels = to_8_bits(pixels)
    image = _image(pixels)
    if photo.inks is not None:
        image = Image.fromarray(to_inks(pixels, photo.inks), "CMYK")
    elif _goes_back(photo, pixels) or photo.mode.startswith("I;"):
        image = _in_mode(image, photo.mode)
    image.info = {
        key: value for key, value in photo.info.items() if key not in ("transparency", "chunks")
    }
    if photo.exif:
        image.info["exif"] = photo.exif
    return image


def encode_photo(
    photo: Photo, pixels: np.ndarray, name: str, *, quality: int | None = None
) -> bytes:
    """The bytes of a file of this name: the photo with these pixels, and everything else of it.

    Parameters
    ----------
    photo : Photo
        Gives mode, profile, Exif data, resolution, texts, and how strongly to compress.
    pixels : ndarray
        As those of the photo.
    name : str
        Its ending says the format.
    quality : int, optional
        From 1 to 100, for formats that lose something. By default as the photo's file where the
        format is the same, else 95.

    Raises
    ------
    InputError
        The ending is unknown, or the format cannot hold the photo.
    """
    kind = check_can_write(name)
    pixels = _that_fit(photo, pixels, kind, name)
    beside = _beside(photo, kind, name)
    options = _options(photo, kind, beside, quality)
    deep = pixels.dtype == np.uint16 and pixels.shape[2] > 1  # which Pillow does not write
    try:
        if deep and kind == "PNG":
            data = with_chunks(encode_png16(pixels), _png_chunks(options))
        elif deep:
            data = _deep_tiff(photo, pixels, beside)
        else:
            data = _bytes(photo, pixels, name, options)
    except (
        OSError,
        RuntimeError,
        SyntaxError,
        ValueError,
    ) as error:  # as of more pixels than it can hold
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise InputError(f"cannot write {size} pixels to {name!r}: {error}; use .png") from error
    return with_chunks(data, photo.info["chunks"]) if kind == photo.kind == "PNG" else data


def _say(photo: Photo, text: str) -> None:
    warnings.warn(f"{photo.source}: {text}", stacklevel=4)


def _beside(photo: Photo, kind: str, name: str) -> dict[str, Any]:
    """What stands beside the photo's pixels and fits a file of this kind; the rest is said."""
    every = photo.info | {"exif": photo.exif}
    has = {key: every[key] for key in _PLACES if every.get(key)}
    fits = {key: value for key, value in has.items() if kind in _PLACES[key][1]}
    if kind == "JPEG":
        fits = {key: value for key, value in fits.items() if key not in _ONE_SEGMENT
                or len(value) <= _SEGMENT}  # fmt: skip
    said = has.keys() - fits.keys()
    if photo.inks is not None and kind not in _INKS:
        said -= {"icc_profile"}  # with the inks
    if "exif" in fits or any(abs(has["dpi"][0] - dpi) < 0.1 for dpi in _SCREENS if "dpi" in has):
        said -= {"dpi"}  # it says nothing, or stands in the camera data once more
    if said:
        words = ", ".join(word for key, (word, _) in _PLACES.items() if key in said)
        _say(photo, f"{name} has no place for its {words}")
    return fits


def _that_fit(photo: Photo, pixels: np.ndarray, kind: str, name: str) -> np.ndarray:
    """Pixels that a file of this kind can hold."""
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    if pixels.shape[2] in (2, 4) and kind not in _ALPHA:
        if pixels[..., -1].min() < white:
            raise InputError(f"cannot write {name!r}: it holds no transparency; use .png")
        pixels = pixels[..., :-1]
    deep = {"TIFF"} if white == 1 else {"PNG", "TIFF"}
    if white == 65535 and pixels.shape[2] == 1:
        deep |= {"JPEG2000"}  # of colours Pillow writes there 8 bits alone
    if pixels.dtype != np.uint8 and kind not in deep:
        _say(photo, f"{name} holds 8 bits a channel, its input had more")
        pixels = to_8_bits(pixels)
    return pixels


def _image(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def _goes_back(photo: Photo, pixels: np.ndarray) -> bool:
    """Whether the pixels fit the photo's own mode: a "1" with a transparent colour got alpha."""
    return photo.mode in _AS_IT_WAS and (photo.mode != "1" or pixels.shape[2] == 1)


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "1":  # no dots that were not there
        return image.convert("1", dither=Image.Dither.NONE)
    return image.convert("I").convert(mode) if mode.startswith("I") else image.convert(mode)


def _bytes(photo: Photo, pixels: np.ndarray, name: str, options: dict[str, Any]) -> bytes:
    kind, image = check_can_write(name), _image(pixels)
    if photo.inks is not None and kind in _INKS:
        image = Image.fromarray(to_inks(pixels, photo.inks), "CMYK")
    elif photo.inks is not None:
        profile = ", without their profile" if options.pop("icc_profile", None) else ""
        _say(photo, f"its four inks become RGB in {name}{profile}")
    elif _goes_back(photo, pixels) and (
        kind == "TIFF"
        or (photo.mode == "1" and kind != "JPEG2000")  # which knows no black and white
    ):
        image = _in_mode(image, photo.mode)
    elif (kind, image.mode) in (("WEBP", "L"), ("WEBP", "LA"), ("BMP", "LA")):  # it knows none
        image = image.convert("RGB" if image.mode == "L" else "RGBA")
    data = _saved(image, kind, options)
    return with_alpha_mask(data) if (kind, image.mode) == ("BMP", "RGBA") else data


def _saved(image: Image.Image, kind: str, options: dict[str, Any]) -> bytes:
    file, room = io.BytesIO(), ImageFile.MAXBLOCK
    if options.get("progressive"):  # written at once, for which Pillow takes less than it may need
        ImageFile.MAXBLOCK = max(room, 4 * image.width * image.height)
    try:
        image.save(file, format=kind, **options)
    finally:
        ImageFile.MAXBLOCK = room
    return file.getvalue()


def _options(
    photo: Photo, kind: str, beside: dict[str, Any], quality: int | None
) -> dict[str, Any]:
    """How Pillow is to write the file."""
    info, same = photo.info, photo.kind.replace("MPO", "JPEG") == kind
    if kind == "TIFF":
        return _tiff_options(info, beside, same)
    if kind == "PNG":
        return beside if same else beside | {"pnginfo": _png_texts(beside)}
    options = dict(beside)
    if kind == "JPEG":
        options["extra"] = b"".join(
            b"\xff\xed" + (2 + len(data)).to_bytes(2, "big") + data
            for data in options.pop("captions", ())
        )
        options["progressive"] = bool(info.get("progressive"))
        if same:
            options |= {"subsampling": info["subsampling"], "keep_rgb": info["rgb"]}
        if same and quality is None:
            return options | {"qtables": info["tables"]}
    if kind == "WEBP":
        options["exact"] = True  # the colours beneath what is transparent
        if same and quality is None and info["lossless"]:
            return options | {"lossless": True}
    return options | {"quality": quality or 95}


def _png_texts(beside: dict[str, Any]) -> PngImagePlugin.PngInfo:
    texts = PngImagePlugin.PngInfo()
    if "comment" in beside:
        try:
            comment = beside["comment"].decode()
        except UnicodeDecodeError:
            comment = beside["comment"].decode("latin-1")
        texts.add_text("Comment", comment)
    if "xmp" in beside:
        texts.add_itxt("XML:com.adobe.xmp", beside["xmp"].decode(errors="replace"))
    return texts


def _png_chunks(options: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """What Pillow writes beside the pixels of a PNG."""
    return chunks_beside(_saved(Image.new("L", (1, 1)), "PNG", options))


def _tiff_tags(info: dict[str, Any], beside: dict[str, Any]) -> dict[int, Any]:
    """What a TIFF says of the picture: as a TIFF did before, or as the camera data do."""
    told = info.get("tags")
    if told is None:
        told = Image.Exif()
        told.load(beside.get("exif", b""))
        told = own_tags(told, TELLING)
    extra = {XMP_TAG: beside.get("xmp"), IPTC_TAG: beside.get("iptc")}
    return dict(told) | {tag: value for tag, value in extra.items() if value}


def _tiff_options(info: dict[str, Any], beside: dict[str, Any], same: bool) -> dict[str, Any]:
    told = _tiff_tags(info, beside)
    options = {key: beside[key] for key in ("icc_profile", "dpi") if key in beside}
    if FOLDERS & told.keys():  # libtiff, which compresses, cannot write them
        exif = Image.Exif()
        exif.update(told)
        return options | {"exif": exif.tobytes()}
    options["tiffinfo"] = TiffImagePlugin.ImageFileDirectory_v2()
    options["tiffinfo"].update(told)  # letters beyond ASCII, which Exif would lose
    return options | ({"compression": info.get("compression", "raw")} if same else {})


def _deep_tiff(photo: Photo, pixels: np.ndarray, beside: dict[str, Any]) -> bytes:
    import tifffile  # comes with scikit-image; here: few pictures need it

    file, dpi, told = io.BytesIO(), beside.get("dpi"), _tiff_tags(photo.info, beside)
    if FOLDERS & told.keys():
        _say(photo, "camera settings and place are left out of 16 bits in a TIFF")
    plain = TiffImagePlugin.ImageFileDirectory_v2()  # which finds a type for each
    plain.update({tag: told[tag] for tag in told.keys() - FOLDERS})
    software = plain.pop(_SOFTWARE, False)
    tags = [(tag, plain.tagtype[tag], _count(plain[tag]), plain[tag], True) for tag in plain]
    tifffile.imwrite(
        file, pixels, photometric="rgb" if pixels.shape[2] > 2 else "minisblack",
        extrasamples=["unassalpha"] if pixels.shape[2] in (2, 4) else None, metadata=None,
        iccprofile=beside.get("icc_profile"), extratags=tags, software=software,
        compression="zlib", resolution=dpi, resolutionunit=2 if dpi else None,
    )  # fmt: skip
    return file.getvalue()


def _count(value: object) -> int | None:
    if isinstance(value, (str, bytes)):
        return None
    return len(value) if isinstance(value, tuple) else 1
