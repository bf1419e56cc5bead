"""Pictures of every kind, and the way through the tool for them."""

import numpy as np
import torch
from PIL import Image, ImageCms
from torch import nn

from sharingan_lab.restore import restore_file

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
