"""Windows of pictures: really from them, as often as their size says, mirrored beyond a border."""

import pytest
import torch

from sharingan_lab.datasets.album import Album
from sharingan_lab.datasets.draws import item_keys

KEYS = item_keys(3, torch.arange(400))


def picture(height, width, seed=0, channels=3):
    rng = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (channels, height, width), generator=rng, dtype=torch.uint8)


def is_cut_from(window, image):
    """Whether a window is somewhere in an image, as it is, mirrored or laid on its side."""
    side = window.shape[-1]
    places = image.unfold(1, side, 1).unfold(2, side, 1)
    turns = (window, window.flip(2), window.transpose(1, 2), window.flip(2).transpose(1, 2))
    return any(
        bool((places == turned[:, None, None]).all(dim=(0, 3, 4)).any())
        for turned in (*turns, window.transpose(1, 2).flip(2))
    )


def test_windows_are_cut_from_the_pictures():
    images = [picture(20, 31), picture(26, 17, seed=1)]
    found = [0, 0]
    for window in (Album(images).windows(KEYS[:30], 9) * 255).round().to(torch.uint8):
        owners = [is_cut_from(window, image) for image in images]
        assert sum(owners) == 1
        found[owners.index(True)] += 1
    assert min(found) > 3


def test_every_place_of_a_picture_is_cut():
    image = torch.arange(12, dtype=torch.uint8).view(1, 3, 4).expand(3, 3, 4)
    windows = (Album([image]).windows(KEYS, 2, on_side=False) * 255).round().long()
    corners = windows[:, 0].amin(dim=(1, 2)).bincount(minlength=8)
    assert corners[[0, 1, 2, 4, 5, 6]].min() > 40  # of 400, on six places
    assert corners.sum() == corners[[0, 1, 2, 4, 5, 6]].sum()


@pytest.mark.parametrize(("on_side", "kinds"), [(False, 2), (True, 4)])
def test_half_are_mirrored_and_half_are_laid_on_their_side(on_side, kinds):
    windows = Album([picture(8, 8)]).windows(KEYS, 8, on_side=on_side)
    found, counts = windows.unique(dim=0, return_counts=True)
    assert len(found) == kinds
    assert counts.min() > 400 / kinds * 0.7


def test_pictures_are_chosen_by_their_area():
    levels = [(0, 10), (100, 20), (200, 40)]
    images = [torch.full((3, side, side), level, dtype=torch.uint8) for level, side in levels]
    chosen = (Album(images).windows(KEYS, 4)[:, 0, 0, 0] * 255).round().long()
    shares = [float((chosen == level).double().mean()) for level, _ in levels]
    assert shares == pytest.approx([1 / 21, 4 / 21, 16 / 21], abs=0.06)


def test_beyond_its_borders_a_picture_is_mirrored():
    image = picture(6, 9)
    padded = torch.nn.functional.pad(image[None].float(), (3, 3, 3, 3), mode="reflect")[0]
    windows = (Album([image]).windows(KEYS, 10, margin=3) * 255).round()
    assert all(is_cut_from(window, padded) for window in windows[:40])
    upright = (Album([image]).windows(KEYS, 10, margin=3, on_side=False) * 255).round()
    # its middle of 4 pixels lies on the picture, in each of the 3 x 6 places, as it is or mirrored
    assert len(upright.unique(dim=0)) == 3 * 6 * 2


def test_another_stream_is_another_window_of_the_same_items():
    album = Album([picture(60, 60)])
    one, two = (album.windows(KEYS[:20], 9, stream) for stream in (0, 1))
    assert not any(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert torch.equal(one[[3, 1]], album.windows(KEYS[[3, 1]], 9))


def test_consecutive_pictures_are_cut_from_a_film_at_one_place():
    """Frame t of the film has the level 10 t, and a ramp that tells the place."""
    ramp = torch.arange(8, dtype=torch.uint8).expand(3, 8, 8)
    film = torch.cat([ramp + 10 * t for t in range(7)])
    cut = torch.cat([*Album([film]).consecutive(3, KEYS, 4)], dim=1)
    frames = (cut * 255).round().long().unflatten(1, (3, 3))
    assert bool((frames.diff(dim=1) == 10).all())
    first = frames[:, 0].amin(dim=(1, 2, 3)) // 10
    assert sorted(first.unique().tolist()) == [0, 1, 2, 3, 4]
    assert first.bincount().min() > 40


def test_floats_and_8_bits_give_the_same_windows():
    image = picture(30, 30)
    one, two = Album([image]), Album([image.float() / 255])
    assert torch.equal(one.windows(KEYS[:9], 12), two.windows(KEYS[:9], 12))


def test_pictures_in_one_memory_are_not_copied():
    """The frames of a film that a run maps into its memory stay there."""
    memory = torch.arange(600, dtype=torch.int64).to(torch.uint8)
    images = [memory[7:307].view(3, 10, 10), memory[307:415].view(3, 6, 6)]
    album = Album(images)
    assert album.pixels.data_ptr() == memory.data_ptr()
    apart = Album([image.clone() for image in images])
    assert torch.equal(album.windows(KEYS, 5), apart.windows(KEYS, 5))
