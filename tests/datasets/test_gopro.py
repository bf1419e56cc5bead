import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image

from sharingan_lab.datasets import GoProPairs, check_layout, gopro_layout
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.images import read_image, write_image

from ..patience import PATIENCE

SEQUENCES = {"train": ("GOPR0001", "GOPR0002"), "test": ("GOPR0003",)}


@pytest.fixture
def root(tmp_path):
    """A folder with GOPRO_Large: 3 frames of noise a sequence, 96x64, never clipped."""
    rng = torch.Generator().manual_seed(0)
    for split, sequences in SEQUENCES.items():
        for sequence in sequences:
            for frame in range(3):
                for kind in ("sharp", "blur", "blur_gamma"):
                    image = 0.25 + 0.5 * torch.rand(3, 64, 96, generator=rng)
                    path = tmp_path / "GOPRO_Large" / split / sequence / kind
                    write_image(image, path / f"{frame:06d}.png")
    return tmp_path


def train_pairs(root, **changes):
    return GoProPairs(root, "train", **{"crop": 16, "seed": 0, **changes})


def test_items_are_crops_in_range(root):
    pairs = train_pairs(root)
    assert len(pairs) == 6
    for blurred, sharp in pairs:
        assert blurred.shape == sharp.shape == (3, 16, 16)
        assert min(blurred.min(), sharp.min()) >= 0 and max(blurred.max(), sharp.max()) <= 1


def test_whole_frames_are_halved_as_pillow_halves_them(root):
    blurred, sharp = GoProPairs(root, "test", crop=None, seed=0)[1]
    folder = root / "GOPRO_Large" / "test" / "GOPR0003"
    for image, kind in ((blurred, "blur"), (sharp, "sharp")):
        with Image.open(folder / kind / "000001.png") as frame:
            expected = np.asarray(frame.resize((48, 32), Image.Resampling.BICUBIC))
        difference = image.permute(1, 2, 0).numpy() * 255 - expected
        assert abs(difference).max() <= 1  # Pillow rounds after each of its two passes


def test_a_crop_shows_the_same_place_twice(root):
    folder = root / "GOPRO_Large" / "train"
    for path in folder.glob("*/sharp/*.png"):
        shutil.copy(path, path.parent.parent / "blur" / path.name)
    for blurred, sharp in train_pairs(root):
        assert torch.equal(blurred, sharp)


def test_items_follow_from_seed_epoch_and_index(root):
    pairs, again = train_pairs(root), train_pairs(root)
    again.set_epoch(1)
    moved = [not torch.equal(a[1], b[1]) for a, b in zip(pairs, again, strict=True)]
    assert sum(moved) >= 5
    again.set_epoch(0)
    for index in (4, 0, 2):
        torch.testing.assert_close(again[index], pairs[index], rtol=0, atol=0)


def test_training_mirrors_about_half_of_the_frames(root):
    pairs = train_pairs(root, crop=None)
    whole = [GoProPairs(root, "train", crop=32, seed=0).pairs[i][1] for i in range(6)]
    straight = 0
    for epoch in range(8):
        pairs.set_epoch(epoch)
        for index, path in enumerate(whole):
            halved = pairs[index][1]
            reference = torch.nn.functional.interpolate(
                read_image(path), (32, 48), mode="bicubic", antialias=True
            ).clamp(0, 1)[0]
            is_straight = torch.allclose(halved, reference, atol=0.51 / 255)
            assert is_straight or torch.allclose(halved.flip(-1), reference, atol=0.51 / 255)
            straight += is_straight
    assert 12 <= straight <= 36


def test_test_items_do_not_move(root):
    pairs = GoProPairs(root, "test", crop=16, seed=0)
    first = pairs[0]
    pairs.set_epoch(3)
    torch.testing.assert_close(pairs[0], first, rtol=0, atol=0)
    whole = GoProPairs(root, "test", crop=None, seed=9)[0]
    torch.testing.assert_close(first[0], whole[0][:, 8:24, 16:32], rtol=0, atol=0)


def test_blur_gamma_gives_other_blurred_and_the_same_sharp_frames(root):
    (blur, sharp), (gamma, same) = (
        GoProPairs(root, "test", crop=None, blur=blur, seed=0)[0] for blur in ("blur", "blur_gamma")
    )
    assert torch.equal(sharp, same) and not torch.equal(blur, gamma)


def test_a_subset_is_chosen_by_the_seed(root):
    first, again, other = (train_pairs(root, subset=3, seed=seed).pairs for seed in (0, 0, 2))
    assert len(set(first)) == 3 and first == again and first != other
    with pytest.raises(ConfigError, match="subset is 7: there are 6 pairs"):
        train_pairs(root, subset=7)


def test_the_folder_itself_is_also_accepted(root):
    assert len(train_pairs(root / "GOPRO_Large")) == 6


def test_a_good_layout_is_counted(root):
    (root / "GOPRO_Large" / ".DS_Store").touch()
    (root / "GOPRO_Large" / "train" / "GOPR0001" / "sharp" / "._000000.png").touch()
    assert check_layout(root, complete=False) == {"train": 6, "test": 3}


def test_missing_pairs_of_the_whole_set_are_counted(root):
    with pytest.raises(DataError, match="train has 6 pairs, GoPro has 2103"):
        check_layout(root)


def break_layout(root, how):
    base = root / "GOPRO_Large"
    first = base / "train" / "GOPR0001"
    if how == "no split":
        shutil.rmtree(base / "test")
    elif how == "no splits":
        shutil.rmtree(base / "test")
        (base / "train").rename(base / "training")
    elif how == "too deep":
        base.rename(root / "inner")
        base.mkdir()
        (root / "inner").rename(base / "GOPRO_Large")
    elif how == "empty split":
        shutil.rmtree(base / "test" / "GOPR0003")
    elif how == "no sharp":
        shutil.rmtree(first / "sharp")
    elif how == "no blur":
        shutil.rmtree(first / "blur")
    elif how == "name":
        (first / "blur" / "000002.png").rename(first / "blur" / "000007.png")
    elif how == "no frames":
        for path in first.glob("*/*.png"):
            path.unlink()
    elif how == "many":
        for path in base.glob("train/*/sharp/*.png"):
            path.unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no split", "has no folder 'test': it has train"),
        ("no splits", "has neither 'train' nor 'test': it has training"),
        ("too deep", r"nested one level too deep: move what is in .*GOPRO_Large.GOPRO_Large to"),
        ("empty split", "test holds no sequences: it is empty"),
        ("no sharp", "train: GOPR0001 has no folder 'sharp'"),
        ("no blur", "GOPR0001 has no folder 'blur', only 'blur_gamma'"),
        ("name", "blur/000007.png without sharp; GOPR0001: sharp/000002.png without blur$"),
        ("no frames", "GOPR0001 has no frames"),
        ("many", r"without sharp \(and 3 more\)"),
    ],
)
def test_each_fault_is_named_in_one_line(root, how, message):
    break_layout(root, how)
    with pytest.raises(DataError, match=message) as caught:
        check_layout(root, complete=False)
    assert "\n" not in str(caught.value)


def test_missing_blur_gamma_is_named(root):
    shutil.rmtree(root / "GOPRO_Large" / "train" / "GOPR0002" / "blur_gamma")
    assert check_layout(root, complete=False)
    with pytest.raises(DataError, match="GOPR0002 has no folder 'blur_gamma', only 'blur'"):
        train_pairs(root, blur="blur_gamma")


def test_a_missing_folder_names_the_command_and_the_page(tmp_path):
    with pytest.raises(DataError, match=r"sharingan fetch gopro.*seungjunnah\.github\.io"):
        check_layout(tmp_path / "nowhere")


def test_stopping_the_check_of_frames_does_not_wait_for_the_rest(root, monkeypatch):
    first, begun, ends = min(root.rglob("*.png")), [], threading.Event()

    class Pool(ThreadPoolExecutor):
        def shutdown(self, **how):
            super().shutdown(**how | {"wait": False})
            ends.set()
            super().shutdown(**how)

    def decode(path):
        begun.append(path)
        if path != first:
            ends.wait(PATIENCE)
        return ""

    def stop(what, done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(gopro_layout, "_undecodable", decode)
    monkeypatch.setattr(gopro_layout, "ThreadPoolExecutor", lambda: Pool(2))
    with pytest.raises(KeyboardInterrupt):
        gopro_layout.check_frames(root, stop)
    assert len(begun) <= 3  # of 27


def test_unknown_choices_are_refused(root):
    with pytest.raises(ConfigError, match="split='valid': choose from train, test"):
        GoProPairs(root, "valid", seed=0)
    with pytest.raises(ConfigError, match="blur='gamma': choose from blur, blur_gamma"):
        train_pairs(root, blur="gamma")


def test_a_crop_larger_than_the_frames_is_named(root):
    with pytest.raises(DataError, match=r"000000\.png is 48x32 at half size: too small for 256"):
        train_pairs(root, crop=256)[0]
