"""A run read back from its folder."""

import shutil

import pytest

from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.training import Trainer, read_run

from .test_trainer import TINY, stop_after


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    Trainer(TINY, folder).fit()
    return folder


def test_a_finished_run(run_dir):
    record = read_run(run_dir)
    assert record.config == TINY
    assert record.finished and record.step == 6 and record.seconds > 0
    assert [row["step"] for row in record.losses] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in record.checks] == list(record.samples) == [0, 2, 4, 6]


def test_a_stopped_run(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        Trainer(TINY, tmp_path).fit(stop_after(3))
    record = read_run(str(tmp_path))
    assert not record.finished and record.step == 3


def test_a_run_whose_checkpoints_were_left_behind(run_dir, tmp_path):
    for name in ("config.json", "history.json"):
        shutil.copy(run_dir / name, tmp_path)
    record = read_run(tmp_path)
    assert record.finished and record.samples == {}
    assert (record.step, record.seconds) == (0, 0.0)


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({}, DataError, "holds no run"),
        ({"config.json": "{}"}, DataError, "no history of a run at"),
        ({"config.json": "{}", "history.json": "[]"}, DataError, "empty history"),
        ({"config.json": "no"}, ConfigError, "no config.json of a run"),
    ],
)
def test_what_is_no_run_is_named(tmp_path, files, error, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(error, match=message):
        read_run(tmp_path)
