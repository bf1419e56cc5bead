"""Lesson 11 with photographs that people bring: it runs, or says in one line what it needs."""

from datetime import UTC, datetime

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from sharingan_lab.datasets import photo
from sharingan_lab.errors import InputError
from sharingan_lab.images import to_uint8
from sharingan_lab.lab.report.catalogue import all_lessons, select

(LESSON,) = select(all_lessons(), ["11"])
# These cells of sections 4 and 6 take bundled photographs, whatever is brought.
BUNDLED = {"cell-19", "cell-20", "cell-21", "cell-doubt-test", "cell-doubt-table"}
LAST = "cell-29"  # the report is written; then come exercises


def bring(path, *, uploaded=None, your_choice="", last=LAST, **parameters):
    """Run the cells that the photograph goes through; return what they leave."""
    matplotlib.use("Agg")
    names = {"__name__": "lesson"}
    for cell in LESSON.notebook.cells:
        if cell.cell_type == "code" and cell.id not in BUNDLED:
            exec(cell.source, names)
        if "parameters" in cell.metadata.get("tags", ()):
            photo = "" if uploaded else str(path)
            names |= {"photo": photo, "out_dir": str(path.parent / "out"), **parameters}
        if cell.id == "cell-upload" and uploaded:
            names["upload"].value = (uploaded,)
        if cell.id == "cell-choice":
            names["your_choice"] = your_choice
        if cell.id == last:
            return names


def photograph(width, height):
    """Cut a part of that shape out of a bundled photograph."""
    scene = photo("coffee", 400)
    while scene.shape[-1] < width:
        scene = torch.cat([scene, scene.flip(-1)], dim=-1)
    return Image.fromarray(to_uint8(scene[..., :height, :width]))


@pytest.mark.parametrize(
    ("width", "height", "longest_side", "used", "paths"),
    [
        (2000, 200, 1024, (1280, 128), 4),  # a panorama keeps enough of its height
        (360, 150, 300, (307, 128), 4),  # the size that the lesson suggests to try
        (90, 60, 1024, (90, 60), 2),  # too small for long paths
        (32, 40, 0, (32, 40), 2),
    ],
)
def test_any_shape_will_do(tmp_path, width, height, longest_side, used, paths):
    path = tmp_path / "mine.png"
    photograph(width, height).save(path)
    left = bring(path, longest_side=longest_side)
    assert tuple(left["mine"].shape[:1:-1]) == used
    assert len(left["rows"]) == paths
    assert f"{used[0]} x {used[1]} pixels" in left["report"].read_text()


def test_sixteen_bits_will_do(tmp_path):
    levels = np.asarray(photograph(64, 64).convert("L")).astype(np.uint16) * 257
    Image.fromarray(levels).save(tmp_path / "deep.png")
    left = bring(tmp_path / "deep.png")
    expected = torch.tensor(levels / 65535).float().expand(1, 3, -1, -1)
    torch.testing.assert_close(left["mine"], expected, atol=1 / 255, rtol=0)


def test_an_upload_will_do(tmp_path):
    path = tmp_path / "photo.png"
    photograph(90, 60).save(path)
    content = path.read_bytes()
    about = {"type": "image/png", "size": len(content), "last_modified": datetime.now(UTC)}
    left = bring(path, uploaded={"name": "photo.png", "content": memoryview(content), **about})
    assert tuple(left["mine"].shape) == (1, 3, 60, 90) and left["truth"] is None
    assert (tmp_path / "out" / "brought-photo.png").read_bytes() == content
    assert "your photograph, 90 x 60 pixels" in left["report"].read_text()


def test_the_puzzle_keeps_its_secret_until_it_is_solved(tmp_path, capsys):
    path = tmp_path / "mine.png"
    photograph(64, 64).save(path)
    solved = {"A is the network, B is unsharp masking.", "A is unsharp masking, B is the network."}

    def told(your_choice):
        bring(path, your_choice=your_choice, last="cell-23")
        said = capsys.readouterr().out
        return said, any(solution in said for solution in solved)

    said, revealed = told("")
    assert "The puzzle is open" in said and not revealed
    said, revealed = told("B")
    assert "You chose B." in said and revealed


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (photograph(31, 200), "smaller than 32 x 32 pixels"),
        (Image.new("RGB", (200, 200), "red"), "all one colour"),
    ],
)
def test_what_is_no_photograph_is_refused_in_one_line(tmp_path, picture, reason):
    path = tmp_path / "mine.png"
    picture.save(path)
    with pytest.raises(InputError, match=reason) as refused:
        bring(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)
