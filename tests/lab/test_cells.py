"""What a reader sees under a cell, done or failed, in a kernel like theirs."""

import base64
import io
import re

import pytest
from nbformat import v4
from PIL import Image

from .conftest import execute

PAGE = (
    "from sharingan_lab import lab\n"
    "import matplotlib.pyplot as plt\n"
    "fig, ax = plt.subplots(); ax.plot([0, 1])\n"
    "lab.show(fig, alt='A rising line.', cover=True)",
    "lab.key_figure('PSNR', 24.31234, unit='dB')\nlab.notice('Random <features>.')",
    "lab.table([['blurred', 24.1]], ['picture', 'PSNR'], caption='On one photo')",
    "import time\n"
    "with lab.progress(4, 'training') as bar:\n"
    "    for i in range(4):\n"
    "        time.sleep(0.15); bar.update(f'step {i}')",
    "run = lab.setup('01', seed=3)\nrun",
)
SETUP = "from sharingan_lab import lab\nrun = lab.setup('01', device='cpu')"
WRONG = {
    "ours": "lab.setup('01', mode='full', device='cpu', data_root='/no/such/folder')",
    "frames": "%tb",
    "out of order": "reach(1)",  # which a cell of lesson 01 defines
    "misspelt": "raech(1)",
    "another's": "1 / 0",
    "stopped": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(600)",
}


@pytest.fixture(scope="module")
def outputs():
    """What all cells above leave, one kernel's."""
    cells = [v4.new_code_cell(source) for source in (*PAGE, SETUP, *WRONG.values())]
    execute(notebook := v4.new_notebook(cells=cells), allow_errors=True)
    return [cell.outputs for cell in notebook.cells]


@pytest.fixture(scope="module")
def page(outputs):
    shown = outputs[: len(PAGE)]
    assert not [output for some in shown for output in some if output.output_type == "error"]
    return shown


@pytest.fixture(scope="module")
def errors(outputs):
    """The error of each wrong cell, as text without colours, and as the report reads it."""
    nothing, *wrong = outputs[len(PAGE) :]
    assert nothing == []
    return {
        name: next(output for output in some if output.output_type == "error")
        for name, some in zip(WRONG, wrong, strict=True)
    }


def test_a_figure_is_shown_once_with_its_description(page):
    (output,) = page[0]
    assert output.metadata["image/png"] == {"alt": "A rising line.", "cover": True}
    assert output.data["text/plain"] == "A rising line."
    picture = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert picture.width > 500


def test_key_figure_and_notice_travel_in_metadata(page):
    figure, notice = page[1]
    assert figure.metadata["sharingan"]["key_figure"] == {
        "label": "PSNR",
        "value": 24.31234,
        "unit": "dB",
        "shown": "24.31 dB",
    }
    assert figure.data["text/plain"] == "PSNR: 24.31 dB"
    assert notice.metadata["sharingan"]["notice"] == "Random <features>."
    assert "Random &lt;features&gt;." in notice.data["text/html"]


def test_a_table_names_its_rows_and_columns(page):
    (output,) = page[2]
    assert '<th scope="row" style="text-align:left">blurred</th>' in output.data["text/html"]
    assert "<caption>On one photo</caption>" in output.data["text/html"]


def test_the_saved_progress_bar_is_full(page):
    (output,) = page[3]
    assert '<progress value="4" max="4">' in output.data["text/html"]
    assert "step 3" in output.data["text/plain"]


def test_a_run_shows_what_it_runs_on(page):
    (output,) = page[4]
    assert "quick" in output.data["text/html"]
    assert "seed" in output.data["text/plain"]


def lines(error):
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(error.traceback)).strip().splitlines()


def test_an_error_of_ours_is_one_line_and_the_way_to_the_frames(errors):
    said, where = lines(errors["ours"])
    assert said.startswith("DataError: full mode needs what is not here: a CUDA GPU")
    assert "sharingan fetch gopro" in said and "%tb" in where
    assert errors["ours"].ename == "DataError"
    assert errors["ours"].evalue.startswith("full mode needs what is not here")
    assert len(lines(errors["frames"])) > 10 and "require_full" in str(errors["frames"].traceback)


def test_a_cell_out_of_order_says_what_to_run(errors):
    assert lines(errors["out of order"])[-1] == (
        "A cell further up defines 'reach' and has not run: choose \"Run All Above Selected Cell\" "
        'in the menu "Run", then run this cell again.'
    )
    assert "reach(1)" in "".join(lines(errors["out of order"]))
    assert errors["out of order"].ename == "NameError"


def test_other_errors_are_left_as_they_are(errors):
    assert lines(errors["misspelt"])[-1].startswith("NameError: name 'raech' is not defined")
    assert lines(errors["another's"])[-1] == "ZeroDivisionError: division by zero"
    assert len(lines(errors["another's"])) > 2


def test_a_stopped_cell_says_who_stopped_it(errors):
    (said,) = lines(errors["stopped"])
    assert said == "Stopped: you stopped this cell; run it again to start it anew."
    assert errors["stopped"].ename == "KeyboardInterrupt"
