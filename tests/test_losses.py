"""Losses against closed forms, finite differences and plain numpy."""

import hashlib

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.hub import load_state_dict_from_url
from torch.nn import functional as F
from torchvision.models import VGG19_Weights, vgg19

from sharingan_lab import losses
from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.datasets import photos
from sharingan_lab.errors import CheckpointError, ConfigError, InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.locations import shipped_dir
from sharingan_lab.losses import (
    DecibelLoss,
    PerceptualLoss,
    critic_loss,
    generator_loss,
    gradient_penalty,
)
from sharingan_lab.networks import Critic


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def scores(seed):
    return 3 * torch.randn(5, 1, 2, 2, generator=rng(seed), dtype=torch.float64)


def by_numpy(real, fake):
    real, fake = real.numpy(), fake.numpy()
    d_real, d_fake = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-fake))
    minimax = -(np.log(d_real).mean() + np.log(1 - d_fake).mean())
    return {  # objective: (critic's loss, generator's loss)
        "vanilla": (minimax, np.log(1 - d_fake).mean()),
        "non-saturating": (minimax, -np.log(d_fake).mean()),
        "least-squares": (
            0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean(),
            0.5 * ((fake - 1) ** 2).mean(),
        ),
        "wasserstein": (fake.mean() - real.mean(), -fake.mean()),
    }


@pytest.mark.parametrize("objective", losses.OBJECTIVES)
def test_objectives_equal_their_formulas(objective):
    real, fake = scores(0), scores(1)
    critic, generator = by_numpy(real, fake)[objective]
    assert critic_loss(real, fake, objective).item() == pytest.approx(critic, rel=1e-12)
    assert generator_loss(fake, objective).item() == pytest.approx(generator, rel=1e-12)


@pytest.mark.parametrize("objective", ["vanilla", "non-saturating"])
def test_extreme_scores_stay_finite(objective):
    far = torch.tensor([-1e4, 1e4])
    assert critic_loss(far, far, objective).isfinite()
    assert generator_loss(far, objective).isfinite()


def test_unknown_objective_names_the_known():
    for call in (
        lambda: critic_loss(scores(0), scores(1), "hinge"),
        lambda: generator_loss(scores(0), "hinge"),
    ):
        with pytest.raises(ConfigError, match="wasserstein"):
            call()


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


def vgg_with_small_classifier():
    """torchvision's VGG-19 with random weights, its classifier (unused here) made tiny."""
    with torch.device("meta"):
        network = vgg19(weights=None)
    network.classifier = torch.nn.Linear(1, 1)
    network.to_empty(device="cpu")
    for i, parameter in enumerate(network.parameters()):
        torch.nn.init.normal_(parameter, std=0.05, generator=rng(i))
    return network


def test_perceptual_loss_is_conv3_3_before_its_relu(tmp_path):
    network = vgg_with_small_classifier()
    torch.save(network.state_dict(), tmp_path / "vgg19.pth")
    loss = PerceptualLoss(str(tmp_path / "vgg19.pth"))
    a, b = (torch.rand(2, 3, 32, 32, generator=rng(s)) for s in (1, 2))
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    features = [network.features[:15]((x - mean) / std) for x in (a, b)]
    expected = ((features[0] - features[1]) ** 2).mean()
    torch.testing.assert_close(loss(a, b), expected)
    assert features[0].shape == (2, 256, 8, 8) and (features[0] < 0).any()
    assert loss.label == "VGG-19 conv3_3 with weights from vgg19.pth" and not loss.is_random


def test_weights_may_come_as_safetensors_of_the_features_alone(tmp_path):
    state = vgg_with_small_classifier().features[:17].state_dict()
    save_file(state, tmp_path / "features.safetensors")
    loss = PerceptualLoss(str(tmp_path / "features.safetensors"))
    torch.testing.assert_close(loss.features[0].weight, state["0.weight"])


def test_perceptual_loss_trains_the_restored_image_only():
    loss = PerceptualLoss("random")
    restored, sharp = (torch.rand(1, 3, 16, 16, generator=rng(s)) for s in (1, 2))
    restored.requires_grad_()
    sharp.requires_grad_()
    loss(restored, sharp).backward()
    assert restored.grad.abs().sum() > 0 and sharp.grad is None
    assert all(p.grad is None and not p.requires_grad for p in loss.parameters())


def test_random_features_are_the_same_each_time_and_leave_the_global_generator_alone():
    before = torch.get_rng_state()
    one, two = PerceptualLoss("random", seed=1), PerceptualLoss("random", seed=1)
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(one.features[14].weight, two.features[14].weight)


def test_torchvisions_weights_that_cannot_be_had_stop_with_the_remedy(monkeypatch):
    def offline(*args, **kwargs):
        raise OSError("no route to host")

    kind = type(VGG19_Weights.IMAGENET1K_V1)
    monkeypatch.setattr(kind, "get_state_dict", offline)
    with pytest.raises(CheckpointError, match=r"no route to host.*sharingan fetch vgg19"):
        PerceptualLoss("torchvision")


def test_a_missing_shipped_file_stops_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(losses, "shipped_dir", lambda: tmp_path)
    with pytest.raises(CheckpointError, match=r"vgg19-conv3_3\.safetensors: install this package"):
        PerceptualLoss()


# -- the features that ship -----------------------------------------------------------------------


def shipped():
    path = shipped_dir() / losses.SHIPPED_FEATURES
    assert hashlib.sha256(path.read_bytes()).hexdigest()[:16] == "d081c64bcc82d0cf"
    return {name: weights.double() for name, weights in load_file(path).items()}


def by_functions(state, images):
    """conv3_3 by torch's functions, in float64: two convolutions, two, and three."""
    mean = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(3, 1, 1)
    x = (images.double() - mean) / deviation
    for layer in (0, 2, 5, 7, 10, 12, 14):
        if layer in (5, 10):
            x = F.max_pool2d(x, 2)
        x = F.conv2d(x, state[f"{layer}.weight"], state[f"{layer}.bias"], padding=1)
        x = x if layer == 14 else x.relu()
    return x


def test_the_shipped_features_are_those_of_the_file_computed_another_way():
    a, b = photos(64)[:2], photos(64)[2:4]
    loss, state = PerceptualLoss(), shipped()
    assert loss.label == "VGG-19 conv3_3 with ImageNet weights" and not loss.is_random
    assert sum(weights.numel() for weights in state.values()) == 1_735_488
    expected = [by_functions(state, x) for x in (a, b)]
    torch.testing.assert_close(loss.extract(a).double(), expected[0], rtol=1e-4, atol=1e-4)
    wanted = ((expected[0] - expected[1]) ** 2).mean().item()
    assert loss(a, b).item() == pytest.approx(wanted, rel=1e-4)


def test_the_shipped_features_have_a_mean_square_of_1_on_the_bundled_photographs():
    """So lambda_content weighs a part of the features' energy."""
    units = [PerceptualLoss().extract(image).square().mean() for image in photos(256).split(1)]
    assert torch.stack(units).mean().item() == pytest.approx(1, rel=0.01)


def test_the_first_shipped_filters_see_grey_edges_of_every_direction_and_colours():
    """Random ones are as coloured as three independent planes are."""

    def colour(filters):  # part of a filter's norm that is not alike in red, green and blue
        unlike = filters - filters.mean(1, keepdim=True)
        return unlike.flatten(1).norm(dim=1) / filters.flatten(1).norm(dim=1)

    first = shipped()["0.weight"]  # (64, 3, 3, 3)
    coloured = colour(first)
    assert (coloured < 0.3).sum() > 20 and (coloured > 0.9).sum() > 10
    assert not (colour(PerceptualLoss("random").features[0].weight) < 0.3).any()
    angles = torch.arange(8, dtype=torch.float64) * torch.pi / 8
    y, x = torch.meshgrid(torch.arange(-1, 2), torch.arange(-1, 2), indexing="ij")
    phases = 2 * torch.pi / 5 * (x * angles.cos().view(8, 1, 1) + y * angles.sin().view(8, 1, 1))
    waves = torch.polar(torch.ones_like(phases), phases)  # stripes of 5 pixels in 8 directions
    grey = first[coloured < 0.3].mean(1).to(waves.dtype)
    assert torch.einsum("nij,kij->nk", grey, waves).abs().argmax(1).unique().numel() == 8


def test_learned_features_forgive_brightness_and_mind_blur_as_random_ones_do_not():
    """For the same squared error."""
    sharp = 0.15 + 0.7 * photos(96)[:4]
    blurred = blur(sharp, linear_kernel(7, 0, 9))
    step = (blurred - sharp).square().mean().sqrt()
    costs = {}
    for weights in ("imagenet", "random"):
        loss = PerceptualLoss(weights)
        costs[weights] = loss(sharp + step, sharp).item() / loss(blurred, sharp).item()
    assert costs["imagenet"] < 0.2 < costs["random"]


def test_a_missing_damaged_or_foreign_weight_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no VGG-19 weights at"):
        PerceptualLoss(str(tmp_path / "none.pth"))
    (tmp_path / "damaged.pth").write_bytes(b"not weights")
    with pytest.raises(CheckpointError, match=r"damaged\.pth"):
        PerceptualLoss(str(tmp_path / "damaged.pth"))
    torch.save({"0.weight": torch.zeros(1)}, tmp_path / "foreign.pth")
    with pytest.raises(CheckpointError, match="do not fit"):
        PerceptualLoss(str(tmp_path / "foreign.pth"))


def test_a_pickle_with_code_is_not_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "written"), "w"))

    torch.save({"0.weight": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(CheckpointError):
        PerceptualLoss(str(tmp_path / "evil.pth"))
    assert not (tmp_path / "written").exists()


def serve_weights(tmp_path, monkeypatch, hash_in_name):
    """Make torchvision's own loader fetch a made file under a name that promises a hash."""
    state = vgg_with_small_classifier().state_dict()
    made = tmp_path / "made.pth"
    torch.save(state, made)
    promised = hash_in_name or hashlib.sha256(made.read_bytes()).hexdigest()[:8]
    url = made.rename(tmp_path / f"vgg19-{promised}.pth").as_uri()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(
        type(VGG19_Weights.IMAGENET1K_V1),
        "get_state_dict",
        lambda self, *args, **kwargs: load_state_dict_from_url(url, *args, **kwargs),
    )


def test_torchvisions_weights_are_downloaded_and_verified(tmp_path, monkeypatch):
    serve_weights(tmp_path, monkeypatch, hash_in_name=None)
    loss = PerceptualLoss("torchvision")
    assert loss.label == "VGG-19 conv3_3 with torchvision's ImageNet weights"
    torch.testing.assert_close(loss.features.state_dict(), kept_state(tmp_path))


def kept_state(tmp_path):
    (path,) = tmp_path.glob("vgg19-*.pth")
    state = torch.load(path, weights_only=True)
    named = {name.removeprefix("features."): weights for name, weights in state.items()}
    return {name: named[name] for name in PerceptualLoss("random").features.state_dict()}


def test_torchvisions_weights_with_other_bytes_are_refused(tmp_path, monkeypatch):
    serve_weights(tmp_path, monkeypatch, hash_in_name="00000000")
    with pytest.raises(CheckpointError, match="hash"):
        PerceptualLoss("torchvision")


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
