import torch

from sharingan_lab.evaluation import psnr
from sharingan_lab.losses import DecibelLoss


def test_the_decibel_loss_is_what_the_mean_psnr_lacks():
    rng = torch.Generator().manual_seed(0)
    sharp = torch.rand(4, 3, 16, 16, generator=rng)
    restored = (sharp + torch.randn(sharp.shape, generator=rng) * 0.1).clamp(0, 1)
    loss = DecibelLoss(floor=1e-7)(restored, sharp)
    torch.testing.assert_close(
        loss.double(), (70 - psnr(restored, sharp)).mean(), rtol=0, atol=1e-3
    )


def test_in_decibels_a_nearly_sharp_picture_counts_as_much_as_a_blurred_one():
    """Its pull on the pixels: as large a share of a small error as of a large one."""
    sharp = torch.full((2, 3, 8, 8), 0.5)
    restored = sharp + torch.tensor([0.2, 0.02]).view(2, 1, 1, 1)
    restored.requires_grad_()
    DecibelLoss(floor=1e-9)(restored, sharp).backward()
    one, other = restored.grad.flatten(1).norm(dim=1)
    torch.testing.assert_close(other, 10 * one, rtol=1e-4, atol=0)
    assert DecibelLoss()(sharp, sharp).item() == 0
