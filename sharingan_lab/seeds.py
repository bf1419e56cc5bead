"""Which seeds there are."""

from numbers import Integral

from sharingan_lab.errors import ConfigError

LARGEST = 2**63 - 1  # torch takes more; room for `seed + 1`, as lessons have it


def check_seed(seed: int) -> int:
    """Return a seed if torch, NumPy and files of settings all take it.

    Raises
    ------
    ConfigError
        It is no whole number from 0 to 2**63 - 1.

    Examples
    --------
    >>> check_seed(2**64)
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.ConfigError: seed=18446744073709551616: must be a whole number from 0 to
    9223372036854775807
    """
    if not isinstance(seed, Integral) or isinstance(seed, bool) or not 0 <= seed <= LARGEST:
        raise ConfigError(f"seed={seed!r}: must be a whole number from 0 to {LARGEST}")
    return seed
