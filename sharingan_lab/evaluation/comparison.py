"""Several methods on the same pictures, one picture at a time: every gain is paired."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from torch import Tensor

from sharingan_lab.blur.pair import Pair
from sharingan_lab.evaluation.intervals import Average, average
from sharingan_lab.evaluation.quality import psnr, ssim

ROW_ZERO = "blurred input"

Method = Callable[[Pair], Tensor]


@dataclass
class Comparison:
    """PSNR and SSIM of each picture by each method; :data:`ROW_ZERO` is what was to be restored.

    Attributes
    ----------
    psnr, ssim : dict of list
        Values in the order of the pictures, by the method. A method that was given fewer pictures
        was given the first ones.

    Examples
    --------
    >>> table = Comparison({ROW_ZERO: [20.0, 30.0]}, {ROW_ZERO: [0.5, 0.9]})
    >>> table.add("lite", 21.0, 0.6)
    >>> table.gain("lite").mean, table.made_worse("lite")
    (1.0, 0)
    """

    psnr: dict[str, list[float]] = field(default_factory=dict)
    ssim: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, decibels: float, similarity: float) -> None:
        """Note the next picture of a method."""
        self.psnr.setdefault(name, []).append(decibels)
        self.ssim.setdefault(name, []).append(similarity)

    def gains(self, name: str, measure: str = "psnr") -> list[float]:
        """How much better each picture is than the blurred one, in "psnr" or "ssim"."""
        values = getattr(self, measure)
        return [after - before for after, before in zip(values[name], values[ROW_ZERO])]  # noqa: B905

    def gain(self, name: str, measure: str = "psnr") -> Average:
        """Mean of the gains with its interval."""
        return average(self.gains(name, measure))

    def made_worse(self, name: str) -> int:
        """How many pictures have a lower PSNR than the blurred one."""
        return sum(gain < 0 for gain in self.gains(name))


def compare(
    pairs: Iterable[Pair],
    methods: Mapping[str, Method],
    *,
    at_most: Mapping[str, int] | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Comparison:
    """Restore each picture by each method, and measure; no picture is kept.

    Parameters
    ----------
    pairs : iterable of Pair
        Each is taken once.
    methods : mapping
        What restores, by its name in the table; the blurred input need not be among them.
    at_most : mapping, optional
        Slow methods, and on how many of the first pictures they are tried.
    on_progress : callable
        Called after each picture with the number of those done.

    Examples
    --------
    >>> import torch
    >>> rng = torch.Generator().manual_seed(0)
    >>> sharp = torch.rand(1, 3, 16, 16, generator=rng)
    >>> table = compare([Pair(0.9 * sharp, sharp)], {"brighter": lambda pair: pair.blurred / 0.95})
    >>> table.gain("brighter").mean > 5
    True
    """
    table, limits = Comparison(), at_most or {}
    methods = {ROW_ZERO: lambda pair: pair.blurred, **methods}
    for number, pair in enumerate(pairs, start=1):
        for name, method in methods.items():
            if number <= limits.get(name, number):
                image = method(pair)
                table.add(name, psnr(image, pair.sharp).item(), ssim(image, pair.sharp).item())
        on_progress(number)
    return table
