"""Answers to lesson 06."""

import torch
import torch.nn.functional as F
from torch import nn

from sharingan_lab.networks import Generator

from .judging import accepts, refuses, stays_open


def test_normalise():
    accepts("06.normalise", F.instance_norm)

    def plain(h, dim=(2, 3), root=True):
        mean, variance = h.mean(dim, keepdim=True), h.var(dim, keepdim=True, unbiased=False)
        return (h - mean) / ((variance + 1e-5).sqrt() if root else variance + 1e-5)

    accepts("06.normalise", plain)
    refuses("06.normalise", "each channel", lambda h: plain(h, (1, 2, 3)))
    refuses("06.normalise", "each channel", lambda h: plain(h, (0, 2, 3)))
    refuses("06.normalise", "the root", lambda h: plain(h, root=False))

    def beside(h):
        deviation = h.std((2, 3), keepdim=True, unbiased=False)
        return (h - h.mean((2, 3), keepdim=True)) / (deviation + 1e-5)

    refuses("06.normalise", "under the root", beside)
    refuses("06.normalise", "shape", lambda h: plain(h).mean(0))
    stays_open("06.normalise", lambda h: None)


def test_conv_size():
    accepts("06.conv_size", lambda size, k, s, p: (size + 2 * p - k) // s + 1)
    accepts("06.conv_size", lambda size, k, s, p: len(range(0, size + 2 * p - k + 1, s)))
    refuses("06.conv_size", "both sides", lambda size, k, s, p: (size + p - k) // s + 1)
    refuses("06.conv_size", "rounded down", lambda size, k, s, p: (size + 2 * p - k) / s + 1)
    refuses("06.conv_size", "divide", lambda size, k, s, p: size + 2 * p - k + 1)
    refuses("06.conv_size", "then add 1", lambda size, k, s, p: (size + 2 * p - k) // s)
    stays_open("06.conv_size", lambda size, k, s, p: None)


def test_resout():
    def resout(blurred, network):
        x = 2 * blurred - 1
        return ((x + network(x)).clamp(-1, 1) + 1) / 2

    accepts("06.resout", resout)
    accepts("06.resout", lambda b, net: (b + net(2 * b - 1) / 2).clamp(0, 1))
    refuses("06.resout", "the addition", lambda b, net: (net(2 * b - 1).clamp(-1, 1) + 1) / 2)
    refuses("06.resout", "back to [0, 1]", lambda b, net: 2 * b - 1 + net(2 * b - 1))
    refuses("06.resout", "must be given", lambda b, net: (b + net(b)).clamp(0, 1))
    refuses("06.resout", "the clamp", lambda b, net: b + net(2 * b - 1) / 2)
    stays_open("06.resout", lambda b, net: None)


def test_receptive_field():
    def loop(layers, before=True):
        field, step, start = 1, 1, 0
        for k, s, p in layers:
            step *= 1 if before else s
            field, start = field + (k - 1) * step, start - p * step
            step *= s if before else 1
        return field, step, start

    accepts("06.receptive_field", loop)
    accepts("06.receptive_field", lambda layers: list(map(float, loop(layers))))
    accepts("06.receptive_field", lambda layers: torch.tensor(loop(layers)))
    refuses("06.receptive_field", "old step", lambda layers: loop(layers, before=False))
    refuses("06.receptive_field", "field", lambda ls: (sum(k for k, _, _ in ls), *loop(ls)[1:]))
    refuses("06.receptive_field", "start falls by", lambda layers: (*loop(layers)[:2], 0))
    refuses("06.receptive_field", "field grows", lambda layers: (loop(layers)[0] + 0.5, 1, -1))
    refuses("06.receptive_field", "three numbers", lambda layers: loop(layers)[:2])
    refuses("06.receptive_field", "three numbers", lambda layers: 70)
    stays_open("06.receptive_field", lambda layers: None)


def test_exercise_1():
    accepts("06.1", 6208)
    accepts("06.1", 6 * 64 * 4**2 + 64.0)
    refuses("06.1", "bias for each output", 6144)
    refuses("06.1", "not to those of the input", 6150)
    refuses("06.1", "3 channels in", 3136)
    refuses("06.1", "quotes", "6,208")


def test_exercise_2():
    generator = Generator()
    biases = [p.numel() for n, p in generator.named_parameters() if n.endswith("bias")]
    accepts("06.2", sum(biases[:-1]), generator=generator)
    accepts("06.2", torch.tensor(sum(biases) - 3), generator=generator)
    refuses("06.2", "is every convolution", sum(biases), generator=generator)
    refuses("06.2", "outside the blocks", 4608, generator=generator)
    refuses("06.2", "adds a constant", 0, generator=generator)
    refuses("06.2", "how many numbers", len(biases) - 1, generator=generator)


def test_exercise_3():
    accepts("06.3", [(4, 2), (4, 2), (4, 1), (4, 1)])
    accepts("06.3", ((7, 2), (7, 2), (5, 1)))
    stays_open("06.3", [])
    refuses("06.3", "sees", [(35, 2), (1, 2)])
    refuses("06.3", "one huge kernel", [(19, 2), (2, 2), (4, 1)])
    refuses("06.3", "a larger kernel", [(4, 2), (4, 2), (4, 1)])
    refuses("06.3", "fewer strides", [(4, 2), (4, 2), (4, 2), (4, 2)])
    refuses("06.3", "two limits", [(4, 2), (4, 1), (4, 1)])
    refuses("06.3", "two limits", [(4, 2)] * 5)
    refuses("06.3", "pairs of whole numbers", [4, 2])
    refuses("06.3", "pairs of whole numbers", [(4.0, 2), (4, 2)])


def test_exercise_4():
    accepts("06.4", nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1))
    accepts("06.4", nn.ConvTranspose2d(1, 1, 2, stride=2))
    accepts("06.4", nn.ConvTranspose2d(1, 1, 6, 2, 2, bias=False))
    refuses("06.4", "a Conv2d makes", nn.Conv2d(1, 1, 4, stride=2, padding=1))
    refuses("06.4", "does 2 divide", nn.ConvTranspose2d(1, 1, 3, 2, 1, output_padding=1))
    refuses("06.4", "the paddings", nn.ConvTranspose2d(1, 1, 4, stride=2))
    refuses("06.4", "1 in, 1 out", nn.ConvTranspose2d(3, 3, 4, stride=2, padding=1))
    refuses("06.4", "type tuple", (4, 2, 1))
