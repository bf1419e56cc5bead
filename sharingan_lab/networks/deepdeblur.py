"""DeepDeblur, the multi-scale baseline that the report compares its running time with.

References
----------
.. [1] Nah et al., "Deep multi-scale convolutional neural network for dynamic scene deblurring",
       CVPR 2017.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.checks import check_passing
from sharingan_lab.networks.generator import pad_to_multiple


class _Block(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 5, padding=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def _scale(in_channels: int, width: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, width, 5, padding=2),
        *[_Block(width) for _ in range(blocks)],
        nn.Conv2d(width, 3, 5, padding=2),
    )


class DeepDeblur(nn.Module):
    """Restore images (N, 3, H, W) in [0, 1] from coarse to fine over three scales.

    Each scale has nineteen residual blocks of two 5x5 convolutions without normalisation, and
    refines what the coarser one restored, enlarged by a learned upsampling.

    Parameters
    ----------
    width : int
        Channels; 64 in the paper.
    blocks : int
        Residual blocks a scale; 19 in the paper.

    Examples
    --------
    >>> DeepDeblur(width=4, blocks=1)(torch.zeros(1, 3, 30, 45)).shape
    torch.Size([1, 3, 30, 45])
    """

    def __init__(self, width: int = 64, blocks: int = 19):
        super().__init__()
        self.settings = {"width": width, "blocks": blocks}
        self.coarse = _scale(3, width, blocks)
        self.finer = nn.ModuleList([_scale(6, width, blocks) for _ in range(2)])
        self.enlarge = nn.ModuleList([nn.Conv2d(3, 12, 5, padding=2) for _ in range(2)])

    def forward(self, images: Tensor) -> Tensor:
        check_passing(images, "images", self.coarse[0].weight, training=self.training)
        height, width = images.shape[-2:]
        full = pad_to_multiple(images, 4) - 0.5
        half, quarter = (F.interpolate(full, scale_factor=s, mode="area") for s in (0.5, 0.25))
        restored = self.coarse(quarter)
        for blurred, enlarge, scale in zip((half, full), self.enlarge, self.finer, strict=True):
            guess = F.pixel_shuffle(enlarge(restored), 2)
            restored = scale(torch.cat([blurred, guess], dim=1))
        return (restored[..., :height, :width] + 0.5).clamp(0, 1)
