"""Answers to lesson 09."""

import math

import numpy as np
import torch

from sharingan_lab.datasets import photo

from .judging import accepts, refuses, stays_open

SHARP = photo("chelsea", 256)
MOVED = {"displaced": SHARP.roll((-3, 2), dims=(-2, -1)), "sharp": SHARP}


def test_exercise_1():
    accepts("09.1", 6)
    accepts("09.1", torch.tensor(20 * math.log10(2)))
    refuses("09.1", "halve the squared error", 3.01)
    refuses("09.1", "sign", -6.02)
    refuses("09.1", "taken twice", 12.04)
    refuses("09.1", "factor 10", math.log10(4))
    refuses("09.1", "finite", float("nan"))
    refuses("09.1", "quotes and units", "6 dB")
    stays_open("09.1", None)


def test_exercise_2():
    accepts("09.2", (3, -2), **MOVED)
    accepts("09.2", torch.tensor([3.0, -2.0]), **MOVED)
    accepts("09.2", [3, 254], **MOVED)  # once around
    accepts("09.2", np.array([3, -2]), **MOVED)
    refuses("09.2", "the direction", (-3, 2), **MOVED)
    refuses("09.2", "the order", (-2, 3), **MOVED)
    refuses("09.2", "warmer", (3, 0), **MOVED)
    refuses("09.2", "colder", (-9, 7), **MOVED)
    refuses("09.2", "whole", (2.5, -2), **MOVED)
    refuses("09.2", "rows first", 3, **MOVED)
    refuses("09.2", "finite", (float("nan"), -2), **MOVED)
    refuses("09.2", "quotes", ("3", "-2"), **MOVED)
    stays_open("09.2", (0, 0), **MOVED)


def test_exercise_3():
    accepts("09.3", (SHARP + 0.14).clamp(0, 1), sharp=SHARP)
    tint = torch.tensor([0.18, 0.14, 0.1]).view(3, 1, 1)
    accepts("09.3", (SHARP + tint).clamp(0, 1).double(), sharp=SHARP)
    refuses("09.3", "make it larger", (SHARP + 0.05).clamp(0, 1), sharp=SHARP)
    noise = torch.randn(SHARP.shape, generator=torch.Generator().manual_seed(0))
    refuses("09.3", "going together", (SHARP + 0.2 * noise).clamp(0, 1), sharp=SHARP)
    refuses("09.3", "clamp", SHARP + 0.3, sharp=SHARP)
    refuses("09.3", "NaN", SHARP * float("nan"), sharp=SHARP)
    refuses("09.3", "(1, 3, 256, 256)", SHARP[0], sharp=SHARP)
    stays_open("09.3", SHARP.clone(), sharp=SHARP)
    stays_open("09.3", None, sharp=SHARP)


def test_my_grey_levels():
    accepts("09.my_grey_levels", lambda d: 255 * 10 ** (-d / 20))
    accepts("09.my_grey_levels", lambda d: (255**2 / torch.tensor(10.0) ** (d / 10)).sqrt())
    refuses("09.my_grey_levels", "its root", lambda d: 255 * 10 ** (-d / 10))
    refuses("09.my_grey_levels", "not under it", lambda d: (255 * 10 ** (-d / 10)) ** 0.5)
    refuses("09.my_grey_levels", "largest value", lambda d: 256 * 10 ** (-d / 20))
    refuses("09.my_grey_levels", "255 grey levels", lambda d: 10 ** (-d / 20))
    refuses("09.my_grey_levels", "the sign", lambda d: 255 * 10 ** (d / 20))
    refuses("09.my_grey_levels", "base 10", lambda d: 255 * math.exp(-d / 20))
    refuses("09.my_grey_levels", "that are given", lambda d: 25.5)
    stays_open("09.my_grey_levels", lambda d: None)


def weighted(x, y, w):
    """Means, variances and covariance of one window."""
    mx, my = (w * x).sum(), (w * y).sum()
    return (
        mx,
        my,
        (w * (x - mx) ** 2).sum(),
        (w * (y - my) ** 2).sum(),
        (w * (x - mx) * (y - my)).sum(),
    )


def together(mx, my, vx, vy, vxy):
    means = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
    return means * (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)


def test_my_ssim():
    def by_moments(x, y, w):
        mx, my = w @ x, w @ y
        return together(mx, my, w @ x**2 - mx**2, w @ y**2 - my**2, w @ (x * y) - mx * my).item()

    def equal_weights(x, y, w):
        return together(*weighted(x, y, torch.full_like(w, 1 / len(w))))

    def unsigned(x, y, w):
        *rest, vxy = weighted(x, y, w)
        return together(*rest, vxy.abs())

    def rooted(x, y, w):
        mx, my, vx, vy, vxy = weighted(x, y, w)
        return together(mx, my, vx.sqrt(), vy.sqrt(), vxy)

    def no_constant(x, y, w):
        mx, my, vx, vy, vxy = weighted(x, y, w)
        means = (2 * mx * my + 0.01**2) / (mx**2 + my**2 + 0.01**2)
        return means * (2 * vxy + 1e-12) / (vx + vy + 1e-12)

    def unweighted(x, y, w):
        mx, my, _, _, vxy = weighted(x, y, w)
        return together(mx, my, x.var(), y.var(), vxy)

    def constants(x, y, w, c1, c2):
        mx, my, vx, vy, vxy = weighted(x, y, w)
        means = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        return means * (2 * vxy + c2) / (vx + vy + c2)

    def sums(x, y, w):
        mx, my, *rest = weighted(x, y, w)
        return together(mx, my, *(part * len(w) for part in rest))

    def spreads_only(x, y, w):
        *_, vx, vy, vxy = weighted(x, y, w)
        return (2 * vxy + 0.03**2) / (vx + vy + 0.03**2)

    accepts("09.my_ssim", lambda x, y, w: together(*weighted(x, y, w)))
    accepts("09.my_ssim", by_moments)
    refuses("09.my_ssim", "weights that are given", equal_weights)
    refuses("09.my_ssim", "negative where", unsigned)
    refuses("09.my_ssim", "without a root", rooted)
    refuses("09.my_ssim", "C2", no_constant)
    refuses("09.my_ssim", "are squares", lambda *a: constants(*a, 0.01, 0.03))
    refuses("09.my_ssim", "swapped", lambda *a: constants(*a, 0.03**2, 0.01**2))
    refuses("09.my_ssim", "is a weighted mean", unweighted)
    refuses("09.my_ssim", "weighted means", sums)
    refuses("09.my_ssim", "the first factor", spreads_only)
    refuses("09.my_ssim", "finite", lambda x, y, w: float("nan"))
    refuses("09.my_ssim", "code stops", lambda x, y, w: weighted(x, y, w)[7])
    stays_open("09.my_ssim", lambda x, y, w: None)
