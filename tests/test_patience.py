"""What hangs comes to an end, and is named."""

import subprocess
import sys

import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.patience import patience

from . import patience as plugin
from .small_disk import in_a_copy, needs_fork


@needs_fork
def test_the_processes_of_a_test_that_hangs_are_killed(tmp_path, monkeypatch):
    def hang():
        assert plugin.end_what_hangs() is None
        kernel = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        monkeypatch.setattr(plugin, "_HANGS", 0)
        assert plugin.end_what_hangs().startswith("killed all processes of tests/test_patience.py")
        assert kernel.wait(plugin.PATIENCE) == -9

    in_a_copy(hang, tmp_path / "log")


def test_patience_can_be_stretched(monkeypatch):
    monkeypatch.delenv("SHARINGAN_PATIENCE", raising=False)
    usual = patience()
    monkeypatch.setenv("SHARINGAN_PATIENCE", "2.5")
    assert patience() == 2.5 * usual


@pytest.mark.parametrize("text", ["long", "0", "-1", "inf", "nan"])
def test_what_is_no_patience_is_refused(text, monkeypatch):
    monkeypatch.setenv("SHARINGAN_PATIENCE", text)
    with pytest.raises(ConfigError, match=f"SHARINGAN_PATIENCE='{text}': must be a number above 0"):
        patience()
