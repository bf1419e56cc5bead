"""Where the explorer's photograph comes from: bundled, given, or brought by the reader."""

import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from sharingan_lab.datasets.photos import photo
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import read_image
from sharingan_lab.lab.explorers.blur.settings import KERNEL_SIZE

_TRANSPARENCY = "what the file stores beneath shows there, often black."
WORKING_SIDE = 256  # a working copy has at most as many pixels as a square of this side


class Picture(NamedTuple):
    """A photograph at working size, its name, the Python that makes it, and what to know of it."""

    pixels: Tensor
    name: str
    imports: str
    python: str
    note: str = ""


def bundled(name: str) -> Picture:
    """Return one of `photo_names`, a square of 256 pixels."""
    imports = "from sharingan_lab.datasets import photo"
    return Picture(photo(name, WORKING_SIDE), name, imports, f"photo({name!r}, {WORKING_SIDE})")


def brought(name: str, content: bytes) -> Picture:
    """Read an uploaded file of any format that Pillow knows, turned upright as its EXIF says.

    A DataError says that it is no image, or too small.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "picture")
        file.write_bytes(content)
        try:
            image, see_through = read_image(file), _is_see_through(file)
        except DataError as error:
            raise DataError(f"cannot read {name} as an image: bring a PNG or JPEG file") from error
    imports = (
        "from sharingan_lab.images import read_image\nfrom sharingan_lab.lab import working_copy"
    )
    python = f"working_copy(read_image({name!r}))"
    note = f"{name} is transparent in places: {_TRANSPARENCY}" if see_through else ""
    try:
        return Picture(working_copy(image), name, imports, python, note)
    except InputError as error:
        raise DataError(f"cannot use {name}: {error}") from error


def _is_see_through(file: Path) -> bool:
    with Image.open(file) as picture:
        if not picture.has_transparency_data:
            return False
        return picture.convert("RGBA").getchannel("A").getextrema()[0] < 255


def working_copy(image: Tensor) -> Tensor:
    """Reduce a photograph (1, 3, H, W) to about 65,000 pixels, so that a redraw is quick.

    It keeps its proportions; a smaller one is left as it is. A side below 64 pixels is refused.

    Examples
    --------
    >>> import torch
    >>> working_copy(torch.rand(1, 3, 1080, 1920)).shape
    torch.Size([1, 3, 192, 341])
    """
    height, width = image.shape[-2:]
    scale = min(1.0, WORKING_SIDE / (height * width) ** 0.5)
    size = [int(side * scale) for side in (height, width)]
    if min(size) < KERNEL_SIZE:
        at = f" at working size {size[1]} × {size[0]}" if scale < 1 else ""
        raise InputError(
            f"{width} × {height} pixels{at} are too few, each side needs at least {KERNEL_SIZE}"
        )
    if scale == 1:
        return image
    return interpolate(image, size, mode="bicubic", antialias=True).clamp(0, 1)


def first(image: Tensor | str | None) -> Picture:
    """Return the photograph to begin with: given, named, or the astronaut."""
    if isinstance(image, Tensor):
        return Picture(image, "your image", "", "image  # the tensor that you gave")
    return bundled(image or "astronaut")
