"""The cache of decoded frames: the same items, built once, whole or not at all."""

import os
import shutil
from collections import namedtuple

import pytest
import torch

from sharingan_lab.datasets import GoProPairs, frames
from sharingan_lab.datasets.frames import cached_frames, half_size_pair
from sharingan_lab.errors import DataError, StorageError
from sharingan_lab.images import write_image

from ..small_disk import Disk, in_a_copy, needs_fork


@pytest.fixture
def root(tmp_path):
    """Five pairs in GoPro's layout, of two sizes, one of them odd."""
    rng = torch.Generator().manual_seed(0)
    for i in range(5):
        size = (65, 91) if i == 2 else (64, 96)
        for kind in ("blur", "sharp"):
            path = tmp_path / "GOPRO_Large" / "train" / "GOPR1" / kind / f"{i:06d}.png"
            write_image(torch.rand(3, *size, generator=rng), path)
    return tmp_path


def pairs_of(root):
    folder = root / "GOPRO_Large" / "train" / "GOPR1"
    return [(path, folder / "sharp" / path.name) for path in sorted(folder.glob("blur/*.png"))]


def test_cached_items_are_the_decoded_ones_bit_for_bit(root, tmp_path):
    plain = GoProPairs(root, "train", crop=16, seed=3)
    cached = GoProPairs(root, "train", crop=16, seed=3, cache=tmp_path / "cache")
    for epoch in (0, 1):
        plain.set_epoch(epoch), cached.set_epoch(epoch)
        for one, two in zip(plain, cached, strict=True):
            assert torch.equal(one[0], two[0]) and torch.equal(one[1], two[1])


def test_items_are_cut_where_the_frames_lie_and_nobody_waits(root, tmp_path):
    """Tensors of the device "meta" have no values: whoever asks for one fails."""
    pairs = GoProPairs(root, "train", crop=16, seed=3, cache=tmp_path / "cache", device="meta")
    assert pairs.device.type == "meta"
    for pair in pairs:
        assert all(image.device.type == "meta" and image.shape == (3, 16, 16) for image in pair)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_items_cut_on_a_gpu_are_those_of_the_cpu(root, tmp_path):
    here, there = (
        GoProPairs(root, "train", crop=16, seed=3, cache=tmp_path / "cache", device=device)
        for device in ("cpu", "cuda")
    )
    for one, two in zip(here, there, strict=True):
        assert two[0].is_cuda and two[1].is_cuda
        for image, on_gpu in zip(one, two, strict=True):
            torch.testing.assert_close(on_gpu.cpu(), image, atol=1e-6, rtol=0)


def test_frames_are_decoded_once_and_again_when_they_changed(root, tmp_path, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        frames, "half_size_pair", lambda pair: decoded.append(pair) or half_size_pair(pair)
    )
    pairs = pairs_of(root)
    first = cached_frames(pairs, tmp_path / "cache")
    assert decoded == pairs and len(first) == 5
    again = cached_frames(pairs, tmp_path / "cache")
    assert len(decoded) == 5 and torch.equal(first[2], again[2])
    shutil.copy(pairs[0][0], pairs[1][0])
    os.utime(pairs[1][0], ns=(1, 1))
    changed = cached_frames(pairs, tmp_path / "cache")
    assert len(decoded) == 10 and torch.equal(changed[1][0], first[0][0])


def test_what_a_run_writes_to_its_items_never_reaches_the_file(root, tmp_path):
    first = cached_frames(pairs_of(root), tmp_path / "cache")
    expected = first[0].clone()
    first[0].zero_()
    assert torch.equal(cached_frames(pairs_of(root), tmp_path / "cache")[0], expected)


def test_an_interrupted_build_leaves_nothing_and_is_done_again(root, tmp_path, monkeypatch):
    pairs = pairs_of(root)

    def stop(pair):
        if pair == pairs[3]:
            raise KeyboardInterrupt
        return half_size_pair(pair)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(frames, "half_size_pair", stop)
        cached_frames(pairs, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
    assert len(cached_frames(pairs, tmp_path / "cache")) == 5


def test_a_full_disk_is_named_before_any_work(root, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(frames.shutil, "disk_usage", lambda _: usage(10, 0, 10_000))
    with pytest.raises(DataError, match=r"needs 0\.0 GB in .* which has 0\.0 GB free"):
        cached_frames(pairs_of(root), tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())


@needs_fork
def test_a_disk_that_fills_up_while_decoding_is_one_line_and_nothing_is_left(
    root, tmp_path, monkeypatch
):
    def work():
        disk, cache = Disk(tmp_path / "disk"), tmp_path / "disk" / "cache"

        def fill(pair):
            disk.fill()
            return half_size_pair(pair)

        monkeypatch.setattr(frames, "half_size_pair", fill)
        with pytest.raises(StorageError, match=r"No space left on device; .* make room"):
            cached_frames(pairs_of(root), cache)
        assert not list(cache.iterdir())

    in_a_copy(work, tmp_path / "log")


def test_bad_frames_are_named(root, tmp_path):
    pairs = pairs_of(root)
    with pytest.raises(DataError, match="differ in size: 96x64 and 91x65"):
        cached_frames([(pairs[0][0], pairs[2][1])], tmp_path / "cache")
    pairs[1][0].write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"000001\.png"):
        cached_frames(pairs, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
