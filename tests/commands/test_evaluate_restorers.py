"""sharingan evaluate restorers: row zero first, every figure reproducible, everything stated."""

import csv
import json
import re

import pytest

from sharingan_lab.cli import main
from sharingan_lab.evaluation import DEFINITIONS, average

ROWS = ["blurred input", "unsharp mask", "blind Richardson-Lucy", "lite", "Wiener, true kernel"]
TINY = "--count 3 --side 64 --size 9 --blind 2 --model lite"


def run(kind, *words):
    return main(["evaluate", "restorers", kind, *TINY.split(), *map(str, words)])


def table(printed):
    lines = printed.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("method"))
    rows = [re.split(r" {2,}", line) for line in lines[start:] if not line.startswith("wrote")]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.parametrize("kind", ["fields", "photographs"])
def test_row_zero_and_the_baselines_stand_beside_the_restorer(kind, capsys):
    assert run(kind) == 0
    said = capsys.readouterr()
    rows = table(said.out)
    assert list(rows) == ["method", *ROWS]
    assert [rows[name][0] for name in ROWS] == ["3", "3", "2", "3", "3"]
    assert rows["blurred input"][3:] == ["-", "-", "-"]
    assert re.fullmatch(r"[+-]\d+\.\d\d \([+-]\d+\.\d\d to [+-]\d+\.\d\d\)", rows["lite"][3])
    assert all(words in said.out for words in DEFINITIONS.values())
    what = {"fields": "fields", "photographs": "crops of the bundled photographs"}[kind]
    stated = f"3 {what}, 64 x 64, each blurred by a random path (kernel 9 x 9), noise 0.01, seed 0"
    assert stated in said.out
    assert re.search(
        r"tuned on 20 other pictures: unsharp mask amount [\d.]+, radius [\d.]+", said.out
    )


def test_the_same_call_writes_the_same_files(tmp_path, capsys):
    for name in ("a", "b"):
        words = ["--csv", tmp_path / f"{name}.csv", "--json", tmp_path / f"{name}.json"]
        assert run("fields", *words) == 0
    for ending in ("csv", "json"):
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    with (tmp_path / "a.csv").open(newline="") as file:
        pictures = list(csv.DictReader(file))
    content = json.loads((tmp_path / "a.json").read_text())
    assert [row["method"] for row in content["rows"]] == ROWS
    of_lite = [float(row["psnr"]) for row in pictures if row["method"] == "lite"]
    assert content["rows"][3]["psnr"] == average(of_lite)._asdict()
    assert content["definitions"]["PSNR"] == DEFINITIONS["PSNR"]


def test_a_model_that_there_is_not_is_named_before_any_work(capsys):
    assert main(["evaluate", "restorers", "fields", "--model", "lite,nope"]) == 2
    assert "no generator 'nope'" in capsys.readouterr().err


def test_a_model_that_is_named_twice_or_not_at_all_is_refused(capsys):
    for names in ("lite,lite", "lite,"):
        words = ["evaluate", "restorers", "fields", "--side", "64", "--size", "9"]
        assert main([*words, "--model", names]) == 2
        assert f"'{names}': write names with commas between" in capsys.readouterr().err
