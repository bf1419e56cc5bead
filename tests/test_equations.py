"""Every equation of the report against a second computation that shares no code with ours.

Networks, features and gradients are computed in float64 by numpy: convolutions as sums over
windows, derivatives as central differences. What each recipe should do is written down here in
numbers and words of its own, deviations of the reference included.

====================================  ==============================================================
equation                              test
====================================  ==============================================================
(1) blur                              test_equation_1_...
(2), (7) the minimax game             test_equations_2_and_7_... (three)
(3) the conditional game              test_equation_3_...
(4) Wasserstein                       test_equation_4_... (two)
(5), (8) with the penalty             test_equations_5_and_8_... (two, each for every recipe)
(6) adversarial plus content          test_equation_6_... (for every recipe)
====================================  ==============================================================
"""

from dataclasses import dataclass

import numpy as np
import pytest
import scipy.ndimage
import scipy.spatial.distance
import scipy.stats
import torch

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.losses import critic_loss, generator_loss
from sharingan_lab.networks import Critic
from sharingan_lab.training import Trainer, recipe

SIDE = 16
STEP = 1e-6  # of central differences


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def some_images(seed, n=2):
    return torch.rand(n, 3, SIDE, SIDE, generator=seeded(seed), dtype=torch.float64)


# -- networks by numpy -----------------------------------------------------------------------------


def convolution(x, weight, bias, stride, padding):
    """(N, C, H, W) and (K, C, k, k) to (N, K, h, w): a sum over windows."""
    size = weight.shape[-1]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    return np.tensordot(windows, weight, axes=((1, 4, 5), (1, 2, 3))).transpose(
        0, 3, 1, 2
    ) + bias.reshape(1, -1, 1, 1)


def parameters(network):
    state = {name: value.numpy() for name, value in network.state_dict().items()}
    names = sorted({name.rsplit(".", 1)[0] for name in state}, key=lambda n: int(n.split(".")[-1]))
    return [(state[f"{name}.weight"], state[f"{name}.bias"]) for name in names if name]


def critic_by_numpy(critic, x):
    """Patch map of the PatchGAN: section 3.1 of the report, all but first and last normalised."""
    layers = parameters(critic.model)
    for i, (weight, bias) in enumerate(layers):
        x = convolution(x, weight, bias, stride=2 if i < 3 else 1, padding=2)
        if 0 < i < len(layers) - 1:
            mean, variance = (f(x, axis=(2, 3), keepdims=True) for f in (np.mean, np.var))
            x = (x - mean) / np.sqrt(variance + 1e-5)
        if i < len(layers) - 1:
            x = np.where(x > 0, x, 0.2 * x)
    return x


def vgg_by_numpy(features, x):
    """conv3_3 of VGG-19: seven convolutions, a pooling after the second and the fourth."""
    for i, (weight, bias) in enumerate(parameters(features), 1):
        x = convolution(x, weight, bias, stride=1, padding=1)
        if i < 7:
            x = np.maximum(x, 0)
        if i in (2, 4):
            n, c, h, w = x.shape
            x = x.reshape(n, c, h // 2, 2, w // 2, 2).max(axis=(3, 5))
    return x


def slope(function, x, places):
    """Central differences of a function of an array at some places of it."""
    found = []
    for place in places:
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * STEP
            ends.append(function(moved))
        found.append((ends[0] - ends[1]) / (2 * STEP))
    return np.array(found)


def gradient(function, x):
    """All central differences of a function that maps samples to one value each."""
    nudges = STEP * np.eye(x[0].size).reshape(-1, *x[0].shape)
    slopes = [(function(sample + nudges) - function(sample - nudges)) / (2 * STEP) for sample in x]
    return np.reshape(slopes, x.shape)


def test_the_critic_by_numpy_is_ours():
    critic, x = Critic(width=3).double(), 2 * some_images(1) - 1
    with torch.no_grad():
        np.testing.assert_allclose(critic_by_numpy(critic, x.numpy()), critic(x), rtol=1e-9)


# -- (1) -------------------------------------------------------------------------------------------


def test_equation_1_blurred_is_convolved_plus_noise():
    """What is left of I_b without k * I_s by scipy is N: normal, of the deviation asked for."""
    sharp = 0.2 + 0.6 * torch.rand(2, 3, 64, 64, generator=seeded(1))
    kernels = random_kernels(2, 15, rng=seeded(2))
    blurred = degrade(sharp, kernels, noise_std=0.02, rng=seeded(3)).double().numpy()
    convolved = [
        [scipy.ndimage.convolve(channel, kernel, mode="mirror") for channel in image]
        for image, kernel in zip(sharp.double().numpy(), kernels.double().numpy(), strict=True)
    ]
    noise = (blurred - np.array(convolved)).flatten()
    assert scipy.stats.kstest(noise / 0.02, "norm").pvalue > 0.01
    assert abs(noise.mean()) < 4 * 0.02 / len(noise) ** 0.5


# -- (2), (7), (3) ---------------------------------------------------------------------------------


def value_of_the_game(real_scores, fake_scores):
    d_real, d_fake = (1 / (1 + np.exp(-scores)) for scores in (real_scores, fake_scores))
    return np.log(d_real).mean() + np.log(1 - d_fake).mean()


def test_equations_2_and_7_the_discriminator_maximises_v_and_the_generator_minimises_it():
    real, fake = np.random.default_rng(0).normal(0, 3, (2, 7))
    v = value_of_the_game(real, fake)
    ours = [torch.tensor(scores, requires_grad=True) for scores in (real, fake)]
    loss, adversarial = critic_loss(*ours, "vanilla"), generator_loss(ours[1], "vanilla")
    assert loss.item() == pytest.approx(-v, rel=1e-12)
    places = [(i,) for i in range(7)]
    wanted = slope(lambda scores: value_of_the_game(scores, fake), real, places)
    (found,) = torch.autograd.grad(loss, ours[0], retain_graph=True)
    np.testing.assert_allclose(-found.numpy(), wanted, atol=1e-8)
    wanted = slope(lambda scores: value_of_the_game(real, scores), fake, places)
    np.testing.assert_allclose(-torch.autograd.grad(loss, ours[1])[0], wanted, atol=1e-8)
    # the generator descends V, of which it reaches the second term alone
    np.testing.assert_allclose(torch.autograd.grad(adversarial, ours[1])[0], wanted, atol=1e-8)


def test_equations_2_and_7_at_the_best_discriminator_measure_the_jensen_shannon_divergence():
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    best = torch.tensor(np.log(p / q))  # D = p / (p + q)
    drawn = [torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 2, 2])]
    v = -critic_loss(best[drawn[0]], best[drawn[1]], "vanilla").item()
    divergence = scipy.spatial.distance.jensenshannon(p, q) ** 2
    assert v == pytest.approx(2 * divergence - np.log(4), rel=1e-12)


def test_equations_2_and_7_the_other_generator_loss_has_the_same_fixed_point_and_other_slopes():
    fake = torch.tensor([-4.0, 0.0, 4.0], dtype=torch.float64, requires_grad=True)
    slopes = {}
    for objective in ("vanilla", "non-saturating"):
        loss = generator_loss(fake, objective)
        slopes[objective] = -3 * torch.autograd.grad(loss, fake)[0].numpy()
    d = 1 / (1 + np.exp([4.0, 0.0, -4.0]))
    np.testing.assert_allclose(slopes["vanilla"], d)  # vanishes where D knows better
    np.testing.assert_allclose(slopes["non-saturating"], 1 - d)


def test_equation_3_the_conditional_game_scores_pairs():
    critic = Critic(width=3, conditional=True).double()
    sharp, restored, blurred = (2 * some_images(seed) - 1 for seed in (1, 2, 3))
    scores = [
        critic_by_numpy(critic, np.concatenate([x.numpy(), blurred.numpy()], axis=1))
        for x in (sharp, restored)
    ]
    with torch.no_grad():
        found = critic_loss(critic(sharp, blurred), critic(restored, blurred), "vanilla")
    assert found.item() == pytest.approx(-value_of_the_game(*scores), rel=1e-9)


# -- (4) -------------------------------------------------------------------------------------------


def test_equation_4_at_the_best_critic_is_the_earth_movers_distance():
    fake = np.random.default_rng(1).normal(size=40)
    real = fake + np.random.default_rng(2).uniform(0, 2, 40)  # all mass moves right: D(x) = x
    ours = torch.tensor(real), torch.tensor(fake)
    distance = scipy.stats.wasserstein_distance(real, fake)
    assert -critic_loss(*ours).item() == pytest.approx(distance, rel=1e-12)
    for other in (torch.sin, torch.tanh, torch.abs, lambda x: -x, lambda x: 0.9 * x):
        assert -critic_loss(*(other(x) for x in ours)).item() < distance  # 1-Lipschitz, not best


def test_equation_4_moves_fakes_along_the_slope_of_the_critic():
    fake = torch.linspace(-2, 2, 8, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(generator_loss(torch.sin(fake)), fake)
    np.testing.assert_allclose(found, -np.cos(fake.detach().numpy()) / 8)


# -- (5), (8), (6), as each recipe takes them ------------------------------------------------------


@dataclass(frozen=True)
class Meant:
    """What a recipe should do, in this file's own words."""

    lambda_gp: float
    lambda_content: float
    batches: int  # that the critic's updates of one step see
    alphas: str = "each sample"
    slope_of: str = "mean of the patches"
    norm_over: str = "all values of a sample"
    vgg_sees: str = "ImageNet's statistics"


RECIPES = {
    "corrected": Meant(10, 100, batches=5),
    "report": Meant(100, 100, batches=1),
    "quick": Meant(10, 1000, batches=1),
    "deblurgan": Meant(
        10, 100, batches=1, alphas="the batch", slope_of="sum of the patches",
        norm_over="the channels of a pixel", vgg_sees="[-1, 1]",
    ),
}  # fmt: skip


def small(name):
    """A recipe's trainer with small networks and float64."""
    config = recipe(name).with_settings(
        data="photos", subset=0, items=32, crop=SIDE, kernel_size=9, batch_size=2, width=2,
        blocks=1, critic_width=3, dropout=0.0, vgg="random", device="cpu",
    )  # fmt: skip
    trainer = Trainer(config)
    for network in (trainer.generator, trainer.critic, trainer.content_loss):
        network.double()
    with torch.no_grad():
        for weight in trainer.critic.parameters():
            weight.mul_(3)  # slopes that are neither 0 nor all alike
    return trainer


def penalty_by_numpy(meant, critic, real, fake):
    draws = torch.rand(1 if meant.alphas == "the batch" else len(real), generator=seeded(0))
    alpha = draws.double().numpy().reshape(-1, 1, 1, 1)
    x_hat = alpha * real + (1 - alpha) * fake
    reduce = np.sum if meant.slope_of == "sum of the patches" else np.mean
    slopes = gradient(lambda x: reduce(critic_by_numpy(critic, x), axis=(1, 2, 3)), x_hat)
    axes = 1 if meant.norm_over == "the channels of a pixel" else (1, 2, 3)
    return ((np.sqrt((slopes**2).sum(axis=axes)) - 1) ** 2).mean()


@pytest.mark.parametrize("name", RECIPES)
def test_equations_5_and_8_what_the_critic_minimises(name):
    meant, trainer = RECIPES[name], small(name)
    blurred, sharp, restored = (some_images(seed) for seed in (1, 2, 3))
    real, fake = (2 * x.numpy() - 1 for x in (sharp, restored))
    scores = [critic_by_numpy(trainer.critic, x).mean() for x in (real, fake)]
    wasserstein = scores[0] - scores[1]
    penalty = penalty_by_numpy(meant, trainer.critic, real, fake)
    losses = trainer.game.critic_step(blurred, sharp, restored)
    expected = {"wasserstein": wasserstein, "penalty": penalty}
    expected["critic_loss"] = -wasserstein + meant.lambda_gp * penalty
    assert {name: value.item() for name, value in losses.items()} == pytest.approx(expected, 1e-6)


@pytest.mark.parametrize("name", RECIPES)
def test_equations_5_and_8_the_critic_goes_down_their_slope(name):
    """Adam's first step is the learning rate against the sign of each derivative."""
    meant, trainer = RECIPES[name], small(name)
    blurred, sharp, restored = (some_images(seed) for seed in (1, 2, 3))
    real, fake = (2 * x.numpy() - 1 for x in (sharp, restored))
    weight = trainer.critic.model[-1].weight  # the penalty has no kinks in the last layer's
    before = weight.detach().clone().numpy()
    places = [(0, 0, 1, 2), (0, 20, 3, 0)]

    def loss(values):
        with torch.no_grad():
            weight.copy_(torch.from_numpy(values))
        scores = [critic_by_numpy(trainer.critic, x).mean() for x in (real, fake)]
        fine = penalty_by_numpy(meant, trainer.critic, real, fake)
        return scores[1] - scores[0] + meant.lambda_gp * fine

    wanted = [
        (loss(moved(before, place, 1e-4)) - loss(moved(before, place, -1e-4))) / 2e-4
        for place in places
    ]
    loss(before)
    trainer.game.critic_step(blurred, sharp, restored)
    found = [weight.grad[place].item() for place in places]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert max(map(abs, wanted)) > 0.1
    rate = trainer.config.learning_rate
    for place, derivative in zip(places, wanted, strict=True):
        change = weight[place].item() - before[place]
        assert change == pytest.approx(-rate * np.sign(derivative), rel=1e-4)


def moved(array, place, by):
    array = array.copy()
    array[place] += by
    return array


@pytest.mark.parametrize("name", RECIPES)
def test_equation_6_what_the_generator_minimises(name):
    meant, trainer = RECIPES[name], small(name)
    blurred, sharp, restored = (some_images(seed, n=1) for seed in (1, 2, 3))

    def seen(x):
        if meant.vgg_sees == "[-1, 1]":
            return 2 * x - 1
        mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        return (x - mean.reshape(1, 3, 1, 1)) / std.reshape(1, 3, 1, 1)

    features = trainer.content_loss.features
    target = vgg_by_numpy(features, seen(sharp.numpy()))

    def parts(x):
        adversarial = -critic_by_numpy(trainer.critic, 2 * x - 1).mean()
        content = ((vgg_by_numpy(features, seen(x)) - target) ** 2).mean()
        return np.array([adversarial, content, adversarial + meant.lambda_content * content])

    restored.requires_grad_()
    losses = trainer.game.generator_step(blurred, sharp, restored)
    start = restored.detach().numpy()
    assert list(losses) == ["adversarial", "content", "generator_loss"]
    np.testing.assert_allclose([*losses.values()], parts(start), rtol=1e-6)
    places = [(0, 0, 5, 5), (0, 1, 12, 3), (0, 2, 8, 15)]
    wanted = slope(lambda x: parts(x)[2], start, places)
    np.testing.assert_allclose([restored.grad[p].item() for p in places], wanted, rtol=1e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_which_batches_and_fakes_the_critic_sees(name):
    """The reference trains the critic five times on the generator's own batch and fakes."""
    meant, trainer = RECIPES[name], small(name)
    batches = [tuple(x.double() for x in pair) for pair in next(trainer._batches())]
    restorations, seen, update = [], [], trainer.game.critic_step
    trainer.generator.register_forward_hook(lambda _, x, y: restorations.append((x[0], y)))
    trainer.game.critic_step = lambda *samples: seen.append(samples) or update(*samples)
    trainer.step(batches)
    assert len(seen) == 5
    assert len({id(sharp) for _, sharp, _ in seen}) == meant.batches
    of = {id(blurred): restored.detach() for blurred, restored in restorations}
    for blurred, _, fake in seen:
        assert torch.equal(fake, of[id(blurred)]) and not fake.requires_grad
    generators_own = batches[-1][1]
    assert all((sharp is generators_own) == (meant.batches == 1) for _, sharp, _ in seen)
