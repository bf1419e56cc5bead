"""sharingan synthesize: a stop or a full disk leaves nothing half-written."""

import errno
import os
import signal

import pytest
import torch

from sharingan_lab import storage
from sharingan_lab.cli import main
from sharingan_lab.commands import synthesize
from sharingan_lab.images import write_image


@pytest.fixture
def words(tmp_path):
    rng = torch.Generator().manual_seed(0)
    for name in ("a.png", "b.png"):
        write_image(torch.rand(1, 3, 120, 120, generator=rng), tmp_path / "in" / name)
    out = ["-o", str(tmp_path / "pairs"), "--pairs", "1", "--frames", "3"]
    return ["synthesize", str(tmp_path / "in"), *out, "--frame-size", "64"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_leaves_nothing(number, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(synthesize, "_print_photo", lambda *_: signal.raise_signal(number))
    assert main(words) == 130
    assert capsys.readouterr().err == "sharingan: stopped\n"
    assert os.listdir(tmp_path) == ["in"]


def test_a_full_disk_is_one_line_that_names_the_folder_asked_for(
    words, tmp_path, capsys, monkeypatch
):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(storage, "write_durably", full)
    assert main(words) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"cannot write to {tmp_path / 'pairs'}/" in line and "make room" in line
    assert os.listdir(tmp_path) == ["in"]
