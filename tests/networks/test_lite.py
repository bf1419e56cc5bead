"""The small restorer: what it returns untrained, how far it looks, and what it never does."""

import pytest
import torch
from torch import nn

from sharingan_lab.lab import gradient_map, seen_rectangle
from sharingan_lab.networks import LiteGenerator
from sharingan_lab.networks.lite import DOWN, SCALE, UP, _PixelNorm
from sharingan_lab.restore import load_generator, restore
from sharingan_lab.training.checkpoints import read_network, save_network


def images(*shape, seed=0, dtype=torch.float32):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def lively(width=4, blocks=1, seed=0):
    """Return a network in evaluation mode each layer of which has something to say."""
    rng = torch.Generator().manual_seed(seed)
    network = LiteGenerator(width, blocks).eval()
    for name, weights in network.named_parameters():
        if "gain" in name:
            nn.init.ones_(weights)
        elif weights.dim() > 1:
            nn.init.kaiming_normal_(weights, generator=rng)
    nn.init.normal_(network.tail.weight, std=0.02, generator=rng)
    return network


def seen_by(first, last, blocks):
    """Return the pixels [first, last) of the input that those of the output depend on, by plan."""
    # back from the output: a pixel asks for its cell, a 3 x 3 convolution for one more each way
    for cell, looks in zip((2, 4, 8, SCALE), (UP[0] + 1, *UP[1:], blocks), strict=True):
        first = (first // cell - looks) * cell
        last = (-(-last // cell) + looks) * cell
    # a cell of the level below is two of this one; a convolution of stride 2 sees one before them
    for cell, looks in zip((8, 4, 2), (*DOWN[:0:-1], DOWN[0] + 1), strict=True):
        first -= (looks + 1) * cell
        last += looks * cell
    return first, last


def test_its_number_of_parameters_is_that_of_a_count_by_hand():
    def conv(inputs, outputs, kernel):
        return inputs * outputs * kernel**2 + outputs

    def block(c):
        look = conv(c, 2 * c, 1) + conv(1, 2 * c, 3) + conv(c, c, 1)
        return look + conv(c, 2 * c, 1) + conv(c, c, 1) + 2 * (2 * c) + 2 * c  # norms and gains

    by_hand = conv(12, 32, 3) + conv(32, 12, 3)
    for a, b in ((32, 64), (64, 128), (128, 192)):
        by_hand += conv(a, b, 3) + conv(b, 4 * a, 1)
    by_hand += (2 + 2) * block(64) + (8 + 6) * block(128) + 8 * block(192)
    assert sum(p.numel() for p in LiteGenerator().parameters()) == by_hand


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (15, 17), (16, 16), (31, 50)])
@pytest.mark.parametrize("training", [False, True])
def test_untrained_it_returns_its_input(size, training):
    batch = images(2, 3, *size)
    with torch.no_grad():
        assert torch.equal(LiteGenerator(4, 1).train(training)(batch), batch)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (15, 17), (31, 50)])
def test_it_changes_a_picture_of_any_size_and_stays_in_range(size):
    batch = images(2, 3, *size).round()  # black and white: half of all changes lead out of range
    with torch.no_grad():
        restored = lively()(batch)
    assert restored.shape == batch.shape and not torch.equal(restored, batch)
    assert restored.min() >= 0 and restored.max() <= 1


def test_each_pixel_is_normalised_alone():
    x = 3 + 5 * images(2, 6, 4, 5, dtype=torch.float64)
    normalised = _PixelNorm(6).double()(x)
    expected = (x - x.mean(dim=1, keepdim=True)) / x.std(dim=1, keepdim=True, correction=0)
    torch.testing.assert_close(normalised, expected, rtol=1e-4, atol=1e-5)
    x[..., 0, 0] = 100.0
    assert torch.equal(_PixelNorm(6).double()(x)[..., 1:, :], normalised[..., 1:, :])


@pytest.mark.parametrize("blocks", [1, 2])
@pytest.mark.parametrize("place", [208, 221])
def test_it_looks_exactly_as_far_as_its_plan_says(place, blocks):
    image = images(1, 3, 32, 448, dtype=torch.float64)
    network = lively(blocks=blocks).double().train()  # a value that is cut off sees nothing
    _, left, _, width = seen_rectangle(gradient_map(network, image, 8, place))
    assert (left, left + width) == seen_by(place, place + 1, blocks)


def test_a_pixel_out_of_sight_changes_nothing():
    batch = images(1, 3, 32, 448)
    other = batch.clone()
    other[..., 0] = 1 - other[..., 0]
    network = lively()
    with torch.no_grad():
        change = (network(other) - network(batch)).abs()[0].amax(dim=(0, 1))
    blind = [column for column in range(448) if seen_by(column, column + 1, 1)[0] > 0]
    assert change[0] > 0 and len(blind) > 200
    assert change[blind].max() == 0  # a statistic of the picture would have changed all of it


def test_a_tile_with_enough_margin_is_restored_as_in_the_whole():
    whole = images(1, 3, 32, 464, dtype=torch.float64)
    network, (left, right) = lively().double(), (208, 256)
    first, last = seen_by(left, right, 1)
    first = first // SCALE * SCALE  # a tile that begins elsewhere is folded into other cells
    with torch.no_grad():
        expected = network(whole)[..., left:right]
        tile = network(whole[..., first:last])[..., left - first : right - first]
        bare = network(whole[..., left:right])
    torch.testing.assert_close(tile, expected, rtol=0.0, atol=1e-12)
    assert (bare - expected).abs().max() > 1e-6  # without a margin it is another picture


@pytest.mark.parametrize(("bias", "bound"), [(-2.0, 0.0), (2.0, 1.0)])
def test_it_is_cut_off_in_evaluation_and_finds_back_in_training(bias, bound):
    network, batch = LiteGenerator(4, 1), images(1, 3, 18, 20)
    nn.init.constant_(network.tail.bias, bias)
    with torch.no_grad():
        assert network.eval()(batch).eq(bound).all()
    restored = network.train()(batch)
    torch.testing.assert_close(restored, batch + bias)
    restored.sum().backward()
    assert network.tail.bias.grad.abs().min() > 0  # a value that is cut off has no slope


def test_every_weight_learns():
    network = lively().train()
    network(images(1, 3, 32, 32)).square().mean().backward()
    assert [n for n, p in network.named_parameters() if not p.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_its_result_lies_in_memory_as_other_pictures_do(layout):
    network = lively()
    assert network.head.weight.is_contiguous(memory_format=torch.channels_last)
    batch = images(2, 3, 17, 30)
    with torch.no_grad():
        restored = network(batch.contiguous(memory_format=layout))
    assert restored.is_contiguous()
    torch.testing.assert_close(restored, network(batch))


@pytest.mark.parametrize("precision", [torch.float32, torch.float16])
def test_a_file_brings_back_its_settings_and_its_weights(precision, tmp_path):
    network, batch = lively(width=6, blocks=2), images(1, 3, 20, 33)
    expected = {name: value.to(precision) for name, value in network.state_dict().items()}
    save_network(network.to(precision), tmp_path / "lite.safetensors")
    name, settings, state = read_network(tmp_path / "lite.safetensors")
    assert (name, settings) == ("LiteGenerator", {"width": 6, "blocks": 2})
    assert all(torch.equal(state[key], value) for key, value in expected.items())
    loaded = load_generator(tmp_path / "lite.safetensors")
    assert all(p.dtype == torch.float32 for p in loaded.parameters())  # as pictures are
    assert torch.equal(restore(batch, loaded), restore(batch, network.float()))
