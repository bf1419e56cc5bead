"""A small disk that is real, for tests of what happens when it is full or read-only."""

import contextlib
import ctypes
import os
import signal
import traceback
from pathlib import Path

import pytest

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_RDONLY, MS_REMOUNT, MS_REC, MS_PRIVATE = 1, 32, 0x4000, 0x40000
NO_DISK = 77  # the exit code of a copy that may not mount anything

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="works in copies of this process")


def in_a_copy(work, log):
    """Run in a copy of this process, which may spoil what it likes; its failure is ours."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work() or 0
        except BaseException:
            log.write_text(traceback.format_exc())
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == NO_DISK:
        pytest.skip("this machine lets nobody mount a disk of his own")
    assert code == 0, log.read_text()


def killed(work):
    """Whether work in a copy of this process ends by killing it."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


class Disk:
    """Some megabytes, mounted for this process alone; gone when it ends."""

    def __init__(self, place):
        self.place, self.ballast = place, place / "ballast"
        self.libc = ctypes.CDLL(None, use_errno=True)
        if not hasattr(self.libc, "unshare"):
            os._exit(NO_DISK)
        place.mkdir()
        user, group = os.getuid(), os.getgid()
        if self.libc.unshare(CLONE_NEWNS):
            if self.libc.unshare(CLONE_NEWNS | CLONE_NEWUSER):
                os._exit(NO_DISK)
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        self.libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
        if self.libc.mount(b"tmpfs", bytes(place), b"tmpfs", 0, b"size=8m"):
            os._exit(NO_DISK)

    def fill(self, leave=0):
        """Put something on the disk until no more than so many bytes are free."""
        free = os.statvfs(self.place).f_bavail * os.statvfs(self.place).f_frsize
        self.ballast.write_bytes(bytes(free - leave))
        if leave == 0:
            with pytest.raises(OSError, match="No space left"):
                (self.place / "one more").write_bytes(b"byte")
            (self.place / "one more").unlink()

    def make_room(self):
        self.ballast.unlink(missing_ok=True)

    def lock(self, locked=True):
        flags = MS_REMOUNT | (MS_RDONLY if locked else 0)
        assert self.libc.mount(b"none", bytes(self.place), None, flags, None) == 0

    def unlock(self):
        self.lock(False)
