"""The small letters and their streaks, against direct sums."""

import pytest
import torch

from sharingan_lab.lab import LETTERS, draw_rows, mirrored_letters, pan

MIDDLE = 4  # of a letter's nine positions


def of(letter, images, labels):
    return images[labels == LETTERS.index(letter), 0]


@pytest.mark.parametrize(("letter", "axis"), [("p", 1), ("d", 2)])
def test_letters_are_mirror_images_of_b_at_every_place(letter, axis):
    images, labels = mirrored_letters()
    letters, b = of(letter, images, labels), of("b", images, labels)
    assert torch.equal(letters[MIDDLE], b.flip(axis)[MIDDLE])
    mirrored = {tuple(x.flatten().tolist()) for x in b.flip(axis)}
    assert {tuple(x.flatten().tolist()) for x in letters} == mirrored


def test_b_has_its_stem_on_the_left_and_its_bowl_below():
    b = of("b", *mirrored_letters())[MIDDLE]
    assert b[:, :8].sum() > b[:, 8:].sum() and b[8:].sum() > b[:8].sum()


def test_no_letter_is_cut_off_and_no_two_are_alike():
    images, _ = mirrored_letters()
    assert images.shape == (36, 1, 16, 16)
    ink = images.sum(dim=(1, 2, 3))
    torch.testing.assert_close(ink, ink[:1].expand_as(ink))
    border = [images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1]]
    assert all(edge.max() == 0 for edge in border)
    distances = torch.cdist(images.flatten(1), images.flatten(1)) + torch.eye(len(images))
    assert distances.min() > 0.5
    assert images.amin() == 0 and images.amax() == 1


@pytest.mark.parametrize(("angle", "axis"), [(0.0, 3), (90.0, 2)])
def test_a_pan_leaves_the_sums_along_its_direction(angle, axis):
    images, _ = mirrored_letters()
    expected = (images.sum(dim=axis, keepdim=True) / 30).expand_as(images)
    torch.testing.assert_close(pan(images, angle), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize(("angle", "pair"), [(90.0, "bp"), (90.0, "dq"), (0.0, "bd"), (0.0, "pq")])
def test_a_pan_makes_pairs_of_letters_alike(angle, pair):
    images, labels = mirrored_letters()
    streaks = {x: pan(of(x, images, labels)[MIDDLE][None, None], angle) for x in LETTERS}
    one, other = (streaks[letter] for letter in pair)
    torch.testing.assert_close(one, other, atol=1e-5, rtol=0)
    others = [streaks[x] for x in LETTERS if x not in pair]
    assert all((one - other).abs().max() > 0.05 for other in others)


def test_rows_are_drawn_from_black_to_white_and_dim_streaks_brightened():
    letters = mirrored_letters()[0][:3]
    fig = draw_rows([letters, pan(letters, 0.0), letters.flatten(1)], ["a", "b", "c"])
    tops = [ax.images[0].get_clim() for ax in fig.axes]
    assert tops == [(0, 1)] * 3 + [(0, 0.35)] * 3 + [(0, 1)] * 3
    assert all(ax.images[0].get_array().shape == (16, 16) for ax in fig.axes)
