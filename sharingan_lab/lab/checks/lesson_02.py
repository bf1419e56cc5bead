"""Checks of lesson 02: undoing a known blur."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from sharingan_lab import classical
from sharingan_lab.blur import add_noise, blur
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab.checks.answers import dice, near, number, shown, tensor
from sharingan_lab.lab.checks.verdict import Open, expect


def _lopsided() -> Tensor:
    """A kernel that turned around is another one: three points of light."""
    kernel = torch.zeros(1, 9, 9)
    kernel[0, 4, 4], kernel[0, 4, 6], kernel[0, 2, 4] = 0.5, 0.3, 0.2
    return kernel


def _spectrum(kernel: Tensor, shape: tuple[int, int]) -> Tensor:
    canvas = torch.zeros(len(kernel), 1, *shape, dtype=kernel.dtype)
    k = kernel.shape[-1]
    canvas[..., :k, :k] = kernel[:, None]
    return torch.fft.rfft2(canvas.roll((-(k // 2), -(k // 2)), dims=(-2, -1)))


def my_wiener(function: Callable) -> str:
    """Check Wiener's filter: a kernel that only dims, then the library's."""
    picture = 0.25 + 0.5 * torch.rand(1, 3, 16, 16, generator=dice())
    point = torch.zeros(1, 5, 5)
    point[0, 2, 2] = 1
    seen = function(picture, point, 0.25)
    seen = tensor(seen, (1, 3, 16, 16), "my_wiener's answer").float()
    mean = picture.mean((2, 3), keepdim=True)
    wanted = mean + (picture - mean) / 1.25
    looks = {
        "the mean: set it aside before the transform and add it again": picture / 1.25,
        "the mean: the last line adds it to what comes back": wanted.sub(mean).clamp(0, 1),
        "the brackets: the sum is clamped": mean + wanted.sub(mean).clamp(0, 1),
        "the ratio: it is added to |K|^2": picture,
        "the denominator: |K|^2 + r, not divided twice": mean + (picture - mean) / 1.5625,
    }
    look = next((t for t, p in looks.items() if near(seen, p, 1e-3)), "conj(K) Y / (|K|^2 + r)")
    factor = ((seen - mean).norm() / (picture - mean).norm()).item()
    seen_text = f"K = 1, r = 0.25: contrast times {factor:.2f}, mean {seen.mean():.2f}"
    expect(near(seen, wanted, 1e-3), seen_text, f"times 0.80, mean {picture.mean():.2f}", look)
    kernel = _lopsided()
    blurred = blur(picture, kernel, boundary="circular")
    library = classical.wiener(blurred, kernel, noise_to_signal=0.03, boundary="circular")
    off = (function(blurred, kernel, 0.03) - library).abs().max()
    look = "K.conj() on top, K.abs() ** 2 below; and the result clamped to [0, 1]"
    expect(off < 1e-3, f"off by up to {off:.2g} on a blurred picture", "the library's", look)
    seen, look = function(blurred.round(), kernel, 0.03), "the last line: .clamp(0, 1)"
    text = f"values from {seen.min():.2f} to {seen.max():.2f}"
    expect(seen.min() >= 0 and seen.max() <= 1, text, "a picture, in [0, 1]", look)
    return "it gives up what noise has drowned, and equals the library's wiener."


def my_richardson_lucy(function: Callable) -> str:
    """Check Richardson and Lucy's steps: one that can be done in the head, then ten."""
    flat, point = torch.full((1, 3, 12, 12), 0.25), torch.zeros(1, 5, 5)
    point[0, 2, 2] = 1
    seen = tensor(function(flat, point, 1), tuple(flat.shape), "my_richardson_lucy's answer")
    look = "guess 0.5, ratio 0.25 / 0.5, guess times ratio"
    look = "the ratio: what was seen over what the guess predicts" if seen.mean() > 0.9 else look
    expect(near(seen, flat), f"{seen.mean():.2f} after one step on a flat 0.25", "0.25", look)
    picture = 0.1 + 0.8 * torch.rand(1, 3, 16, 16, generator=dice())
    kernel = _lopsided()
    y = blur(picture, kernel, boundary="circular")
    library = classical.richardson_lucy(y, kernel, iterations=10, boundary="circular")
    off = (function(y, kernel, 10) - library).abs().max()
    look = "the way back: along the kernel turned around, kernel.flip(1, 2); both blurs circular"
    expect(off < 1e-3, f"off by up to {off:.2g} after ten steps", "the library's", look)
    hard = blur(picture.round().clamp(0.02, 1), kernel, boundary="circular")
    seen = function(hard, kernel, 10)
    text = f"values up to {seen.max():.2f}"
    expect(seen.max() <= 1, text, "a picture, in [0, 1]", "the last line: .clamp(0, 1)")
    return "equal to the library's richardson_lucy after ten steps."


def exercise_1(ratio: object) -> str:
    """Check the ratio that makes Wiener's filter the inverse."""
    r = number(ratio, "ratio_of_inverse")
    look = "for which r does conj(K) / (|K|^2 + r) equal 1 / K, whatever K?"
    look = "nearly the inverse where |K| is large; and where it is small?" if 0 < r < 0.01 else look
    expect(r == 0, f"r = {shown(r)}", "no r at all", look)
    return "conj(K) / |K|^2 is 1 / K."


def exercise_2(
    my_picture: object, my_kernel: object, *, mystery: Tensor, known: Iterable[Tensor]
) -> str:
    """Check another explanation of a blurred picture."""
    size = next(iter(known := list(known))).shape[-1]
    kernel = tensor(my_kernel, (1, None, None), "my_kernel").float()
    seen = f"my_kernel is {tuple(kernel.shape)}"
    look = "F.pad(kernel, (6, 6, 6, 6)) makes 21 of 9"
    expect(kernel.shape[-2:] == (size, size), seen, f"(1, {size}, {size})", look)
    picture = tensor(my_picture, tuple(mystery.shape), "my_picture").float()
    seen, look = f"a kernel that sums to {kernel.sum():.3f}", "light is neither lost nor made"
    expect(abs(kernel.sum() - 1) < 1e-3, seen, "1", look)
    off = (blur(picture, kernel, boundary="circular") - mystery).abs().max()
    look = "circular boundary; if the picture moves to one side, the kernel moves to the other"
    if kernel[0, size // 2, size // 2] == 1 and off > 1e-3:
        raise Open("a picture without movement explains nothing yet: change both.")
    expect(off < 1e-3, f"blurred, it is off by up to {off:.3f}", "mystery within 0.001", look)
    old = any(near(kernel, cause, 1e-3) for cause in known)
    expect(not old, "it explains, but its kernel is one of the four", "another", "shift, or split")
    return "a fifth one, and you see how to make a sixth."


def exercise_3(weight: object, *, seen: Tensor, kernel: Tensor, truth: Tensor) -> str:
    """Check a weight chosen by eye against the best of a row."""
    w = number(weight, "my_weight")
    expect(w > 0, f"my_weight = {shown(w)}", "a price above 0", "0 is the inverse filter")

    def score(w: float) -> float:
        return psnr(classical.tikhonov(seen, kernel, weight=w), truth).item()

    row = torch.logspace(-4, 1, 26).tolist()
    best, mine = max(row, key=score), score(w)
    look = "snow is noise: raise the weight" if w < best else "soft edges: lower the weight"
    top = score(best)
    expect(mine > top - 0.3, f"{mine:.1f} dB at {w:g}", f"{top:.1f} dB, or nearly", look)
    return f"{mine:.1f} dB, the best of a row of 26 has {top:.1f} dB."


def exercise_4(move_back: object, *, misplaced: Tensor, truth: Tensor) -> str:
    """Check the shift of a picture that was restored with a moved kernel."""
    columns = number(move_back, "move_back")
    if columns == 0:
        raise Open("by how many columns to the right must the picture move back?")
    seen = f"move_back = {shown(columns)}"
    expect(columns == int(columns), seen, "whole columns", "the kernel was moved by whole pixels")
    inner = (..., slice(8, -8), slice(8, -8))

    def score(n: int) -> float:
        return psnr(misplaced.roll(n, 3)[inner], truth[inner]).item()

    best, mine = max(range(-6, 7), key=score), score(int(columns))
    look = "where must the picture lie so that the moved kernel still explains the photograph?"
    look = "that is the other way" if columns * best < 0 else look
    expect(columns == best, f"{mine:.1f} dB, moved by {columns:g}", f"{score(best):.1f} dB", look)
    return f"{mine:.1f} dB. Kernel and picture moved in opposite ways, as in 'moved scene'."


def exercise_5(ratio: object, *, scenes: Tensor, kernels: Tensor) -> str:
    """Check a ratio that rises with the frequency, on pictures of the lesson."""
    height, width = scenes.shape[-2:]
    r = tensor(ratio, (height, width // 2 + 1), "my_ratio").float()
    if r.max() == r.min():
        raise Open(f"the ratio is {r.max():.3g} everywhere: write a formula in f.")
    expect(r.min() >= 0, f"a ratio of {r.min():.3g}", "0 or more", "powers are not negative")
    taken = add_noise(blur(scenes, kernels, boundary="circular"), 0.01, rng=dice())
    mean, K = taken.mean((2, 3), keepdim=True), _spectrum(kernels, (height, width))
    Y = torch.fft.rfft2(taken - mean)

    def score(r: Tensor | float) -> Tensor:
        X = K.conj() * Y / (K.abs() ** 2 + r + 1e-9)
        return psnr((mean + torch.fft.irfft2(X, s=(height, width))).clamp(0, 1), scenes)

    gain = score(r) - score(0.03)
    look = f"it rises, up to {r.max():.3g}: try ten times more or less, or a steeper rise"
    if (r.diff(dim=1)[0] < -1e-9).any():
        look = "it falls with the frequency: that trusts the weak waves most"
    seen = f"{gain.mean():+.2f} dB against the constant 0.03"
    expect(gain.mean() >= 0.5, seen, "+0.5 dB or more", look)
    return f"{seen}, {int((gain > 0).sum())} of {len(gain)} pictures better."
