"""The grid of transposed convolutions: counts, spectrum, and resize-convolution without it."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from sharingan_lab.errors import InputError
from sharingan_lab.lab import grid_share, overlap_counts, with_resize_convolutions
from sharingan_lab.networks import Critic, Generator


def noise(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 2), (5, 3), (2, 2)])
def test_overlaps_are_those_of_kernels_laid_down_one_by_one(kernel, stride):
    size = 5
    side = (size - 1) * stride + kernel
    laid = torch.zeros(side, side, dtype=torch.long)
    for row in range(0, size * stride, stride):
        for column in range(0, size * stride, stride):
            laid[row : row + kernel, column : column + kernel] += 1
    layer = nn.ConvTranspose2d(7, 3, kernel, stride=stride)
    assert torch.equal(overlap_counts(layer, size), laid)
    padded = nn.ConvTranspose2d(7, 3, kernel, stride=stride, padding=1)
    assert torch.equal(overlap_counts(padded, size), laid[1:-1, 1:-1])


def test_kernels_that_the_stride_divides_overlap_evenly_inside():
    inside = overlap_counts(nn.ConvTranspose2d(1, 1, 4, stride=2), 6)[2:-2, 2:-2]
    assert inside.unique().tolist() == [4]


def test_grid_share_is_the_power_at_the_grids_frequencies():
    image = noise(24, 36)
    power = torch.fft.fft2(image - image.mean()).abs().square()
    period = 4
    on_grid = power[:: 24 // period, :: 36 // period].sum() / power.sum()
    torch.testing.assert_close(grid_share(image, period), on_grid)


def test_grid_share_finds_a_grid_and_no_other():
    tile = noise(4, 4)
    assert grid_share(tile.repeat(6, 6), 4).item() == pytest.approx(1.0)
    assert grid_share(tile.repeat(6, 6)[:22, :23], 4).item() == pytest.approx(1.0)
    assert grid_share(tile.repeat(6, 6), 3).item() < 1e-6
    assert grid_share(torch.ones(3, 8, 8), 2).tolist() == [0.0, 0.0, 0.0]
    share = grid_share(noise(200, 64, 64), 4).mean().item()
    assert share == pytest.approx(15 / 64**2, rel=0.1)  # chance: 15 of 4,095 frequencies


@pytest.mark.parametrize("period", [1, 9])
def test_a_period_that_is_none_is_named(period):
    with pytest.raises(InputError, match=f"period={period} must be from 2"):
        grid_share(noise(8, 16), period)


def test_untrained_generators_leave_a_grid_that_resize_convolutions_do_not():
    image = noise(1, 3, 128, 128)
    for seed in range(3):
        torch.manual_seed(seed)
        generator = Generator(width=8, blocks=1).eval()
        with torch.no_grad():
            grid, none = (
                grid_share(network.model(image), 4).mean().item()
                for network in (generator, with_resize_convolutions(generator))
            )
        assert grid > 0.03 and grid > 10 * none


def test_resize_convolution_is_the_transposed_one_of_the_enlarged_image_inside():
    """Same kernel laid down at every pixel: a transposed convolution with stride 1."""
    up = nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1)
    image = noise(1, 2, 6, 7)
    with torch.no_grad():
        found = with_resize_convolutions(nn.Sequential(up))(image)
        enlarged = F.interpolate(image, scale_factor=2)
        expected = F.conv_transpose2d(enlarged, up.weight, up.bias, padding=1)
    torch.testing.assert_close(found[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1])


def test_the_copy_has_the_same_numbers_and_the_original_its_layers():
    generator = Generator(width=4, blocks=1)
    copy = with_resize_convolutions(generator)
    counts = [sum(p.numel() for p in network.parameters()) for network in (generator, copy)]
    assert counts[0] == counts[1]
    assert sum(isinstance(m, nn.ConvTranspose2d) for m in generator.modules()) == 2
    assert not any(isinstance(m, nn.ConvTranspose2d) for m in copy.modules())
    assert copy(noise(1, 3, 17, 22)).shape == (1, 3, 17, 22)


def test_networks_without_transposed_convolutions_stay_and_other_geometries_are_named():
    critic = Critic(width=2)
    image = noise(1, 3, 32, 32)
    assert torch.equal(with_resize_convolutions(critic)(image), critic(image))
    with pytest.raises(InputError, match="transposed 3x3 convolution that doubles"):
        with_resize_convolutions(nn.Sequential(nn.ConvTranspose2d(1, 1, 4, stride=2)))
