"""A small restorer for computers without a GPU: most of its work at an eighth of the size and less.

References
----------
.. [1] Ronneberger et al., "U-Net: convolutional networks for biomedical image segmentation", MICCAI
       2015: a way down, a way up, and bridges between. Chen et al., "Simple baselines for image
       restoration", ECCV 2022: blocks whose only nonlinearity is a product of two halves. Shi et
       al., "Real-time single image and video super-resolution using an efficient sub-pixel
       convolutional neural network", CVPR 2016: pixel (un)shuffle.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_count, check_passing
from sharingan_lab.networks.generator import pad_to_multiple

CHANNELS = (1, 2, 4, 6)  # times the width, at a half, a quarter, an eighth and a sixteenth
DOWN, UP = (0, 2, 8), (0, 2, 6)  # blocks of the upper three levels, on the way down and up
SCALE = 16


def _gate(x: Tensor) -> Tensor:
    """One half of the channels decides how much of the other passes."""
    one, other = x.chunk(2, dim=1)
    return one * other


class _PixelNorm(nn.LayerNorm):
    """Bring the channels of each pixel to mean 0 and deviation 1, whatever lies around it.

    Training bears a high learning rate, and a tile of a picture is restored as the whole would be.
    """

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class _Block(nn.Module):
    """Look around, then mix the channels: two gates, each beside an identity.

    It is the block of NAFNet without its attention, which averages over the whole picture.
    """

    def __init__(self, channels: int):
        super().__init__()
        double = 2 * channels
        self.look = nn.Sequential(
            _PixelNorm(channels),
            nn.Conv2d(channels, double, 1),
            nn.Conv2d(double, double, 3, padding=1, groups=double),
        )
        self.looked = nn.Conv2d(channels, channels, 1)
        self.mix = nn.Sequential(_PixelNorm(channels), nn.Conv2d(channels, double, 1))
        self.mixed = nn.Conv2d(channels, channels, 1)
        # small, so that a new block is almost the identity
        self.look_gain, self.mix_gain = (
            nn.Parameter(torch.full((1, channels, 1, 1), 0.1)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.look_gain * self.looked(_gate(self.look(x)))
        return x + self.mix_gain * self.mixed(_gate(self.mix(x)))


def _blocks(channels: int, count: int) -> nn.Sequential:
    return nn.Sequential(*[_Block(channels) for _ in range(count)])


class LiteGenerator(nn.Module):
    r"""Restore images (N, 3, H, W) in [0, 1] of any size, with ResOut, without global statistics.

    The image is folded by pixel unshuffle. Three strided convolutions lead down to a sixteenth of
    its size, where a motion of many pixels is one of a few; on the way back up each level adds what
    the way down had. The last layer starts at zero, so that an untrained network returns its input.

    Parameters
    ----------
    width : int
        Channels at half size; the lower levels have 2, 4 and 6 times as many.
    blocks : int
        Blocks at the lowest level; the levels above have 0, 2 and 8 on the way down, 6, 2 and 0 on
        the way up.

    Examples
    --------
    >>> image = torch.rand(1, 3, 30, 45, generator=torch.Generator().manual_seed(0))
    >>> torch.equal(LiteGenerator(width=8, blocks=1)(image), image)
    True
    """

    def __init__(self, width: int = 32, blocks: int = 8):
        super().__init__()
        check_count("width", width)
        check_count("blocks", blocks, 0)
        self.settings = {"width": width, "blocks": blocks}
        levels = [width * times for times in CHANNELS]
        steps = list(pairwise(levels))
        self.head = nn.Conv2d(12, width, 3, padding=1)
        self.encoders = nn.ModuleList(map(_blocks, levels, DOWN))
        self.downs = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in steps)
        self.bottom = _blocks(levels[-1], blocks)
        self.ups = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in steps)
        self.decoders = nn.ModuleList(map(_blocks, levels, UP))
        self.tail = nn.Conv2d(width, 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)
        self.to(memory_format=torch.channels_last)  # a pixel's channels side by side

    def forward(self, images: Tensor) -> Tensor:
        check_passing(images, "images", self.head.weight, training=self.training)
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, SCALE).contiguous(memory_format=torch.channels_last)
        x, bridges = self.head(F.pixel_unshuffle(padded, 2)), []
        for encode, down in zip(self.encoders, self.downs, strict=True):
            bridges.append(encode(x))  # (N, width, H/2, W/2), (N, 2 width, H/4, W/4), ...
            x = F.leaky_relu(down(bridges[-1]), 0.1)
        x = self.bottom(x)
        for decode, up in zip(reversed(self.decoders), reversed(self.ups), strict=True):
            x = decode(bridges.pop() + F.pixel_shuffle(up(x), 2))
        restored = padded + F.pixel_shuffle(self.tail(x), 2)
        restored = restored[..., :height, :width].contiguous()
        # in training not cut off: a pixel beyond black or white must find its way back
        return restored if self.training else restored.clamp(0, 1)
