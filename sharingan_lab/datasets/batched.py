"""Pairs of which a batch is made at once: what all such data sets have in common, and their mix."""

import bisect
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset

from sharingan_lab.datasets.draws import item_keys
from sharingan_lab.seeds import check_seed

Pair = tuple[Tensor, Tensor]  # blurred, sharp
Batch = tuple[Sequence[Tensor], Sequence[Tensor]]


class BatchedPairs(Dataset):
    """`items` pairs that follow from (seed, epoch, index) alone; a batch of them is made at once.

    A loader asks for a whole batch at once. One with ``persistent_workers`` keeps old copies of the
    data set: make a new loader (or leave that switch off) for :meth:`set_epoch` to be seen.

    Examples
    --------
    >>> class Indices(BatchedPairs):
    ...     def make(self, indices, keys):
    ...         return indices, 2 * indices
    >>> Indices(items=3, seed=0)[2]
    (tensor(2), tensor(4))
    """

    def __init__(self, items: int, seed: int) -> None:
        self.items = items
        self.seed = check_seed(seed)
        self.epoch = 0

    def make(self, indices: Tensor, keys: Tensor) -> Batch:
        """Make the blurred and the sharp images of some items from their keys (n,)."""
        raise NotImplementedError

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch: other random numbers for the same indices."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.items

    def __getitem__(self, index: int) -> Pair:
        """Return (blurred, sharp), each (3, crop, crop) in [0, 1]."""
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: list[int]) -> list[Pair]:
        """Return the items of a batch, made together."""
        check_indices(indices, self.items)
        numbers = torch.tensor(indices)
        made = self.make(numbers, item_keys(self.seed, self.epoch, numbers))
        return list(zip(*made, strict=True))


def check_indices(indices: Sequence[int], items: int) -> None:
    """Raise IndexError for an index that is none of an item; none is counted from the end."""
    for index in indices:
        if not 0 <= index < items:
            raise IndexError(f"item {index} of {items}")


def take_items(dataset: Dataset, indices: list[int]) -> list[Pair]:
    """Take items together where a data set can make them so, else one by one."""
    together = getattr(dataset, "__getitems__", None)
    return together(indices) if together else [dataset[index] for index in indices]


class MixedPairs(ConcatDataset):
    """Data sets one behind the other, as one: a loader that shuffles mixes them by their lengths.

    Parameters
    ----------
    datasets : iterable of Dataset
        Each with ``set_epoch``, their items of one size and on one device.

    Examples
    --------
    >>> from sharingan_lab.datasets import SyntheticBlurPairs, photo
    >>> one, two = (
    ...     SyntheticBlurPairs([photo(name)[0]], crop=32, seed=0, items=items)
    ...     for name, items in (("chelsea", 2), ("coffee", 4))
    ... )
    >>> mixed = MixedPairs([one, two])
    >>> mixed.set_epoch(3)
    >>> len(mixed), bool((mixed[2][1] == two[0][1]).all())
    (6, True)
    """

    def __getitems__(self, indices: list[int]) -> list[Pair]:
        """Return the items of a batch, those of each data set made together."""
        check_indices(indices, len(self))
        owners = [bisect.bisect_right(self.cumulative_sizes, index) for index in indices]
        made: dict[int, Pair] = {}
        for owner in sorted(set(owners)):
            some = [i for i, o in zip(indices, owners, strict=True) if o == owner]
            dataset, first = self.datasets[owner], [0, *self.cumulative_sizes][owner]
            made |= zip(some, take_items(dataset, [i - first for i in some]), strict=True)
        return [made[index] for index in indices]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of every data set."""
        for dataset in self.datasets:
            dataset.set_epoch(epoch)
