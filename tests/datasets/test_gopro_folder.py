"""A folder of GoPro-like pairs: the layout read back, nothing half-written."""

import pytest
import torch

from sharingan_lab import cli
from sharingan_lab.datasets import (
    Camera,
    GoProPairs,
    PathCamera,
    check_layout,
    gopro_folder,
    photo,
    write_gopro_like,
)
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.images import read_image, to_uint8, write_image

NAMES = ("astronaut", "chelsea", "coffee", "rocket")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in NAMES:
        write_image(photo(name, 100), folder / f"{name}.png")
    (folder / "notes.txt").write_text("not a picture")
    (folder / "._coffee.png").write_text("what a Mac leaves behind")
    return folder


def write(photos, out, **changes):
    return write_gopro_like(photos, out, **{"frames": 3, "pairs": 2, "seed": 0, **changes})


def contents(folder):
    """Bytes of all files, by sequence, kind and number: whatever the split."""
    return {path.parts[-3:]: path.read_bytes() for path in folder.glob("*/*/*/*.png")}


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != "photos")


def test_the_layout_is_gopros(photos, tmp_path):
    counts = write(photos, tmp_path / "out")
    assert counts == {"train": 6, "test": 2}
    for blur in ("blur", "blur_gamma"):
        assert check_layout(tmp_path / "out", blur=blur, complete=False) == counts
        pairs = GoProPairs(tmp_path / "out", "train", crop=32, blur=blur, seed=0)
        assert len(pairs) == 6
        for blurred, sharp in pairs:
            assert blurred.shape == sharp.shape == (3, 32, 32)
            assert psnr(blurred[None], sharp[None]) > 12


def test_files_hold_what_the_photograph_gives_with_its_own_seed(photos, tmp_path):
    write(photos, tmp_path / "out", pairs=3)
    for path in (tmp_path / "out").glob("*/*/blur/*.png"):
        blurred, light, sharp = (
            read_image(path.parent.parent / kind / path.name)
            for kind in ("blur", "blur_gamma", "sharp")
        )
        assert blurred.shape == (1, 3, 70, 70)
        assert light.mean() > blurred.mean() and not torch.equal(blurred, sharp)
    first, second = (
        read_image(next((tmp_path / "out").glob(f"*/coffee/sharp/{name}.png")))
        for name in ("000000", "000001")
    )
    assert not torch.equal(first, second)


def test_no_photograph_is_in_both_splits(photos, tmp_path):
    for seed in range(3):
        out = tmp_path / f"out{seed}"
        write(photos, out, pairs=1, test=0.5, seed=seed)
        train, test = ({p.name for p in (out / split).iterdir()} for split in ("train", "test"))
        assert train | test == set(NAMES) and not train & test and len(test) == 2


@pytest.mark.parametrize(("share", "tests"), [(0.0, 1), (0.5, 2), (1.0, 3)])
def test_each_split_has_a_photograph(photos, tmp_path, share, tests):
    assert write(photos, tmp_path / "out", pairs=1, test=share) == {
        "train": 4 - tests,
        "test": tests,
    }


def test_the_seed_chooses_the_split(tmp_path):
    files, tests = [tmp_path / f"{name}.png" for name in NAMES], []
    for seed in range(12):
        splits = gopro_folder._split(files, 0.25, seed)
        tests += [file.stem for file, split in splits.items() if split == "test"]
    assert len(tests) == 12 and all(tests.count(name) < 9 for name in NAMES)


def test_a_seed_gives_the_same_bytes_and_another_seed_others(photos, tmp_path):
    for name, seed in (("one", 3), ("two", 3), ("three", 4)):
        write(photos, tmp_path / name, pairs=1, seed=seed)
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two and len(one) == 12
    assert all(one[path] != three[path] for path in one)


def test_other_photographs_do_not_change_what_becomes_of_one(photos, tmp_path):
    write(photos, tmp_path / "four", pairs=1)
    (photos / "astronaut.png").unlink()
    write(photos, tmp_path / "three", pairs=1)
    four, three = contents(tmp_path / "four"), contents(tmp_path / "three")
    assert len(three) == 9 and all(four[path] == three[path] for path in three)


def test_large_photographs_are_reduced_to_the_size_asked_for(tmp_path):
    large = torch.rand(3, 300, 500, generator=torch.Generator().manual_seed(0))
    for name in ("a", "b"):
        write_image(large, tmp_path / "in" / f"{name}.png")
    write(tmp_path / "in", tmp_path / "out", pairs=1, size=90)
    shapes = {read_image(path).shape for path in (tmp_path / "out").glob("*/*/*/*.png")}
    assert shapes == {(1, 3, 90, 176)}  # 129 x 215 less three tenths of 129


def test_a_photograph_that_is_not_too_large_is_not_resampled(photos, tmp_path):
    write(photos, tmp_path / "out", pairs=1)
    sharp = read_image(next((tmp_path / "out").glob("*/coffee/sharp/*.png")))[0]
    windows = read_image(photos / "coffee.png")[0].unfold(1, 70, 1).unfold(2, 70, 1)
    differences = (windows - sharp[:, None, None]).abs().amax(dim=(0, 3, 4))
    assert differences.min() < 1.01 / 255
    assert to_uint8(sharp).std() > 10


# Nothing half-written


def test_an_empty_folder_is_taken_and_a_filled_one_refused(photos, tmp_path):
    (tmp_path / "out").mkdir()
    write(photos, tmp_path / "out", pairs=1)
    before = contents(tmp_path / "out")
    with pytest.raises(DataError, match="out is not empty: name a new folder"):
        write(photos, tmp_path / "out", pairs=1, seed=1)
    assert contents(tmp_path / "out") == before


def test_a_file_in_the_way_is_refused(photos, tmp_path):
    (tmp_path / "out").write_text("precious")
    with pytest.raises(DataError, match="out is a file"):
        write(photos, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "precious"


@pytest.mark.parametrize("failure", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_on_the_way_leaves_nothing(photos, tmp_path, failure):
    def stop(name, done, total):
        assert leftovers(tmp_path)[0].startswith(".sharingan-")
        if done == 2:
            raise failure

    with pytest.raises(type(failure)):
        write(photos, tmp_path / "out", on_progress=stop)
    assert leftovers(tmp_path) == []


def test_progress_is_told_photograph_by_photograph(photos, tmp_path):
    told = []
    write(photos, tmp_path / "out", pairs=1, on_progress=lambda *args: told.append(args))
    assert told == [(f"{name}.png", i, 4) for i, name in enumerate(NAMES, start=1)]


def spoil(folder, how):
    if how == "missing":
        return folder / "nowhere"
    if how == "one":
        for name in NAMES[1:]:
            (folder / f"{name}.png").unlink()
    elif how == "stems":
        write_image(photo("coffee", 100), folder / "coffee.jpg")
    elif how == "small":
        for name in NAMES:
            write_image(photo(name, 91), folder / f"{name}.png")
    elif how == "broken":
        (folder / "rocket.png").write_bytes((folder / "rocket.png").read_bytes()[:5000])
    return folder


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("missing", "no such folder"),
        ("one", "holds 1 picture, at least 2 needed"),
        ("stems", "two photographs in .* are named coffee: rename one"),
        ("small", r"astronaut.png \(91 x 91\).* and 1 more; the shorter side must have 92 pixels"),
        ("broken", "cannot read .*rocket.png"),
    ],
)
def test_bad_photographs_are_named_before_anything_is_written(photos, tmp_path, how, message):
    with pytest.raises(DataError, match=message) as caught:
        write(spoil(photos, how), tmp_path / "deep" / "out")
    assert "\n" not in str(caught.value)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"pairs": 0}, "pairs must be a whole number, at least 1, got 0"),
        ({"size": 63}, "size must be a whole number, at least 64, got 63"),
        ({"test": 1.5}, "test must be .* from 0 to 1, got 1.5"),
        ({"frames": 8}, "frames=8: must be odd"),
        ({"shake": -1.0}, "shake=-1.0"),
    ],
)
def test_a_bad_setting_is_named_before_anything_is_read(tmp_path, setting, message):
    with pytest.raises(InputError, match=message):
        write(tmp_path / "nowhere", tmp_path / "out", **setting)


# The command


def test_the_command_writes_what_the_function_writes(photos, tmp_path, capsys):
    words = ["synthesize", str(photos), "-o", str(tmp_path / "out"), "--frames", "3"]
    assert cli.main([*words, "--pairs", "1", "--seed", "5"]) == 0
    told = capsys.readouterr().out
    assert "4 of 4: rocket.png" in told and "3 pairs to train on and 1 to test on" in told
    write(photos, tmp_path / "same", pairs=1, seed=5)
    assert contents(tmp_path / "out") == contents(tmp_path / "same")


@pytest.mark.parametrize(("word", "camera"), [("every", Camera()), ("path", PathCamera())])
def test_a_camera_of_the_training_data_takes_square_pairs(word, camera, photos, tmp_path):
    words = ["synthesize", str(photos), "-o", str(tmp_path / "out"), "--camera", word]
    assert cli.main([*words, "--pairs", "3", "--seed", "5", "--frame-size", "64"]) == 0
    write(photos, tmp_path / "same", pairs=3, seed=5, size=64, camera=camera)
    made = contents(tmp_path / "out")
    assert made == contents(tmp_path / "same") and len(made) == 3 * len(NAMES) * 2
    assert {kind for _, kind, _ in made} == {"blur", "sharp"}
    whole = GoProPairs(tmp_path / "out", "train", crop=None, seed=0)
    assert whole[0][0].shape == (3, 32, 32)  # it halves them
    assert not torch.equal(whole[0][1], whole[1][1])


def test_a_film_is_averaged_as_it_is(photos, tmp_path, capsys):
    words = ["synthesize", "--film", str(photos), "-o", str(tmp_path / "o"), "--camera", "every"]
    assert cli.main(words) == 2
    assert "leave out --camera every" in capsys.readouterr().err
    assert leftovers(tmp_path) == []


def test_the_command_refuses_in_one_line(photos, tmp_path, capsys):
    assert cli.main(["synthesize", str(photos), "-o", str(tmp_path / "o"), "--frames", "4"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert leftovers(tmp_path) == []
