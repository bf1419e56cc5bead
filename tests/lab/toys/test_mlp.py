"""The toy networks against torch's own layers, and against each other one at a time."""

import pytest
import torch
from torch import nn

from sharingan_lab.errors import InputError
from sharingan_lab.lab import BatchedMLP, clip_weights, descend, layer_gradient_norms
from sharingan_lab.losses import critic_loss, gradient_penalty


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def plain_network(batched, index):
    """Network number ``index`` as an ordinary torch Sequential."""
    layers = []
    for weight, bias in zip(batched.weights, batched.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        linear.weight.data.copy_(weight[index].T)
        linear.bias.data.copy_(bias[index, 0])
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def test_every_network_equals_a_plain_one():
    batched = BatchedMLP(3, (2, 16, 8, 1), rng=rng())
    points = torch.randn(3, 10, 2, generator=rng(1))
    scores = batched(points)
    for index in range(3):
        expected = plain_network(batched, index)(points[index])
        torch.testing.assert_close(scores[index], expected)


def test_flat_points_belong_to_the_networks_in_order():
    batched = BatchedMLP(3, (2, 16, 1), rng=rng())
    points = torch.randn(3, 10, 2, generator=rng(1))
    torch.testing.assert_close(batched(points.flatten(0, 1)), batched(points).flatten(0, 1))


def test_first_networks_do_not_depend_on_how_many_follow():
    two, five = (BatchedMLP(n, (2, 16, 1), rng=rng()) for n in (2, 5))
    torch.testing.assert_close(two.weights[1], five.weights[1][:2], atol=0, rtol=0)
    assert not torch.equal(five.weights[0][0], five.weights[0][1])


def test_initial_weights_have_hes_variance():
    weight = BatchedMLP(1, (200, 300, 1), rng=rng()).weights[0]
    assert weight.var().item() == pytest.approx(2 / 200, rel=0.02)


def test_he_weights_keep_the_signal_through_twelve_layers():
    network = BatchedMLP(8, (2, *[64] * 11, 1), rng=rng())
    layers = network.activations(torch.randn(8, 200, 2, generator=rng(1)))
    first, last = layers[0].square().mean(), layers[-2].square().mean()
    assert 0.1 < (last / first).item() < 10


def test_networks_learn_as_if_they_were_alone():
    """Adam does not see that the mean over networks divides each gradient by their number."""
    together = BatchedMLP(3, (2, 16, 1), rng=rng())
    alone = plain_network(together, 1)
    optimizers = [torch.optim.Adam(net.parameters(), lr=1e-2) for net in (together, alone)]
    for step in range(5):
        x, y = torch.randn(2, 3, 32, 2, generator=rng(step))
        descend(optimizers[0], critic_loss(together(x), together(y), "vanilla"))
        descend(optimizers[1], critic_loss(alone(x[1]), alone(y[1]), "vanilla"))
    expected = alone[0].weight.detach().T
    torch.testing.assert_close(together.weights[0].detach()[1], expected, atol=1e-4, rtol=1e-3)


def test_the_penalty_of_several_networks_is_the_mean_of_their_penalties():
    together = BatchedMLP(3, (2, 16, 1), rng=rng())
    x, y = torch.randn(2, 3, 8, 2, generator=rng(1))
    joint = gradient_penalty(together, x.flatten(0, 1), y.flatten(0, 1), rng=rng(2))
    source = rng(2)  # alpha is drawn sample after sample, so network after network
    single = [
        gradient_penalty(plain_network(together, i), x[i], y[i], rng=source) for i in range(3)
    ]
    torch.testing.assert_close(joint, torch.stack(single).mean())


def test_only_inner_layers_are_rectified():
    network = BatchedMLP(1, (2, 16, 16, 1), rng=rng())
    inner = network.activations(torch.randn(1, 100, 2, generator=rng(1)))[:-1]
    assert [tuple(layer.shape) for layer in inner] == [(1, 100, 16)] * 2
    assert all((layer >= 0).all() for layer in inner)
    negative = BatchedMLP(1, (2, 1), rng=rng())(torch.randn(1, 100, 2, generator=rng(1)))
    assert (negative < 0).any() and (negative > 0).any()


@pytest.mark.parametrize("networks, sizes", [(0, (2, 1)), (1, (2,)), (1, (2, 0, 1))])
def test_impossible_networks_are_refused(networks, sizes):
    with pytest.raises(InputError, match="at least one network"):
        BatchedMLP(networks, sizes, rng=rng())


@pytest.mark.parametrize("shape", [(7, 2), (2, 10, 2), (2,)])
def test_points_that_do_not_split_are_refused(shape):
    with pytest.raises(InputError, match="do not fit 3 networks"):
        BatchedMLP(3, (2, 1), rng=rng())(torch.zeros(shape))


def test_clipping_bounds_every_parameter_and_leaves_small_ones():
    network = BatchedMLP(2, (2, 16, 1), rng=rng())
    before = [parameter.detach().clone() for parameter in network.parameters()]
    clip_weights(network, 0.1)
    for old, new in zip(before, network.parameters(), strict=True):
        torch.testing.assert_close(new.detach(), old.clamp(-0.1, 0.1), atol=0, rtol=0)


def test_every_network_can_have_its_own_limit():
    network = BatchedMLP(2, (2, 16, 1), rng=rng())
    clip_weights(network, torch.tensor([0.1, 0.001]))
    largest = torch.stack([weight.detach().abs().amax((1, 2)) for weight in network.weights])
    torch.testing.assert_close(largest.amax(0), torch.tensor([0.1, 0.001]))


@pytest.mark.parametrize("limit", [0.0, -1.0, torch.tensor([0.1, 0.0])])
def test_a_limit_must_be_positive(limit):
    with pytest.raises(InputError, match="must be positive"):
        clip_weights(nn.Linear(2, 1), limit)


def test_a_step_leaves_frozen_weights_and_other_networks_alone():
    critic, generator = (BatchedMLP(1, (2, 4, n), rng=rng(n)) for n in (1, 2))
    frozen = generator.weights[0].requires_grad_(False).clone()
    moving = generator.weights[1].detach().clone()
    loss = critic(generator(torch.randn(8, 2, generator=rng()))).mean()
    descend(torch.optim.SGD(generator.parameters(), lr=1.0), loss)
    assert torch.equal(generator.weights[0], frozen)
    assert not torch.equal(generator.weights[1], moving)
    assert all(weight.grad is None for weight in critic.parameters())


def test_layer_gradients_of_a_deep_linear_chain():
    """Weights w, no bias, one unit a layer: the gradient at layer l is w ** (layers after l)."""
    network = BatchedMLP(2, (1, 1, 1, 1), rng=rng())
    for weight, bias in zip(network.weights, network.biases, strict=True):
        weight.data.copy_(torch.tensor([2.0, 0.5]).view(2, 1, 1))
        bias.data.zero_()
    layers = network.activations(torch.ones(2, 1, 1))
    norms = layer_gradient_norms(layers[-1].sum(), layers)
    torch.testing.assert_close(norms, torch.tensor([[4.0, 0.25], [2.0, 0.5], [1.0, 1.0]]))


def test_layer_gradients_do_not_underflow():
    network = BatchedMLP(1, (2, *[64] * 11, 1), rng=rng())
    clip_weights(network, 0.001)
    layers = network.activations(torch.randn(1, 64, 2, generator=rng(1)))
    norms = layer_gradient_norms(layers[-1].mean(), layers)
    assert (norms > 0).all() and norms[0].item() < 1e-20
