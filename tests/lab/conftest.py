"""Small courses to run the report on, and a browser to read it with."""

import io
import os
import re
import shutil
import signal
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from sharingan_lab.lab.report.order import order
from sharingan_lab.lab.report.run import Terminal
from sharingan_lab.lab.report.run import run as run_order

from ..patience import PATIENCE

PARAMETERS = (
    'mode: str = "quick"  # "quick" or "full"\n'
    'data_root: str = ""  # folder of the data\n'
    'out_dir: str = ""  # folder for files\n'
    "seed: int = 0  # of every random number\n"
    'device: str = "auto"  # where to compute\n'
)
GOOD = (
    "# A good lesson\n\nThe model is $I_b = k(M) * I_s + N$:\n\n"
    "$$\\min_G \\max_{D \\in \\mathcal D} \\underbrace{\\mathbb{E}_{x}[D(x)]}_{\\text{real}}$$\n\n"
    "| symbol | meaning |\n|---|---|\n| $\\hat x$ | a sample |\n",
    "from sharingan_lab import lab\n"
    "run = lab.setup('01', mode=mode, out_dir=out_dir, seed=seed, device=device)\n"
    "run",
    "import torch\n"
    "noise = torch.rand(2, 3, 24, 32, generator=run.rng)\n"
    "lab.show(lab.image_grid(noise, ['a', 'b']), alt='Two <grey> pictures.', cover=True)",
    "lab.key_figure('F1', 0.97123)\nlab.notice('Random features.')\n"
    "lab.table([['$x^2$', 2]], ['name', 'value'])",
    "import ipywidgets\nipywidgets.IntSlider()",
    "from matplotlib.figure import Figure\n"
    "def draw(width):\n"
    "    return Figure((width, 1)), f'A sheet {width} inches wide.'\n"
    "lab.SliderFigure(draw, {'width': ('width', 2, 1, 3, 1)})",
    "(run.out_dir / 'made.txt').write_text(f'{torch.get_num_threads()} {seed}');",
)
CELL_ERROR = (
    "# A broken cell",
    "x = 1",
    "raise ValueError('this is broken')",
    "print('not reached')",
)
WIDGET_ERROR = (
    "# A broken widget",
    "import ipywidgets\n"
    "out = ipywidgets.Output()\n"
    "slider = ipywidgets.IntSlider()\n"
    "def show(change):\n"
    "    with out:\n"
    "        1 / change.old\n"
    "slider.observe(show, 'value')\n"
    "ipywidgets.VBox([slider, out])",
    "slider.value = 4",
)
SLOW = ("# A slow lesson", "import time\ntime.sleep(3600)")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Nothing of these may ask a network: the pages must not need one, and the test machine has none.
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-sync"
)


def execute(notebook, **settings):
    """Run the cells of a notebook in a kernel of their own."""
    limits = dict.fromkeys(("timeout", "startup_timeout", "iopub_timeout"), PATIENCE)
    NotebookClient(notebook, kernel_name="python3", **limits, **settings).execute()


def make_lesson(folder, name, *sources, parameters=PARAMETERS):
    """Write a lesson: a source that starts with # and a space is Markdown, others are code."""
    cells = [
        v4.new_markdown_cell(s) if s.startswith("# ") else v4.new_code_cell(s) for s in sources
    ]
    if parameters:
        cells.insert(1, v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="session")
def lesson_maker():
    return make_lesson


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH: the pages are not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=OPTIONS.split(), timeout=1000 * PATIENCE
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def browser(chromium):
    """A browser without a network."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * PATIENCE)
    return context


@pytest.fixture(scope="module")
def serve(tmp_path_factory):
    """Start a server of ours and return its process and the address that it prints."""
    folder = tmp_path_factory.mktemp("jupyter")
    names = ("CONFIG", "DATA", "RUNTIME")
    own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in names}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "TMPDIR": str(folder)}
    notices = folder / "settings" / "@jupyterlab" / "apputils-extension"
    notices.mkdir(parents=True)
    (notices / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    started = []

    def start(*words):
        process = subprocess.Popen(
            [sys.executable, "-m", "sharingan_lab", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ | own,
            # as in a terminal: whoever starts tests in the background may ignore Ctrl-C
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        started.append(process)
        lines = (re.search(r"http://127.0.0.1:\d+/\S*token=\w+", x) for x in process.stdout)
        return process, next(line for line in lines if line)[0]

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="session")
def run_report():
    def run(terminal=None, **settings):
        text = io.StringIO()
        result = run_order(order(**settings), Terminal(terminal or text))
        return result, text.getvalue()

    return run


@pytest.fixture(scope="session")
def course(tmp_path_factory, lesson_maker):
    folder = tmp_path_factory.mktemp("course")
    lesson_maker(folder, "01_good", *GOOD)
    lesson_maker(folder, "02_cell_error", *CELL_ERROR)
    lesson_maker(folder, "03_widget_error", *WIDGET_ERROR, parameters="")
    lesson_maker(folder, "04_slow", *SLOW, parameters="")
    return folder


@pytest.fixture(scope="session")
def made(course, run_report, tmp_path_factory):
    """A report of the broken course: its folder, what was returned, what was printed.

    The slow lesson comes first and alone: its limit would end the others on a slow machine.
    """
    out = tmp_path_factory.mktemp("out") / "new" / "reports"
    slow, begun = run_report(notebooks=course, out=out, only=["04"], timeout=0.5)
    assert slow.exit_code == 1
    rest = {"only": ["01", "02", "03"], "timeout": PATIENCE, "parameters": {"seed": "5"}}
    result, text = run_report(notebooks=course, out=out, **rest)
    return out, result, begun + text
