"""What the files that install the package promise."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from rattler import MatchSpec

import sharingan_lab
from sharingan_lab.extras import COURSE

ROOT = Path(sharingan_lab.__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(
    not (ROOT / "pyproject.toml").is_file(), reason="an installed package has no such files"
)


def conda_dependencies():
    return yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]


def test_the_conda_part_is_python_and_pip_only():
    specs = [MatchSpec(item) for item in conda_dependencies() if isinstance(item, str)]
    assert sorted(spec.name.normalized for spec in specs) == ["pip", "python"]


def test_conda_and_pyproject_want_the_same_python():
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    (python,) = (s for s in conda_dependencies() if isinstance(s, str) and s.startswith("python"))
    assert str(MatchSpec(python).version) == wanted


def test_the_pip_part_is_the_package_itself():
    (pip,) = (item["pip"] for item in conda_dependencies() if isinstance(item, dict))
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    (line,) = pip
    found = re.fullmatch(r"-e \.(?:\[([\w,-]+)\])?", line)
    assert found
    assert set((found[1] or "").split(",")) - {""} <= set(extras)


def test_the_library_asks_for_nothing_of_the_course():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    names = [Requirement(line).name for line in extras["course"]]
    assert names == list(COURSE)
    assert not {Requirement(line).name for line in project["dependencies"]} & set(names)
    assert "sharingan-lab[course]" in extras["test"]


def test_the_lock_names_no_host_and_pins_every_package():
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert not any(re.search(r"://|^--?(index|extra|find|f\b|i\b)", line) for line in pins)
    assert all(re.match(r"[A-Za-z0-9._-]+(\[[^]]+\])?==[^\s;]+(\s*;.*)?$", line) for line in pins)
    names = {re.split(r"[=\[]", line)[0].lower() for line in pins}
    assert {"torch", "torchvision", "papermill", "jupyterlab"} <= names


def test_the_licence_is_named_and_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "BSD-3-Clause"
    assert "Redistribution and use" in (ROOT / "LICENSE").read_text()


def test_the_version_is_the_packages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == sharingan_lab.__version__
