"""How restorers are judged: gains over the blurred picture, and how sure their mean is."""

import pytest
import torch

from benchmarks import judges
from sharingan_lab.datasets import photo
from sharingan_lab.evaluation import psnr
from sharingan_lab.images import write_image
from sharingan_lab.losses import PerceptualLoss


@pytest.fixture(scope="module")
def loss():
    return PerceptualLoss("imagenet")


@pytest.fixture
def pairs():
    rng = torch.Generator().manual_seed(0)
    sharp = [torch.rand(1, 3, 32, 32, generator=rng) for _ in range(3)]
    return [((image + 0.1).clamp(max=1), image) for image in sharp]


def test_what_does_nothing_gains_nothing(pairs, loss):
    verdict = judges.judge(pairs, lambda image: image, loss)
    assert verdict.psnr.tolist() == verdict.ssim.tolist() == [0, 0, 0]
    assert verdict.features.tolist() == [1, 1, 1]


def test_gains_are_counted_up_to_what_a_perfect_picture_has(pairs, loss):
    clear = iter([sharp for _, sharp in pairs])
    verdict = judges.judge(pairs, lambda _: next(clear), loss)
    expected = [judges.HIGHEST - float(psnr(*pair)) for pair in pairs]
    assert verdict.psnr.tolist() == pytest.approx(expected, abs=1e-4)
    assert verdict.features.tolist() == [0, 0, 0]


def test_the_interval_holds_the_mean_and_shrinks_with_the_number():
    values = torch.randn(400, generator=torch.Generator().manual_seed(1))
    (low, high), (wide_low, wide_high) = judges.interval(values), judges.interval(values[:25])
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * float(values.std()) / 20, rel=0.1)
    assert wide_high - wide_low > 2 * (high - low)


def test_crops_are_the_same_at_every_call_and_sorted_by_their_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "CROPS", 12)
    for i, name in enumerate(("coffee", "chelsea")):
        write_image(photo(name, 160), tmp_path / f"{i}.png")
    one, two = judges.synthetic(tmp_path), judges.synthetic(tmp_path)
    every = one.pop("held-back crops, all")
    assert len(every) == 12 == sum(map(len, one.values()))
    assert all(
        torch.equal(a[0], b[0]) for a, b in zip(every, two["held-back crops, all"], strict=True)
    )
    judges.unsharp(0.3)(every[0][0])
