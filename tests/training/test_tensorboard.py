"""The history of a run for TensorBoard, where that is installed, and the refusal where not."""

import sys

import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.training import Trainer

from .test_trainer import TINY, stop_after

WATCHED = TINY.with_settings(tensorboard=True)


def events_of(run_dir):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(run_dir / "tensorboard"))
    return events.Reload()


def written(events, tag):
    return {event.step: event.value for event in events.Scalars(tag)}


def test_it_holds_what_the_history_holds(tmp_path):
    pytest.importorskip("tensorboard")
    history = Trainer(WATCHED, tmp_path).fit()
    events = events_of(tmp_path)
    for tag, name in (("loss/content", "content"), ("validation/psnr", "psnr")):
        expected = {row["step"]: row[name] for row in history if name in row}
        assert written(events, tag) == pytest.approx(expected)
    pictures = events.Images("blurred, restored, sharp")
    assert [picture.step for picture in pictures] == [0, 2, 4, 6]
    assert pictures[0].width == 4 * TINY.crop and pictures[0].height == 3 * TINY.crop


def test_a_continued_run_goes_on_in_the_same_curves(tmp_path):
    pytest.importorskip("tensorboard")
    with pytest.raises(KeyboardInterrupt):
        Trainer(WATCHED, tmp_path).fit(stop_after(3))
    newest = sorted(tmp_path.glob("checkpoints/step-*"))[-1]
    (newest / "manifest.json").write_text("{")  # so that step 3 is done again
    with pytest.warns(UserWarning, match="damaged"):
        history = Trainer(WATCHED, tmp_path, resume=True).fit()
    expected = {row["step"]: row["content"] for row in history if "content" in row}
    assert written(events_of(tmp_path), "loss/content") == pytest.approx(expected)


def test_watching_changes_no_number(tmp_path):
    pytest.importorskip("tensorboard")
    assert Trainer(WATCHED, tmp_path).fit() == Trainer(TINY).fit()


def test_a_run_may_be_watched_from_the_middle_on(tmp_path):
    pytest.importorskip("tensorboard")
    with pytest.raises(KeyboardInterrupt):
        Trainer(TINY, tmp_path).fit(stop_after(3))
    Trainer(WATCHED, tmp_path, resume=True).fit()
    assert list(written(events_of(tmp_path), "loss/content")) == [4, 5, 6]


def test_without_the_package_the_remedy_is_named_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'sharingan-lab\[tensorboard\]'"):
        Trainer(WATCHED, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_package_is_not_needed_where_it_is_not_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    Trainer(TINY.with_settings(epochs=1), tmp_path).fit()
    assert not (tmp_path / "tensorboard").exists()
