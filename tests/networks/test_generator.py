"""The generator and its relatives: size, range, skip, determinism, and an independent count."""

import pytest
import torch

from sharingan_lab.errors import InputError
from sharingan_lab.networks import DeepDeblur, Generator, LiteGenerator


def awake(network):
    """Let an untrained network do something: as it starts, it returns its input."""
    torch.nn.init.normal_(network.tail.weight, std=0.1)
    return network


SMALL = {
    "deblurgan": lambda: Generator(width=4, blocks=2),
    "lite": lambda: awake(LiteGenerator(width=4, blocks=2)),
    "deepdeblur": lambda: DeepDeblur(width=4, blocks=2),
}


def images(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def conv_parameters(inputs, outputs, kernel):
    return inputs * outputs * kernel**2 + outputs


def test_generator_has_the_published_number_of_parameters():
    by_hand = conv_parameters(3, 64, 7) + conv_parameters(64, 3, 7)
    by_hand += 2 * (conv_parameters(64, 128, 3) + conv_parameters(128, 256, 3))
    by_hand += 9 * 2 * conv_parameters(256, 256, 3)
    by_hand += 64 - 256  # transposed convolutions have a bias for each *output*
    assert sum(p.numel() for p in Generator().parameters()) == by_hand == 11_378_179


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("size", [(1, 1), (7, 30), (33, 64), (64, 64)])
def test_any_size_comes_back_in_range(name, size):
    network = SMALL[name]().eval()
    with torch.no_grad():
        restored = network(images(2, 3, *size))
    assert restored.shape == (2, 3, *size)
    assert restored.min() >= 0 and restored.max() <= 1


@pytest.mark.parametrize("name", SMALL)
def test_evaluation_is_deterministic_and_samples_do_not_mix(name):
    network = SMALL[name]().eval()
    batch = images(3, 3, 32, 32)
    with torch.no_grad():
        together, again = network(batch), network(batch)
        alone = torch.cat([network(image[None]) for image in batch])
    assert torch.equal(together, again)
    torch.testing.assert_close(together, alone)


def test_dropout_acts_in_training_mode_only():
    network = Generator(width=4, blocks=2)
    batch = images(1, 3, 32, 32)
    with torch.no_grad():
        assert not torch.equal(network.train()(batch), network(batch))
        assert torch.equal(network.eval()(batch), network(batch))


def test_resout_adds_the_input():
    network = Generator(width=4, blocks=1).eval()
    last = network.model[-2]
    torch.nn.init.zeros_(last.weight)
    batch = images(1, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(batch), batch)


def test_the_sum_of_input_and_residual_is_clamped():
    network = Generator(width=4, blocks=1).eval()
    torch.nn.init.zeros_(network.model[-2].weight)
    torch.nn.init.constant_(network.model[-2].bias, 100.0)  # tanh -> 1, a residual of 1 in [-1, 1]
    with torch.no_grad():
        restored = network(torch.full((1, 3, 16, 16), 0.8))
    torch.testing.assert_close(restored, torch.ones_like(restored))


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    "wrong", [images(3, 8, 8), images(1, 8, 8, 3), torch.zeros(1, 3, 8, 8, dtype=torch.uint8)]
)
def test_wrong_input_is_named(name, wrong):
    with pytest.raises(InputError, match=r"images must be float32 \(N, 3, H, W\), got"):
        SMALL[name]()(wrong)
