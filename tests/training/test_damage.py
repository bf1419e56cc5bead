"""Damaged run folders: each fault falls back to the checkpoint before, or is one clear line."""

import random
import shutil
import warnings

import pytest

from sharingan_lab.cli import main
from sharingan_lab.errors import CheckpointError, ConfigError, DataError
from sharingan_lab.training import Trainer, read_history, read_run, recipe
from sharingan_lab.training.checkpoints import newest_checkpoint

from .test_resume import kept
from .test_trainer import TINY


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    Trainer(TINY, folder).fit()
    return folder


@pytest.fixture
def run_dir(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


def newest(run_dir):
    return sorted(run_dir.glob("checkpoints/step-*"))[-1]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path, where=0.5):
    content = bytearray(path.read_bytes())
    content[int(where * len(content))] ^= 4
    path.write_bytes(content)


def remove(path):
    path.unlink()


def empty(path):
    path.write_bytes(b"")


FILES = ("generator-*", "critic-*", "state.safetensors", "state.json", "manifest.json")


@pytest.mark.parametrize("damage", [cut, flip, remove, empty])
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_named_and_the_run_goes_on_from_the_checkpoint_before(
    file, damage, run_dir, finished
):
    damaged = next(newest(run_dir).glob(file))
    damage(damaged)
    name = "" if file == "manifest.json" else damaged.name  # it may name whose sum it is
    with pytest.warns(UserWarning, match=f"step-00000006 is damaged: .*{name}.*; falling back"):
        continued = Trainer(TINY, run_dir, resume=True)
    assert continued.steps_done == 5
    continued.fit()
    assert kept(run_dir) == kept(finished)
    with warnings.catch_warnings():  # what was damaged has been replaced
        warnings.simplefilter("error")
        assert newest_checkpoint(run_dir)[1]["step"] == 6


@pytest.mark.parametrize("file", FILES)
def test_no_bit_of_a_checkpoint_can_be_flipped_unseen(file, run_dir):
    path = next(newest(run_dir).glob(file))
    whole, chance = path.read_bytes(), random.Random(0)
    for _ in range(100):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            _, facts = newest_checkpoint(run_dir)
        assert facts["step"] == 5
    path.write_bytes(whole)
    assert newest_checkpoint(run_dir)[0] == newest(run_dir)


@pytest.mark.parametrize(
    "text",
    ["", "{", "null", "[]", "7", '"text"', "{}", '{"step": 6}', '{"step": 6, "sha256": {}}',
     '{"step": 6, "sha256": []}', '{"step": "six", "sha256": {"state.safetensors": ""}}',
     '{"step": 6, "sha256": {"state.safetensors": 1}}', "\N{SNOWMAN}"],
)  # fmt: skip
def test_a_manifest_that_is_no_manifest_is_damage(text, run_dir):
    (newest(run_dir) / "manifest.json").write_text(text)
    with pytest.warns(UserWarning, match="step-00000006 is damaged: .*; falling back"):
        assert newest_checkpoint(run_dir)[1]["step"] == 5


def test_the_manifest_of_another_checkpoint_is_damage(run_dir):
    other = newest(run_dir).with_name("step-00000005") / "manifest.json"
    shutil.copy(other, newest(run_dir))
    with pytest.warns(UserWarning, match="of another"):
        assert newest_checkpoint(run_dir)[1]["step"] == 5


def test_two_damaged_checkpoints_fall_back_to_the_third(run_dir, finished):
    for folder in sorted(run_dir.glob("checkpoints/step-*"))[1:]:
        cut(folder / "state.safetensors")
    with pytest.warns(UserWarning) as caught:
        continued = Trainer(TINY, run_dir, resume=True)
    assert len(caught) == 2 and continued.steps_done == 4
    continued.fit()
    assert kept(run_dir) == kept(finished)
    assert len(list(run_dir.glob("checkpoints/*"))) == 3


def test_a_damaged_checkpoint_of_a_later_step_does_not_outlive_the_next_one(run_dir):
    for folder in sorted(run_dir.glob("checkpoints/step-*"))[1:]:
        cut(folder / "state.safetensors")
    with pytest.warns(UserWarning):
        continued = Trainer(TINY, run_dir, resume=True)
    continued.step(next(continued._batches()))
    continued.steps_done += 1
    continued.save()
    names = sorted(path.name for path in run_dir.glob("checkpoints/*"))
    assert names == ["step-00000004", "step-00000005"]


@pytest.mark.parametrize("file", ["history.csv", "history.json"])
@pytest.mark.parametrize("damage", [cut, flip, remove, empty])
def test_a_damaged_history_is_written_again_from_the_checkpoint(file, damage, run_dir, finished):
    for folder in sorted(run_dir.glob("checkpoints/step-*"))[1:]:
        shutil.rmtree(folder)  # a run that goes on
    damage(run_dir / file)
    Trainer(TINY, run_dir, resume=True).fit()
    assert kept(run_dir) == kept(finished)


def test_a_damaged_history_of_a_finished_run_is_written_again(run_dir, finished):
    (run_dir / "history.csv").write_text("step;rubbish\n")
    Trainer(TINY, run_dir, resume=True).fit()
    assert kept(run_dir) == kept(finished)


@pytest.mark.parametrize("text", ["", "[{", '{"step": 1}', "null", "[1]", "\0\0"])
def test_rows_of_a_damaged_history_are_read_from_the_checkpoint(text, run_dir, finished):
    (run_dir / "history.json").write_text(text)
    with pytest.warns(UserWarning, match=r"history\.json is damaged: its rows come from"):
        assert read_history(run_dir) == read_history(finished)
    shutil.rmtree(run_dir / "checkpoints")
    with pytest.raises(DataError, match=r"no history of a run at .*history\.json"):
        read_history(run_dir)


def test_rows_after_the_checkpoint_are_left_out(run_dir, finished):
    for folder in sorted(run_dir.glob("checkpoints/step-*"))[1:]:
        shutil.rmtree(folder)
    assert read_history(run_dir)[-1]["step"] == 6
    continued = Trainer(TINY, run_dir, resume=True)
    assert [row["step"] for row in continued.history] == [0, 1, 2, 3, 4]
    continued.fit()
    assert kept(run_dir) == kept(finished)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"crop": "wide"}', '{"x": 1}', "\udcff"])
def test_a_damaged_config_is_named_with_the_remedy_which_works(text, run_dir, finished):
    (run_dir / "config.json").write_bytes(text.encode(errors="surrogateescape"))
    pattern = r"run/config\.json is damaged: .*; delete it and resume with the --recipe and --set"
    for use in (lambda: Trainer(TINY, run_dir, resume=True), lambda: read_run(run_dir)):
        with pytest.raises(ConfigError, match=pattern) as caught:
            use()
        assert "\n" not in str(caught.value)
    (run_dir / "config.json").unlink()
    Trainer(TINY, run_dir, resume=True).fit()
    assert kept(run_dir) == kept(finished)


def test_the_command_says_so_in_one_line(run_dir, capsys):
    (run_dir / "config.json").write_text("{")
    assert main(["train", "--resume", "--out", str(run_dir)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sharingan: {run_dir}/config.json is damaged: ")


def test_the_config_of_another_recipe_is_refused(run_dir, finished, capsys):
    report = recipe("report").with_settings(data="photos", crop=64, device="cpu", vgg="random")
    (run_dir / "config.json").write_text(report.to_json())
    before = kept(run_dir)
    with pytest.raises(ConfigError, match=r"other settings, says config\.json: recipe 'report' ->"):
        Trainer(TINY, run_dir, resume=True)
    with pytest.raises(ConfigError, match=r"other settings, says step-00000006: .*lambda_gp 10"):
        Trainer(report, run_dir, resume=True)
    assert main(["train", "--resume", "--out", str(run_dir)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert kept(run_dir) == before


def test_a_changed_digit_in_the_config_is_noticed(run_dir):
    text = (run_dir / "config.json").read_text()
    (run_dir / "config.json").write_text(text.replace('"seed": 0', '"seed": 4'))
    with pytest.raises(ConfigError, match="says step-00000006: seed 0 -> 4"):
        Trainer(TINY.with_settings(seed=4), run_dir, resume=True)


def test_checkpoints_without_their_config_are_still_a_run(run_dir):
    (run_dir / "config.json").unlink()
    with pytest.raises(ConfigError, match="holds a run already"):
        Trainer(TINY, run_dir)
    with pytest.raises(ConfigError, match="says step-00000006: seed 0 -> 1"):
        Trainer(TINY.with_settings(seed=1), run_dir, resume=True)


def test_when_nothing_is_whole_the_run_is_left_as_it_is(run_dir):
    for folder in run_dir.glob("checkpoints/step-*"):
        cut(folder / "state.safetensors")
    before = kept(run_dir)
    with pytest.warns(UserWarning), pytest.raises(CheckpointError, match="start again elsewhere"):
        Trainer(TINY, run_dir, resume=True)
    assert kept(run_dir) == before
