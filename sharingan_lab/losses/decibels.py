"""A pixel loss that counts in decibels."""

import torch
from torch import Tensor, nn


class DecibelLoss(nn.Module):
    r"""Decibels of PSNR that restored images lack to nearly perfect ones, their mean.

    A tenth of the squared error costs 10 dB less, however large the error was. So a nearly sharp
    picture that is spoilt a little counts as much as one whose strong blur is reduced; in L1 and L2
    it is lost among the large errors of the others.

    Parameters
    ----------
    floor : float
        Squared error of a nearly perfect image: 1e-5 is a PSNR of 50 dB.

    Examples
    --------
    >>> sharp, loss = torch.zeros(2, 3, 8, 8), DecibelLoss()
    >>> [round(loss(sharp + error, sharp).item(), 1) for error in (0.1, 0.01, 0.0)]
    [30.0, 10.4, 0.0]
    """

    def __init__(self, floor: float = 1e-5):
        super().__init__()
        self.floor = floor

    def forward(self, restored: Tensor, sharp: Tensor) -> Tensor:
        """Loss of two batches (N, 3, H, W) in [0, 1], a scalar."""
        squared = (restored.float() - sharp).square().flatten(start_dim=1).mean(dim=1)
        return 10 * torch.log10(1 + squared / self.floor).mean()
