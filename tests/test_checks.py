"""Every public function that takes images refuses what is none, and says what it was given."""

import numpy as np
import pytest
import torch

from sharingan_lab import blur as motion
from sharingan_lab import classical
from sharingan_lab import evaluation as ev
from sharingan_lab.checks import (
    SLACK,
    check_each,
    check_images,
    check_number,
    check_range,
    describe,
)
from sharingan_lab.datasets import (
    average_frames,
    check_layout,
    gopro_like_pair,
    load_folder,
    sharp_crops,
    weed_field,
)
from sharingan_lab.errors import ConfigError, InputError, SharinganError
from sharingan_lab.images import from_uint8, read_image, to_uint8, write_image
from sharingan_lab.lab import image_grid
from sharingan_lab.losses import PerceptualLoss, gradient_penalty
from sharingan_lab.networks import Critic, DeepDeblur, Generator, LiteGenerator
from sharingan_lab.restore import load_generator, restore
from sharingan_lab.training import Trainer


def seeded():
    return torch.Generator().manual_seed(0)


GOOD = torch.rand(2, 3, 16, 16, generator=seeded())
GOOD[0, 0, 0, :2] = torch.tensor([0.0, 1.0])
KERNEL = motion.linear_kernel(2, 30, 3)
WEIGHTS = torch.ones(1, 16, 16)
MASK = torch.ones(1, 1, 16, 16)
TARGETS = [{"boxes": torch.tensor([[1.0, 2, 12, 14]]), "labels": torch.tensor([1])}] * 2
DETECTOR = ev.build_detector(size=32, width=8, rng=seeded())
GENERATOR = LiteGenerator(width=4, blocks=1).eval()
CONTENT = PerceptualLoss("random")

BAD = {
    "uint8": ((255 * GOOD).to(torch.uint8), r"got uint8 \(2, 3, 16, 16\) from 0 to 255: divide"),
    "0 to 255": (255 * GOOD, r"got float32 \(2, 3, 16, 16\) from 0 to 255: divide by"),
    "NaN": (torch.where(GOOD == 1, torch.nan, GOOD), "NaN or infinity in "),
    "infinity": (torch.where(GOOD == 1, torch.inf, GOOD), "NaN or infinity in "),
    "float16": (GOOD.half(), r"got float16 \(2, 3, 16, 16\) from 0 to 1: use .to\(torch.float"),
    "an array": (GOOD.numpy(), r"got ndarray float32 \(2, 3, 16, 16\) from 0 to 1: torch.from"),
    "a list": (GOOD.tolist(), "got list: "),
    "no images": (GOOD[:0], r"got float32 \(0, 3, 16, 16\): there must be an image"),
    "channels last": (GOOD.permute(0, 2, 3, 1), r"got .* \(2, 16, 16, 3\) .* use .permute\(0, 3"),
    "one image": (GOOD[0], r"got float32 \(3, 16, 16\) from 0 to 1: \[None\] makes a batch"),
    "pixels": (GOOD[0].permute(1, 2, 0), r"got .* \(16, 16, 3\) .* use .permute\(2, 0, 1\)"),
    "grey": (GOOD[0, 0], r"got float32 \(16, 16\) from 0 to 1: \[None, None\]"),
    "RGBA": (GOOD[:, [0, 1, 2, 0]], r"got float32 \(2, 4, 16, 16\)"),
}  # fmt: skip

LIGHT = {  # linear in light: they take brighter and negative values, too
    "blur": lambda x: motion.blur(x, KERNEL),
    "blur_varying": lambda x: motion.blur_varying(x, KERNEL, WEIGHTS),
    "camera_shake": lambda x: motion.camera_shake(x, torch.zeros(1, 2, 6)),
    "warp": lambda x: motion.warp(x, torch.zeros(1, 2, 6)),
    "blur_object, background": lambda x: motion.blur_object(x, GOOD, MASK, KERNEL),
    "blur_object, thing": lambda x: motion.blur_object(GOOD, x, MASK, KERNEL),
    "add_noise": lambda x: motion.add_noise(x, 0.1, rng=seeded()),
}
PICTURES = {
    "degrade": lambda x: motion.degrade(x, KERNEL, rng=seeded()),
    "inverse_filter": lambda x: classical.inverse_filter(x, KERNEL),
    "wiener": lambda x: classical.wiener(x, KERNEL),
    "tikhonov": lambda x: classical.tikhonov(x, KERNEL),
    "unsupervised_wiener": lambda x: classical.unsupervised_wiener(x, KERNEL, rng=seeded()),
    "richardson_lucy": lambda x: classical.richardson_lucy(x, KERNEL),
    "blind_richardson_lucy": lambda x: classical.blind_richardson_lucy(x, 3),
    "unsharp_mask": lambda x: classical.unsharp_mask(x),
    "restore": lambda x: restore(x, GENERATOR),
    "Generator": lambda x: Generator(width=4, blocks=1).eval()(x),
    "LiteGenerator": lambda x: LiteGenerator(width=4, blocks=1).eval()(x),
    "DeepDeblur": lambda x: DeepDeblur(width=4, blocks=1).eval()(x),
    "psnr": lambda x: ev.psnr(x, GOOD),
    "psnr, references": lambda x: ev.psnr(GOOD, x),
    "ssim": lambda x: ev.ssim(x, GOOD),
    "ssim_map": lambda x: ev.ssim_map(x, GOOD),
    "evaluate_pairs": lambda x: ev.evaluate_pairs(x, GOOD),
    "evaluate_pairs, sharp": lambda x: ev.evaluate_pairs(GOOD, x),
    "train_detector": lambda x: ev.train_detector(DETECTOR, x, TARGETS, rng=seeded()),
    "detect": lambda x: ev.detect(DETECTOR, x),
    "objectness_map": lambda x: ev.objectness_map(DETECTOR, x),
    "evaluate_detection": lambda x: ev.evaluate_detection(DETECTOR, x, TARGETS),
    "gopro_like_pair": lambda x: gopro_like_pair(x, rng=seeded()),
}
NETWORKS = ("Generator", "LiteGenerator", "DeepDeblur")  # of float32
NOT_TRIED = ("train_detector", "gopro_like_pair")  # long, and only for larger pictures
TRAINING = {  # NaN goes through to the loss, whose guard names it
    "Generator, training": lambda x: Generator(width=4, blocks=1)(x),
    "LiteGenerator, training": lambda x: LiteGenerator(width=4, blocks=1)(x),
    "Critic": lambda x: Critic(width=4)(x),
    "Critic, blurred": lambda x: Critic(width=4, conditional=True)(GOOD, x),
    "PerceptualLoss": lambda x: CONTENT(x, GOOD),
    "PerceptualLoss, sharp": lambda x: CONTENT(GOOD, x),
}


@pytest.mark.parametrize("what", BAD)
@pytest.mark.parametrize("name", LIGHT | PICTURES | TRAINING)
def test_what_is_no_batch_of_images_is_named(name, what):
    if name in TRAINING and what in ("NaN", "infinity"):
        pytest.skip("a matter of the trainer's guards")
    images, words = BAD[what]
    with pytest.raises(SharinganError, match=words) as caught:
        (LIGHT | PICTURES | TRAINING)[name](images)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_from_minus_one_to_one_are_named(name):
    with pytest.raises(InputError, match=r"from -1 to 1: if black is -1, take \(x \+ 1\) / 2"):
        PICTURES[name](2 * GOOD - 1)


@pytest.mark.parametrize("name", sorted(set(PICTURES) - {"degrade", *NOT_TRIED}))
def test_noise_may_lead_out_of_the_range(name):
    noise = torch.randn(GOOD.shape, generator=seeded())
    PICTURES[name](GOOD + 0.1 * noise)


@pytest.mark.parametrize("name", LIGHT)
def test_light_may_be_brighter_than_white_and_a_difference_negative(name):
    once, twice = LIGHT[name](GOOD - 0.5), LIGHT[name](10 * GOOD)
    assert torch.isfinite(once).all() and torch.isfinite(twice).all()


def test_what_a_network_gives_that_still_learns_may_lie_far_beyond_black_and_white():
    restored = (4 * GOOD - 2).requires_grad_()
    CONTENT(restored, GOOD).backward()
    assert Critic(width=4)(2 * restored - 1).isfinite().all() and restored.grad.abs().min() > 0


@pytest.mark.parametrize("name", sorted({*LIGHT, *PICTURES} - {*NETWORKS, *NOT_TRIED}))
def test_float64_gives_what_float32_gives(name):
    function = (LIGHT | PICTURES)[name]
    for double, single in zip(flat(function(GOOD.double())), flat(function(GOOD)), strict=True):
        torch.testing.assert_close(double.float(), single.float(), atol=2e-3, rtol=2e-3)


def flat(result):
    """Tensors of a result, whatever holds them."""
    if isinstance(result, dict):
        result = [result[key] for key in sorted(result)]
    if isinstance(result, (list, tuple)):
        return [tensor for part in result for tensor in flat(part)]
    return [torch.as_tensor(getattr(result, "f1", result), dtype=torch.float64)]


def test_restored_images_have_the_type_of_the_given_ones():
    assert restore(GOOD.double(), GENERATOR).dtype == torch.float64


def test_a_network_takes_the_type_of_its_weights():
    network = Generator(width=4, blocks=1).eval().double()
    assert network(GOOD.double()).dtype == torch.float64
    with pytest.raises(
        InputError, match=r"must be float64 .* got float32 .* use .to\(torch.float64"
    ):
        network(GOOD)


def test_two_batches_of_another_shape_are_no_pair():
    for function in (ev.psnr, ev.ssim, ev.evaluate_pairs, CONTENT):
        with pytest.raises(InputError, match="must have one shape"):
            function(GOOD, GOOD[:1])


def test_the_range_reaches_half_beyond_black_and_white():
    for value in (-SLACK, 1 + SLACK):
        check_images(torch.full((1, 3, 2, 2), value))
        with pytest.raises(InputError, match=r"\.clamp\(0, 1\)"):
            check_images(torch.full((1, 3, 2, 2), 1.001 * value))


@pytest.mark.parametrize("what", [what for what in BAD if what != "one image"])
def test_files_are_written_of_images_only(what, tmp_path):
    images, words = BAD[what]
    with pytest.raises(InputError, match=words):
        write_image(images, tmp_path / "never.png")
    assert not list(tmp_path.iterdir())


def test_one_image_at_a_time_becomes_pixels():
    assert np.array_equal(to_uint8(GOOD[:1]), to_uint8(GOOD[0]))
    with pytest.raises(InputError, match=r"one image at a time, got a batch \(2, 3, 16, 16\)"):
        to_uint8(GOOD)
    for wrong in (GOOD, to_uint8(GOOD[0]) / 255, [[[0, 0, 0]]]):
        with pytest.raises(InputError, match=r"expected uint8 pixels \(H, W, 3\), got "):
            from_uint8(wrong)


def test_what_is_drawn_white_by_mistake_is_refused():
    with pytest.raises(InputError, match="from 0 to 255: divide by"):
        image_grid(255 * GOOD, ["one", "two"])


@pytest.mark.parametrize("frames", [255 * GOOD[None], GOOD[None].half(), GOOD, GOOD[None] - 0.1])
def test_frames_to_average_are_checked(frames):
    with pytest.raises(InputError, match=r"^frames must"):
        average_frames(frames, 2.2)


def total(samples):
    return samples.flatten(1).sum(1)


NEIGHBOURS = {
    "kernels": (lambda x: motion.blur(GOOD, x), KERNEL),
    "kernels, degrade": (lambda x: motion.degrade(GOOD, x, rng=seeded()), KERNEL),
    "kernels, wiener": (lambda x: classical.wiener(GOOD, x), KERNEL),
    "kernels, blur_varying": (lambda x: motion.blur_varying(GOOD, x, WEIGHTS), KERNEL),
    "kernels, blur_object": (lambda x: motion.blur_object(GOOD, GOOD, MASK, x), KERNEL),
    "start": (lambda x: classical.blind_richardson_lucy(GOOD, 3, start=x), KERNEL),
    "weights": (lambda x: motion.blur_varying(GOOD, KERNEL, x), WEIGHTS),
    "mask": (lambda x: motion.blur_object(GOOD, GOOD, x, KERNEL), MASK),
    "poses": (lambda x: motion.camera_shake(GOOD, x), torch.zeros(1, 2, 6)),
    "poses, margin": (lambda x: motion.margin(x, 8, 8), torch.zeros(1, 2, 6)),
    "trajectories": (lambda x: motion.rasterize(x, 8), torch.zeros(1, 4, 2)),
    "real": (lambda x: gradient_penalty(total, x, GOOD, rng=seeded()), GOOD),
    "fake": (lambda x: gradient_penalty(total, GOOD, x, rng=seeded()), GOOD),
}


@pytest.mark.parametrize("name", NEIGHBOURS)
def test_other_tensors_are_checked_too(name):
    function, good = NEIGHBOURS[name]
    function(good)
    wrong = [
        (good.numpy(), "got ndarray float32"),
        (good.tolist(), "got list"),
        (good.long(), "got int64"),
        (good[:0], r"got float32 \(0, "),
    ]
    if name not in ("real", "fake"):  # which may come from a training in less precision
        wrong.append((good.half(), "got float16"))
        wrong.append((good * torch.nan, "NaN"))
    for value, words in wrong:
        with pytest.raises(InputError, match=words) as caught:
            function(value)
        assert name.split(",")[0] in str(caught.value)


@pytest.mark.parametrize("name", ["exposure", "path_length"])
@pytest.mark.parametrize("wrong", ["long", {}, [[0.5]], torch.ones(3), torch.zeros(0), np.nan, -1])
def test_numbers_for_each_path_are_checked(name, wrong):
    with pytest.raises(InputError, match=f"^{name} must be one number.* for each of the 2 paths"):
        motion.random_kernels(2, 9, rng=seeded(), **{name: wrong})


def test_numbers_may_come_from_numpy():
    assert check_each("length", np.array([1, 2]), 2, "", 0).tolist() == [1, 2]
    check_number("length", np.float32(2), 0)
    motion.add_noise(GOOD, np.float64(0.1), rng=seeded())


@pytest.mark.parametrize("wrong", ["0.1", None, torch.ones(2), [0.1], float("nan"), -0.1])
def test_what_is_no_number_is_named(wrong):
    with pytest.raises(InputError, match="std must be a finite number, 0 or more, got "):
        motion.add_noise(GOOD, wrong, rng=seeded())


def test_things_without_a_range_are_described_without_one():
    assert describe(torch.zeros(0, 4)) == "float32 (0, 4)"
    assert describe(torch.zeros(1, dtype=torch.complex64)) == "complex64 (1,)"
    assert describe(torch.tensor([0.5, torch.nan])) == "float32 (2,) with NaN"
    assert describe(np.zeros((2, 1), np.uint8)) == "ndarray uint8 (2, 1) from 0 to 0"
    assert describe(None) == "NoneType"


def test_a_range_takes_numbers_of_numpy():
    assert check_range("noise_std", np.float32(0.5), 0, 1) == (0.5, 0.5)
    assert check_range("path_length", (np.int64(3), 4), 0) == (3, 4)


DRAWS = {
    "sample_trajectories": lambda rng: motion.sample_trajectories(1, steps=9, rng=rng),
    "random_kernels": lambda rng: motion.random_kernels(1, 5, rng=rng),
    "add_noise": lambda rng: motion.add_noise(GOOD, 0.1, rng=rng),
    "unsupervised_wiener": lambda rng: classical.unsupervised_wiener(GOOD, KERNEL, rng=rng),
    "gradient_penalty": lambda rng: gradient_penalty(Critic(width=4), GOOD, GOOD, rng=rng),
    "weed_field": lambda rng: weed_field(64, rng=rng),
    "gopro_like_pair": lambda rng: gopro_like_pair(torch.ones(1, 3, 99, 99), rng=rng),
    "sharp_crops": lambda rng: next(sharp_crops(1, rng=rng)),
    "bootstrap_interval": lambda rng: ev.bootstrap_interval(torch.ones(3), rng=rng),
    "build_detector": lambda rng: ev.build_detector(rng=rng),
    "build_aerial_detector": lambda rng: ev.build_aerial_detector(rng=rng),
}


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("wrong", [7, None, "seed", np.random.default_rng(0)])
def test_what_is_no_source_of_random_numbers_is_named(name, wrong):
    with pytest.raises(InputError, match=r"rng must be a torch\.Generator, .*manual_seed\("):
        DRAWS[name](wrong)


@pytest.mark.parametrize("network", [Generator, LiteGenerator, Critic])
@pytest.mark.parametrize("wrong", ["3", None, 0, -1, 1.5, 10**30, True, torch.nan])
def test_a_network_is_built_of_whole_numbers(network, wrong):
    with pytest.raises(InputError, match=r"width must be a whole number, .* got"):
        network(width=wrong)


@pytest.mark.parametrize("wrong", [None, 3, b"a.png", ["a.png"]])
def test_what_is_no_path_is_named(wrong):
    for work in (read_image, load_generator, load_folder, check_layout):
        with pytest.raises(InputError, match="expected the name of a file or folder, got "):
            work(wrong)


def test_a_name_is_no_network_and_no_settings():
    with pytest.raises(InputError, match=r"expected a network, got 'lite': load_generator\(\)"):
        restore(GOOD, "lite")
    with pytest.raises(ConfigError, match="expected a TrainConfig, got 'quick': recipe"):
        Trainer("quick")
