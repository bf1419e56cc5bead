"""The grid that transposed convolutions leave: counted, measured, and avoided.

References
----------
.. [1] Odena, Dumoulin, Olah, "Deconvolution and checkerboard artifacts", Distill, 2016.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sharingan_lab.errors import InputError


def overlap_counts(layer: nn.ConvTranspose2d, size: int) -> Tensor:
    """Count how many products each output pixel of a transposed convolution is the sum of.

    For one input channel of ``size`` x ``size`` pixels; weights and channels do not count.

    Examples
    --------
    >>> up = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1, output_padding=1)
    >>> overlap_counts(up, 2)
    tensor([[1, 2, 1, 1],
            [2, 4, 2, 2],
            [1, 2, 1, 1],
            [1, 2, 1, 1]])
    """
    ones = torch.ones(1, 1, *layer.kernel_size)
    geometry = (layer.stride, layer.padding, layer.output_padding, 1, layer.dilation)
    return F.conv_transpose2d(torch.ones(1, 1, size, size), ones, None, *geometry)[0, 0].long()


def grid_share(images: Tensor, period: int) -> Tensor:
    """Share, 0 to 1, of an image's variance that repeats itself every ``period`` pixels both ways.

    Pixels are averaged over all places with the same row and column modulo the period; the variance
    of these period**2 means is the power of the image's spectrum at exactly the multiples of
    1/period cycles per pixel (Parseval). Without any grid it is about period**2 / (H * W), by
    chance; 0 for a constant image. Of (..., H, W), what lies beyond a multiple of the period is
    left out.

    Examples
    --------
    >>> board = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(4, 4)
    >>> grid_share(board, 2).item(), grid_share(board, 3).item() < 0.1
    (1.0, True)
    """
    height, width = images.shape[-2:]
    if not 2 <= period <= min(height, width):
        raise InputError(f"period={period} must be from 2 to the side of {height}x{width} images")
    rows, columns = height // period, width // period
    whole = images[..., : rows * period, : columns * period]
    cells = whole.unflatten(-1, (columns, period)).unflatten(-3, (rows, period))
    means = cells.mean(dim=(-4, -2))  # (..., period, period)
    total = whole.var(dim=(-2, -1), unbiased=False)
    grid = means.var(dim=(-2, -1), unbiased=False)
    return torch.where(total > 0, grid / total.clamp_min(1e-30), torch.zeros_like(total))


def with_resize_convolutions(network: nn.Module) -> nn.Module:
    """Return a copy that enlarges by repeating pixels and then convolves, with the same weights.

    Its transposed convolutions have kernel 3 and double the side, as the generator's do. Sizes and
    parameters are as before; every output pixel inside is the sum of nine products for each
    channel.

    Examples
    --------
    >>> up = nn.Sequential(nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, output_padding=1))
    >>> with_resize_convolutions(up)(torch.zeros(1, 4, 5, 6)).shape
    torch.Size([1, 2, 10, 12])
    """
    copy = deepcopy(network)
    for parent in list(copy.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.ConvTranspose2d):
                setattr(parent, name, _resize_convolution(child))
    return copy


def _resize_convolution(layer: nn.ConvTranspose2d) -> nn.Sequential:
    geometry = (layer.kernel_size, layer.stride, layer.padding, layer.output_padding)
    if geometry != ((3, 3), (2, 2), (1, 1), (1, 1)):
        raise InputError(f"expected a transposed 3x3 convolution that doubles, got {layer}")
    convolution = nn.Conv2d(layer.in_channels, layer.out_channels, 3)
    with torch.no_grad():
        # a transposed convolution adds its kernel to the output: as a convolution it is flipped
        convolution.weight.copy_(layer.weight.transpose(0, 1).flip(-2, -1))
        convolution.bias.copy_(layer.bias)
    return nn.Sequential(nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), convolution)
