"""What lens and file do to a picture, besides motion: a little softness, and JPEG's blocks."""

import torch
import torch.nn.functional as F
from torch import Tensor

from sharingan_lab.blur.convolution import convolve_inside

# Quantisation tables of the JPEG standard (ITU-T T.81, annex K.1), for a quality of 50.
_LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
_CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99), (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99), (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)  # fmt: skip
# Luminance and two differences from it, and back, as JFIF has them.
_TO_YCC = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136, -0.714136), (1.0, 1.772, 0.0))


def soften(images: Tensor, deviation: Tensor) -> Tensor:
    """Blur images (n, c, h, w) by Gaussians of these deviations in pixels (n,), up to about 1."""
    places = torch.arange(-2, 3, device=images.device)
    taps = torch.exp(-(places**2) / (2 * deviation[:, None].clamp(min=0.05) ** 2))
    taps = (taps / taps.sum(dim=1, keepdim=True)).to(images)
    kernels = taps[:, :, None] * taps[:, None, :]
    return convolve_inside(F.pad(images, (2, 2, 2, 2), mode="reflect"), kernels)


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Compress images (n, 3, h, w) by JPEG and read them back.

    Baseline, colour at half size (4:2:0); the quality (n,), 1 to 100, is on the scale of libjpeg.

    Examples
    --------
    >>> grey = torch.full((1, 3, 16, 16), 0.5)
    >>> float((jpeg(grey, torch.tensor([75.0])) - grey).abs().max()) < 0.01
    True
    """
    height, width = images.shape[-2:]
    whole = F.pad(images, (0, -width % 16, 0, -height % 16), mode="replicate")
    ycc = _mix(whole * 255 - 128, _TO_YCC).round()  # whole numbers at every stage, as in files
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality) / 100
    light = _quantise(ycc[:, :1], _LUMINANCE, scale)
    colour = _quantise(F.avg_pool2d(ycc[:, 1:], 2).round(), _CHROMINANCE, scale)
    colour = F.interpolate(colour, scale_factor=2.0, mode="bilinear").round()
    back = _mix(torch.cat([light, colour], dim=1), _TO_RGB)
    return ((back + 128).round() / 255).clamp(0, 1)[..., :height, :width]


# Products and no convolutions below: those may be of ten bits on a GPU (TF32), and round otherwise.


def _mix(images: Tensor, matrix: tuple | Tensor) -> Tensor:
    """Turn the channels of each pixel into others."""
    matrix = torch.as_tensor(matrix, dtype=images.dtype).to(images.device, non_blocking=True)
    return (matrix @ images.flatten(2)).unflatten(2, images.shape[2:])


def _quantise(planes: Tensor, table: tuple, scale: Tensor) -> Tensor:
    """Round the cosine transform of each block of 8 x 8 to multiples of the scaled table."""
    table = torch.tensor(table).flatten().to(planes.device, non_blocking=True)
    steps = table * scale[:, None]
    steps = steps.round().clamp(1, 255)[:, None, :, None, None]
    waves = _waves(planes.device).flatten(1)
    blocks = F.pixel_unshuffle(planes.flatten(0, 1)[:, None], 8)
    found = _mix(blocks, waves).unflatten(0, planes.shape[:2])
    kept = (found / steps).round() * steps
    blocks = _mix(kept.flatten(0, 1), waves.T)
    return F.pixel_shuffle(blocks, 8).view(planes.shape).round()


def _waves(device: torch.device) -> Tensor:
    """The patterns (64, 1, 8, 8) of the discrete cosine transform, orthonormal."""
    place = torch.arange(8, dtype=torch.float32, device=device)
    line = torch.cos(torch.pi / 8 * (place + 0.5) * place[:, None]) / 2
    line[0] /= 2**0.5
    return torch.einsum("vy,ux->vuyx", line, line).reshape(64, 1, 8, 8)
