"""What every restorer has to beat, and what none can be expected to: methods without training."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import TypeVar

from sharingan_lab.blur.pair import Pair
from sharingan_lab.classical import blind_richardson_lucy, unsharp_mask, wiener
from sharingan_lab.evaluation.comparison import Method
from sharingan_lab.evaluation.quality import finite_psnr

Setting = TypeVar("Setting")

# What is tried on held-back pictures: amounts and radii of the mask, noise over signal of Wiener.
MASKS = tuple(product([i / 10 for i in range(16)], [1.0, 2.0, 3.0]))
NOISE_TO_SIGNAL = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3)


def unsharp(setting: tuple[float, float]) -> Method:
    """The trivial baseline: unsharp masking by (amount, radius).

    Examples
    --------
    >>> import torch
    >>> grey = torch.full((1, 3, 8, 8), 0.5)
    >>> unsharp((0.5, 1.0))(Pair(grey, grey)).mean().item()
    0.5
    """
    amount, radius = setting
    return lambda pair: unsharp_mask(pair.blurred, amount=amount, radius=radius)


def wiener_with_kernel(noise_to_signal: float) -> Method:
    """The upper reference: Wiener's filter, told the true kernel, which no photograph comes with.

    Examples
    --------
    >>> import torch
    >>> grey = torch.full((1, 3, 8, 8), 0.5)
    >>> wiener_with_kernel(0.01)(Pair(grey, grey, torch.ones(1, 1, 1))).shape
    torch.Size([1, 3, 8, 8])
    """
    return lambda pair: wiener(pair.blurred, pair.kernel, noise_to_signal=noise_to_signal)


def blind(kernel_size: int) -> Method:
    """The classical method that is told no kernel: Richardson-Lucy that guesses it, too.

    Examples
    --------
    >>> import torch
    >>> grey = torch.full((1, 3, 16, 16), 0.5)
    >>> blind(3)(Pair(grey, grey)).shape
    torch.Size([1, 3, 16, 16])
    """
    return lambda pair: blind_richardson_lucy(pair.blurred, kernel_size)[0]


def tune(
    method: Callable[[Setting], Method], settings: Sequence[Setting], pairs: Iterable[Pair]
) -> Setting:
    """The setting of a method with the best mean PSNR on pairs, which should not be judged on.

    Parameters
    ----------
    method : callable
        Makes a method from a setting.
    settings : sequence
        What is tried; the first of equals wins.
    pairs : iterable of Pair
        Pictures held back for this. PSNR counts up to 50 dB.

    Examples
    --------
    >>> import torch
    >>> grey = torch.full((1, 3, 8, 8), 0.5)
    >>> tune(unsharp, MASKS, [Pair(grey, grey)])
    (0.0, 1.0)
    """
    pairs = list(pairs)

    def quality(setting: Setting) -> float:
        run = method(setting)
        return sum(finite_psnr(run(p), p.sharp).item() for p in pairs)

    return max(settings, key=quality)
