"""The main job: execute the lessons, each in its own kernel, and write the report.

A lesson that fails does not stop the others. What is finished stays on disk whatever happens
later, and a lesson whose notebook, parameters and library are the recorded ones is not run a
second time.
"""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TextIO

from sharingan_lab.interrupts import stop_requested
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.execution import Executed, Execution, Stopped
from sharingan_lab.lab.report.export import verdict
from sharingan_lab.lab.report.findings import key_figures, notices
from sharingan_lab.lab.report.fingerprint import fingerprint
from sharingan_lab.lab.report.machine import commit, device_name, versions
from sharingan_lab.lab.report.order import Order
from sharingan_lab.lab.report.results import DONE, FAILED, UNFINISHED, LessonResult
from sharingan_lab.lab.tables import in_words

_CLEAR_LINE = "\r\x1b[K"


class Terminal:
    """Writes lines, and on a terminal a last line that is redrawn in place."""

    def __init__(self, stream: TextIO | None = None):
        self.stream = stream or sys.stdout
        self._shown = False

    def say(self, line: str) -> None:
        """Write a line that stays."""
        self.clear()
        print(line, file=self.stream, flush=True)

    def status(self, text: str) -> None:
        """Redraw the last line; nothing where the output is not a terminal."""
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write(_CLEAR_LINE + text[:width])
            self.stream.flush()
            self._shown = True

    def clear(self) -> None:
        """Take the last line away."""
        if self._shown:
            self.stream.write(_CLEAR_LINE)
            self._shown = False


@dataclass(frozen=True)
class Report:
    """A written report: results of the lessons asked for, and whether it was interrupted."""

    results: Sequence[LessonResult]
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """0, or 1 where a lesson failed, or 130 after an interruption."""
        failed = any(result.status == FAILED for result in self.results)
        return 130 if self.interrupted else int(failed)


def run(order: Order, terminal: Terminal | None = None) -> Report:
    """Execute the lessons of an order and write the report into its folder.

    Ctrl-C and SIGTERM stop the run: what is finished stays, the index marks the rest.
    """
    return _Run(order, terminal or Terminal()).carry_out()


class _Run:
    """One run of an order: what is being executed, and what the terminal is told."""

    def __init__(self, order: Order, terminal: Terminal):
        self.order, self.terminal, self.folder = order, terminal, order.folder
        self.started = time.monotonic()
        self.interrupted = threading.Event()
        self.positions: dict[str, str] = {}
        self.about = {
            "mode": order.mode,
            "device": device_name(),
            "date": _now(),
            "parameters": order.parameters,
            "versions": versions(),
            "commit": commit(),
        }

    def carry_out(self) -> Report:
        waiting = [lesson for lesson in self.order.chosen if not self._is_up_to_date(lesson)]
        for lesson in waiting:
            self.folder.expect(self._blank(lesson))
        if waiting:
            pace = f"{self.order.jobs} at a time" if self.order.jobs > 1 else "one at a time"
            self.terminal.say(
                f"Running {len(waiting)} lesson{'s' * (len(waiting) != 1)} in {self.order.mode} "
                f"mode, {pace}; Ctrl-C stops and keeps what is finished."
            )
            self._save()
            with stop_requested(signal.SIGHUP) as self.interrupted:  # a closed terminal, too
                self._execute(waiting)
        self.folder.relink()
        self._save()
        results = [self.folder.results[lesson.name] for lesson in self.order.chosen]
        report = Report(results, self.interrupted.is_set())
        self._say_the_end(report)
        return report

    def _blank(self, lesson: Lesson) -> LessonResult:
        given = {k: v for k, v in self.order.parameters.items() if k in lesson.parameters}
        return LessonResult(
            lesson=lesson.number,
            name=lesson.name,
            title=lesson.title,
            status=UNFINISHED,
            mode=self.order.mode,
            parameters=given,
            fingerprint=fingerprint(lesson, self.order.mode, given),
        )

    def _is_up_to_date(self, lesson: Lesson) -> bool:
        old = self.folder.results.get(lesson.name)
        if self.order.force or old is None or old.status != DONE:
            return False
        if old.fingerprint != self._blank(lesson).fingerprint:
            return False
        self.terminal.say(f"{_label(lesson)} up to date (--force runs it again)")
        return True

    def _execute(self, waiting: Sequence[Lesson]) -> None:
        one_thread = self.order.mode == "quick"
        how = {"timeout": self.order.timeout, "one_thread": one_thread, "for_a_page": True}
        executions = [Execution(x, self._values(x), **how) for x in waiting]
        with ThreadPoolExecutor(self.order.jobs) as pool:
            running = {pool.submit(self._run_one, each): each.lesson for each in executions}
            try:
                while running and not self.interrupted.is_set():
                    done, _ = wait(running, timeout=0.25, return_when=FIRST_COMPLETED)
                    for future in done:
                        self._finish(running.pop(future), *future.result(), len(running))
                    self.terminal.status(self._status())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                for execution in executions:
                    execution.stop()
        for future, lesson in running.items():  # some may have ended just before
            if not future.cancelled() and not isinstance(future.exception(), Stopped):
                self._finish(lesson, *future.result(), len(running))

    def _run_one(self, execution: Execution) -> tuple[Executed, float]:
        lesson, begun = execution.lesson, time.monotonic()

        def on_cell(cell: int, of: int) -> None:
            self.positions[lesson.name] = f"{lesson.number} (cell {cell} of {of})"

        self.terminal.say(f"{_label(lesson)} started")
        try:
            return execution.run(on_cell), time.monotonic() - begun
        finally:
            self.positions.pop(lesson.name, None)

    def _values(self, lesson: Lesson) -> dict:
        """What the lesson is run with: given parameters, the mode, a folder for its files."""
        values = dict(self.folder.results[lesson.name].parameters)
        if "mode" in lesson.parameters:
            values["mode"] = self.order.mode
        if "out_dir" in lesson.parameters and "out_dir" not in values:
            folder = self.folder.path / "files" / self.order.mode / lesson.name
            if self.order.mode == "quick":  # a full run may be resumed, a quick one starts anew
                shutil.rmtree(folder, ignore_errors=True)
            values["out_dir"] = os.path.relpath(folder)
        return values

    def _finish(self, lesson: Lesson, executed: Executed, seconds: float, left: int) -> None:
        """Write the page of an executed lesson and say how it went."""
        result = replace(
            self.folder.results[lesson.name],
            status=FAILED if executed.failures else DONE,
            seconds=round(seconds, 1),
            cpu_seconds=round(executed.cpu_seconds, 1),
            finished=_now(),
            key_figures=key_figures(executed.notebook),
            notices=notices(executed.notebook),
            errors=executed.failures,
        )
        result = self.folder.put(result, executed.notebook)
        self._save()
        rest = f"({left} to go)" if left else "(the last one)"
        if result.status == DONE:
            self.terminal.say(f"{_label(lesson)} done in {result.duration} {rest}")
        for failure in result.errors:
            place = f"cell {failure.cell}: " if failure.cell else ""
            self.terminal.say(
                f"{_label(lesson)} FAILED after {result.duration}: {place}{failure.message}"
            )

    def _save(self) -> None:
        seconds = round(time.monotonic() - self.started, 1)
        said = verdict(list(self.folder.results.values()))
        self.folder.save({**self.about, "seconds": seconds, "verdict": said})

    def _status(self) -> str:
        elapsed = in_words(time.monotonic() - self.started)
        return "  ".join([*self.positions.copy().values(), elapsed])

    def _say_the_end(self, report: Report) -> None:
        if report.interrupted:
            self.terminal.say("Stopped. What was finished is kept; the index marks the rest.")
        self.terminal.say(
            f"{verdict(report.results)[:-1]}, in {in_words(time.monotonic() - self.started)}: "
            f"{self.folder.path / 'index.html'}"
        )


def _now() -> str:
    return datetime.now().strftime("%Y-%m-%d %H:%M")


def _label(lesson: Lesson) -> str:
    return f"  {lesson.name:<28}"
