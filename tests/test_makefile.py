"""`make test` with a venv that only pretends: both parts run, and the end names what failed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import sharingan_lab

from .patience import PATIENCE

MAKEFILE = Path(sharingan_lab.__file__).resolve().parent.parent / "Makefile"
pytestmark = [
    pytest.mark.skipif(not MAKEFILE.is_file(), reason="there is no source here"),
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here"),
]
# In place of python: fails for the units, or for the lessons, or for neither.
PYTHON = """#!/bin/sh
case "$*" in *notebooks*) part=lessons;; *) part=units;; esac
echo "$part run"
test "$FAILING" != "$part" && test "$FAILING" != both
"""


@pytest.mark.parametrize(
    ("failing", "last"),
    [
        ("neither", "Passed: test-unit test-lessons"),
        ("units", "FAILED: test-unit"),
        ("lessons", "FAILED: test-lessons"),
        ("both", "FAILED: test-unit test-lessons"),
    ],
)
def test_both_parts_run_whatever_becomes_of_the_first(tmp_path, failing, last):
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON)
    python.chmod(0o755)
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("pyproject.toml", "requirements.lock", "venv/.installed"):  # in order of age
        (tmp_path / name).touch()
    words = ["make", "VENV=venv", "UV=/bin/sh", "test"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        words, cwd=tmp_path, env=own | {"FAILING": failing}, capture_output=True, text=True,
        timeout=PATIENCE,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert "units run" in lines and "lessons run" in lines
    assert lines[-1] == last
    assert (done.returncode == 0) == (failing == "neither")
