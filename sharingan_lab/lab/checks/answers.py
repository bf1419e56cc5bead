"""How checks read what students write: each reader says what is wrong with an answer's kind."""

import math
from numbers import Real

import torch
from torch import Tensor

from sharingan_lab.lab.checks.verdict import NotYet, Open, expect


def shown(value: object) -> str:
    """Write an answer short enough for a message.

    >>> shown(1 / 3), shown(torch.zeros(2, 3)), shown([0.38, 2.29])
    ('0.3333', 'a tensor (2, 3)', '[0.38, 2.29]')
    """
    if isinstance(value, Tensor):
        return shown(value.item()) if value.dim() == 0 else f"a tensor {tuple(value.shape)}"
    if isinstance(value, bool) or not isinstance(value, Real):
        text = " ".join(repr(value).split())
        return text if len(text) < 80 else f"{text[:77]}..."
    return f"{float(value):.4g}"


def number(value: object, name: str = "your answer") -> float:
    """Read one finite number."""
    if value is None:
        raise NotYet(f"{name} is None", "a number", f"write a number for {name} in the cell above")
    if isinstance(value, str):
        raise NotYet(f"{name} is the text {value!r}", "a number", "leave out the quotes and units")
    if isinstance(value, list | tuple | set) and len(value) == 1:
        raise NotYet(f"{name} is {shown(value)}", "a number", "leave out the brackets")
    try:
        value = value.item() if hasattr(value, "item") else value
    except (ValueError, RuntimeError):
        raise NotYet(f"{name} is {shown(value)}", "one number", "take its mean, or pick") from None
    good = isinstance(value, Real) and not isinstance(value, bool)
    expect(good, f"{name} is {shown(value)}", "a number", "write it as 0.5 or 1 / 2")
    look = "a division by 0, or the logarithm of 0 or less"
    expect(math.isfinite(value), f"{name} is {value}", "a finite number", look)
    return float(value)


def numbers(value: object, name: str = "your answer") -> list[float]:
    """Read some numbers; one alone will do."""
    if hasattr(value, "flatten"):  # of torch or NumPy
        value = value.flatten().tolist()
    values = list(value) if isinstance(value, list | tuple | set) else [value]
    if not values:
        raise Open(f"put numbers into {name}.")
    return [number(each, f"a value of {name}") for each in values]


def tensor(value: object, shape: tuple[int | None, ...], name: str = "your answer") -> Tensor:
    """Read a finite tensor of a shape; None there stands for any size."""
    wanted = f"a tensor ({', '.join('any' if n is None else str(n) for n in shape)})"
    if value is None:
        raise Open(f"{name} is None: it should become {wanted}.")
    expect(isinstance(value, Tensor), f"{name} is {shown(value)}", wanted, "a tensor of torch")
    fits = value.dim() == len(shape) and all(
        n in (None, m) for n, m in zip(shape, value.shape, strict=True)
    )
    expect(fits, f"{name} has shape {tuple(value.shape)}", wanted, "its axes, one by one")
    look = "a division by 0, the logarithm of 0 or less, the root of a negative number"
    expect(value.isfinite().all(), f"{name} has NaN or infinite values", "finite ones", look)
    return value.detach().double().cpu()


def scalar(value: object, name: str) -> Tensor:
    """Read the one number that a student's function returns, with its graph."""
    if value is None:
        raise Open(f"{name} returns None: write its body in the cell above.")
    if isinstance(value, Real) and not isinstance(value, bool):
        value = torch.tensor(float(value))
    expect(isinstance(value, Tensor), f"{name} returns {shown(value)}", "one number", "its return")
    seen = f"{name} returns {value.numel()} numbers, shape {tuple(value.shape)}"
    look = "one number for all of them: .mean(), or .sum() where the text says so"
    expect(value.numel() == 1, seen, "one number", look)
    look = "a division by 0, or the logarithm of 0 or less"
    expect(value.isfinite().all(), f"{name} returns {value.item()}", "a finite number", look)
    return value.reshape(())


def close(seen: object, expected: object, tolerance: float = 1e-4) -> bool:
    """Tell whether two numbers agree, relative to the larger of 1 and what is expected."""
    seen, expected = (float(torch.as_tensor(value).detach()) for value in (seen, expected))
    return abs(seen - expected) <= tolerance * max(1.0, abs(expected))


def near(seen: Tensor, expected: Tensor, tolerance: float = 1e-4) -> bool:
    """Tell whether two tensors of one shape agree everywhere."""
    seen, expected = seen.detach().double().cpu(), expected.detach().double().cpu()
    return seen.shape == expected.shape and bool((seen - expected).abs().max() <= tolerance)


def dice(seed: int = 0) -> torch.Generator:
    """Return the random numbers of a check: the same each time, and nobody else's."""
    return torch.Generator().manual_seed(seed)
