"""What the functions of this package ask of images and kernels, in errors that name the value."""

import torch
from torch import Tensor

from sharingan_lab.errors import InputError


def check_images(images: Tensor) -> None:
    """Raise InputError unless these are images (N, 1 or 3, H, W), floating-point and finite."""
    if not isinstance(images, Tensor):
        raise InputError(f"images must be a torch.Tensor, got {type(images).__name__}")
    shape = tuple(images.shape)
    if images.dtype not in (torch.float32, torch.float64):
        raise InputError(
            f"images must be float32 in [0, 1], got {images.dtype}; divide 8-bit pixels by 255"
        )
    if len(shape) == 4 and shape[1] not in (1, 3) and shape[3] in (1, 3):
        raise InputError(
            f"images must be (N, 3, H, W), got channels last {shape}; use .permute(0, 3, 1, 2)"
        )
    if len(shape) != 4 or shape[1] not in (1, 3) or 0 in shape:
        raise InputError(f"images must be (N, 3, H, W), or (N, 1, H, W) for grey, got {shape}")
    if not bool(images.isfinite().all()):
        raise InputError("images hold NaN or infinity; every pixel must be finite")


def check_kernels(kernels: Tensor, images: Tensor) -> None:
    """Raise InputError unless these are usable blur kernels for these images."""
    check_light(kernels)
    shape, (n, _, height, width) = tuple(kernels.shape), images.shape
    if len(shape) != 3 or shape[1] != shape[2] or shape[0] not in (1, n) or shape[1] == 0:
        raise InputError(f"kernels must be (1, k, k) or ({n}, k, k) for {n} images, got {shape}")
    if shape[1] > min(height, width):
        raise InputError(
            f"a kernel of {shape[1]} x {shape[1]} is larger than the image of {height} x {width}; "
            "make it smaller or the image larger"
        )


def check_light(kernels: Tensor) -> None:
    """Raise InputError unless these kernels (..., k, k) are amounts of light."""
    if not isinstance(kernels, Tensor) or not kernels.is_floating_point():
        kind = kernels.dtype if isinstance(kernels, Tensor) else type(kernels).__name__
        raise InputError(f"kernels must be a floating-point torch.Tensor, got {kind}")
    if kernels.ndim < 2:
        raise InputError(f"kernels must be (n, k, k), got {tuple(kernels.shape)}")
    totals = kernels.sum(dim=(-2, -1))
    if not bool(totals.isfinite().all()) or bool((kernels < 0).any()):
        raise InputError("kernels hold NaN, infinity or negative values; light cannot be negative")
    if not bool((totals > 0).all()):
        raise InputError("a kernel sums to zero: without exposure there is no image")


def check_number(name: str, value: float, low: float, high: float = float("inf")) -> None:
    """Raise InputError unless ``low <= value <= high`` and the value is finite."""
    if not (low <= value <= high and abs(value) < float("inf")):
        bound = f"{low:g} or more" if high == float("inf") else f"from {low:g} to {high:g}"
        raise InputError(f"{name} must be a finite number, {bound}, got {value!r}")
