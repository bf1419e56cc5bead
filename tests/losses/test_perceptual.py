"""The perceptual loss: where its features come from, and what they see."""

import hashlib

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.hub import load_state_dict_from_url
from torch.nn import functional as F
from torchvision.models import VGG19_Weights, vgg19

from sharingan_lab.blur import blur, linear_kernel
from sharingan_lab.datasets import photos
from sharingan_lab.errors import CheckpointError
from sharingan_lab.locations import shipped_dir
from sharingan_lab.losses import PerceptualLoss, perceptual


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


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
    monkeypatch.setattr(perceptual, "shipped_dir", lambda: tmp_path)
    with pytest.raises(CheckpointError, match=r"vgg19-conv3_3\.safetensors: install this package"):
        PerceptualLoss()


@pytest.mark.parametrize("weights", ["imagenet", "torchvision", "Random", "rand"])
def test_random_features_come_only_by_their_name(tmp_path, monkeypatch, weights):
    """Whatever else is asked for and cannot be had is an error, not noise."""

    def offline(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(perceptual, "shipped_dir", lambda: tmp_path)
    monkeypatch.setattr(type(VGG19_Weights.IMAGENET1K_V1), "get_state_dict", offline)
    with pytest.raises(CheckpointError):
        PerceptualLoss(weights)
    assert PerceptualLoss("random").is_random


# -- the features that ship -----------------------------------------------------------------------


def shipped():
    path = shipped_dir() / perceptual.SHIPPED_FEATURES
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
    a, b = photos(64, names=("astronaut", "chelsea", "coffee", "motorcycle")).split(2)
    loss, state = PerceptualLoss(), shipped()
    assert loss.label == "VGG-19 conv3_3 with ImageNet weights" and not loss.is_random
    assert sum(weights.numel() for weights in state.values()) == 1_735_488
    expected = [by_functions(state, x) for x in (a, b)]
    torch.testing.assert_close(loss.extract(a).double(), expected[0], rtol=1e-4, atol=1e-4)
    wanted = ((expected[0] - expected[1]) ** 2).mean().item()
    assert loss(a, b).item() == pytest.approx(wanted, rel=1e-4)


def test_the_shipped_features_have_a_mean_square_of_1_on_the_bundled_photographs():
    """So lambda_content weighs a part of the features' energy."""
    loss = PerceptualLoss()
    units = [loss.extract(image).square().mean() for image in photos(256).split(1)]
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
    sharp = 0.15 + 0.7 * photos(64, names=("astronaut", "chelsea"))
    blurred = blur(sharp, linear_kernel(7, 0, 9))
    step = (blurred - sharp).square().mean().sqrt()
    costs = {}
    for weights in ("imagenet", "random"):
        loss = PerceptualLoss(weights)
        costs[weights] = loss(sharp + step, sharp).item() / loss(blurred, sharp).item()
    assert costs["imagenet"] < 0.2 < costs["random"]


def test_a_missing_damaged_or_foreign_weight_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match="no weights at"):
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
