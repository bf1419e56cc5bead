"""Pictures blurred by one random path each, whose kernel is known: what restorers are judged on."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice

import torch
from torch import Tensor

from sharingan_lab.blur import Pair, degrade, random_kernels
from sharingan_lab.checks import check_rng
from sharingan_lab.datasets.photos import photo, photo_names
from sharingan_lab.datasets.weeds import weed_fields
from sharingan_lab.errors import InputError


def sharp_fields(n: int, side: int = 256, *, rng: torch.Generator) -> Iterator[Tensor]:
    """Draw weed fields one after another, each (1, 3, side, side).

    Examples
    --------
    >>> [field.shape[0] for field in sharp_fields(2, 64, rng=torch.Generator().manual_seed(0))]
    [1, 1]
    """
    return (weed_fields(1, side, rng=rng)[0] for _ in range(n))


def sharp_crops(
    n: int, side: int = 256, *, names: Sequence[str] = (), rng: torch.Generator
) -> Iterator[Tensor]:
    """Cut random squares (1, 3, side, side) from the bundled photographs, each in its turn.

    Parameters
    ----------
    n, side : int
        How many, and their side in pixels.
    names : sequence of str
        Of which photographs; those in colour if left out.
    rng : torch.Generator
        Chooses the places.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> [crop.shape[-1] for crop in sharp_crops(2, 64, names=["coffee"], rng=rng)]
    [64, 64]
    """
    check_rng(rng)
    for name in islice(cycle(names or photo_names()), n):
        image = photo(name)
        room = [length - side for length in image.shape[-2:]]
        if min(room) < 0:
            raise InputError(
                f"no square of {side} pixels in {name}: take at most {side + min(room)}"
            )
        top, left = (int(torch.randint(r + 1, (), generator=rng)) for r in room)
        yield image[..., top : top + side, left : left + side]


def blurred_pairs(
    sharp: Iterator[Tensor],
    kernel_size: int = 31,
    *,
    noise_std: float = 0.01,
    rng: torch.Generator,
) -> Iterator[Pair]:
    """Blur each picture by a random path of its own, and add noise.

    Parameters
    ----------
    sharp : iterator of Tensor
        Pictures (1, 3, H, W).
    kernel_size : int
        Side of the kernels in pixels; the paths' length follows, see
        :func:`~sharingan_lab.blur.random_kernels`.
    noise_std : float
        Standard deviation of the noise.
    rng : torch.Generator
        Source of paths and noise; may be the one that the pictures come from.

    Examples
    --------
    >>> rng = torch.Generator().manual_seed(0)
    >>> pair = next(blurred_pairs(sharp_fields(1, 64, rng=rng), 9, rng=rng))
    >>> pair.blurred.shape, pair.kernel.shape
    (torch.Size([1, 3, 64, 64]), torch.Size([1, 9, 9]))
    """
    for image in sharp:
        kernel = random_kernels(1, kernel_size, rng=rng)
        yield Pair(degrade(image, kernel, noise_std=noise_std, rng=rng), image, kernel)
