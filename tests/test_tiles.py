"""Tiles: every pixel once, the same picture as the whole, and one statistic for all of them."""

import pytest
import torch
from torch import nn

from sharingan_lab import restore as restoring
from sharingan_lab.datasets import photo
from sharingan_lab.networks import Generator
from sharingan_lab.restore import load_generator, restore
from sharingan_lab.tiles import frozen_statistics, in_tiles


def image(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [(1, 90), (90, 1), (64, 64), (65, 64), (100, 131), (200, 17)])
@pytest.mark.parametrize("kind", [torch.float32, torch.uint8, torch.uint16])
def test_every_pixel_is_kept_once(size, kind):
    whole = (image(3, *size) * 200).to(kind)
    calls = []
    done = in_tiles(whole, lambda tile: tile, side=64, margin=16, on_progress=lambda *at:
                    calls.append(at))  # fmt: skip
    assert torch.equal(done.int(), whole.int()) and done.dtype == kind
    assert [at for at, _ in calls] == list(range(1, len(calls) + 1)) and calls[-1][1] == len(calls)


def test_no_tile_is_larger_than_said_and_a_small_image_is_one():
    seen = []

    def work(tile):
        seen.append(tuple(tile.shape[1:]))
        return tile

    in_tiles(image(1, 300, 500), work, side=96, margin=16)
    assert max(map(max, seen)) <= 96
    seen.clear()
    in_tiles(image(1, 30, 300), work, side=96, margin=16)  # as many pixels, in one row
    assert seen == [(30, 300)]


def test_lite_in_tiles_is_lite_on_the_whole(monkeypatch):
    generator, scene = load_generator("lite"), photo("chelsea", 450)[..., :448]
    scene = torch.cat([scene, scene.flip(-1)], dim=-1)[..., :200, :]
    whole = restore(scene, generator)
    monkeypatch.setattr(
        restoring, "in_tiles", lambda one, work, **how: in_tiles(one, work, side=384, **how)
    )
    assert (restore(scene, generator) - whole).abs().max() < 0.2 / 255


class Scaled(nn.Sequential):
    """A network whose first layer sees what the whole picture has."""

    def __init__(self):
        super().__init__(nn.InstanceNorm2d(3), nn.Sigmoid())
        self.weight = nn.Parameter(torch.zeros(1))


def test_statistics_of_the_whole_make_tiles_equal(monkeypatch):
    generator, scene = Scaled().eval(), photo("rocket", 120)[..., :90, :]
    whole = restore(scene, generator)
    monkeypatch.setattr(
        restoring, "in_tiles", lambda one, work, **how: in_tiles(one, work, side=48, margin=8)
    )
    monkeypatch.setattr(restoring, "SIDE", 200)  # tiles by themselves
    apart = (restore(scene, generator) - whole).abs().mean()
    monkeypatch.setattr(restoring, "SIDE", 48)
    together = (restore(scene, generator) - whole).abs().mean()
    assert together < apart / 5
    with torch.no_grad(), frozen_statistics(generator, scene):
        torch.testing.assert_close(generator(scene[..., :20]), whole[..., :20])


def test_the_statistics_are_the_networks_own_again_afterwards():
    torch.manual_seed(0)
    generator, scene = Generator(8, 1).eval(), image(1, 3, 32, 48)
    with torch.no_grad():
        before = generator(scene)
        with frozen_statistics(generator, image(1, 3, 32, 48, seed=1)):
            assert not torch.equal(generator(scene), before)
        assert torch.equal(generator(scene), before)
