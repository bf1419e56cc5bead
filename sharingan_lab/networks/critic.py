"""The critic: a PatchGAN that scores overlapping patches.

References
----------
.. [1] Isola et al., "Image-to-image translation with conditional adversarial networks", CVPR 2017.
.. [2] Kupyn et al., "DeblurGAN", CVPR 2018. Figure 5 and section 3.1 of the report.
"""

from torch import Tensor, nn

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
    in_channels : int
        Channels of the input.

    Examples
    --------
    >>> import torch
    >>> Critic()(torch.zeros(1, 3, 256, 256)).shape
    torch.Size([1, 1, 35, 35])
    >>> sum(p.numel() for p in Critic().parameters())
    2764737
    """

    def __init__(self, width: int = 64, in_channels: int = 3):
        super().__init__()
        self.settings = {"width": width, "in_channels": in_channels}
        layers = [nn.Conv2d(in_channels, width, 4, stride=2, padding=2), nn.LeakyReLU(0.2)]
        for c, stride in ((width, 2), (2 * width, 2), (4 * width, 1)):
            layers += [
                nn.Conv2d(c, 2 * c, 4, stride=stride, padding=2),
                nn.InstanceNorm2d(2 * c),
                nn.LeakyReLU(0.2),
            ]
        layers.append(nn.Conv2d(8 * width, 1, 4, stride=1, padding=2))
        self.model = nn.Sequential(*layers)
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        return self.model(images)
