"""One random stream an item: the same numbers in whatever order and process items are asked for."""

import numpy as np
import torch


def seeded_rng(seed: int, *path: int) -> torch.Generator:
    """Make a random source from a seed and the place it is for, such as (epoch, index).

    Parameters
    ----------
    seed : int
        The run's seed, not negative.
    *path : int
        Numbers, not negative, that name the place; each place has its own stream.

    Returns
    -------
    torch.Generator
        On the CPU.

    Examples
    --------
    >>> first, again, other = (seeded_rng(0, 1, i).initial_seed() for i in (5, 5, 6))
    >>> first == again, first == other
    (True, False)
    """
    # SeedSequence drops trailing zeros, so the length of the path is mixed in as well.
    words = np.random.SeedSequence([seed, len(path), *path]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(words[0] >> np.uint64(1)))
