"""Settings that are one number, or a range from which each item draws its own."""

import math

import torch

from sharingan_lab.blur.trajectories import Range
from sharingan_lab.errors import InputError


def check_range(name: str, value: Range, low: float, high: float = math.inf) -> tuple[float, float]:
    """Return both ends of a setting; refuse what is no number or range within the bounds.

    Parameters
    ----------
    name : str
        What the message calls the setting.
    value : float or (float, float)
        One number, or the ends of a range.
    low, high : float
        Bounds; both belong to what is allowed, infinity does not.

    Returns
    -------
    (float, float)
        Ends of the range, equal for one number.

    Raises
    ------
    InputError
        The value is something else, leaves the bounds, or its ends are in the wrong order.

    Examples
    --------
    >>> check_range("noise_std", 0.01, 0), check_range("noise_std", (0, 0.02), 0)
    ((0.01, 0.01), (0, 0.02))
    """
    ends = value if isinstance(value, tuple) else (value, value)
    numbers = len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
    if not (numbers and low <= ends[0] <= ends[1] <= high and math.isfinite(ends[1])):
        bounds = f"{low:g} or more" if high == math.inf else f"from {low:g} to {high:g}"
        raise InputError(f"{name}={value!r}: must be a number or a range (low, high), {bounds}")
    return ends


def draw(ends: tuple[float, float], rng: torch.Generator) -> float:
    """Draw a number evenly from a range; one random number is used even where the ends are equal.

    Examples
    --------
    >>> draw((2.0, 2.0), torch.Generator().manual_seed(0))
    2.0
    """
    low, high = ends
    return low + (high - low) * float(torch.rand((), generator=rng))
