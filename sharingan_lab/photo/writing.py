"""Put a photo together again, with other colours: as an image in memory or as the bytes of a file.

Transparency that the file format cannot hold is refused, bits that it cannot hold are said. Texts
of a PNG, and XMP in some formats, do not go over into another format.
"""

import io
import warnings
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from sharingan_lab.errors import InputError
from sharingan_lab.images import to_8_bits
from sharingan_lab.photo.inks import to_inks
from sharingan_lab.photo.png import encode_png16, with_chunks
from sharingan_lab.photo.reading import FOLDERS, Photo
from sharingan_lab.picture_files import check_can_write

_ALPHA = {"AVIF", "HEIF", "JPEG2000", "PNG", "TGA", "TIFF", "WEBP"}
_INKS = {"JPEG", "TIFF"}
_SOFTWARE = 305  # a tag of TIFF that tifffile writes itself
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
    pixels = _that_fit(pixels, kind, name)
    try:
        data = _deep_bytes(photo, pixels, kind) or _bytes(photo, pixels, name, quality)
    except (
        OSError,
        RuntimeError,
        SyntaxError,
        ValueError,
    ) as error:  # as of more pixels than it can hold
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise InputError(f"cannot write {size} pixels to {name!r}: {error}; use .png") from error
    same = kind == photo.kind == "PNG"
    return with_chunks(data, photo.info["chunks"]) if same else data


def _that_fit(pixels: np.ndarray, kind: str, name: str) -> np.ndarray:
    """Pixels that a file of this kind can hold."""
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    if pixels.shape[2] in (2, 4) and kind not in _ALPHA:
        if pixels[..., -1].min() < white:
            raise InputError(f"cannot write {name!r}: it holds no transparency; use .png")
        pixels = pixels[..., :-1]
    if pixels.dtype != np.uint8 and kind not in (("TIFF",) if white == 1 else ("PNG", "TIFF")):
        warnings.warn(f"{name} holds 8 bits a channel, its input had more", stacklevel=3)
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


def _bytes(photo: Photo, pixels: np.ndarray, name: str, quality: int | None) -> bytes:
    kind = check_can_write(name)
    image, options = _image(pixels), _options(photo, kind, quality)
    if photo.inks is not None and kind in _INKS:
        image = Image.fromarray(to_inks(pixels, photo.inks), "CMYK")
    elif photo.inks is not None:
        warnings.warn(f"{name}: four inks become RGB, without their profile", stacklevel=3)
        options.pop("icc_profile", None)
    elif _goes_back(photo, pixels) and (photo.mode == "1" or kind == "TIFF"):
        image = _in_mode(image, photo.mode)
    elif kind == "WEBP" and image.mode in ("L", "LA"):  # it knows no grey
        image = image.convert("RGB" if image.mode == "L" else "RGBA")
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


def _options(photo: Photo, kind: str, quality: int | None) -> dict[str, Any]:
    """How Pillow is to write the file."""
    info, same = photo.info, photo.kind.replace("MPO", "JPEG") == kind
    options = {key: info[key] for key in ("icc_profile", "dpi", "xmp") if info.get(key)}
    if photo.exif:
        options["exif"] = photo.exif
    if kind == "TIFF":
        if same and not info["tags"].keys() & FOLDERS:  # libtiff compresses, and cannot write them
            options["compression"] = info.get("compression", "raw")
            options["tiffinfo"] = TiffImagePlugin.ImageFileDirectory_v2()
            options["tiffinfo"].update(info["tags"])  # letters beyond ASCII, which Exif would lose
            options.pop("exif", None)
        return options
    if kind == "JPEG" and same and quality is None:
        options |= {"qtables": info["tables"], "subsampling": info["subsampling"]}
    elif kind == "WEBP" and same and quality is None and info["lossless"]:
        options["lossless"] = True
    elif kind != "PNG":
        options["quality"] = quality or 95
    if kind == "WEBP":
        options["exact"] = True  # the colours beneath what is transparent
    if kind == "JPEG":
        options["progressive"] = bool(info.get("progressive"))
        options["extra"] = b"".join(
            b"\xff\xed" + (2 + len(data)).to_bytes(2, "big") + data
            for data in info.get("captions", ())
        )
        options |= {"comment": info["comment"]} if info.get("comment") else {}
    return options


def _deep_bytes(photo: Photo, pixels: np.ndarray, kind: str) -> bytes | None:
    """Colours of 16 bits a channel, which Pillow does not write; None for others."""
    if pixels.dtype != np.uint16 or pixels.shape[2] == 1:
        return None
    if kind == "PNG":
        return encode_png16(pixels)
    import tifffile  # comes with scikit-image; here: few pictures need it

    file, info, told = io.BytesIO(), photo.info, dict(photo.info.get("tags", {}))
    software = told.pop(_SOFTWARE, False)
    if FOLDERS & told.keys():
        warnings.warn("camera settings and place are left out of 16 bits in a TIFF", stacklevel=3)
    tags = [(tag, 2, None, told[tag], True) for tag in told.keys() - FOLDERS]
    tifffile.imwrite(
        file, pixels, photometric="rgb" if pixels.shape[2] > 2 else "minisblack",
        extrasamples=["unassalpha"] if pixels.shape[2] in (2, 4) else None, metadata=None,
        iccprofile=info.get("icc_profile"), extratags=tags, software=software, compression="zlib",
        resolution=info.get("dpi"), resolutionunit=2 if info.get("dpi") else None,
    )  # fmt: skip
    return file.getvalue()
