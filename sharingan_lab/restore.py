"""Restore any picture: load a generator by name or path, and let it work."""

import contextlib
import math
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_images, describe
from sharingan_lab.device import check_device
from sharingan_lab.errors import CheckpointError, DataError, InputError, lacks_memory
from sharingan_lab.locations import named_path
from sharingan_lab.networks import DeepDeblur, Generator, LiteGenerator
from sharingan_lab.photo import as_channels, encode_photo, image_of, photo_of, read_photo
from sharingan_lab.picture_files import check_can_write
from sharingan_lab.storage import write_atomically
from sharingan_lab.tiles import SIDE, frozen_statistics, in_tiles
from sharingan_lab.training.checkpoints import find_weights, read_network
from sharingan_lab.weights import reason_of

OnProgress = Callable[[int, int], None] | None
_WHITE = {torch.uint8: 255, torch.uint16: 65535}
_ARRAYS = {torch.uint8, torch.uint16, torch.float32, torch.float64}  # which NumPy knows
_NETWORKS = {network.__name__: network for network in (Generator, LiteGenerator, DeepDeblur)}


def load_generator(name_or_path: str | os.PathLike = "lite", device: str = "cpu") -> nn.Module:
    """Load a trained generator, ready to restore.

    Parameters
    ----------
    name_or_path : str or path
        A name of :func:`shipped_generators`, a ``.safetensors`` file of this package, or the
        folder of a training run, whose newest undamaged checkpoint is taken.
    device : str or torch.device
        Where to put it.

    Returns
    -------
    nn.Module
        In evaluation mode: (N, 3, H, W) in [0, 1] in and out.

    Raises
    ------
    CheckpointError
        There are no such weights, or they are damaged.
    ConfigError
        There is no such device.

    Examples
    --------
    >>> load_generator("lite").training
    False
    """
    check_device(device)
    path = find_weights(name_or_path)
    name, settings, state = read_network(path)
    if name not in _NETWORKS:
        raise CheckpointError(f"{path} holds a {name}, which is no generator")
    try:
        generator = _NETWORKS[name](**settings)
        generator.load_state_dict(state)
    except (InputError, RuntimeError, TypeError) as error:
        raise CheckpointError(
            f"{path} does not fit {name}({settings}): {reason_of(error)}"
        ) from error
    return generator.to(device).eval()


def restore(images: Tensor, generator: nn.Module) -> Tensor:
    """Restore a batch of images.

    Parameters
    ----------
    images : Tensor
        (N, 3, H, W) in [0, 1], float32 or float64, any height and width.
    generator : nn.Module
        As :func:`load_generator` returns it. Its mode is left as it was; dropout is off meanwhile.

    Returns
    -------
    Tensor
        (N, 3, H, W) in [0, 1], of the type and on the device of `images`.

    Raises
    ------
    InputError
        The images are not as stated, or hold NaN.

    Examples
    --------
    >>> restore(torch.full((1, 3, 31, 50), 0.5), load_generator("lite")).shape
    torch.Size([1, 3, 31, 50])
    """
    check_images(images, channels=(3,))
    return torch.stack([_restored(image, generator) for image in images])


def deblur(
    photo: str | os.PathLike | Image.Image | np.ndarray | Tensor,
    model: str | os.PathLike | nn.Module = "lite",
) -> Image.Image | np.ndarray | Tensor:
    """Restore a photo of any kind, and give back one of the same kind.

    Parameters
    ----------
    photo : path, PIL.Image.Image, ndarray or Tensor
        An image file; an image of any mode of Pillow's; an array (H, W) or (H, W, C) of grey, grey
        and alpha, RGB, or RGB and alpha, uint8, uint16, or floats in [0, 1]; or a tensor (C, H, W)
        or (N, C, H, W) of the same. Any size.
    model : str, path or nn.Module
        As :func:`load_generator` takes it, or what it returned, on any device.

    Returns
    -------
    PIL.Image.Image, ndarray or Tensor
        As the photo in everything but sharpness; of a path an image, upright. Transparency is the
        same, and colours that it hides are; a palette, which has no place for new colours, becomes
        RGB.

    Raises
    ------
    InputError, DataError
        It is no photo; the message says why.

    Examples
    --------
    >>> deblur(np.full((9, 12), 200, np.uint8)).shape
    (9, 12)
    >>> deblur(Image.new("LA", (12, 9))).mode
    'LA'
    """
    if not isinstance(photo, str | os.PathLike | Image.Image | np.ndarray | Tensor):
        raise InputError(
            f"expected a path, a Pillow image, an array or a tensor, got {describe(photo)}"
        )
    generator = model if isinstance(model, nn.Module) else load_generator(model)
    if isinstance(photo, Tensor):
        return _deblurred_tensor(photo, generator)
    if isinstance(photo, np.ndarray):
        native = photo.astype(photo.dtype.newbyteorder("="), copy=False)
        restored = _deblurred(as_channels(native), generator)
        return restored.reshape(photo.shape).astype(photo.dtype, copy=False)
    whole = photo_of(photo) if isinstance(photo, Image.Image) else read_photo(photo)
    return image_of(whole, _deblurred(whole.pixels, generator))


def restore_file(
    path: str | os.PathLike,
    out: str | os.PathLike,
    generator: nn.Module | None = None,
    *,
    quality: int | None = None,
    on_progress: OnProgress = None,
) -> Path:
    """Restore one image file and write the result, whole or not at all.

    What else the file holds is kept: transparency, 16 bits, colour profile, Exif data, texts,
    strength of compression where the format is the same.

    Parameters
    ----------
    path, out : path
        Image to read and file to write; its ending says the format.
    generator : nn.Module, optional
        The shipped "lite" by default.
    quality : int, optional
        Of a JPEG or WebP, from 1 to 100.
    on_progress : callable, optional
        Called with the parts that are done and their number: a large photo is restored in parts.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    DataError
        The file cannot be read as an image, or needs more memory than there is.
    InputError
        The format of `out` cannot hold the picture.

    Examples
    --------
    >>> import tempfile
    >>> from sharingan_lab.images import write_image
    >>> folder = Path(tempfile.mkdtemp())
    >>> blurred = write_image(torch.full((1, 3, 9, 12), 0.5), folder / "blurred.png")
    >>> restore_file(blurred, folder / "restored.png").name
    'restored.png'
    """
    out = named_path(out)
    check_can_write(out)
    try:
        photo = read_photo(path)
        if photo.pictures > 1:
            warnings.warn(
                f"{path} holds {photo.pictures} pictures: the first is restored", stacklevel=2
            )
        pixels = _deblurred(photo.pixels, generator or load_generator(), on_progress)
        data = encode_photo(photo, pixels, out.name, quality=quality)
    except (MemoryError, RuntimeError) as error:
        if not lacks_memory(error):
            raise
        raise DataError(f"{path} needs more memory than there is here: make it smaller") from error
    return write_atomically(out, data)


def _deblurred_tensor(photo: Tensor, generator: nn.Module) -> Tensor:
    if photo.is_nested or photo.is_meta or photo.layout != torch.strided:
        raise InputError(
            "expected a dense tensor with values: .to_dense() makes one of a sparse one"
        )
    if photo.dtype not in _ARRAYS:
        raise InputError(f"expected uint8, uint16 or floats, got {describe(photo)}: use .float()")
    images = photo if photo.ndim == 4 else photo[None]
    if photo.ndim not in (3, 4) or images.shape[1] not in range(1, 5) or not images.numel():
        raise InputError(f"expected a tensor (C, H, W) or (N, C, H, W), got {describe(photo)}")
    arrays = [as_channels(image.detach().cpu().permute(1, 2, 0).numpy()) for image in images]
    done = [torch.from_numpy(_deblurred(array, generator)) for array in arrays]
    return torch.stack(done).permute(0, 3, 1, 2).to(photo.device).reshape(photo.shape)


def _deblurred(
    pixels: np.ndarray, generator: nn.Module, on_progress: OnProgress = None
) -> np.ndarray:
    """Restore what is colour of pixels (H, W, C), see :class:`sharingan_lab.photo.Photo`."""
    out = pixels.copy()
    colours = out[..., : 1 if pixels.shape[2] < 3 else 3]
    image = torch.from_numpy(colours).permute(2, 0, 1).expand(3, -1, -1)
    restored = _restored(image, generator, on_progress).permute(1, 2, 0).numpy()
    if colours.shape[2] == 1:
        restored = _grey(restored)
    colours[:] = restored
    if pixels.shape[2] in (2, 4):
        hidden = pixels[..., -1] == 0
        out[hidden] = pixels[hidden]
    return out


def _grey(colours: np.ndarray) -> np.ndarray:
    """The mean of three channels (H, W, 1): they came from one, and differ hardly."""
    mean = colours.mean(axis=2, dtype=np.float64, keepdims=True)
    return (mean if colours.dtype.kind == "f" else mean.round()).astype(colours.dtype)


def _restored(image: Tensor, generator: nn.Module, on_progress: OnProgress = None) -> Tensor:
    """Restore one image (3, H, W) of any type; a large one in tiles."""
    if not isinstance(generator, nn.Module):
        raise InputError(f"expected a network, got {generator!r}: load_generator() loads one")
    white = _WHITE.get(image.dtype, 1)
    weights = next(generator.parameters())

    def work(tile: Tensor) -> Tensor:
        restored = generator(tile[None].to(weights) / white)[0].clamp(0, 1) * white
        return (restored.round() if white > 1 else restored).to(image)

    was_training = generator.training
    generator.eval()
    try:
        with torch.no_grad(), contextlib.ExitStack() as stack:
            if image[0].numel() > SIDE * SIDE:
                reduced = _reduced(image).to(weights)[None] / white
                stack.enter_context(frozen_statistics(generator, reduced))
            return in_tiles(image, work, on_progress=on_progress)
    finally:
        generator.train(was_training)


def _reduced(image: Tensor) -> Tensor:
    """Means over blocks of an image, as floats, so many that it is one tile."""
    factor = math.ceil(math.sqrt(image[0].numel()) / SIDE)
    rows = [
        F.avg_pool2d(image[:, at : at + factor].float(), factor, ceil_mode=True)
        for at in range(0, image.shape[1], factor)
    ]
    return torch.cat(rows, dim=1)
