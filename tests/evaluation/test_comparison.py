"""Several methods on the same pictures: gains are paired, settings come from other pictures."""

import math

import pytest
import torch

from sharingan_lab.blur import Pair
from sharingan_lab.datasets import blurred_pairs, photo, sharp_crops, sharp_fields
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import ROW_ZERO, Comparison, average, baselines, compare, psnr, ssim


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def few(n=3, seed=0):
    rng = seeded(seed)
    return blurred_pairs(sharp_fields(n, 64, rng=rng), 9, rng=rng)


def test_every_method_is_measured_on_every_picture_beside_row_zero():
    pairs = list(few())
    table = compare(pairs, {"halfway": lambda p: (p.blurred + p.sharp) / 2})
    assert list(table.psnr) == [ROW_ZERO, "halfway"]
    for i, pair in enumerate(pairs):
        assert table.psnr[ROW_ZERO][i] == psnr(pair.blurred, pair.sharp).item()
        assert table.ssim[ROW_ZERO][i] == ssim(pair.blurred, pair.sharp).item()
    # half of every error is 20 log10(2) decibels more, on each picture
    assert table.gains("halfway") == pytest.approx([20 * math.log10(2)] * 3, abs=1e-4)
    assert table.gain("halfway").low == pytest.approx(table.gain("halfway").high, abs=1e-4)
    assert table.gain("halfway", "ssim").mean > 0 and table.made_worse("halfway") == 0


def test_a_slow_method_is_tried_on_the_first_pictures_and_compared_on_these():
    seen = []

    def slow(pair):
        seen.append(pair)
        return 0.9 * pair.blurred

    done = []
    table = compare(few(4), {"slow": slow}, at_most={"slow": 2}, on_progress=done.append)
    assert len(seen) == len(table.psnr["slow"]) == len(table.gains("slow")) == 2
    assert done == [1, 2, 3, 4]
    expected = [a - b for a, b in zip(table.psnr["slow"], table.psnr[ROW_ZERO][:2], strict=True)]
    assert table.gains("slow") == expected and table.made_worse("slow") == 2


def test_pictures_are_taken_one_at_a_time():
    alive = []

    def pairs():
        for number, pair in enumerate(few(3)):
            assert len(alive) == number  # the one before was measured before the next is drawn
            yield pair

    compare(pairs(), {"counted": lambda pair: alive.append(1) or pair.blurred})


def test_the_mean_leaves_out_what_has_no_end():
    table = Comparison({ROW_ZERO: [20.0, math.inf], "a": [21.0, math.inf]}, {})
    assert table.gain("a")[0] == 1 and table.gain("a").pictures == 1
    assert average([math.inf, math.inf]).pictures == 0


def test_averages_of_nothing_are_refused():
    with pytest.raises(InputError, match="no pictures"):
        average([])


def test_the_mask_is_tuned_to_the_pairs():
    grey = 0.4 + 0.2 * torch.rand(1, 3, 32, 32, generator=seeded(2))
    pair = Pair(grey, baselines.unsharp((0.7, 2.0))(Pair(grey, grey)))
    assert baselines.tune(baselines.unsharp, baselines.MASKS, [pair]) == (0.7, 2.0)


def test_the_upper_reference_is_above_what_is_told_nothing():
    rng = seeded(1)
    pairs = list(blurred_pairs(sharp_crops(3, 96, names=["coffee"], rng=rng), 9, rng=rng))
    ratio = baselines.tune(baselines.wiener_with_kernel, baselines.NOISE_TO_SIGNAL, pairs)
    methods = {"told": baselines.wiener_with_kernel(ratio), "not told": baselines.blind(9)}
    table = compare(pairs, methods)
    assert table.gain("told").mean > max(0, table.gain("not told").mean)


def test_pairs_follow_from_the_seed_and_not_from_how_many():
    for one, other in zip(few(2, seed=5), few(3, seed=5), strict=False):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def test_crops_come_from_each_photograph_in_its_turn():
    names = ["coffee", "chelsea"]
    crops = list(sharp_crops(3, 300, names=names, rng=seeded()))
    assert [tuple(crop.shape) for crop in crops] == [(1, 3, 300, 300)] * 3
    chelsea = photo("chelsea")  # 300 pixels high: the crop has all of its rows
    columns = [i for i in range(152) if torch.equal(chelsea[..., i : i + 300], crops[1])]
    assert len(columns) == 1 and not torch.equal(crops[0], crops[2])


def test_a_photograph_too_small_for_the_crop_is_named():
    with pytest.raises(InputError, match=r"no square of 301 pixels in chelsea: take at most 300"):
        list(sharp_crops(1, 301, names=["chelsea"], rng=seeded()))
