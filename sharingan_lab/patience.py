"""How long a kernel or a cell is waited for: a limit that only ends what hangs."""

import math
import os

from sharingan_lab.errors import ConfigError

_SECONDS = 600


def patience() -> int:
    """Seconds after which something hangs: ten minutes, or ``$SHARINGAN_PATIENCE`` times as long.

    Examples
    --------
    >>> patience() % 60
    0
    """
    text = os.environ.get("SHARINGAN_PATIENCE") or "1"
    try:
        seconds = math.ceil(_SECONDS * float(text))
    except (OverflowError, ValueError):
        seconds = 0
    if seconds < 1:
        raise ConfigError(
            f"SHARINGAN_PATIENCE={text!r}: must be a number above 0, such as 3 to wait three times "
            "as long"
        )
    return seconds
