"""The wheel alone, in an empty folder: lessons and shipped files travel in it."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

import sharingan_lab
from sharingan_lab.lab.classroom.needs import needed

from .patience import PATIENCE

ROOT = Path(sharingan_lab.__file__).resolve().parent.parent
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (ROOT / "pyproject.toml").is_file(), reason="there is no source here"),
]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    words = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, *words], check=True, capture_output=True, timeout=PATIENCE)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel's files in a folder of their own, as an installer lays them out."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def test_the_wheel_holds_lessons_and_weights_and_nothing_of_the_workshop(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    lessons = {n for n in names if n.startswith("sharingan_lab/course/notebooks/")}
    course = {p.name for p in (ROOT / "notebooks").iterdir() if p.suffix in (".ipynb", ".md")}
    assert lessons == {f"sharingan_lab/course/notebooks/{name}" for name in course}
    shipped = {p.name for p in (ROOT / "data" / "shipped").iterdir()}
    assert {"lite-generator.safetensors", "sharingan-training.json", "README.md"} <= shipped
    assert {f"sharingan_lab/course/data/{name}" for name in shipped} <= set(names)
    assert "sharingan_lab/lab/report/templates/sharingan/index.html.j2" in names
    assert "sharingan_lab/lab/explorers/template/index.html.j2" in names
    assert "sharingan_lab/lab/explorers/blur/explorer.css" in names
    tops = {name.split("/")[0] for name in names}
    assert tops == {"sharingan_lab", f"sharingan_lab-{sharingan_lab.__version__}.dist-info"}
    assert not [n for n in names if ".ipynb_checkpoints" in n or n.endswith((".pyc", ".log"))]


@pytest.fixture(scope="module")
def said(installed, tmp_path_factory):
    """What the installed package says of itself and of a lesson, in one process; and its folder.

    The folder is empty, and the installed package lies before the checkout. Of lesson 00 only the
    cells run that restore a photograph and say what this gained: an experiment shows nothing more
    of the wheel.
    """
    path = installed / "sharingan_lab" / "course" / "notebooks" / "00_start_here.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cells = notebook.cells
    gains = [i for i, cell in enumerate(cells) if "lab.key_figure(" in cell.source]
    kept = {*needed(cells, gains)}
    notebook.cells = [c for i, c in enumerate(cells) if c.cell_type == "markdown" or i in kept]
    nbformat.write(notebook, path)
    source = (
        "import sharingan_lab; from sharingan_lab.cli import main; print(sharingan_lab.__file__)\n"
        "codes = [main(w.split()) for w in ('doctor', 'report --only 99', 'report --only 00')]\n"
        "print(codes)"
    )
    empty = tmp_path_factory.mktemp("empty")
    done = subprocess.run(
        [sys.executable, "-P", "-c", source],
        cwd=empty,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return done, empty


def test_the_installed_package_is_the_one_that_runs_and_finds_its_own_files(said, installed):
    done, _ = said
    lines = done.stdout.splitlines()
    assert lines[0].startswith(str(installed)), done.stderr
    assert lines[-1] == "[0, 2, 0]", done.stdout + done.stderr
    assert f"lessons in {installed}/sharingan_lab/course/notebooks" in done.stdout
    assert f"vgg19-conv3_3.safetensors in {installed}/sharingan_lab/course/data" in done.stdout


def test_the_installed_report_runs_in_an_empty_folder(said):
    _, empty = said
    (lesson,) = json.loads((empty / "reports" / "summary.json").read_text())["lessons"]
    assert (lesson["name"], lesson["status"]) == ("00_start_here", "done")
    assert len(lesson["key_figures"]) == 2
    assert sorted(p.name for p in empty.iterdir()) == ["reports"]
    assert (empty / "reports" / "index.html").is_file()
