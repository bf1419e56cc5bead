"""Random numbers that belong to an item, for many items at once, on any device.

A `torch.Generator` is one stream: to give each item of a batch its own takes a loop over the items.
Here a number follows from its item's key and its place alone, by a hash, so that a batch is drawn
in one go, and an item is the same in whatever batch, order, process or device.

References
----------
.. [1] Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: the
       hash. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011: the idea.
"""

import math

import numpy as np
import torch
from torch import Tensor

_STRIDE = 0x9E3779B97F4A7C15 - 2**64  # 2**64 / golden ratio, as a signed word
_FIRST, _SECOND = 0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64


def item_keys(*path: int | Tensor) -> Tensor:
    """Make one key an item (n,) from the whole numbers that name it, such as (seed, epoch, index).

    At least one of the numbers is a tensor (n,), of one for each item.

    Examples
    --------
    >>> keys = item_keys(0, 1, torch.tensor([5, 6, 5]))
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    key = torch.zeros((), dtype=torch.int64)
    for number in path:
        key = _hash((key ^ number) + _STRIDE)
    return key


def words(keys: Tensor, count: int, stream: int = 0) -> Tensor:
    """Draw whole numbers below ``2**62``, evenly distributed: (n, count), int64.

    The numbers of the keys (n,) come on these' device; each stream has its own.
    """
    start = _hash((keys ^ stream) + _STRIDE)
    places = torch.arange(1, count + 1, device=keys.device) * _STRIDE
    return _shift(_hash(start[:, None] + places), 2)


def uniform(keys: Tensor, count: int, stream: int = 0) -> Tensor:
    """Draw numbers evenly from [0, 1): (n, count), double precision; see :func:`words`."""
    return (words(keys, count, stream) >> 9).double() / 2**53


def normal_like(images: Tensor, keys: Tensor, stream: int = 0) -> Tensor:
    """Draw standard normal numbers, one for each value of images (n, ...)."""
    count = images[0].numel()
    bits = words(keys, (count + 1) // 2, stream)
    # Box and Muller: each word gives a length and a direction, and so two numbers
    length = torch.sqrt(-2 * torch.log((_shift(bits, 31).float() + 0.5) / 2**31))
    turn = (bits & (2**31 - 1)).float() * (2 * math.pi / 2**31)
    both = torch.cat([length * turn.cos(), length * turn.sin()], dim=1)
    return both[:, :count].view(images.shape)


def seeded_rng(seed: int, *path: int) -> torch.Generator:
    """Make a random source of its own for one item: from the seed and the numbers that name it."""
    # SeedSequence drops trailing zeros, so the length of the path is mixed in as well.
    words = np.random.SeedSequence([seed, len(path), *path]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(words[0] >> np.uint64(1)))


def _hash(words: Tensor) -> Tensor:
    """The finaliser of SplitMix64: every bit of the result depends on every bit given."""
    words = (words ^ _shift(words, 30)) * _FIRST
    words = (words ^ _shift(words, 27)) * _SECOND
    return words ^ _shift(words, 31)


def _shift(words: Tensor, bits: int) -> Tensor:
    """Shift to the right as unsigned words do."""
    return (words >> bits) & (2 ** (64 - bits) - 1)
