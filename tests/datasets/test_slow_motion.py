"""Pairs from the frames of a film: means of consecutive ones, in GoPro's layout."""

import pytest
import torch

from sharingan_lab.cli import main
from sharingan_lab.datasets import GoProPairs
from sharingan_lab.datasets.slow_motion import write_from_frames
from sharingan_lab.errors import DataError, InputError
from sharingan_lab.images import read_image, write_image


def film(folder, levels, size=(40, 56)):
    """Frames of even grey, in the order of their names."""
    for i, level in enumerate(levels):
        write_image(torch.full((3, *size), level), folder / f"{i:04d}.png")
    return folder


def test_a_pair_is_the_mean_of_consecutive_frames_and_their_middle_one(tmp_path):
    film(tmp_path / "film", [0.0, 0.2, 1.0, 0.4, 0.4, 0.4, 1.0])  # the last one is left over
    made = write_from_frames(tmp_path / "film", tmp_path / "out", frames=3, test=0.5)
    assert made == {"train": 1, "test": 1}
    first = tmp_path / "out" / "train" / "film"
    level = {
        kind: float(read_image(first / kind / "000000.png").mean())
        for kind in ("blur", "blur_gamma", "sharp")
    }
    assert level["blur"] == pytest.approx(0.4, abs=0.003)
    assert level["blur_gamma"] == pytest.approx(((0.2**2.2 + 1) / 3) ** (1 / 2.2), abs=0.003)
    assert level["sharp"] == pytest.approx(0.2, abs=0.003)
    second = tmp_path / "out" / "test" / "film" / "blur" / "000001.png"
    assert float(read_image(second).mean()) == pytest.approx(0.4, abs=0.003)


def test_films_in_folders_become_sequences_and_the_last_pairs_the_test(tmp_path):
    for name, level in (("a", 0.1), ("b", 0.9)):
        film(tmp_path / "films" / name, [level] * 9)
    seen = []
    made = write_from_frames(
        tmp_path / "films", tmp_path / "out", frames=3, test=0.5,
        on_progress=lambda *row: seen.append(row),
    )  # fmt: skip
    assert made == {"train": 3, "test": 3} and seen == [("a", 3, 6), ("b", 6, 6)]
    pairs = GoProPairs(tmp_path / "out", "train", crop=16, seed=0)
    assert len(pairs) == 3 and float(pairs[0][0].mean()) == pytest.approx(0.1, abs=0.003)


@pytest.mark.parametrize(
    ("frames", "count", "message"),
    [(3, 5, "not frames enough for two pairs of 3"), (11, 5, "at least 11 needed")],
)
def test_too_short_a_film_is_refused_and_nothing_is_left(tmp_path, frames, count, message):
    film(tmp_path / "film", [0.5] * count)
    with pytest.raises(DataError, match=message):
        write_from_frames(tmp_path / "film", tmp_path / "out", frames=frames)
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_frames_of_two_sizes_are_named_and_nothing_is_left(tmp_path):
    film(tmp_path / "film", [0.5] * 6)
    write_image(torch.zeros(3, 40, 40), tmp_path / "film" / "0004.png")
    with pytest.raises(DataError, match=r"0004.png has another size than 0003.png"):
        write_from_frames(tmp_path / "film", tmp_path / "out", frames=3)
    assert [path.name for path in tmp_path.iterdir()] == ["film"]


def test_an_even_number_of_frames_has_no_middle(tmp_path):
    with pytest.raises(InputError, match="frames=4: must be odd"):
        write_from_frames(film(tmp_path / "film", [0.5] * 8), tmp_path / "out", frames=4)


def test_the_command_makes_pairs_of_a_film(tmp_path, capsys):
    film(tmp_path / "film", [0.1] * 6)
    arguments = ["synthesize", "--film", str(tmp_path / "film"), "-o", str(tmp_path / "out")]
    assert main([*arguments, "--frames", "3"]) == 0
    assert "1 pairs to train on and 1 to test on" in capsys.readouterr().out
