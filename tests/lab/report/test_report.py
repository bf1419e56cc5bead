"""The report, made of lessons that are broken on purpose."""

import io
import json
import re
import shutil

import bs4
import psutil
import pytest

from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.lab.report.order import order
from sharingan_lab.lab.report.results import read_results
from sharingan_lab.lab.report.run import Terminal, _Run

from ...patience import PATIENCE


@pytest.fixture(scope="module")
def summary(made):
    return json.loads((made[0] / "summary.json").read_text())


def by_name(summary):
    return {lesson["name"]: lesson for lesson in summary["lessons"]}


def test_the_others_still_run_and_the_exit_code_says_that_one_failed(made, summary):
    statuses = {name: lesson["status"] for name, lesson in by_name(summary).items()}
    assert statuses == {
        "01_good": "done",
        "02_cell_error": "failed",
        "03_widget_error": "failed",
        "04_slow": "failed",
    }
    assert made[1].exit_code == 1


@pytest.mark.parametrize(
    ("name", "cell", "message"),
    [
        ("02_cell_error", 4, "ValueError: this is broken"),
        ("03_widget_error", 1, "inside a widget: ZeroDivisionError: division by zero"),
        ("04_slow", 1, "took longer than the 0.5 s that a cell may take"),
    ],
)
def test_each_failure_is_named_everywhere(made, summary, name, cell, message):
    out, _, text = made
    assert by_name(summary)[name]["errors"] == [{"cell": cell, "message": message}]
    assert re.search(rf"{name} +FAILED after \d[^:]*: cell {cell}: {re.escape(message)}", text)
    index = (out / "index.html").read_text()
    assert f'{name}.html#code-{cell}"' in index
    assert message in index
    page = (out / f"{name}.html").read_text()
    assert message in page
    assert f'id="code-{cell}"' in page


def test_a_good_lesson_reports_its_figures_notices_and_parameters(made, summary):
    out, _, text = made
    good = by_name(summary)["01_good"]
    assert [f["shown"] for f in good["key_figures"]] == ["0.9712"]
    assert good["notices"] == ["Random features."]
    assert good["parameters"] == {"seed": 5}
    assert good["title"] == "A good lesson"
    assert good["seconds"] > 0
    assert good["cpu_seconds"] > 0
    assert re.search(r"01_good +done in \d", text)
    assert (out / "files/quick/01_good/made.txt").read_text() == "1 5"
    index = (out / "index.html").read_text()
    assert "F1: <strong>0.9712</strong>" in index
    assert 'alt="Two &lt;grey&gt; pictures."' in index


def test_the_head_says_how_the_report_was_made(made, summary):
    assert summary["mode"] == "quick"
    assert summary["parameters"] == {"seed": 5}
    assert set(summary["versions"]) == {"python", "sharingan-lab", "torch", "torchvision"}
    index = (made[0] / "index.html").read_text()
    assert "seed = 5" in index
    assert summary["versions"]["torch"] in index
    assert summary["device"] in index


def test_an_executed_notebook_holds_no_widget_state_and_no_markers(made):
    for path in made[0].glob("*.ipynb"):
        notebook = json.loads(path.read_text())
        assert "widgets" not in notebook["metadata"]
        assert "papermill-error-cell" not in path.read_text()


def test_plain_output_has_no_control_characters(made):
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", made[2])


def test_no_process_is_left(made):
    assert [p for p in psutil.Process().children(recursive=True) if _is_kernel(p)] == []


def _is_kernel(process):
    try:
        return "ipykernel" in str(process.cmdline())
    except psutil.NoSuchProcess:  # it ended since it was listed
        return False


def test_run_again_only_what_has_changed(made, course, lesson_maker, run_report, tmp_path):
    out = tmp_path / "reports"
    shutil.copytree(made[0], out)
    mended = tmp_path / "course"
    shutil.copytree(course, mended)
    lesson_maker(mended, "02_cell_error", "# A mended cell", "x = 1")
    settings = {"notebooks": mended, "out": out, "timeout": PATIENCE, "parameters": {"seed": "5"}}

    before = (out / "01_good.ipynb").stat().st_mtime_ns
    result, text = run_report(only=["01", "2"], **settings)

    assert result.exit_code == 0
    assert re.search(r"01_good +up to date", text)
    assert "02_cell_error" in text
    assert (out / "01_good.ipynb").stat().st_mtime_ns == before
    results = read_results(out / "summary.json")
    assert {name: result.status for name, result in results.items()} == {
        "01_good": "done",
        "02_cell_error": "done",
        "03_widget_error": "failed",
        "04_slow": "failed",
    }
    assert results["02_cell_error"].title == "A mended cell"
    page = bs4.BeautifulSoup((out / "01_good.html").read_text(), "html.parser")
    assert {a.get_text() for a in page.select('[rel="next"]')} == {"02 A mended cell →"}


def test_other_parameters_or_force_run_a_lesson_again(course, made, tmp_path):
    out = tmp_path / "reports"
    shutil.copytree(made[0], out)
    ordered = order(notebooks=course, out=out, only=["01"], parameters={"seed": "6"})
    assert not _Run(ordered, Terminal())._is_up_to_date(ordered.chosen[0])
    ordered = order(notebooks=course, out=out, only=["01"], parameters={"seed": "5"})
    assert _Run(ordered, Terminal())._is_up_to_date(ordered.chosen[0])
    ordered = order(notebooks=course, out=out, only=["01"], parameters={"seed": "5"}, force=True)
    assert not _Run(ordered, Terminal())._is_up_to_date(ordered.chosen[0])


def test_neighbours_are_linked_only_where_they_have_a_page(course, run_report, tmp_path):
    run_report(notebooks=course, out=tmp_path, only=["02"], timeout=PATIENCE)
    alone = (tmp_path / "02_cell_error.html").read_text()
    assert '<a rel="prev"' not in alone
    assert '<a rel="next"' not in alone
    run_report(notebooks=course, out=tmp_path, only=["03"], timeout=PATIENCE)
    joined = (tmp_path / "02_cell_error.html").read_text()
    assert 'rel="next" href="03_widget_error.html"' in joined


def test_an_equation_that_cannot_be_drawn_fails_its_lesson(lesson_maker, run_report, tmp_path):
    lesson_maker(tmp_path / "course", "01_equation", "# Title\n\n$\\nosuchmacro$", "x = 1")
    result, text = run_report(notebooks=tmp_path / "course", out=tmp_path / "out", timeout=PATIENCE)
    assert result.exit_code == 1
    assert "\\nosuchmacro is unknown" in text
    assert (tmp_path / "out" / "01_equation.html").is_file()


def test_a_kernel_that_dies_fails_its_lesson(lesson_maker, run_report, tmp_path):
    lesson_maker(tmp_path / "course", "01_dies", "# Title", "import os\nos._exit(3)")
    result, _ = run_report(notebooks=tmp_path / "course", out=tmp_path / "out", timeout=PATIENCE)
    (lesson,) = result.results
    assert lesson.status == "failed"
    assert "died" in lesson.errors[0].message
    assert lesson.errors[0].cell == 3


def test_a_status_line_is_drawn_on_a_terminal_only(lesson_maker, run_report, tmp_path):
    seen = tmp_path / "seen"

    class Screen(io.StringIO):
        def isatty(self):
            return True

        def write(self, text):
            if "\r\x1b[K01 (cell 4 of 4)" in text:
                seen.touch()
            return super().write(text)

    waits = f"import pathlib, time\nwhile not pathlib.Path({str(seen)!r}).exists(): time.sleep(0.1)"
    lesson_maker(tmp_path / "course", "01_waits", "# Title", waits)
    run_report(Screen(), notebooks=tmp_path / "course", out=tmp_path / "out", timeout=PATIENCE)
    assert seen.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": ["77"]}, r"no lesson '77': choose from 01_good, 02_cell_error"),
        ({"only": [""]}, r"no lesson ''"),
        ({"parameters": {"sead": "1"}}, r"'sead': choose from .*seed"),
        ({"parameters": {"seed": "1.5"}}, r"parameter seed is of type int, got '1.5'"),
        ({"parameters": {"seed": "-1"}}, r"seed=-1: must be"),
        ({"parameters": {"device": "tpu"}}, r"device='tpu'"),
        ({"parameters": {"mode": "slow"}}, r"mode must be"),
        ({"only": ["03"], "parameters": {"seed": "1"}}, r"no selected lesson has a parameter"),
        ({"timeout": 0}, r"timeout"),
        ({"jobs": 0}, r"at least 1 lesson"),
    ],
)
def test_a_wrong_call_is_refused_before_any_work(course, tmp_path, wrong, message):
    with pytest.raises(ConfigError, match=message):
        order(notebooks=course, out=tmp_path / "out", **wrong)
    assert not (tmp_path / "out").exists()


def test_full_mode_without_gopro_and_cuda_stops_before_any_lesson(course, tmp_path):
    settings = {"notebooks": course, "out": tmp_path / "out"}
    with pytest.raises(DataError, match="sharingan fetch gopro"):
        order(mode="full", parameters={"data_root": str(tmp_path)}, **settings)
    assert not (tmp_path / "out").exists()


def test_an_output_folder_that_cannot_be_written_is_refused(course, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot write a report to"):
        order(notebooks=course, out=tmp_path / "file")


def test_a_damaged_summary_counts_as_none(tmp_path):
    (tmp_path / "summary.json").write_text('{"lessons": [{"name": 3')
    assert read_results(tmp_path / "summary.json") == {}
