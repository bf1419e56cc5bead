"""Answers to lesson 09."""

import math

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
