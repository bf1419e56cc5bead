"""The camera of every kind of blur: its motions by other means, its sensor and its file."""

import math

import numpy as np
import pytest
import scipy.ndimage
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from sharingan_lab.blur import camera_shake, convolution
from sharingan_lab.datasets import Camera, SyntheticBlurPairs, motion, photo
from sharingan_lab.datasets.camera import KINDS
from sharingan_lab.datasets.draws import item_keys, uniform
from sharingan_lab.errors import InputError

CROP = 64
SIDE = CROP + 2 * motion.margin(CROP)
INNER = (..., slice(16, 80), slice(16, 80))
SCENES = torch.stack(
    [photo(name)[0, :, 40 : 40 + SIDE, 60 : 60 + SIDE] for name in ("chelsea", "coffee", "rocket")]
)
CLEAN = {"gamma": (1.0, 1.0), "highlights": 1.0, "noise_std": 0.0, "shot": 0.0, "lens": 0.0}


def camera(kind=None, *, compressed=False, **changes):
    """A camera that does nothing but move the scene in one way, and what the changes say."""
    weights = {} if kind is None else {"kinds": tuple(float(name == kind) for name in KINDS)}
    made = Camera(**{**CLEAN, **weights, **changes})
    if not compressed:
        object.__setattr__(made, "quality", (0.0, 0.0))  # what is not compressed
    return made


def keys(count, seed=1):
    return item_keys(seed, torch.arange(count))


def take(maker, scenes, others=None, seed=1):
    others = torch.zeros_like(scenes) if others is None else others
    of = dict(zip(keys(len(scenes), seed).tolist(), others, strict=True))
    return maker.take(
        scenes,
        lambda some: torch.stack([of[key] for key in some.tolist()]),
        keys(len(scenes), seed),
    )


def black(count, level=0.0):
    return torch.full((count, 3, SIDE, SIDE), level)


# -- motions ---------------------------------------------------------------------------------------


def test_still_is_the_scene():
    blurred, sharp = take(camera("still"), SCENES)
    assert torch.equal(sharp, SCENES[INNER])
    assert torch.equal(blurred, sharp)


def test_a_shake_is_one_kernel_for_the_whole_picture():
    """The blurred picture of a single white pixel is the kernel, with which the others agree."""
    points = black(3)
    points[:, :, SIDE // 2, SIDE // 2] = 1.0
    kernels = take(camera("shake"), points)[0][:, 0].double().numpy()
    assert kernels.sum(axis=(1, 2)) == pytest.approx(1.0, abs=1e-5)
    blurred, sharp = take(camera("shake"), SCENES)
    assert torch.equal(sharp, SCENES[INNER])
    for image, scene, kernel in zip(blurred, SCENES, kernels, strict=True):
        # CROP is even: the pixel lies at CROP // 2, its kernel reaches from there to both sides
        whole = [scipy.ndimage.convolve(plane, kernel[:, :], origin=0) for plane in scene.double()]
        np.testing.assert_allclose(image, np.stack(whole)[INNER], atol=1e-4)


def motions(items, reach):
    """What `expose` draws for some items."""
    paths = (motion._paths(some, reach, SIDE) for some in (items, item_keys(items, 1)))
    return motion._Motions(items, reach, *paths)


def test_a_turn_is_that_of_camera_shake():
    items, reach = keys(3), camera("turn").reach_of(keys(3), CROP)
    poses = motion._poses(motions(items, reach), SIDE)
    blurred, sharp = take(camera("turn"), SCENES)
    assert torch.equal(sharp, SCENES[INNER])
    for image, scene, path, count in zip(
        blurred, SCENES, poses, motion._counts(reach), strict=True
    ):
        expected = camera_shake(scene[None], path[None, :count], focal=float(SIDE))[INNER][0]
        torch.testing.assert_close(image, expected, atol=2e-4, rtol=0)


def test_poses_turn_tilt_and_move_about_the_middle():
    """At the middle the scene moves by the path, whether the hand tilts or shifts."""
    reach = torch.full((200,), 8.0)
    for path in motion._poses(motions(keys(200), reach), SIDE):
        torch.testing.assert_close(path.mean(dim=0), torch.zeros(6), atol=1e-5, rtol=0)
        moved = path[:, 3:5] * SIDE
        moved += torch.deg2rad(torch.stack([path[:, 1], -path[:, 0]], dim=1)) * SIDE
        width = (moved.amax(0) - moved.amin(0)).max()
        assert 4 < width <= 8 + 1e-3  # the path's ends may lie between two moments


def by_compositing(back, front, mask, back_path, path):
    """Mean of frames in each of which the front hides the back, moved by SciPy's splines."""
    total = 0
    for back_shift, shift in zip(back_path.tolist(), path.tolist(), strict=True):
        behind, before, place = (
            np.stack([scipy.ndimage.shift(plane, by[::-1], order=1) for plane in layer.numpy()])
            for layer, by in ((back, back_shift), (front, shift), (mask, shift))
        )
        total = total + (place * before + (1 - place) * behind)[INNER]
    return total / len(path)


def moments_of(path, reach):
    count = max(motion.FEWEST, math.ceil(reach / motion.APART))
    return motion._moments(path[None], torch.tensor([count]))[0]


@pytest.mark.parametrize("kind", ["depth", "object"])
def test_layers_hide_one_another_at_every_moment(kind):
    items = keys(3)
    maker = camera(kind, slight=0.0)
    reach = maker.reach_of(items, CROP)
    paths = motion._paths(items, reach, SIDE)
    if kind == "depth":
        others, fronts = None, SCENES
        ratio = 0.1 + 0.6 * uniform(items, 1, motion._SPEEDS)[:, 0]
        back_paths = ratio.float()[:, None, None] * paths
    else:
        others = fronts = SCENES.flip(0)
        held, speed = uniform(items, 2, motion._SPEEDS).float().T
        back_paths = torch.where(held < 0.4, 0, speed)[:, None, None] * paths
        paths = motion._paths(item_keys(items, 1), reach, SIDE)
    blurred, sharp = take(maker, SCENES, others)
    masks = motion._shapes(items, SIDE)
    still = masks * fronts + (1 - masks) * SCENES
    torch.testing.assert_close(sharp, still[INNER], atol=1e-5, rtol=0)
    for i in range(3):
        ways = (moments_of(path[i], float(reach[i])) for path in (back_paths, paths))
        expected = by_compositing(SCENES[i], fronts[i], masks[i], *ways)
        np.testing.assert_allclose(blurred[i], expected, atol=1e-4)


def test_a_white_thing_over_black_only_moves_its_light():
    """Its light adds up at the border: nothing is darker there than what covers it in part."""
    blurred, sharp = take(camera("object", slight=0.0), black(40), black(40, 1.0))
    masks = motion._shapes(keys(40), SIDE)[INNER]
    torch.testing.assert_close(sharp, masks.expand_as(sharp), atol=1e-5, rtol=0)
    assert blurred.min() >= 0 and blurred.max() <= 1 + 1e-5
    light, before = (x.mean(dim=(1, 2, 3)) for x in (blurred, sharp))
    assert float((light - before).abs().max()) < 0.2  # what crosses the picture's border
    assert float((light - before).mean().abs()) < 0.02
    assert bool(((blurred > 0.1) & (blurred < 0.9)).any(dim=(1, 2, 3)).all())


def test_a_grey_thing_over_the_same_grey_is_not_seen():
    blurred, sharp = take(camera("object"), black(20, 0.4), black(20, 0.4))
    torch.testing.assert_close(blurred, sharp, atol=1e-5, rtol=0)


def test_things_cover_about_two_fifths_with_edges_of_a_pixel_or_two():
    masks = motion._shapes(keys(300), SIDE)
    assert 0.3 < float(masks.mean()) < 0.5
    soft = ((masks > 0.1) & (masks < 0.9)).double().mean(dim=(1, 2, 3))
    edges = (masks[..., 1:] > 0.5) != (masks[..., :-1] > 0.5)
    assert 0.5 < float(soft.mean() / edges.double().mean()) < 4  # a level edge counts as none


# -- how much and how often ------------------------------------------------------------------------


def test_motions_reach_from_two_pixels_to_a_third_of_the_crop():
    reach = camera(slight=0.0).reach_of(keys(4000), 96)
    assert 2 <= reach.min() < 2.1 and 31 < reach.max() <= 32
    logarithms = (reach / 2).log() / math.log(16)  # evenly from 0 to 1
    assert float(logarithms.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(logarithms.var()) == pytest.approx(1 / 12, abs=0.005)


def test_slight_motions_are_as_many_as_asked_for():
    reach = camera(slight=0.3).reach_of(keys(4000), 96)
    assert float((reach < 2).double().mean()) == pytest.approx(0.3, abs=0.03)
    assert reach.min() >= 0
    assert bool((camera(slight=1.0).reach_of(keys(99), 96) <= 2).all())


def test_paths_have_the_reach_and_stay_within_the_scene():
    reach = torch.linspace(0.5, CROP / 3, 200, dtype=torch.float64)
    paths = motion._paths(keys(200), reach, SIDE)
    width = (paths.amax(1) - paths.amin(1)).amax(1)
    assert paths.abs().max() <= motion.margin(CROP) + 1e-4
    as_asked = (width - reach).abs() < 1e-3
    assert float(as_asked.double().mean()) > 0.9 and bool((width < reach + 1e-3).all())


def test_some_paths_are_nearly_straight_and_some_are_wild():
    paths = motion._paths(keys(200), torch.full((200,), 10.0), SIDE)
    lengths = paths.diff(dim=1).norm(dim=2).sum(dim=1)
    assert float(lengths.quantile(0.1)) < 15 and float(lengths.quantile(0.9)) > 25


def test_a_paths_wildness_says_nothing_about_its_direction():
    paths = motion._paths(keys(2000), torch.full((2000,), 10.0), SIDE)
    lengths = paths.diff(dim=1).norm(dim=2).sum(dim=1).log()
    for across in (paths[:, 1] - paths[:, 0]).T:
        assert abs(float(torch.corrcoef(torch.stack([lengths, across]))[0, 1])) < 0.1


def test_kinds_come_as_often_as_their_weights_say():
    weights = (1.0, 2.0, 0.0, 3.0, 4.0)
    found = Camera(kinds=weights).kinds_of(keys(5000)).bincount(minlength=5) / 5000
    torch.testing.assert_close(found, torch.tensor(weights) / 10, atol=0.03, rtol=0)
    assert found[2] == 0
    assert set(Camera(kinds=(0, 0, 1, 0, 0)).kinds_of(keys(50)).tolist()) == {2}
    assert set(Camera(kinds=(0, 0, 0, 1, 0)).kinds_of(keys(50)).tolist()) == {3}


# -- sensor, response and file ---------------------------------------------------------------------


def test_a_response_averages_light_and_leaves_the_sharp_side():
    checks = black(40)
    checks[..., ::2] = 1.0  # columns of one pixel: light of a half, wherever the path leads
    plain, _ = take(camera("shake", slight=0.0), checks)
    bent, sharp = take(camera("shake", slight=0.0, gamma=(2.0, 2.0)), checks)
    assert torch.equal(sharp, checks[INNER])
    inverse = (bent.clamp(min=1e-9).log() / plain.clamp(min=1e-9).log()).median()
    changed = (bent - plain).abs().amax(dim=(1, 2, 3)) > 1e-3
    assert 10 <= int(changed.sum()) <= 30  # half of the cameras
    torch.testing.assert_close(bent[changed], plain[changed].sqrt(), atol=1e-4, rtol=0)
    assert torch.equal(bent[~changed], plain[~changed])
    assert inverse <= 1


def test_a_burnt_out_lamp_leaves_a_brighter_trace():
    lamp = black(60)
    lamp[..., SIDE // 2, SIDE // 2] = 1.0
    plain, _ = take(camera("shake", slight=0.0), lamp)
    bright, sharp = take(camera("shake", slight=0.0, highlights=6.0), lamp)
    assert torch.equal(sharp, lamp[INNER])
    ratio = (bright.sum(dim=(1, 2, 3)) / plain.sum(dim=(1, 2, 3))).sort().values
    assert 8 <= int((ratio > 1.01).sum()) <= 30  # three of ten
    assert ratio.max() > 3 and ratio.max() <= 6
    assert bool((bright >= plain - 1e-6).all())


def noise_of(level, **changes):
    scenes = black(100, level)
    blurred, sharp = take(camera("still", **changes), scenes)
    assert torch.equal(sharp, scenes[INNER])
    return (blurred - sharp).std(dim=(1, 2, 3))


def test_shot_noise_grows_with_the_root_of_the_light():
    dark, bright = noise_of(0.09, shot=0.1), noise_of(0.36, shot=0.1)
    noisy = bright > 0.005
    assert 25 < int(noisy.sum()) < 65  # three of five, some of them hardly
    torch.testing.assert_close(bright[noisy], 2 * dark[noisy], rtol=0.05, atol=0)
    assert 0.04 < bright.max() <= 0.062
    assert int((bright == 0).sum()) > 25


def test_read_noise_is_the_same_in_the_dark():
    dark, bright = noise_of(0.3, noise_std=0.05), noise_of(0.6, noise_std=0.05)
    torch.testing.assert_close(dark, bright, rtol=0.05, atol=1e-4)
    assert 0.03 < bright.max() <= 0.052
    assert float(bright[bright > 0].median()) < 0.5 * float(bright.max())


def test_the_lens_softens_both_sides():
    blurred, sharp = take(camera("still", lens=0.9), SCENES.repeat(10, 1, 1, 1))
    scenes = SCENES.repeat(10, 1, 1, 1)[INNER]
    assert torch.equal(blurred, sharp)
    rough, smooth = (x.diff(dim=-1).abs().mean(dim=(1, 2, 3)) for x in (scenes, sharp))
    assert 10 <= int((sharp != scenes).flatten(1).any(dim=1).sum()) <= 26  # three of five
    assert bool((smooth <= rough).all()) and bool((smooth < 0.8 * rough).any())


def test_half_of_the_blurred_pictures_are_compressed_and_no_sharp_one():
    scenes = SCENES.repeat(20, 1, 1, 1)
    blurred, sharp = take(camera("still", compressed=True), scenes)
    assert torch.equal(sharp, scenes[INNER])
    changed = (blurred != sharp).flatten(1).any(dim=1)
    assert 18 <= int(changed.sum()) <= 42
    levels = 255 * blurred[changed]
    torch.testing.assert_close(levels, levels.round(), atol=1e-4, rtol=0)


# -- a whole batch ---------------------------------------------------------------------------------


def test_items_do_not_depend_on_their_batch():
    scenes = SCENES.repeat(8, 1, 1, 1)
    maker, items = Camera(), keys(24)
    whole = maker.take(scenes, lambda some: SCENES[:1].expand(len(some), -1, -1, -1), items)
    for part in (slice(0, 5), slice(5, 6), slice(6, 24)):
        split = maker.take(
            scenes[part], lambda some: SCENES[:1].expand(len(some), -1, -1, -1), items[part]
        )
        for one, two in zip(whole, split, strict=True):
            # a rounding may tip a level of a compressed file
            different = (one[part] - two).abs() > 1e-5
            assert float(different.double().mean()) < 1e-3


class Operations(TorchDispatchMode):
    """Counts what torch is asked to do, each of which a GPU must be told of."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))


def operations(pairs, count):
    with Operations() as asked:
        pairs.make(torch.arange(count), keys(count))
    return asked.count


def test_more_items_are_hardly_more_operations(monkeypatch):
    """Nothing is done once an item: what a GPU is told for each costs it more than the work."""
    monkeypatch.setattr(convolution, "compiled_loops", lambda *_: None)  # as on a GPU
    pairs = SyntheticBlurPairs([photo("coffee")[0]], 32, seed=0, items=99, camera=Camera())
    few, many = (operations(pairs, count) for count in (32, 128))
    assert many < 1.6 * few


def test_pairs_of_every_kind_are_in_range():
    pairs = SyntheticBlurPairs([photo("coffee")[0]], 48, seed=0, items=40, camera=Camera())
    for blurred, sharp in pairs.__getitems__([*range(40)]):
        assert blurred.shape == sharp.shape == (3, 48, 48)
        for image in (blurred, sharp):
            assert bool(image.isfinite().all()) and image.min() >= 0 and image.max() <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kinds": (1.0, 1.0)}, r"kinds=\(1.0, 1.0\): must be 5 weights"),
        ({"kinds": (0.0,) * 5}, "not all 0"),
        ({"kinds": (1.0, -1.0, 1.0, 1.0, 1.0)}, "none negative"),
        ({"slight": 1.5}, "slight=1.5: .* from 0 to 1"),
        ({"gamma": (0.5, 2.0)}, "gamma="),
        ({"highlights": 0.5}, "highlights=0.5"),
        ({"quality": (0.0, 50.0)}, "quality=.*from 1 to 100"),
    ],
)
def test_settings_out_of_range_are_named(settings, message):
    with pytest.raises(InputError, match=message):
        Camera(**settings)
