"""Restore any picture: load a generator by name or path, and let it work."""

import os
from pathlib import Path

import torch
from torch import Tensor, nn

from sharingan_lab.checks import check_images
from sharingan_lab.errors import CheckpointError, DataError
from sharingan_lab.images import read_image, write_image
from sharingan_lab.networks import DeepDeblur, Generator, LiteGenerator
from sharingan_lab.training.checkpoints import find_weights, read_network

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

    Examples
    --------
    >>> load_generator("lite").training
    False
    """
    path = find_weights(name_or_path)
    name, settings, state = read_network(path)
    if name not in _NETWORKS:
        raise CheckpointError(f"{path} holds a {name}, which is no generator")
    try:
        generator = _NETWORKS[name](**settings)
        generator.load_state_dict(state)
    except (RuntimeError, TypeError) as error:
        raise CheckpointError(f"{path} does not fit {name}({settings}): {error}") from error
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
    weights = next(generator.parameters())
    was_training = generator.training
    generator.eval()
    try:
        with torch.no_grad():  # one by one: the memory of one image, and no batch effects
            restored = [generator(image[None].to(weights)) for image in images]
    finally:
        generator.train(was_training)
    return torch.cat(restored).clamp(0, 1).to(images)


def restore_file(
    path: str | os.PathLike, out: str | os.PathLike, generator: nn.Module | None = None
) -> Path:
    """Restore one image file and write the result, whole or not at all.

    Parameters
    ----------
    path, out : path
        Image to read and file to write.
    generator : nn.Module, optional
        The shipped "lite" by default.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    DataError
        The file cannot be read as an image, or needs more memory than there is.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> blurred = write_image(torch.full((1, 3, 9, 12), 0.5), folder / "blurred.png")
    >>> restore_file(blurred, folder / "restored.png").name
    'restored.png'
    """
    try:
        restored = restore(read_image(path), generator or load_generator())
    except (MemoryError, RuntimeError) as error:  # torch has no kind of its own for a CPU's memory
        if not isinstance(error, MemoryError) and "memory" not in str(error):
            raise
        raise DataError(f"{path} needs more memory than there is here: make it smaller") from error
    return write_image(restored, out)
