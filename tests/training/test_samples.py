"""The pictures of a run: what lies on a sheet, when one is written, and that none changes."""

import pytest
import torch
from PIL import Image

from sharingan_lab.errors import InputError
from sharingan_lab.training import Trainer, read_samples
from sharingan_lab.training.samples import sample_sheets, write_samples

from .test_trainer import TINY, stop_after


def test_a_sheet_has_the_middle_of_the_first_crops(tmp_path):
    blurred, restored, sharp = torch.rand(3, 6, 3, 120, 120)
    sheet = write_samples(tmp_path, 7, blurred, restored, sharp)
    assert sheet == tmp_path / "samples" / "step-00000007.png"
    assert Image.open(sheet).size == (4 * 96, 3 * 96)
    read = read_samples(sheet)
    for row, images in zip(read, (blurred, restored, sharp), strict=True):
        torch.testing.assert_close(row, images[:4, :, 12:108, 12:108], atol=0.51 / 255, rtol=0)


def test_a_single_small_crop_is_a_sheet_too(tmp_path):
    crops = torch.rand(3, 1, 3, 16, 16)
    assert read_samples(write_samples(tmp_path, 0, *crops)).shape == (3, 1, 3, 16, 16)


def test_another_picture_is_refused(tmp_path):
    Image.new("RGB", (40, 31)).save(tmp_path / "other.png")
    with pytest.raises(InputError, match="40 x 31: no three rows of square crops"):
        read_samples(tmp_path / "other.png")


def test_each_validation_writes_its_sheet_beside_what_it_measured(tmp_path):
    trainer = Trainer(TINY, tmp_path)
    history = trainer.fit()
    sheets = sample_sheets(tmp_path)
    assert list(sheets) == [row["step"] for row in history if "psnr" in row] == [0, 2, 4, 6]
    blurred, restored, sharp = read_samples(sheets[6])
    with torch.no_grad():
        expected = trainer.generator.eval()(trainer.validation[0][:4])
    torch.testing.assert_close(restored, expected, atol=0.51 / 255, rtol=0)
    for shown, given in ((blurred, 0), (sharp, 1)):
        wanted = trainer.validation[given][:4].clamp(0, 1)
        torch.testing.assert_close(shown, wanted, atol=0.51 / 255, rtol=0)
    assert not torch.equal(restored, read_samples(sheets[0])[1])


def test_a_stopped_run_ends_with_the_pictures_of_one_that_was_not(tmp_path):
    Trainer(TINY, tmp_path / "whole").fit()
    with pytest.raises(KeyboardInterrupt):
        Trainer(TINY, tmp_path / "stopped").fit(stop_after(3))
    kept = sample_sheets(tmp_path / "stopped")[2].stat().st_mtime_ns
    Trainer(TINY, tmp_path / "stopped", resume=True).fit()
    whole, stopped = (sample_sheets(tmp_path / run) for run in ("whole", "stopped"))
    assert list(whole) == list(stopped)
    assert all(whole[step].read_bytes() == stopped[step].read_bytes() for step in whole)
    assert stopped[2].stat().st_mtime_ns == kept


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Trainer(TINY.with_settings(epochs=1)).fit()
    assert not list(tmp_path.iterdir())
