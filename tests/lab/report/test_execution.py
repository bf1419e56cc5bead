"""One lesson in a kernel of its own."""

import json
import sys

import psutil
import pytest

from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.execution import Execution, Stopped

from ...patience import PATIENCE


def test_the_kernel_is_this_interpreter_whatever_is_registered(lesson_maker, tmp_path, monkeypatch):
    registered = tmp_path / "data" / "kernels" / "python3"
    registered.mkdir(parents=True)
    spec = {"argv": ["/bin/false"], "display_name": "Another", "language": "python"}
    (registered / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    path = lesson_maker(
        tmp_path,
        "01_a",
        "# A",
        "import os, sys\nprint(sys.executable, os.environ['OMP_NUM_THREADS'])",
    )
    executed = Execution(Lesson(path), {"seed": 3}, timeout=PATIENCE).run()
    assert executed.failures == []
    assert executed.notebook.cells[-1].outputs[0].text == f"{sys.executable} 1\n"
    assert "seed = 3" in executed.notebook.cells[2].source


def test_a_kernels_cpu_time_is_known(lesson_maker, tmp_path):
    source = "import time\nwhile time.process_time() < 1.6:  # psutil counts hundredths\n    pass"
    executed = Execution(
        Lesson(lesson_maker(tmp_path, "01_a", "# A", source)), {}, timeout=PATIENCE
    )
    assert executed.run().cpu_seconds >= 1.5


def test_what_a_kernel_writes_to_its_descriptors_does_no_harm(lesson_maker, tmp_path):
    path = lesson_maker(tmp_path, "01_a", "# A", "import os\nos.write(1, b'not json\\n');")
    assert Execution(Lesson(path), {}, timeout=PATIENCE).run().failures == []


def test_a_stopped_lesson_does_not_start(lesson_maker, tmp_path):
    execution = Execution(
        Lesson(lesson_maker(tmp_path, "01_a", "# A", "x = 1")), {}, timeout=PATIENCE
    )
    execution.stop()
    with pytest.raises(Stopped):
        execution.run()


def test_a_kernel_that_never_answers_is_killed_and_named(lesson_maker, tmp_path):
    stopped = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"
    hangs = Execution(Lesson(lesson_maker(tmp_path, "01_a", "# A", stopped)), {}, timeout=1)
    (failure,) = hangs.run().failures
    assert "took longer than the 1 s" in failure.message
    assert not psutil.pid_exists(hangs._process.pid)


def test_a_kernel_that_never_starts_is_killed_and_named(lesson_maker, tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text("import time\ntime.sleep(3600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("sharingan_lab.lab.report.execution.patience", lambda: 1)
    never = Execution(Lesson(lesson_maker(tmp_path, "01_a", "# A", "x = 1")), {}, timeout=PATIENCE)
    (failure,) = never.run().failures
    assert "Kernel didn't respond in 1 seconds" in failure.message
    assert not psutil.pid_exists(never._process.pid)
