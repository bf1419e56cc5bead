"""Data sets that are trained on together."""

import bisect

from torch import Tensor
from torch.utils.data import ConcatDataset, Dataset

from sharingan_lab.datasets.batched import check_indices


def take_items(dataset: Dataset, indices: list[int]) -> list[tuple[Tensor, Tensor]]:
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

    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, Tensor]]:
        """Return the items of a batch, those of each data set made together."""
        check_indices(indices, len(self))
        owners = [bisect.bisect_right(self.cumulative_sizes, index) for index in indices]
        made: dict[int, tuple[Tensor, Tensor]] = {}
        for owner in sorted(set(owners)):
            some = [i for i, o in zip(indices, owners, strict=True) if o == owner]
            dataset, first = self.datasets[owner], [0, *self.cumulative_sizes][owner]
            made |= zip(some, take_items(dataset, [i - first for i in some]), strict=True)
        return [made[index] for index in indices]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of every data set."""
        for dataset in self.datasets:
            dataset.set_epoch(epoch)
