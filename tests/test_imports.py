"""What an import costs, what it needs, and which way imports point."""

import ast
import json
import os
import subprocess
import sys
import textwrap
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sharingan_lab
from sharingan_lab.errors import MissingExtraError
from sharingan_lab.extras import COURSE, require_course
from sharingan_lab.locations import notebooks_dir

from .patience import PATIENCE

PACKAGE = Path(sharingan_lab.__file__).resolve().parent
# The order in which stations may import each other: training measures what a run has learnt.
ROAD = (
    *("images", "photo", "blur", "classical", "datasets", "networks", "losses"),
    *("evaluation", "training", "restore"),
)
DOORS = ("cli", "commands", "doctor", "__main__", "lab")
HEAVY = {"torch", "torchvision", "numpy", "scipy", "skimage", "PIL", "matplotlib", "nbformat"}
# Of the course and of what it brings; a hook refuses them as if nothing of it were installed.
BLOCK = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {(*COURSE, "IPython", "nbclient", "jupyter_client")!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuse())
"""


def python(source, *, cwd=None):
    """Run a source in a Python of its own, with the package that is tested here."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        env=os.environ | {"PYTHONPATH": str(PACKAGE.parent)},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def loaded_by(source):
    """Which of the heavy packages a source has imported at its end."""
    done = python(f"import sys, json\n{source}\nprint(json.dumps(list(sys.modules)))")
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1])) & HEAVY


# -- light and lazy --------------------------------------------------------------------------------


def test_the_package_is_light_and_lists_what_it_opens():
    source = "import sharingan_lab as s; assert {'blur', 'lab', 'images'} <= set(dir(s))"
    assert loaded_by(source) == set()


def test_one_import_opens_the_whole_library_and_the_style_of_figures_is_the_lessons_choice():
    done = python(
        """
        import sharingan_lab, torch
        kernels = sharingan_lab.blur.random_kernels(2, 9, rng=torch.Generator())
        assert kernels.shape == (2, 9, 9)
        from sharingan_lab import blur, classical, datasets, evaluation, images, lab, losses
        from sharingan_lab import networks, restore, training
        assert callable(training.recipe) and callable(lab.setup) and lab.COLOURS
        assert callable(restore.restore_file) and restore is sharingan_lab.restore
        assert sharingan_lab.deblur is restore.deblur
        import matplotlib as mpl
        before = dict(mpl.rcParams)
        lab.show, lab.image_grid, lab.animate
        assert dict(mpl.rcParams) == before
        lab.setup("01")
        assert mpl.rcParams["axes.prop_cycle"].by_key()["color"] == list(lab.COLOURS)
        """
    )
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'sharingan_lab' has no attribute 'blurr'"):
        sharingan_lab.blurr  # noqa: B018
    with pytest.raises(AttributeError, match=r"'sharingan_lab.lab' has no attribute 'shwo'"):
        sharingan_lab.lab.shwo  # noqa: B018
    assert set(sharingan_lab.lab.__all__) <= set(dir(sharingan_lab.lab))


@pytest.mark.parametrize(
    "words",
    [
        *("--help", "--version", "", "dance", "report --help", "course check --help"),
        *("report -p seed", "report --mode half", "train --resum=1", "blur a.png", "fetch"),
        *("blur a.png -o b.png --seed x", "evaluate", "evaluate detection --steps 0"),
        *("deblur a.png", "deblur a.png -o b.png --quality 0", "deblur a.png -o b --device tpu"),
    ],
)
def test_help_and_wrong_calls_need_no_torch(words):
    assert loaded_by(f"from sharingan_lab.cli import main; main({words.split()!r})") == set()


@pytest.mark.parametrize("words", ["none.png -o b.png", "pyproject.toml -o b --model nope"])
def test_a_photo_or_a_model_that_is_not_there_is_answered_without_torch(words):
    words = ["deblur", *words.split()]
    source = f"from sharingan_lab.cli import main; assert main({words}) == 2"
    assert "torch" not in loaded_by(source)


def test_a_wrong_lesson_needs_no_torch():
    source = "from sharingan_lab.cli import main"
    for job in ("check", "refresh"):
        source += f"; assert main(['course', '{job}', '--only', '99']) == 2"
    assert not loaded_by(source) & {"torch", "matplotlib"}


# -- the library without the course ----------------------------------------------------------------


def library():
    """Names of all modules but the doors."""
    return sorted(name for name in modules() if first(name) not in DOORS)


def test_the_library_works_without_the_course_and_imports_without_torchvision():
    """Nobody waits twice as long as torch takes for what only detectors need.

    And the doctor says which extra is missing.
    """
    done = python(
        BLOCK
        + "sys.modules['torchvision'] = None\n"
        + "".join(f"import {name}\n" for name in library())
        + "from sharingan_lab import *\n"
        + "from sharingan_lab.cli import main\n"
        + "assert main(['evaluate', 'images', 'none', 'none']) == 2\n"
        + "import tests.conftest\n"  # so the library's own tests run there, too
        + "del sys.modules['torchvision']\n"
        + "assert main(['doctor']) == 0\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("sharingan: ") and done.stderr.count("\n") == 1
    lines = done.stdout.splitlines()
    (line,) = (line for line in lines if " papermill" in line)
    assert line.split()[0] == "missing" and "pip install 'sharingan-lab[course]'" in line
    assert lines[-1].startswith("The library works.") and "sharingan-lab[course]" in lines[-1]


@pytest.mark.parametrize("words", ["report", "lab", "explore", "course check", "course refresh"])
def test_a_command_of_the_course_says_which_extra_it_needs(words, tmp_path):
    run = f"from sharingan_lab.cli import main; sys.exit(main({words.split()!r}))"
    done = python(BLOCK + run, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("sharingan: ") and done.stderr.count("\n") == 1
    assert "matplotlib, jupyterlab" in done.stderr
    assert done.stderr.endswith(": pip install 'sharingan-lab[course]'\n")
    assert list(tmp_path.iterdir()) == []


def test_the_doctor_answers_without_any_dependency():
    """Isolated and without site-packages: Python and this package alone."""
    source = (
        f"import sys; sys.path.insert(0, {str(PACKAGE.parent)!r}); "
        "from sharingan_lab.cli import main; sys.exit(main(['doctor']))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", source],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 1, done.stderr
    assert "missing  torch; get it: pip install torch" in done.stdout
    assert done.stdout.splitlines()[-1] == "Quick mode cannot run: see what is missing above."


def test_an_extra_that_is_missing_is_an_import_error_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "papermill", None)
    with pytest.raises(MissingExtraError, match=r"\(papermill\)"):
        require_course()
    assert issubclass(MissingExtraError, ImportError)


# -- one way -----------------------------------------------------------------------------------


@cache
def modules():
    """The path of each module of the package."""
    paths = {}
    for path in PACKAGE.rglob("*.py"):
        parts = (PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)
        paths[".".join(parts).removesuffix(".__init__")] = path
    return paths


def first(name):
    """The part below the package: the folder or file that holds a module."""
    return name.partition(".")[2].partition(".")[0]


def statements(node, inside):
    """Every import below a node; those inside functions only if asked for."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif inside or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from statements(child, inside)


@cache
def imports(name, inside=False):
    """Modules of the package that a module imports, as written."""
    found = set()
    for node in statements(ast.parse(modules()[name].read_text("utf-8")), inside):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: write the whole name"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {w if w in modules() else node.module for w in whole}
        else:
            found |= {alias.name for alias in node.names}
    return found & set(modules())


def longest_chains():
    """The longest chain of imports that starts with each module; a circle is an error."""
    graph = {name: imports(name) for name in modules()}
    chains = {}
    for name in TopologicalSorter(graph).static_order():
        chains[name] = (name, *max((chains[other] for other in graph[name]), key=len, default=()))
    return chains


def test_imports_run_in_no_circle_and_no_chain_is_long():
    chain = max(longest_chains().values(), key=len)
    assert len(chain) <= 8, " -> ".join(chain)


def test_the_library_imports_no_door():
    for name in library():
        doors = {other for other in imports(name, inside=True) if first(other) in DOORS}
        assert not doors, f"{name} imports {doors}"


def test_stations_import_only_what_lies_before_them():
    """Modules on no station (errors, checks, storage ...) lie before all."""
    for name in library():
        behind = ROAD[ROAD.index(first(name)) + 1 :] if first(name) in ROAD else ROAD
        late = {other for other in imports(name, inside=True) if first(other) in behind}
        assert not late, f"{name} imports {late}"


def notebook_imports():
    """What the cells of each lesson import of the package: (lesson, module)."""
    for path in sorted(notebooks_dir().glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                for node in statements(ast.parse("".join(cell["source"])), inside=True):
                    named = [node.module] if isinstance(node, ast.ImportFrom) else []
                    for module in named or [alias.name for alias in node.names]:
                        if module.split(".")[0] == PACKAGE.name:
                            yield path.stem, module


def test_lessons_import_no_deeper_than_a_room_of_the_package():
    found = list(notebook_imports())
    assert len({lesson for lesson, _ in found}) == 12
    assert [(lesson, module) for lesson, module in found if module.count(".") > 1] == []
