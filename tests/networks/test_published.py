"""Published weights: an independent build of the reference's network must give the same image."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import CheckpointError
from sharingan_lab.networks import Generator, load_deblurgan_weights


class Block(nn.Module):
    """The published residual block: names and order of its parameters are the file's."""

    def __init__(self, channels):
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
            nn.ReLU(), nn.Dropout(0.5),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
        )  # fmt: skip

    def forward(self, x):
        return x + self.conv_block(x)


class Published(nn.Module):
    """What the published file was trained as: [-1, 1] in and out, ResOut, clamp."""

    def __init__(self, width, blocks):
        super().__init__()
        sizes = [(3, width), (width, 2 * width), (2 * width, 4 * width)]
        layers = [nn.ReflectionPad2d(3)]
        for i, (a, b) in enumerate(sizes):
            layers.append(nn.Conv2d(a, b, 3, 2, 1) if i else nn.Conv2d(a, b, 7))
            layers += [nn.InstanceNorm2d(b), nn.ReLU()]
        layers += [Block(4 * width) for _ in range(blocks)]
        for b, a in reversed(sizes[1:]):
            layers += [nn.ConvTranspose2d(a, b, 3, 2, 1, 1), nn.InstanceNorm2d(b), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x):
        return torch.clamp(self.model(x) + x, min=-1, max=1)


@pytest.fixture(scope="module")
def published():
    torch.manual_seed(0)
    return Published(8, 3).double().eval()


@pytest.mark.parametrize("prefix", ["", "module."])
def test_the_output_is_the_published_networks(published, prefix):
    state = {prefix + name: tensor for name, tensor in published.state_dict().items()}
    state[f"{prefix}model.2.running_mean"] = torch.zeros(8)  # as old files have
    ours = load_deblurgan_weights(Generator(8, 3).double(), state).eval()
    images = torch.rand(2, 3, 32, 48, dtype=torch.float64)
    with torch.no_grad():
        expected = (published(2 * images - 1) + 1) / 2
        found = ours(images)
    assert (found == 0).any() or (found == 1).any() or (found - images).abs().max() > 0.05
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)


def test_the_full_size_has_the_published_names():
    names = Published(64, 9).state_dict().keys()
    assert len(names) == 2 * (3 + 18 + 2 + 1)
    assert {
        "model.10.conv_block.6.weight",
        "model.18.conv_block.1.bias",
        "model.26.weight",
    } <= names
    load_deblurgan_weights(Generator(), Published(64, 9).state_dict())


def test_wrong_weights_are_named_and_change_nothing(published):
    generator = Generator(8, 3)
    before = {name: tensor.clone() for name, tensor in generator.state_dict().items()}
    state = dict(published.state_dict())
    with pytest.raises(CheckpointError, match=r"1 missing \['model.1.bias'\], 0 unknown"):
        load_deblurgan_weights(generator, {k: v for k, v in state.items() if k != "model.1.bias"})
    with pytest.raises(CheckpointError, match=r"1 unknown \['model.99.weight'\]"):
        load_deblurgan_weights(generator, {**state, "model.99.weight": torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"shape \(8, 3, 7, 7\), .* has \(4, 3"):
        load_deblurgan_weights(Generator(4, 3), state)
    assert all(torch.equal(before[n], t) for n, t in generator.state_dict().items())
