"""Data sets that are trained on together."""

from torch.utils.data import ConcatDataset


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

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of every data set."""
        for dataset in self.datasets:
            dataset.set_epoch(epoch)
