"""A small lesson of two exercises."""

import nbformat
import pytest

from sharingan_lab.lab.report.catalogue import Lesson

SOLUTION = "<details><summary>Solution</summary>\n\n```python\n{}\n```\n\nWhy.\n\n</details>\n\n{}"


def write(path, notebook):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="session")
def lesson(lesson_maker, tmp_path_factory):
    """Exercise 00.1, given an experiment that it does not need, and 00.my_psnr."""
    path = lesson_maker(
        tmp_path_factory.mktemp("course"),
        "00_small",
        "# Small",
        "from sharingan_lab import lab\nimport torch",
        "long_experiment = 1 / 0",
        "half = torch.tensor(0.5)",
        "# 1. Half of an error?",
        "your_decibels = None  # a number",
        'lab.check("00.1", your_decibels)',
        "# to be replaced",
        "def my_psnr(image, reference):\n    return None",
        'lab.check("00.my_psnr", my_psnr)',
        "# to be replaced",
    )
    notebook = nbformat.read(path, as_version=4)
    answers = [c for c in notebook.cells if c.source.startswith(("your_", "def my_"))]
    for cell in answers:
        cell.metadata["tags"] = ["exercise"]
    folded = [c for c in notebook.cells if c.source == "# to be replaced"]
    folded[0].source = SOLUTION.format("your_decibels = 20 + 12 * half", "**2.** Write it.")
    body = "def my_psnr(x, y):\n    return -10 * (x - y).square().mean().log10()"
    folded[1].source = SOLUTION.format(body, "")
    return Lesson(write(path, notebook))
