"""Real blur from folders: kept pairs, means of consecutive frames; and several data sets as one."""

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from sharingan_lab.datasets import Camera, MixedPairs, RealPairs, SyntheticBlurPairs, photo
from sharingan_lab.datasets.batched import take_items
from sharingan_lab.errors import DataError
from sharingan_lab.images import write_image

FRAMES = 20


def noise(height=24, width=30, seed=0):
    levels = torch.randint(0, 256, (3, height, width), generator=torch.manual_seed(seed))
    return levels / 255


def write_pairs(folder, names=("a", "b"), **sizes):
    """Pairs whose sharp picture is the blurred one with the values turned round."""
    for i, name in enumerate(names):
        image = noise(seed=i, **sizes)
        write_image(image, folder / "blur" / f"{name}.png")
        write_image(1 - image, folder / "sharp" / f"{name}.png")


def write_film(folder, count=FRAMES, step=10):
    """Frame t is everywhere 10 t, as 8 bits; its names are in the order of time."""
    for t in range(count):
        write_image(torch.full((3, 24, 30), step * t / 255), folder / f"{t:03d}.png")


def real(folder, **changes):
    return RealPairs(folder, 16, **{"seed": 0, "items": 60, **changes})


def test_pairs_are_paired_by_name_and_cut_at_one_place(tmp_path):
    write_pairs(tmp_path / "one", ("b", "a", "c"))
    write_pairs(tmp_path / "two" / "deep", ("x",), height=40)
    items = take_items(real(tmp_path), [*range(60)])
    assert len({float(blurred.sum()) for blurred, _ in items}) > 50
    for blurred, sharp in items:
        assert blurred.shape == sharp.shape == (3, 16, 16)
        torch.testing.assert_close(sharp, 1 - blurred, atol=1e-6, rtol=0)


def test_a_blurred_picture_is_the_mean_of_an_odd_number_of_frames_about_the_sharp_one(tmp_path):
    """Where frame t has the level (t - 10) ** 2, the mean of 2 m + 1 is m (m + 1) / 3 above it."""
    for t in range(FRAMES):
        write_image(torch.full((3, 24, 30), (t - 10) ** 2 / 255), tmp_path / f"{t:03d}.png")
    above, middles = set(), set()
    for blurred, sharp in take_items(real(tmp_path, items=200), [*range(200)]):
        assert float(sharp.std()) < 1e-6 and float(blurred.std()) < 1e-6
        middles.add(round(255 * float(sharp.mean())))
        above.add(round(3 * 255 * float((blurred - sharp).mean()), 2))
    assert above == {m * (m + 1) for m in (2, 3, 4, 5, 6, 7)}  # of 5, 7, ... and 15 frames
    assert middles == {(t - 10) ** 2 for t in range(7, FRAMES - 7)}


def test_evenly_brightening_frames_have_their_middle_as_mean(tmp_path):
    write_film(tmp_path)
    for blurred, sharp in take_items(real(tmp_path), [*range(60)]):
        torch.testing.assert_close(blurred, sharp, atol=1e-6, rtol=0)
        assert 7 <= round(25.5 * float(sharp.mean())) <= 12


def test_where_there_are_pairs_and_films_every_other_item_is_of_a_film(tmp_path):
    write_pairs(tmp_path / "pairs")
    write_film(tmp_path / "film")
    items = take_items(real(tmp_path), [*range(60)])
    assert all(float(sharp.std()) > 0.1 for _, sharp in items[::2])
    assert all(float(sharp.std()) < 1e-6 for _, sharp in items[1::2])


def test_pictures_of_a_pair_are_no_film(tmp_path):
    names = [f"{i:02d}" for i in range(16)]
    write_pairs(tmp_path, names)
    assert len(real(tmp_path).albums) == 1


def test_items_follow_from_seed_epoch_and_index_alone(tmp_path):
    write_pairs(tmp_path / "pairs")
    write_film(tmp_path / "film")
    data, order = real(tmp_path), [7, 0, 8, 7, 3]
    for index, together in zip(order, data.__getitems__(order), strict=True):
        assert torch.equal(torch.stack(together), torch.stack(data[index]))
    first = data[0][0]
    data.set_epoch(1)
    assert not torch.equal(data[0][0], first)
    assert not torch.equal(real(tmp_path, seed=1)[0][0], first)
    with pytest.raises(IndexError, match="item 60 of 60"):
        data[60]


def test_what_is_no_real_blur_is_named(tmp_path):
    (tmp_path / "empty").mkdir()
    write_film(tmp_path / "short", 14)
    for name in ("empty", "short"):
        with pytest.raises(DataError, match=f"{name} holds no sequence: .* 15 consecutive frames"):
            real(tmp_path / name)


def test_pairs_without_their_partner_are_named(tmp_path):
    write_pairs(tmp_path / "one")
    (tmp_path / "one" / "sharp" / "b.png").rename(tmp_path / "one" / "sharp" / "c.png")
    with pytest.raises(DataError, match="one holds no pairs: the names in blur and sharp differ"):
        real(tmp_path)
    write_image(noise(), tmp_path / "two" / "blur" / "a.png")
    with pytest.raises(DataError, match=r"no such folder: .*two.sharp"):
        real(tmp_path / "two")


def test_pictures_of_other_sizes_are_named(tmp_path):
    write_pairs(tmp_path / "pairs")
    write_image(noise(24, 40), tmp_path / "pairs" / "sharp" / "b.png")
    with pytest.raises(DataError, match=r"b.png belong together, .* 30 x 24 and 40 x 24"):
        real(tmp_path / "pairs")
    write_film(tmp_path / "film")
    write_image(noise(25, 30), tmp_path / "film" / "010.png")
    with pytest.raises(DataError, match=r"000.png and .*019.png belong together, .* 30 x 25"):
        real(tmp_path / "film")


def test_pictures_smaller_than_the_crop_are_named(tmp_path):
    write_pairs(tmp_path, height=15)
    with pytest.raises(DataError, match=r"a.png is too small for crops of 16; move it away"):
        real(tmp_path)


class Numbers(Dataset):
    """A data set that makes its items one by one."""

    def __len__(self):
        return 5

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __getitem__(self, index):
        return torch.full((3, 16, 16), float(index)), torch.full((3, 16, 16), float(self.epoch))


@pytest.fixture
def mixed(tmp_path):
    write_pairs(tmp_path / "pairs")
    write_film(tmp_path / "film")
    synthetic = SyntheticBlurPairs([photo("coffee")[0]], 16, seed=0, items=6, camera=Camera())
    data = MixedPairs([synthetic, Numbers(), real(tmp_path, items=7)])
    data.set_epoch(2)
    return data


def test_a_mixed_batch_is_its_items_one_by_one(mixed):
    order = [17, 0, 5, 6, 10, 11, 0, 12]
    for index, together in zip(order, mixed.__getitems__(order), strict=True):
        torch.testing.assert_close(together, mixed[index], atol=2e-6, rtol=0)
    assert float(mixed[9][0].mean()) == 3 and float(mixed[9][1].mean()) == 2
    assert torch.equal(mixed[13][0], mixed.datasets[2][2][0])


def test_a_loader_takes_mixed_batches(mixed):
    loader = DataLoader(mixed, batch_sampler=[[3, 17, 8], [11, 1, 6]])
    (blurred, sharp), _ = list(loader)
    assert blurred.shape == sharp.shape == (3, 3, 16, 16)
    torch.testing.assert_close(blurred[1], mixed[17][0], atol=2e-6, rtol=0)


@pytest.mark.parametrize("index", [-1, 18])
def test_an_item_of_no_data_set_is_named(mixed, index):
    with pytest.raises(IndexError, match=f"item {index} of 18"):
        mixed.__getitems__([0, index])
