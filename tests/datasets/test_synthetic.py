import math

import pytest
import torch
from torch.utils.data import DataLoader

from sharingan_lab.blur import blur, rasterize
from sharingan_lab.blur.trajectories import Dice, walk
from sharingan_lab.datasets import Camera, PathCamera, SyntheticBlurPairs, load_folder, photo
from sharingan_lab.datasets.album import Album
from sharingan_lab.datasets.draws import item_keys, normal_like, uniform, words
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.images import write_image


@pytest.fixture
def scenes():
    return [photo(name)[0] for name in ("chelsea", "coffee", "rocket")]


def make_pairs(scenes, **changes):
    """Pairs of a camera whose settings are among the changes."""
    names = PathCamera.__dataclass_fields__
    camera = {"kernel_size": 15} | {name: changes.pop(name) for name in names if name in changes}
    settings = {"crop": 48, "seed": 3, "items": 6, "camera": PathCamera(**camera)}
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


@pytest.mark.parametrize("camera", [PathCamera(15, gamma=(1.0, 2.2)), Camera()])
def test_a_batch_is_its_items_one_by_one(scenes, camera):
    pairs = make_pairs(scenes, camera=camera, items=12)
    order = [7, 0, 11, 3, 7, 4]
    for index, together in zip(order, pairs.__getitems__(order), strict=True):
        torch.testing.assert_close(together, pairs[index], atol=2e-6, rtol=0)


@pytest.mark.parametrize("index", [-1, 6])
def test_an_item_that_is_not_there_is_named(scenes, index):
    with pytest.raises(IndexError, match=f"item {index} of 6"):
        make_pairs(scenes)[index]


def by_equation_1(scenes, index, *, kernel_size, path_length, noise_std, gamma):
    """One pair of 48 pixels straight from the checked functions, its numbers as it draws them."""
    key = item_keys(3, 2, torch.tensor([index]))
    reach = kernel_size // 2
    scene = Album(scenes).windows(key, 48 + 2 * reach, margin=reach, on_side=False)
    length, deviation, power = (
        low + (high - low) * chance
        for (low, high), chance in zip(
            (path_length, noise_std, gamma), uniform(key, 3)[0].tolist(), strict=True
        )
    )
    length = torch.tensor([length], dtype=torch.float64)
    kernel = rasterize(walk(Dice(words(key, 5 + 1999, 1)), length), kernel_size)
    light = blur(scene**power, kernel).clamp(min=0)
    inner = (..., slice(reach, reach + 48), slice(reach, reach + 48))
    blurred, sharp = light[inner] ** (1 / power), scene[inner]
    noisy = blurred + deviation * normal_like(blurred, key, 2)
    return torch.cat([noisy.clamp(0, 1), sharp])


@pytest.mark.parametrize("kernel_size", [15, 16])
@pytest.mark.parametrize("gamma", [(1.0, 1.0), (2.2, 2.2), (1.0, 2.2)])
def test_items_are_those_of_the_checked_functions(scenes, gamma, kernel_size):
    ranges = {"path_length": (1.0, 30.0), "noise_std": (0.0, 0.05), "gamma": gamma}
    pairs = make_pairs(scenes, kernel_size=kernel_size, **ranges)
    pairs.set_epoch(2)
    for index, pair in enumerate(pairs):
        expected = by_equation_1(scenes, index, kernel_size=kernel_size, **ranges)
        torch.testing.assert_close(torch.stack(pair), expected, atol=1e-5, rtol=0)


def test_8_bit_pictures_give_the_items_of_the_same_pictures_as_floats(scenes):
    bytes_ = [(255 * scene).round().to(torch.uint8) for scene in scenes]
    floats = [scene.float() / 255 for scene in bytes_]
    for light in ({}, {"gamma": 2.2, "transpose": True}):
        for one, two in zip(make_pairs(bytes_, **light), make_pairs(floats, **light), strict=True):
            assert torch.equal(torch.stack(one), torch.stack(two))


def test_pictures_are_taken_as_often_as_their_area_says():
    levels = [torch.full((3, 48, 48 * (1 + 3 * i)), i / 2) for i in range(2)]
    sharp = torch.stack([sharp for _, sharp in make_pairs(levels, items=300)]).mean(dim=(1, 2, 3))
    assert 0.1 < float((sharp == 0).double().mean()) < 0.3


@pytest.mark.parametrize("camera", [PathCamera(15, (1.0, 9.0), (0.0, 0.1), (1.0, 2.2)), Camera()])
def test_on_another_device_the_host_never_waits_for_a_pixel(scenes, camera):
    """Tensors of the device "meta" have no values: whoever asks for one fails."""
    scenes[0] = (255 * scenes[0]).to(torch.uint8)
    pairs = make_pairs(scenes, transpose=True, device="meta", camera=camera, items=40)
    for pair in pairs.__getitems__([*range(40)]):
        for image in pair:
            assert image.device.type == "meta" and image.dtype == torch.float32
            assert image.shape == (3, 48, 48)
    with pytest.raises((RuntimeError, NotImplementedError), match="meta"):
        blur(torch.ones(1, 3, 20, 20, device="meta"), torch.ones(1, 3, 3))  # it looks at values


def test_every_place_of_a_picture_that_the_crop_fits_in_is_cut():
    """Whether or not the picture goes on beyond the crop."""
    scene = torch.arange(35.0).mul(0.01).expand(3, 32, 35)  # each column tells its place
    pairs = make_pairs([scene], crop=32, items=80, noise_std=0.0)
    lefts = {round(100 * float(sharp.min())) for _, sharp in pairs.__getitems__([*range(80)])}
    assert lefts == {0, 1, 2, 3}


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
    assert len(torch.unique(shots(20, path_length=30.0), dim=0)) == 20


def test_lengths_cover_their_range():
    """Beside a fixed length, of which the range is the upper end, the kernels are half as wide."""
    long, varied = spread(shots(path_length=40.0)), spread(shots(path_length=(0.0, 40.0)))
    assert 0.35 < varied.mean() / long.mean() < 0.65
    assert varied.min() < 0.4 * long.min()
    assert spread(shots(3, path_length=0.0)).max() < 1e-3


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
    plain, linear = shots(6, path_length=20.0), shots(6, path_length=20.0, gamma=2.2)
    torch.testing.assert_close(linear, plain ** (1 / 2.2), atol=1e-5, rtol=0)


def test_gammas_cover_their_range():
    """Each pixel tells the exponent: log(value in light) / log(value as it is)."""
    plain, varied = shots(path_length=20.0), shots(path_length=20.0, gamma=(1.0, 2.2))
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
    varied = make_pairs(scenes, path_length=(1.0, 9.0), noise_std=(0.0, 0.1), gamma=(1.0, 2.2))
    assert all(torch.equal(a[1], b[1]) for a, b in zip(plain, varied, strict=True))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            {"path_length": -1.0},
            r"path_length=-1.0: must be a number or a range \(low, high\), 0 or more",
        ),
        ({"path_length": (9.0, 2.0)}, r"path_length=\(9.0, 2.0\)"),
        ({"path_length": (1.0, math.inf)}, "path_length="),
        ({"noise_std": (0.0, 1.5)}, "noise_std=.*from 0 to 1"),
        ({"noise_std": (0.0, 0.1, 0.2)}, "noise_std="),
        ({"noise_std": "0.1"}, "noise_std='0.1'"),
        ({"gamma": 0.5}, "gamma=0.5.*from 1 to 4"),
        ({"gamma": math.nan}, "gamma=nan"),
        (
            {"crop": 16, "kernel_size": 700},
            "picture 0 is .*: too small for motions that reach 350",
        ),
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
