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

import torch
from torch import Tensor

_STRIDE = 0x9E3779B97F4A7C15 - 2**64  # 2**64 / golden ratio, as a signed word
_FIRST, _SECOND = 0xBF58476D1CE4E5B9 - 2**64, 0x94D049BB133111EB - 2**64


def item_keys(*path: int | Tensor) -> Tensor:
    """Make one key an item from the numbers that name it, such as (seed, epoch, index).

    Parameters
    ----------
    *path : int or Tensor
        Whole numbers, or int64 tensors (n,) of one for each item; at least one is a tensor.

    Returns
    -------
    Tensor
        Keys (n,), int64.

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

    Parameters
    ----------
    keys : Tensor
        Keys (n,) of :func:`item_keys`, on the device where the numbers are wanted.
    count : int
        Numbers an item.
    stream : int
        What the numbers are for; each stream has its own.

    Examples
    --------
    >>> drawn = words(item_keys(0, torch.arange(4)), 1000)
    >>> drawn.shape, round(float((drawn.double() / 2**62).mean()), 1)
    (torch.Size([4, 1000]), 0.5)
    """
    start = _hash((keys ^ stream) + _STRIDE)
    places = torch.arange(1, count + 1, device=keys.device) * _STRIDE
    return _shift(_hash(start[:, None] + places), 2)


def uniform(keys: Tensor, count: int, stream: int = 0) -> Tensor:
    """Draw numbers evenly from [0, 1): (n, count), double precision; see :func:`words`.

    Examples
    --------
    >>> drawn = uniform(item_keys(0, torch.arange(4)), 1000)
    >>> bool((0 <= drawn).all() and (drawn < 1).all()), round(float(drawn.var()), 2)
    (True, 0.08)
    """
    return (words(keys, count, stream) >> 9).double() / 2**53


def normal_like(images: Tensor, keys: Tensor, stream: int = 0) -> Tensor:
    """Draw standard normal numbers, one for each value of images (n, ...).

    Examples
    --------
    >>> noise = normal_like(torch.zeros(2, 3, 64, 64), item_keys(0, torch.arange(2)))
    >>> noise.shape, round(float(noise.std()), 1)
    (torch.Size([2, 3, 64, 64]), 1.0)
    """
    count = images[0].numel()
    bits = words(keys, (count + 1) // 2, stream)
    # Box and Muller: each word gives a length and a direction, and so two numbers
    length = torch.sqrt(-2 * torch.log((_shift(bits, 31).float() + 0.5) / 2**31))
    turn = (bits & (2**31 - 1)).float() * (2 * math.pi / 2**31)
    both = torch.cat([length * turn.cos(), length * turn.sin()], dim=1)
    return both[:, :count].view(images.shape)


def _hash(words: Tensor) -> Tensor:
    """The finaliser of SplitMix64: every bit of the result depends on every bit given."""
    words = (words ^ _shift(words, 30)) * _FIRST
    words = (words ^ _shift(words, 27)) * _SECOND
    return words ^ _shift(words, 31)


def _shift(words: Tensor, bits: int) -> Tensor:
    """Shift to the right as unsigned words do."""
    return (words >> bits) & (2 ** (64 - bits) - 1)
