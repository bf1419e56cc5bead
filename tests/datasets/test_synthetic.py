import pytest
import torch
from torch.utils.data import DataLoader

from sharingan_lab.datasets import SyntheticBlurPairs, load_folder, photo
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.images import write_image


@pytest.fixture
def scenes():
    return [photo(name)[0] for name in ("chelsea", "coffee", "rocket")]


def make_pairs(scenes, **changes):
    settings = {"crop": 48, "seed": 3, "items": 6, "kernel_size": 15, "pool": 4}
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


def test_a_crop_as_large_as_the_picture_works():
    scene = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    blurred, sharp = make_pairs([scene], crop=40)[0]
    assert torch.equal(sharp, scene) or torch.equal(sharp, scene.flip(-1))
    assert blurred.shape == (3, 40, 40)


def test_iteration_ends_after_the_last_item(scenes):
    assert len(list(make_pairs(scenes))) == 6


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        ([], "no sharp picture"),
        ([torch.zeros(1, 3, 64, 64)], r"picture 0 has shape \(1, 3, 64, 64\)"),
        ([torch.zeros(3, 64, 64), torch.zeros(3, 30, 64)], "picture 1 is 64x30: too small"),
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


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no picture"):
        load_folder(tmp_path)
