"""What public functions ask of tensors and numbers: errors say what was given and what to do.

Pictures have black at 0 and white at 1. What noise, ringing or rounding adds beyond may come along,
unclipped; another range, such as 0 to 255 or -1 to 1, is refused: it would give a wrong picture.
"""

import math
from collections.abc import Sequence
from numbers import Integral, Real

import torch
from torch import Tensor

from sharingan_lab.errors import ConfigError, InputError

SLACK = 0.5  # how far beyond black and white noise may lead: five deviations of a strong 0.1
LIGHT = 31.0  # where only light is moved or added: lamps are brighter than white, differences < 0
FLOATS = (torch.float32, torch.float64)
_MOST = 2**31 - 1  # more than this is no size or number of anything here
Range = float | tuple[float, float]  # a setting, or from where to where each item draws its own


def check_images(
    images: Tensor,
    name: str = "images",
    *,
    channels: tuple[int, ...] = (1, 3),
    slack: float = SLACK,
) -> None:
    """Raise InputError unless these are images: shape, type and every value.

    They should be (N, C, H, W), C one of `channels`, float32 or float64, finite, and in [0, 1],
    give or take `slack`.

    Examples
    --------
    >>> check_images(torch.tensor([0.0, 255.0]).view(1, 1, 1, 2))
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.InputError: images must lie in [0, 1], got float32 (1, 1, 1, 2) from 0 to \
    255: divide by the value of white, 255 for 8 bits
    """
    check_layout(images, name, channels)
    check_pixels(images, name, slack=slack)


def check_layout(
    images: Tensor,
    name: str = "images",
    channels: tuple[int, ...] = (1, 3),
    types: tuple[torch.dtype, ...] = FLOATS,
) -> None:
    """Do the part of `check_images` that reads no values, so that no GPU is waited for."""
    remedy = _remedy(images, channels, types)
    if remedy is not None:
        form = " or ".join(f"(N, {c}, H, W)" for c in sorted(channels, reverse=True))
        kinds = " or ".join(_word(kind) for kind in types)
        raise InputError(f"{name} must be {kinds} {form}, got {describe(images)}: {remedy}")


def check_pixels(
    images: Tensor,
    name: str = "images",
    low: float = 0.0,
    slack: float = SLACK,
    finite: bool = True,
) -> None:
    """Raise InputError unless all values are in [low, 1], give or take `slack`, and finite."""
    darkest, brightest = torch.stack(torch.aminmax(images.detach())).tolist()
    if not math.isfinite(brightest - darkest):
        if not finite:
            return
        raise InputError(f"NaN or infinity in {name}: every pixel must be finite")
    if low - slack <= darkest and brightest <= 1 + slack:
        return
    remedy = "clip what noise adds: .clamp(0, 1)"
    if brightest > 2:
        remedy = "divide by the value of white, 255 for 8 bits"
    elif darkest < 0:
        remedy = f"if black is -1, take (x + 1) / 2, else {remedy}"
    raise InputError(f"{name} must lie in [{low:g}, 1], got {describe(images)}: {remedy}")


def check_passing(
    images: Tensor,
    name: str,
    weights: Tensor,
    *,
    training: bool,
    low: float = 0.0,
    slack: float = SLACK,
) -> None:
    """Do as `check_images` for what passes through a network, wherever that costs no waiting.

    Values are not read while torch compiles or a CUDA graph is recorded, nor in training on a GPU,
    which would have to be waited for at each step: who trains there checks the data before. NaN
    may pass in training: it ends in a loss that is not finite, whose origin the trainer names.
    """
    autocast = torch.is_autocast_enabled(weights.device.type)
    types = (weights.dtype, torch.bfloat16, torch.float16) if autocast else (weights.dtype,)
    check_layout(images, name, (3,), types)
    if torch.compiler.is_compiling() or (must_wait(images) and (training or _recording())):
        return
    check_pixels(images, name, low, slack=slack, finite=not training)


def must_wait(images: Tensor) -> bool:
    """Whether reading a value means to wait for the device that computes it."""
    return images.device.type != "cpu"


def check_floats(values: Tensor, name: str, form: str) -> None:
    """Raise InputError unless this is a float32 or float64 tensor, not empty, of finite numbers."""
    if not isinstance(values, Tensor) or values.dtype not in FLOATS or values.numel() == 0:
        raise InputError(
            f"{name} must be a floating-point torch.Tensor {form}, float32 or float64, "
            f"got {describe(values)}"
        )
    if not bool(values.isfinite().all()):
        raise InputError(f"NaN or infinity in {name}: every value must be finite")


def check_light(kernels: Tensor, form: str = "(n, k, k)") -> None:
    """Raise InputError unless these kernels (..., k, k) are amounts of light."""
    check_floats(kernels, "kernels", form)
    if kernels.ndim < 2:
        raise InputError(f"kernels must be {form}, got {describe(kernels)}")
    if bool((kernels < 0).any()):
        raise InputError("negative values in kernels: light cannot be negative")
    if not bool((kernels.sum(dim=(-2, -1)) > 0).all()):
        raise InputError("a kernel sums to zero: without exposure there is no image")


def check_kernels(kernels: Tensor, images: Tensor) -> None:
    """Raise InputError unless these are usable blur kernels for these images."""
    n, _, height, width = images.shape
    form = f"(1, k, k) or ({n}, k, k) for {n} images"
    check_light(kernels, form)
    shape = tuple(kernels.shape)
    if len(shape) != 3 or shape[1] != shape[2] or shape[0] not in (1, n):
        raise InputError(f"kernels must be {form}, got {shape}")
    if shape[1] > min(height, width):
        raise InputError(
            f"a kernel of {shape[1]} x {shape[1]} is larger than the image of {height} x {width}; "
            "make it smaller or the image larger"
        )


def check_number(name: str, value: float, low: float, high: float = math.inf) -> None:
    """Raise InputError unless ``low <= value <= high`` and the value is a finite number."""
    if not (isinstance(value, Real) and low <= value <= high and abs(value) < math.inf):
        bound = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise InputError(f"{name} must be a finite number, {bound}, got {value!r}")


def check_count(name: str, value: int, least: int = 1, most: int = _MOST) -> None:
    """Raise InputError unless this is a whole number, `least` or more and at most `most`."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not least <= value <= most:
        too_large = whole and value > most
        bound = f"from {least} to {most}" if too_large or most < _MOST else f"at least {least}"
        raise InputError(f"{name} must be a whole number, {bound}, got {value!r}")


def check_rng(rng: torch.Generator) -> None:
    """Raise InputError unless this is a source of random numbers, as a seed is not.

    Examples
    --------
    >>> check_rng(7)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.InputError: rng must be a torch.Generator, got 7: write \
    torch.Generator().manual_seed(7)
    """
    if not isinstance(rng, torch.Generator):
        got, seed = (rng, int(rng)) if isinstance(rng, Integral) else (describe(rng), 0)
        raise InputError(
            f"rng must be a torch.Generator, got {got}: write torch.Generator().manual_seed({seed})"
        )


def check_range(name: str, value: Range, low: float, high: float = math.inf) -> tuple[float, float]:
    """Return both ends of a setting, a number or a range (low, high) within bounds; or InputError.

    Examples
    --------
    >>> check_range("noise_std", 0.01, 0), check_range("noise_std", (0, 0.02), 0)
    ((0.01, 0.01), (0, 0.02))
    """
    ends = value if isinstance(value, tuple) else (value, value)
    numbers = len(ends) == 2 and all(isinstance(end, Real) for end in ends)
    if not (numbers and low <= ends[0] <= ends[1] <= high and math.isfinite(ends[1])):
        bounds = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise InputError(f"{name}={value!r}: must be a number or a range (low, high), {bounds}")
    return ends


def check_choice(name: str, value: str, known: Sequence[str]) -> None:
    """Raise ConfigError unless a setting has one of the values that are known."""
    if value not in known:
        raise ConfigError(f"{name}={value!r}: choose from {', '.join(known)}")


def check_each(
    name: str, value: float | Tensor, n: int, form: str, low: float, high: float = math.inf
) -> Tensor:
    """Return one number, or one for each of n paths, as (n,) in double precision; or InputError."""
    check_count("n", n)
    try:
        numbers = torch.as_tensor(value, dtype=torch.float64)
    except (RuntimeError, TypeError, ValueError):  # a word, None, lists of unequal lengths
        numbers = torch.tensor(math.nan)
    fits = (low <= numbers) & (numbers <= high) & numbers.isfinite()
    if numbers.shape not in ((), (1,), (n,)) or not bool(fits.all()):
        got = describe(value) if hasattr(value, "shape") else repr(value)
        raise InputError(
            f"{name} must be one number {form}, or one for each of the {n} paths, got {got}"
        )
    return numbers.expand(n)


def describe(value: object) -> str:
    """Say what something is: its type, its shape, the range of its values.

    Examples
    --------
    >>> describe(torch.tensor([[0, 255]], dtype=torch.uint8)), describe([1.0])
    ('uint8 (1, 2) from 0 to 255', 'list')
    """
    kind = type(value).__name__
    if not hasattr(value, "dtype") or not hasattr(value, "shape"):
        return kind
    words = [_word(value.dtype), str(tuple(value.shape))]
    if isinstance(value, Tensor):
        value = value.detach()
    else:
        words.insert(0, kind)
    try:
        low, high = float(value.min()), float(value.max())
        words.append("with NaN" if math.isnan(low + high) else f"from {low:g} to {high:g}")
    except (RuntimeError, TypeError, ValueError):  # empty, complex or without order: no range
        pass
    return " ".join(words)


def _remedy(
    images: Tensor, channels: tuple[int, ...], types: tuple[torch.dtype, ...]
) -> str | None:
    """What turns this into images, or None if it has the shape and the type of images."""
    if not isinstance(images, Tensor):
        return "torch.from_numpy makes a tensor, sharingan_lab.images.from_uint8 an image of pixels"
    if images.dtype not in types:
        whole = not images.is_floating_point()
        return "divide 8-bit pixels by 255" if whole else f"use .to({types[0]})"
    shape = tuple(images.shape)
    if 0 in shape:
        return "there must be an image, and a pixel in it"
    if len(shape) == 4 and shape[1] in channels:
        return None
    if len(shape) == 4 and shape[1] == 1:
        return "repeat grey as three channels: .expand(-1, 3, -1, -1)"
    if len(shape) == 4 and shape[3] in (1, 3, 4):
        return "channels last, use .permute(0, 3, 1, 2)"
    if len(shape) == 3 and shape[0] in channels:
        return "[None] makes a batch of one image"
    if len(shape) == 3 and shape[2] in (1, 3, 4):
        return "channels last, use .permute(2, 0, 1)[None]"
    if len(shape) == 2:
        return f"[None, None].expand(1, {max(channels)}, -1, -1) makes an image of a grey one"
    return "give a batch of images, channels before height and width"


def _recording() -> bool:
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


def _word(kind: object) -> str:
    return str(kind).removeprefix("torch.")
