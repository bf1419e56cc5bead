"""What a reader sees under a cell that failed, in a kernel like theirs."""

import re

import pytest
from nbformat import v4

from .conftest import execute

SETUP = "from sharingan_lab import lab\nrun = lab.setup('01', device='cpu')"
CELLS = {
    "ours": "lab.setup('01', mode='full', device='cpu', data_root='/no/such/folder')",
    "frames": "%tb",
    "out of order": "reach(1)",  # which a cell of lesson 01 defines
    "misspelt": "raech(1)",
    "another's": "1 / 0",
    "stopped": "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(600)",
}


@pytest.fixture(scope="module")
def errors():
    """The error of each cell above, as text without colours, and as the report reads it."""
    cells = [v4.new_code_cell(source) for source in (SETUP, *CELLS.values())]
    notebook = v4.new_notebook(cells=cells)
    execute(notebook, allow_errors=True)
    assert notebook.cells[0].outputs == []
    return {
        name: next(output for output in cell.outputs if output.output_type == "error")
        for name, cell in zip(CELLS, notebook.cells[1:], strict=True)
    }


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
