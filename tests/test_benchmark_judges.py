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
    return [judges.Pair((image + 0.1).clamp(max=1), image) for image in sharp]


def test_what_does_nothing_gains_nothing(pairs, loss):
    verdict = judges.judge(pairs, lambda pair: pair.blurred, loss)
    assert verdict.psnr.tolist() == verdict.ssim.tolist() == [0, 0, 0]
    assert float(verdict.features) == 1


def test_gains_are_counted_up_to_what_a_perfect_picture_has(pairs, loss):
    verdict = judges.judge(pairs, lambda pair: pair.sharp, loss)
    expected = [judges.HIGHEST - float(psnr(pair.blurred, pair.sharp)) for pair in pairs]
    assert verdict.psnr.tolist() == pytest.approx(expected, abs=1e-4)
    assert float(verdict.features) == 0


def test_a_sharp_frame_that_lies_beside_costs_nothing_once_aligned(loss):
    scene, still = photo("chelsea", 160), torch.zeros(1, 3, 96, 96)
    moved, true = scene[..., 10:106, 12:108], scene[..., 8:104, 13:109]
    pair = judges.Pair(moved, true)
    assert float(judges.finite_psnr(moved, true)) < 30 < float(judges.aligned_psnr(moved, true))
    assert float(judges.aligned_psnr(true, true)) == judges.HIGHEST
    # nothing but a move is undone
    assert float(judges.aligned_psnr(still, true)) == pytest.approx(
        float(psnr(still[..., 5:-5, 5:-5], true[..., 5:-5, 5:-5])), abs=0.01
    )
    verdict = judges.judge([pair], lambda pair: pair.sharp, loss)
    assert float(verdict.psnr) > float(verdict.aligned)


def test_features_are_compared_over_all_pictures_not_one_by_one(pairs, loss):
    barely = judges.Pair(
        pairs[0].sharp, pairs[0].sharp
    )  # no distance: its own ratio has no meaning
    verdict = judges.judge([*pairs, barely], lambda pair: pair.blurred, loss)
    assert float(verdict.features) == 1


def test_true_kernels_help_where_they_are_known(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "KNOWN", 3)
    write_image(photo("chelsea", 160), tmp_path / "one.png")
    known = judges.of_known_kernels(tmp_path)
    again = judges.of_known_kernels(tmp_path)
    assert all(torch.equal(a.blurred, b.blurred) for a, b in zip(known, again, strict=True))
    for method in judges.WITH_THE_KERNEL.values():
        gains = [psnr(method(p), p.sharp) - psnr(p.blurred, p.sharp) for p in known]
        assert sum(gains) / len(gains) > 1


def test_crops_are_the_same_at_every_call_and_sorted_by_their_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(judges, "CROPS", 12)
    for i, name in enumerate(("coffee", "chelsea")):
        write_image(photo(name, 160), tmp_path / f"{i}.png")
    one, two = judges.synthetic(tmp_path), judges.synthetic(tmp_path)
    every = one.pop("held-back crops, all")
    assert len(every) == 12 == sum(map(len, one.values()))
    assert all(
        torch.equal(a.blurred, b.blurred)
        for a, b in zip(every, two["held-back crops, all"], strict=True)
    )
    assert every[0].kernel is None
