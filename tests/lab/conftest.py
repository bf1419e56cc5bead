"""Small courses to run the report on, and a browser to read it with."""

import shutil

import nbformat
import pytest
from nbformat import v4

PARAMETERS = (
    'mode: str = "quick"  # "quick" or "full"\n'
    'data_root: str = ""  # folder of the data\n'
    'out_dir: str = ""  # folder for files\n'
    "seed: int = 0  # of every random number\n"
    'device: str = "auto"  # where to compute\n'
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# Nothing of these may ask a network: the pages must not need one, and the test machine has none.
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-sync"
)


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
def browser():
    """A headless Chromium without a network."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on PATH: the pages are not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS.split())
        yield chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
        chromium.close()
