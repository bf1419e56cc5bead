"""The gradient penalty against closed forms and finite differences."""

import pytest
import torch

from sharingan_lab.errors import ConfigError, InputError
from sharingan_lab.losses import gradient_penalty
from sharingan_lab.networks import Critic


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_penalty_of_a_linear_critic_is_closed_form():
    w = torch.randn(3, 8, 8, generator=rng(), dtype=torch.float64)
    real, fake = (torch.randn(4, 3, 8, 8, generator=rng(s), dtype=torch.float64) for s in (1, 2))
    penalty = gradient_penalty(lambda x: (x * w).sum((1, 2, 3)), real, fake, rng=rng())
    assert penalty.item() == pytest.approx((w.norm().item() - 1) ** 2, rel=1e-12)


def test_penalty_of_a_patch_map_is_that_of_its_mean():
    real, fake = (torch.randn(4, 3, 8, 8, generator=rng(s)) for s in (1, 2))
    patches = gradient_penalty(lambda x: 5 * x[:, :1], real, fake, rng=rng())
    assert patches.item() == pytest.approx((5 / 8 - 1) ** 2, rel=1e-5)  # |grad| = 5 sqrt(64) / 64


def test_penalty_of_a_quadratic_critic_shows_where_it_is_sampled():
    real, fake = torch.ones(6, 1), torch.zeros(6, 1)
    penalty = gradient_penalty(lambda x: x[:, 0] ** 2 / 2, real, fake, rng=rng(3))
    alpha = torch.rand(6, generator=rng(3))  # x_hat = alpha, and the gradient is x_hat
    assert penalty.item() == pytest.approx(((alpha - 1) ** 2).mean().item(), rel=1e-6)


def test_penalty_variants_of_the_reference_code_differ_as_described():
    real, fake = torch.ones(6, 2, 4, 4), torch.zeros(6, 2, 4, 4)

    def critic(x):
        return (x**2).sum((1, 2, 3)) / 2  # the gradient is x_hat

    once = torch.rand(1, generator=rng(3)).item()
    penalty = gradient_penalty(critic, real, fake, rng=rng(3), alpha_per="batch")
    assert penalty.item() == pytest.approx((once * 32**0.5 - 1) ** 2, rel=1e-5)
    penalty = gradient_penalty(
        critic, real, fake, rng=rng(3), alpha_per="batch", norm_over="channels"
    )
    assert penalty.item() == pytest.approx((once * 2**0.5 - 1) ** 2, rel=1e-5)


# -- what implementations get wrong, each by the number that betrays it ---------------------------


def linear_critic(slope, shape):
    w = torch.randn(shape, generator=rng(9), dtype=torch.float64)
    return lambda x: (x * (slope * w / w.norm())).sum((1, 2, 3))


def pictures(n=8, size=8):
    return (torch.randn(n, 3, size, size, generator=rng(s), dtype=torch.float64) for s in (1, 2))


def test_one_alpha_for_the_batch_is_right_on_average_but_noisier():
    real, fake = pictures(n=16)

    def critic(x):
        return (x**2).sum((1, 2, 3)) / 20

    spread, mean = {}, {}
    for alpha_per in ("sample", "batch"):
        source = rng(3)
        fines = torch.stack(
            [
                gradient_penalty(critic, real, fake, rng=source, alpha_per=alpha_per)
                for _ in range(400)
            ]
        )
        mean[alpha_per], spread[alpha_per] = fines.mean().item(), fines.std().item()
    assert mean["batch"] == pytest.approx(mean["sample"], rel=0.05)
    assert spread["batch"] > 2.5 * spread["sample"]  # sqrt(16) = 4 where all lines are alike


def test_norm_over_channels_fines_slope_1_and_lets_a_far_steeper_critic_go():
    """A critic whose every pixel has slope 1 has slope 8 over 64 pixels, and goes free."""
    real, fake = pictures()

    def penalty(critic, norm_over):
        return gradient_penalty(critic, real, fake, rng=rng(), norm_over=norm_over).item()

    right = linear_critic(1.0, (3, 8, 8))
    assert penalty(right, "sample") == pytest.approx(0, abs=1e-12)
    assert penalty(right, "channels") > 0.7

    def every_pixel_slope_1(x):
        return x[:, 1].sum((1, 2))

    assert penalty(every_pixel_slope_1, "channels") == pytest.approx(0, abs=1e-12)
    assert penalty(every_pixel_slope_1, "sample") == pytest.approx((8 - 1) ** 2, rel=1e-12)


def test_the_sum_of_the_patches_is_as_many_times_steeper_as_there_are_patches():
    """Square root of the penalty, plus 1, is the slope of a steep linear critic."""
    patches = torch.nn.Conv2d(3, 1, 2, stride=2, bias=False).double()  # 8 x 8 -> 16 patches
    patches.weight.data.mul_(100)
    real, fake = pictures()
    mean = gradient_penalty(patches, real, fake, rng=rng()).item()
    summed = gradient_penalty(lambda x: patches(x).sum((1, 2, 3)), real, fake, rng=rng())
    assert (summed.item() ** 0.5 + 1) / (mean**0.5 + 1) == pytest.approx(16, rel=1e-9)
    asked = gradient_penalty(patches, real, fake, rng=rng(), patches="sum")
    assert asked.item() == pytest.approx(summed.item(), rel=1e-12)


def test_of_a_patch_map_the_channel_norm_reaches_the_sum_and_not_the_mean():
    """Why `deblurgan` takes both: the mean of 1,225 patches has no slope that a pixel shows."""
    torch.manual_seed(0)
    critic = Critic()
    real, fake = (2 * torch.rand(1, 3, 256, 256, generator=rng(s)) - 1 for s in (1, 2))
    fines = {}
    for patches in ("mean", "sum"):
        kind = {"alpha_per": "batch", "norm_over": "channels", "patches": patches}
        fines[patches] = [
            gradient_penalty(lambda x, k=k: k * critic(x), real, fake, rng=rng(), **kind)
            for k in (1, 5)
        ]
    assert all(0.9 < fine < 1.001 for fine in fines["mean"])  # flat or five times as steep
    assert fines["sum"][1] < 0.5 * fines["sum"][0]  # nearer to slope 1


@pytest.mark.parametrize("slope, fine", [(0.3, 0.0), (1.0, 0.0), (3.0, 4.0)])
def test_a_one_sided_penalty_lets_flat_critics_go(slope, fine):
    real, fake = pictures()
    critic = linear_critic(slope, (3, 8, 8))
    found = gradient_penalty(critic, real, fake, rng=rng(), one_sided=True).item()
    assert found == pytest.approx(fine, abs=1e-12)


def test_with_batch_normalisation_the_gradient_that_is_penalised_is_not_a_samples_own():
    """The gradient of the sum equals each sample's own, but not under batch normalisation."""
    torch.manual_seed(0)
    first, last = torch.nn.Conv2d(3, 8, 4, stride=2), torch.nn.Conv2d(8, 1, 3)
    images = torch.randn(4, 3, 8, 8, generator=rng()).requires_grad_()
    for norm, alone in [
        (torch.nn.InstanceNorm2d(8), True),
        (torch.nn.GroupNorm(1, 8), True),
        (torch.nn.BatchNorm2d(8), False),
    ]:
        scores = last(torch.relu(norm(first(images)))).mean((1, 2, 3))
        (of_sum,) = torch.autograd.grad(scores.sum(), images, retain_graph=True)
        own = torch.autograd.grad(scores[0], images)[0][0]
        assert torch.allclose(of_sum[0], own, atol=1e-7) is alone


def test_penalty_gradient_equals_finite_differences():
    critic = Critic(width=2).double()
    real, fake = (torch.randn(2, 3, 16, 16, generator=rng(s), dtype=torch.float64) for s in (1, 2))
    weight = critic.model[0].weight

    def value():
        return gradient_penalty(critic, real, fake, rng=rng(5))

    (gradient,) = torch.autograd.grad(value(), weight)
    step, index = 1e-6, (0, 1, 2, 3)
    with torch.no_grad():
        weight[index] += step
    above = value().item()
    with torch.no_grad():
        weight[index] -= 2 * step
    below = value().item()
    assert gradient[index].item() == pytest.approx((above - below) / (2 * step), rel=1e-4)


def test_penalty_refuses_what_does_not_fit():
    with pytest.raises(InputError, match="differ in shape"):
        gradient_penalty(lambda x: x, torch.zeros(2, 3), torch.zeros(3, 3), rng=rng())
    for name in ("alpha_per", "norm_over", "patches"):
        with pytest.raises(ConfigError, match=f"{name}='pixel': choose from"):
            gradient_penalty(
                lambda x: x,
                torch.zeros(2, 3),
                torch.zeros(2, 3),
                rng=rng(),
                **{name: "pixel"},
            )
