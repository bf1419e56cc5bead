"""The critic: a PatchGAN that scores overlapping patches.

References
----------
.. [1] Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017.
.. [2] Kupyn et al., "DeblurGAN", CVPR 2018. Figure 5 and section 3.1 of the report.
"""

import torch
from torch import Tensor, nn

from sharingan_lab.checks import LIGHT, check_count, check_passing
from sharingan_lab.errors import InputError
from sharingan_lab.networks.generator import initialise


class Critic(nn.Module):
    """Score patches of images: (N, 3, H, W) in [-1, 1] -> (N, 1, h, w), unbounded.

    Five 4x4 convolutions, the first three with stride 2. No sigmoid, since a critic does not
    classify; instance normalisation, since batch normalisation would mix samples and void the
    gradient penalty (section 2.5.3 of the report).

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 in paper and report.
    conditional : bool
        Whether the critic also sees the blurred image that a sample belongs to (section 2.3 of the
        report). Its own critic, and that of the reference code, does not.

    Examples
    --------
    >>> Critic()(torch.zeros(1, 3, 256, 256)).shape
    torch.Size([1, 1, 35, 35])
    >>> sum(p.numel() for p in Critic().parameters())
    2764737
    >>> images, blurred = torch.zeros(2, 2, 3, 64, 64)
    >>> Critic(width=8, conditional=True)(images, blurred).shape
    torch.Size([2, 1, 11, 11])
    """

    def __init__(self, width: int = 64, conditional: bool = False):
        super().__init__()
        check_count("width", width)
        self.settings = {"width": width, "conditional": conditional}
        self.conditional = conditional
        seen = 6 if conditional else 3
        layers = [nn.Conv2d(seen, width, 4, stride=2, padding=2), nn.LeakyReLU(0.2)]
        for c, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [
                nn.Conv2d(c, 2 * c, 4, stride=stride, padding=2),
                nn.InstanceNorm2d(2 * c),
                nn.LeakyReLU(0.2),
            ]
        layers.append(nn.Conv2d(8 * width, 1, 4, stride=1, padding=2))
        self.model = nn.Sequential(*layers)
        initialise(self)

    def forward(self, images: Tensor, blurred: Tensor | None = None) -> Tensor:
        weight = self.model[0].weight
        check_passing(images, "samples", weight, training=True, low=-1, slack=LIGHT)
        if self.conditional != (blurred is not None):
            raise InputError(
                f"this critic is {'' if self.conditional else 'un'}conditional: call it "
                f"with {'the blurred images too' if self.conditional else 'the samples alone'}"
            )
        if blurred is None:
            return self.model(images)
        check_passing(blurred, "blurred images", weight, training=True, low=-1, slack=LIGHT)
        if blurred.shape != images.shape:
            raise InputError(
                f"samples {tuple(images.shape)} and blurred images {tuple(blurred.shape)} differ "
                "in shape"
            )
        return self.model(torch.cat([images, blurred], dim=1))
