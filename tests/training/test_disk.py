"""A disk that is full or read-only stops a run in one line, and nothing is lost.

The disk is real: a small file system in memory, which only a copy of this process sees.
"""

import contextlib
import errno
import io
import os
import re
import resource
import warnings

import pytest

from sharingan_lab.cli import main
from sharingan_lab.errors import StorageError
from sharingan_lab.storage import write_atomically, writing_to
from sharingan_lab.training import Trainer, checkpoints, recipe, run_folder
from sharingan_lab.training.tensorboard import EventLog

from ..small_disk import Disk, in_a_copy, needs_fork
from .test_resume import kept, leftovers
from .test_trainer import TINY

WATCHED = TINY.with_settings(tensorboard=True)
CHANGED = [k for k in vars(WATCHED) if getattr(WATCHED, k) != getattr(recipe("quick"), k)]
TRAIN = ["train", "--recipe", "quick"]
TRAIN += [word for name in CHANGED for word in ("--set", f"{name}={getattr(WATCHED, name)}")]


def before_call(monkeypatch, whose, name, number, act):
    """Do something just before a function is called for the so-manieth time."""
    plain, calls = getattr(whose, name), []

    def counting(*arguments, **more):
        calls.append(1)
        if len(calls) == number:
            act()
        return plain(*arguments, **more)

    monkeypatch.setattr(whose, name, counting)


def train(out, *more):
    """`sharingan train` in this process: exit code and lines of standard error."""
    errors = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
        code = main([*TRAIN, "--out", str(out), *more])
    return code, errors.getvalue().splitlines()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    Trainer(WATCHED, folder).fit()
    return kept(folder)


# who writes, the function about to be called, and at which call (checkpoints: after each step)
WRITERS = {
    "settings": (run_folder, "write_atomically", 1),
    "first samples": (run_folder, "write_samples", 1),
    "samples": (run_folder, "write_samples", 2),
    "history": (run_folder, "write_history", 3),
    "first checkpoint": (run_folder, "save_checkpoint", 1),
    "checkpoint": (run_folder, "save_checkpoint", 3),
    "state within a checkpoint": (checkpoints, "write_durably", 8),
    "new events": (run_folder, "EventLog", 1),
    "events": (EventLog, "add", 4),
}


@needs_fork
@pytest.mark.parametrize("fault", ["full", "read-only"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_disk_stops_taking(writer, fault, undisturbed, tmp_path, monkeypatch):
    def work():
        disk = Disk(tmp_path / "disk")
        run = disk.place / "run"
        act, undo = (disk.fill, disk.make_room) if fault == "full" else (disk.lock, disk.unlock)
        before_call(monkeypatch, *WRITERS[writer], act)
        code, (line,) = train(run)
        assert code == 1 and re.match(rf"sharingan: cannot write to {run}(/samples)?: ", line), line
        if fault == "full":
            assert (
                "No space left on device; " in line
                and ("then try again" if writer == "settings" else "go on with --resume") in line
            )
            assert leftovers(run) == []
        else:
            assert line.endswith(
                "Read-only file system; allow writing there, or name another folder"
            )
        with warnings.catch_warnings():  # none is damaged
            warnings.simplefilter("error")
            newest = checkpoints.newest_checkpoint(run)
        undo()
        resumed = Trainer(WATCHED, run, resume=True)
        assert resumed.steps_done == (newest[1]["step"] if newest else 0)
        assert train(run, "--resume") == (0, [])
        assert kept(run) == undisturbed
        assert leftovers(run) == []

    in_a_copy(work, tmp_path / "log")


@needs_fork
def test_a_disk_that_is_full_in_the_middle_of_a_checkpoint(undisturbed, tmp_path, monkeypatch):
    """The generator still fits, the critic does not: no half of a checkpoint stays."""

    def work():
        disk = Disk(tmp_path / "disk")
        run = disk.place / "run"
        before_call(monkeypatch, run_folder, "save_checkpoint", 4, lambda: disk.fill(leave=50_000))
        code, (line,) = train(run)
        assert code == 1 and "No space left" in line
        names = sorted(os.listdir(run / "checkpoints"))
        assert names == ["step-00000001", "step-00000002", "step-00000003"]
        assert train(run, "--resume")[0] == 1  # still full: the same line, nothing worse
        assert sorted(os.listdir(run / "checkpoints")) == names
        disk.make_room()
        assert train(run, "--resume") == (0, [])
        assert kept(run) == undisturbed

    in_a_copy(work, tmp_path / "log")


@needs_fork
def test_a_limit_on_the_size_of_files_is_a_full_disk(undisturbed, tmp_path):
    """Where no disk can be mounted: the limit that a quota or a shell sets."""

    def work():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, before[1]))
        code, (line,) = train(tmp_path / "run")
        assert code == 1 and "File too large; " in line and "make room" in line, line
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert train(tmp_path / "run", "--resume") == (0, [])
        assert kept(tmp_path / "run") == undisturbed

    in_a_copy(work, tmp_path / "log")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("no folder")
    code, (line,) = train(tmp_path / "file" / "run")
    assert code == 1 and line == (
        f"sharingan: cannot write to {tmp_path}/file/run: Not a directory; name another folder, or "
        "mend this one, then try again"
    )


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "MB are free: make room"),
        (errno.EDQUOT, "MB are free: make room"),
        (errno.EACCES, "allow writing there"),
        (errno.EROFS, "allow writing there"),
        (errno.EIO, "mend this one, then try again"),
    ],
)
def test_each_fault_has_its_remedy(number, remedy, tmp_path):
    with pytest.raises(StorageError, match=remedy), writing_to(tmp_path / "not" / "there"):
        raise OSError(number, os.strerror(number))


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "note.txt"
    write_atomically(path, "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match=str(tmp_path)):
        write_atomically(path, "new")
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["note.txt"]
