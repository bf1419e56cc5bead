import math

import pytest
import torch
from torch.utils.data import DataLoader

from sharingan_lab.blur import add_noise, blur, random_kernels
from sharingan_lab.datasets import SyntheticBlurPairs, load_folder, photo, synthetic
from sharingan_lab.datasets.seeding import seeded_generator
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.images import write_image


@pytest.fixture
def scenes():
    return [photo(name)[0] for name in ("chelsea", "coffee", "rocket")]


def make_pairs(scenes, **changes):
    settings = {"crop": 48, "seed": 3, "items": 6, "kernel_size": 15}
    return SyntheticBlurPairs(scenes, **{**settings, **changes})


def test_an_item_is_a_blurred_and_a_sharp_crop_in_range(scenes):
    pairs = make_pairs(scenes)
    assert len(pairs) == 6
    for blurred, sharp in pairs:
        assert blurred.shape == sharp.shape == (3, 48, 48)
        assert blurred.dtype == sharp.dtype == torch.float32
        assert blurred.min() >= 0 and blurred.max() <= 1


def test_the_sharp_crop_is_cut_from_its_picture(scenes):
    scene = scenes[1][:, 100:180, 200:300]
    sharp = make_pairs([scene])[1][1]
    windows = scene.unfold(1, 48, 1).unfold(2, 48, 1)
    same = [
        (windows == crop[:, None, None]).all(dim=(0, 3, 4)).any()
        for crop in (sharp, sharp.flip(-1))
    ]
    assert any(same)


def test_blurred_and_sharp_show_the_same_place(scenes):
    """The pair is closer than the sharp crop is to itself moved by some pixels."""
    for blurred, sharp in make_pairs(scenes, noise_std=0.0):
        moved = sharp.roll((9, 9), dims=(1, 2))
        inner = (..., slice(9, None), slice(9, None))
        assert psnr(blurred[inner][None], sharp[inner][None]) > psnr(
            moved[inner][None], sharp[inner][None]
        )


def test_items_follow_from_seed_epoch_and_index_alone(scenes):
    pairs, again = make_pairs(scenes), make_pairs(scenes)
    again.set_epoch(2)
    again[4]
    again.set_epoch(0)
    for index in (5, 0, 3):
        torch.testing.assert_close(again[index], pairs[index], rtol=0, atol=0)


@pytest.mark.parametrize("change", ["seed", "epoch", "index"])
def test_another_seed_epoch_or_index_gives_another_item(scenes, change):
    pairs = make_pairs(scenes[:1], seed=4 if change == "seed" else 3)
    pairs.set_epoch(1 if change == "epoch" else 0)
    item = pairs[1 if change == "index" else 0]
    assert not torch.equal(item[1], make_pairs(scenes[:1])[0][1])


def test_the_global_generator_is_neither_read_nor_moved(scenes):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = make_pairs(scenes)[0]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(1)
    torch.testing.assert_close(make_pairs(scenes)[0], first, rtol=0, atol=0)


def test_loader_workers_give_what_one_process_gives(scenes):
    pairs = make_pairs(scenes)
    alone, shared = (
        torch.cat([blurred for blurred, _ in DataLoader(pairs, batch_size=2, num_workers=workers)])
        for workers in (0, 2)
    )
    torch.testing.assert_close(shared, alone, rtol=0, atol=0)


def by_equation_1(scene, crop, kernel_size, *, path, length, noise_std, gamma):
    """One pair straight from the checked functions, its draws in the order that is promised."""
    rng = seeded_generator(*path)
    top, left = (int(torch.randint(side - crop + 1, (), generator=rng)) for side in scene.shape[1:])
    reach = kernel_size // 2
    y, x = max(0, top - reach), max(0, left - reach)
    image = scene[None, :, y : top + crop + reach, x : left + crop + reach]
    length, noise_std, gamma = (
        low + (high - low) * float(torch.rand((), generator=rng))
        for low, high in (length, noise_std, gamma)
    )
    kernel = random_kernels(1, kernel_size, length=length, generator=rng)
    light = blur(image**gamma, kernel).clamp(min=0)
    blurred = add_noise(light ** (1 / gamma), noise_std, generator=rng).clamp(0, 1)
    mirrored, _ = (torch.rand(2, generator=rng) < 0.5).tolist()
    pair = torch.cat([blurred, image])[..., top - y :, left - x :][..., :crop, :crop]
    return pair.flip(-1) if mirrored else pair


@pytest.mark.parametrize("gamma", [(1.0, 1.0), (2.2, 2.2), (1.0, 2.2)])
def test_items_are_those_of_the_checked_functions_bit_for_bit(scenes, gamma):
    ranges = {"length": (1.0, 30.0), "noise_std": (0.0, 0.05), "gamma": gamma}
    pairs = make_pairs(scenes, **ranges)
    pairs.set_epoch(2)
    for index, pair in enumerate(pairs):
        expected = by_equation_1(scenes[index % 3], 48, 15, path=(3, 2, index), **ranges)
        assert torch.equal(torch.stack(pair), expected)


def test_8_bit_pictures_give_the_items_of_the_same_pictures_as_floats(scenes):
    bytes_ = [(255 * scene).round().to(torch.uint8) for scene in scenes]
    floats = [scene.float() / 255 for scene in bytes_]
    for one, two in zip(make_pairs(bytes_), make_pairs(floats), strict=True):
        assert torch.equal(torch.stack(one), torch.stack(two))
    light = {"gamma": 2.2, "transpose": True}
    for one, two in zip(make_pairs(bytes_, **light), make_pairs(floats, **light), strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=0)


def test_the_pictures_beyond_an_epochs_items_come_in_the_next(scenes):
    levels = [torch.full((3, 48, 48), i / 10) for i in range(5)]
    pairs = make_pairs(levels, items=2, noise_std=0.0)
    seen = []
    for epoch in range(5):
        pairs.set_epoch(epoch)
        seen += [round(10 * float(sharp.mean())) for _, sharp in pairs]
    assert seen == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


def test_on_another_device_the_host_never_waits_for_a_pixel(scenes, monkeypatch):
    """Tensors of the device "meta" have no values: whoever asks for one fails."""
    monkeypatch.setattr(synthetic, "_generator_on", lambda device, seed: None)
    monkeypatch.setattr(synthetic, "gaussian_like", lambda image, _: torch.randn_like(image))
    settings = {"length": (1.0, 9.0), "noise_std": (0.0, 0.1), "gamma": (1.0, 2.2)}
    scenes[0] = (255 * scenes[0]).to(torch.uint8)
    for pair in make_pairs(scenes, transpose=True, device="meta", **settings):
        for image in pair:
            assert image.device.type == "meta" and image.dtype == torch.float32
            assert image.shape == (3, 48, 48)
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        blur(torch.ones(1, 3, 20, 20, device="meta"), torch.ones(1, 3, 3))  # it looks at values


@pytest.mark.parametrize("shape", [(1, 3, 63, 62), (1, 3, 9, 7), (1, 3, 8, 8)])
def test_after_the_noise_of_a_device_come_the_draws_of_the_cpu(shape, monkeypatch):
    """So an item is mirrored on every device or on none; the device's noise has the item's seed."""
    asked = []
    monkeypatch.setattr(synthetic, "_generator_on", lambda *place: asked.append(place))
    monkeypatch.setattr(synthetic, "gaussian_like", lambda image, _: torch.randn_like(image))
    here, there = seeded_generator(0, 1, 2), seeded_generator(0, 1, 2)
    add_noise(torch.zeros(shape), 0.1, generator=here)
    synthetic._noise_like(torch.zeros(shape, device="meta"), there)
    assert torch.equal(here.get_state(), there.get_state())
    assert asked == [(torch.device("meta"), there.initial_seed())]


def test_a_crop_as_large_as_the_picture_works():
    scene = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    blurred, sharp = make_pairs([scene], crop=40)[0]
    assert torch.equal(sharp, scene) or torch.equal(sharp, scene.flip(-1))
    assert blurred.shape == (3, 40, 40)


def test_iteration_ends_after_the_last_item(scenes):
    assert len(list(make_pairs(scenes))) == 6


def impulses(side=49):
    """One white pixel on black, so large a crop that it never moves: its blur is the kernel."""
    scene = torch.zeros(3, side, side)
    scene[:, side // 2, side // 2] = 1
    return scene


def shots(n=200, **changes):
    """Blurred crops (n, 3, 49, 49) of the white pixel; without noise each shows its kernel."""
    settings = {"crop": 49, "items": n, "kernel_size": 47, "noise_std": 0.0, **changes}
    return torch.stack([blurred for blurred, _ in make_pairs([impulses()], **settings)])


def spread(images):
    """Root mean square distance of the light from its centroid, in pixels, an image."""
    light = images[:, 0].double() / images[:, 0].double().sum((1, 2), keepdim=True)
    place = torch.arange(images.shape[-1], dtype=torch.float64)
    x, y = light.sum(1), light.sum(2)
    return sum((p * place**2).sum(1) - (p * place).sum(1) ** 2 for p in (x, y)).sqrt()


def test_every_item_has_a_kernel_of_its_own():
    assert len(torch.unique(shots(20, length=30.0), dim=0)) == 20


def test_lengths_cover_their_range():
    """Beside a fixed length, of which the range is the upper end, the kernels are half as wide."""
    long, varied = spread(shots(length=40.0)), spread(shots(length=(0.0, 40.0)))
    assert 0.35 < varied.mean() / long.mean() < 0.65
    assert varied.min() < 0.4 * long.min()
    assert spread(shots(3, length=0.0)).max() < 1e-3


def test_noise_covers_its_range_evenly():
    grey = torch.full((3, 32, 32), 0.5)
    pairs = make_pairs([grey], crop=32, items=400, noise_std=(0.01, 0.05))
    found = torch.stack([blurred.std() for blurred, _ in pairs])
    expected = torch.linspace(0.01, 0.05, 5)
    torch.testing.assert_close(
        found.quantile(torch.linspace(0, 1, 5)), expected, atol=0.004, rtol=0
    )


def test_gamma_averages_light():
    """Where a path covers half of black and half of white the value is 0.5 ** (1 / gamma)."""
    plain, linear = shots(6, length=20.0), shots(6, length=20.0, gamma=2.2)
    torch.testing.assert_close(linear, plain ** (1 / 2.2), atol=1e-5, rtol=0)


def test_gammas_cover_their_range():
    """Each pixel tells the exponent: log(value in light) / log(value as it is)."""
    plain, varied = shots(length=20.0), shots(length=20.0, gamma=(1.0, 2.2))
    brightest = plain[:, 0].flatten(1).argmax(1, keepdim=True)
    before, after = (x[:, 0].flatten(1).gather(1, brightest) for x in (plain, varied))
    gammas = before.log() / after.log()
    assert 1 <= gammas.min() < 1.1 and 2.1 < gammas.max() <= 2.2 + 1e-4
    assert 1.5 < gammas.mean() < 1.7


def test_transpose_lays_half_of_the_crops_on_their_side():
    scene = torch.linspace(0, 1, 48).expand(3, 48, 48)  # bright to the right, the same in each row
    upright = [s for _, s in make_pairs([scene], items=100)]
    either = [s for _, s in make_pairs([scene], items=100, transpose=True)]
    on_side = [not torch.equal(s, s[:, :1].expand_as(s)) for s in either]
    assert all(torch.equal(s, s[:, :1].expand_as(s)) for s in upright)
    assert 30 < sum(on_side) < 70


def test_other_ranges_leave_the_crops_as_they_are(scenes):
    plain = make_pairs(scenes)
    varied = make_pairs(scenes, length=(1.0, 9.0), noise_std=(0.0, 0.1), gamma=(1.0, 2.2))
    assert all(torch.equal(a[1], b[1]) for a, b in zip(plain, varied, strict=True))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"length": -1.0}, r"length=-1.0: must be a number or a range \(low, high\), 0 or more"),
        ({"length": (9.0, 2.0)}, r"length=\(9.0, 2.0\)"),
        ({"length": (1.0, math.inf)}, "length="),
        ({"noise_std": (0.0, 1.5)}, "noise_std=.*from 0 to 1"),
        ({"noise_std": (0.0, 0.1, 0.2)}, "noise_std="),
        ({"noise_std": "0.1"}, "noise_std='0.1'"),
        ({"gamma": 0.5}, "gamma=0.5.*from 1 to 4"),
        ({"gamma": math.nan}, "gamma=nan"),
        ({"crop": 16, "kernel_size": 47}, "kernel_size=47: too large for a crop of 16"),
    ],
)
def test_settings_out_of_range_are_named(scenes, setting, message):
    with pytest.raises(InputError, match=message):
        make_pairs(scenes, **setting)


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([], "no sharp picture"),
        ([torch.zeros(1, 3, 64, 64)], r"picture 0 has shape \(1, 3, 64, 64\)"),
        ([torch.zeros(3, 64, 64), torch.zeros(3, 30, 64)], "picture 1 is 64x30: too small"),
        ([torch.zeros(3, 64, 64, dtype=torch.int64)], r"picture 0 is torch.int64: give floats"),
        ([torch.full((3, 64, 64), 255.0)], r"picture 0 must lie in \[0, 1\]"),
        ([torch.full((3, 64, 64), math.nan)], "NaN or infinity in picture 0"),
    ],
)
def test_unusable_pictures_are_named(pictures, message):
    with pytest.raises(InputError, match=message):
        make_pairs(pictures)


def test_a_folder_is_read_in_the_order_of_names(tmp_path):
    for level, name in ((0.2, "b.png"), (0.8, "a.PNG")):
        write_image(torch.full((3, 4, 5), level), tmp_path / name)
    (tmp_path / "notes.txt").write_text("not a picture")
    first, second = load_folder(tmp_path)
    assert first.shape == (3, 4, 5) and first.mean() > 0.7 and second.mean() < 0.3
    bytes_ = load_folder(tmp_path, as_uint8=True)
    for floats, eight_bits in zip((first, second), bytes_, strict=True):
        assert eight_bits.dtype == torch.uint8 and torch.equal(eight_bits.float() / 255, floats)


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no picture"):
        load_folder(tmp_path)
