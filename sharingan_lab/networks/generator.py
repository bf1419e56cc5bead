"""The generator of DeblurGAN: two steps down, nine residual blocks, two steps up, ResOut.

References
----------
.. [1] Kupyn et al., "DeblurGAN: blind motion deblurring using conditional adversarial networks",
       CVPR 2018. Figure 4 and section 3.1 of the report.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_count, check_number, check_passing


def pad_to_multiple(images: Tensor, multiple: int, smallest: int = 1) -> Tensor:
    """Repeat the last row and column until both sides are multiples, at least `smallest`."""
    height, width = images.shape[-2:]
    down, right = (max(-size % multiple, smallest - size) for size in (height, width))
    return F.pad(images, (0, right, 0, down), mode="replicate")


def initialise(module: nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02) and zero the biases, as DeblurGAN does."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            nn.init.zeros_(layer.bias)


def _conv_norm_relu(*convolution: nn.Module, channels: int) -> list[nn.Module]:
    return [*convolution, nn.InstanceNorm2d(channels), nn.ReLU()]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a dropout between them, added to their input.

    Paper and report read like one convolution a block; the published code and weights have two.

    Examples
    --------
    >>> ResidualBlock(8, dropout=0.5)(torch.zeros(1, 8, 16, 16)).shape
    torch.Size([1, 8, 16, 16])
    """

    def __init__(self, channels: int, dropout: float):
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_conv_norm_relu(nn.Conv2d(channels, channels, 3), channels=channels),
            nn.Dropout(dropout),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Generator(nn.Module):
    r"""Restore a blurred image: :math:`I_S = I_B + I_R`, the network predicting :math:`I_R`.

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 in paper and report.
    blocks : int
        Residual blocks; 9 in paper and report.
    dropout : float
        Probability of dropout inside a block, active in training mode only.

    Notes
    -----
    Images are in [0, 1] outside and in [-1, 1] inside, where the sum of the input and the residual
    (``tanh``) is clamped. Any height and width is accepted: the image is extended to a multiple of
    four and the result cut back. At the defaults there are 11,378,179 parameters.

    Examples
    --------
    >>> generator = Generator(width=8, blocks=2).eval()
    >>> generator(torch.zeros(1, 3, 30, 45)).shape
    torch.Size([1, 3, 30, 45])
    >>> sum(p.numel() for p in Generator().parameters())
    11378179
    """

    def __init__(self, width: int = 64, blocks: int = 9, dropout: float = 0.5):
        super().__init__()
        check_count("width", width)
        check_count("blocks", blocks, 0)
        check_number("dropout", dropout, 0, 1)
        self.settings = {"width": width, "blocks": blocks, "dropout": dropout}
        layers = [nn.ReflectionPad2d(3)]
        layers += _conv_norm_relu(nn.Conv2d(3, width, 7), channels=width)
        for c in (width, 2 * width):  # down: (N, c, H, W) -> (N, 2c, H/2, W/2)
            down = nn.Conv2d(c, 2 * c, 3, stride=2, padding=1)
            layers += _conv_norm_relu(down, channels=2 * c)
        layers += [ResidualBlock(4 * width, dropout) for _ in range(blocks)]
        for c in (4 * width, 2 * width):  # up: (N, c, H, W) -> (N, c/2, 2H, 2W)
            up = nn.ConvTranspose2d(c, c // 2, 3, stride=2, padding=1, output_padding=1)
            layers += _conv_norm_relu(up, channels=c // 2)
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        check_passing(images, "images", self.model[1].weight, training=self.training)
        height, width = images.shape[-2:]
        blurred = 2 * pad_to_multiple(images, 4, smallest=8) - 1
        residual = self.model(blurred)
        restored = torch.clamp(blurred + residual, -1, 1)
        return (restored[..., :height, :width] + 1) / 2
