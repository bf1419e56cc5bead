"""Which seeds there are."""

from numbers import Integral

from sharingan_lab.errors import ConfigError

LARGEST = 2**63 - 1  # torch takes more; room for `seed + 1`, as lessons have it


def check_seed(seed: int) -> int:
    """Return a seed if torch, NumPy and files of settings all take it, or raise a ConfigError."""
    if not isinstance(seed, Integral) or isinstance(seed, bool) or not 0 <= seed <= LARGEST:
        raise ConfigError(f"seed={seed!r}: must be a whole number from 0 to {LARGEST}")
    return seed
