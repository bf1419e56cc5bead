"""A blurred picture beside what it should be."""

from typing import NamedTuple

from torch import Tensor


class Pair(NamedTuple):
    """A blurred picture (1, 3, H, W), the sharp one, and the kernel (1, k, k) where it is known.

    Examples
    --------
    >>> import torch
    >>> Pair(torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)).kernel is None
    True
    """

    blurred: Tensor
    sharp: Tensor
    kernel: Tensor | None = None
