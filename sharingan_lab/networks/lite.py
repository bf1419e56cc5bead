"""A small restorer for computers without a GPU: most of the work at a quarter of the size.

References
----------
.. [1] Shi et al., "Real-time single image and video super-resolution using an efficient sub-pixel
       convolutional neural network", CVPR 2016: pixel (un)shuffle.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_passing
from sharingan_lab.networks.generator import pad_to_multiple


def _act(x: Tensor) -> Tensor:
    # Leaky: behind a plain ReLU the way to the zero last layer can die in the first steps.
    return F.leaky_relu(x, 0.1)


class _PlainBlock(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.LeakyReLU(0.1),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class LiteGenerator(nn.Module):
    r"""Restore images (N, 3, H, W) in [0, 1] of any size, with ResOut and without normalisation.

    The image is folded by pixel unshuffle, a strided convolution leads to a trunk of plain residual
    blocks at a quarter of the size, and the way back up adds what the way down had. The last layer
    starts at zero, so that an untrained network returns its input.

    Parameters
    ----------
    width : int
        Channels at half size; the trunk has twice as many.
    blocks : int
        Residual blocks of the trunk.

    Examples
    --------
    >>> import torch
    >>> image = torch.rand(1, 3, 30, 45, generator=torch.Generator().manual_seed(0))
    >>> torch.equal(LiteGenerator(width=8, blocks=1)(image), image)
    True
    """

    def __init__(self, width: int = 48, blocks: int = 8):
        super().__init__()
        self.settings = {"width": width, "blocks": blocks}
        self.head = nn.Conv2d(12, width, 3, padding=1)
        self.down = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.trunk = nn.Sequential(*[_PlainBlock(2 * width) for _ in range(blocks)])
        self.up = nn.Conv2d(2 * width, 4 * width, 3, padding=1)
        self.tail = nn.Conv2d(width, 12, 3, padding=1)
        nn.init.zeros_(self.tail.weight)
        nn.init.zeros_(self.tail.bias)

    def forward(self, images: Tensor) -> Tensor:
        check_passing(images, "images", self.head.weight, training=self.training)
        height, width = images.shape[-2:]
        padded = pad_to_multiple(images, 4)
        half = _act(self.head(F.pixel_unshuffle(padded, 2)))  # (N, width, H/2, W/2)
        quarter = self.trunk(_act(self.down(half)))  # (N, 2 width, H/4, W/4)
        half = _act(half + F.pixel_shuffle(self.up(quarter), 2))
        residual = F.pixel_shuffle(self.tail(half), 2)
        return (padded + residual)[..., :height, :width].clamp(0, 1)
