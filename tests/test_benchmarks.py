"""The benchmarks' own arithmetic; the peers themselves are installed by `make bench` alone."""

import time

import pytest
import torch

from benchmarks import schedule, ship
from benchmarks.side_by_side import Row, compare, table
from sharingan_lab.restore import load_generator
from sharingan_lab.training import Trainer, recipe, records, shipped_runs


def test_the_ratio_is_that_of_the_median_times(monkeypatch):
    clock, slow_once = [0.0], iter([0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0])

    def ours():
        clock[0] += 0.002 + next(slow_once)

    def peer():
        clock[0] += 0.008

    monkeypatch.setattr(time, "process_time", lambda: clock[0])
    assert compare("spin", ours, peer, wanted=2, rounds=5).ratio == pytest.approx(4)


def test_the_table_says_what_was_measured_and_what_was_promised():
    lines = table([Row("blur", ours=0.001, peer=0.0045, wanted=3.0)]).splitlines()
    assert lines[0] == "| task | here, ms | peer, ms | times faster | promised | |"
    assert lines[2] == "| blur | 1.000 | 4.500 | 4.5 | 3 |  |"


def test_a_schedule_without_its_data_says_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["schedule", "--data", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="sharingan fetch gopro"):
        schedule.main()


def test_a_shipped_file_is_the_newest_generator_of_its_run_in_half_precision(tmp_path, monkeypatch):
    monkeypatch.setattr(ship, "shipped_dir", lambda: tmp_path)
    trainer = Trainer(
        recipe("quick").with_settings(
            architecture="lite", lambda_adversarial=0.0, content="l1", average=0.5,
            items=8, epochs=1, constant_epochs=1, crop=32, kernel_size=9, width=4, blocks=1,
        ),
        tmp_path / "run",
    )  # fmt: skip
    trainer.fit()
    shipped = ship.ship("mine", [tmp_path / "run"])
    assert shipped == tmp_path / "mine-generator.safetensors"
    weights, loaded = trainer.averaged.state_dict(), load_generator(shipped).state_dict()
    assert weights.keys() == loaded.keys()
    for name, value in weights.items():
        assert torch.equal(loaded[name], value.half().float())
    newest = sorted(tmp_path.glob("run/checkpoints/step-*/generator-*"))[-1]
    assert shipped.stat().st_size < 0.7 * newest.stat().st_size
    monkeypatch.setattr(records, "shipped_dir", lambda: tmp_path)
    (told,) = shipped_runs("mine")
    assert told.config == trainer.config and told.step == 2
    assert told.seconds == round(trainer.seconds, 1)
    assert [row["psnr"] for row in told.checks] == pytest.approx(
        [row["psnr"] for row in trainer.history if "psnr" in row], abs=1e-4
    )
