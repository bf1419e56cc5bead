"""The process that grades the submissions of one lesson; started as a module by `grading`.

It executes what the answers need once, and forks a process for each submission, which starts
where the shared cells ended. On standard output it tells one JSON object a submission:
``{"found": {exercise: {"state", "message"}}, "reason": why some were not reached}``.
"""

import ast
import contextlib
import json
import linecache
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from sharingan_lab.lab.checks.verdict import Verdict, stopped
from sharingan_lab.lab.classroom.build import required
from sharingan_lab.lab.classroom.exercises import Exercise, answers_of, find_exercises
from sharingan_lab.lab.classroom.needs import Names, needed

_BROKEN = (SystemExit, Exception)
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Sheet:
    """The exercises of a lesson, and what is there when a student begins each of them."""

    notebook: NotebookNode
    exercises: list[Exercise]
    given: dict[str, dict]

    @classmethod
    def of(cls, notebook: NotebookNode, submitted: Sequence[NotebookNode]) -> "Sheet":
        """Execute what the exercises need, up to each of them in turn.

        What only a student's answer asks for may fail: the answer then lacks it.
        """
        exercises = find_exercises(notebook)
        own = {i for e in exercises for i in range(e.answer, e.check + 1)}
        wanted = required(notebook, exercises)
        handed_in = [answers_of(one, notebook) for one in submitted]
        answers = {e.answer: [a[e.name] for a in handed_in if e.name in a] for e in exercises}
        shared = set(required(notebook, exercises, answers)) - own
        namespace, given = {"__name__": "__main__"}, {}
        starts = {e.answer: e for e in exercises}
        for i, cell in enumerate(notebook.cells):
            if i in starts:
                given[starts[i].name] = dict(namespace)
            if i in shared:
                with contextlib.suppress(*(() if i in wanted else (Exception,))):
                    run(cell.source, namespace, f"cell {i + 1}")
        return cls(notebook, exercises, given)

    def judge(self, submitted: NotebookNode, tell: Callable[[str, str, str], None]) -> None:
        """Judge the exercises of a submission in order; tell the verdict of each at once."""
        cells, answers = self.notebook.cells, answers_of(submitted, self.notebook)
        known = {cell.id for cell in cells} | {cell.source for cell in cells}
        added = [c for c in submitted.cells if not {c.get("id"), c.source} & known]
        own = {}  # what the student has defined so far
        for exercise in self.exercises:
            answer = answers.get(exercise.name)
            if answer is None:
                tell(exercise.name, "missing", "the cell of the answer is not in the notebook")
                continue
            namespace = self.given[exercise.name] | own
            verdict = _verdict(exercise, cells, answer, added, namespace)
            tell(exercise.name, verdict.state, verdict.message)
            own |= {n: namespace[n] for n in Names(answer).made if n in namespace}


def run(source: str, namespace: dict, name: str) -> None:
    """Execute a cell; errors in it show its lines."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), namespace)


def _verdict(
    exercise: Exercise,
    cells: list[NotebookNode],
    answer: str,
    added: list[NotebookNode],
    namespace: dict,
) -> Verdict:
    try:
        for helper in _helpers(answer, added):
            run(helper, namespace, "a cell that was added")
        run(answer, namespace, "the answer's cell")
    except _BROKEN as error:
        return stopped(exercise.name, error)
    try:
        for i in range(exercise.answer + 1, exercise.check):
            if cells[i].cell_type == "code":
                run(cells[i].source, namespace, f"cell {i + 1}")
        exec("from sharingan_lab import lab", namespace)  # a student may have used the name
        return _last_value(cells[exercise.check].source, namespace)
    except _BROKEN as error:
        return stopped(exercise.name, error)


def _last_value(source: str, namespace: dict) -> Verdict:
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, "the check", "exec"), namespace)
    return eval(compile(last, "the check", "eval"), namespace)


def _helpers(answer: str, added: list[NotebookNode]) -> list[str]:
    """Return the sources of added cells that make what an answer uses."""
    code = [cell for cell in added if cell.cell_type == "code"]
    cells = [*code, NotebookNode(cell_type="code", source=answer)]
    return [cells[i].source for i in needed(cells, [len(code)]) if i < len(code)]


def main(order: dict) -> None:
    """Grade each submission in a process of its own."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    submitted = [_read(Path(path)) for path in order["paths"]]
    notebooks = [one for one in submitted if isinstance(one, NotebookNode)]
    sheet = Sheet.of(nbformat.read(order["lesson"], as_version=4), notebooks)
    for one in submitted:
        found, reason = ({}, one) if isinstance(one, str) else _graded(sheet, one, order["timeout"])
        print(json.dumps({"found": found, "reason": reason}), file=channel, flush=True)


def _read(path: Path) -> NotebookNode | str:
    """Read a submission, or say why not."""
    try:
        return nbformat.read(path, as_version=4)
    except Exception as error:  # whatever the file holds
        return f"the file is no notebook: {' '.join(str(error).split())[:200]}"


def _graded(sheet: Sheet, submitted: NotebookNode, timeout: float) -> tuple[dict, str]:
    """Judge a submission in a forked process; return its verdicts and why some are missing."""
    found, in_time, end = {}, True, time.monotonic() + timeout
    results, channel = _FORK.Pipe(duplex=False)
    child = _FORK.Process(target=_judge_alone, args=(sheet, submitted, channel))
    child.start()
    channel.close()
    with contextlib.suppress(EOFError, OSError):  # it closes its end when it ends
        while in_time := results.poll(max(0.0, end - time.monotonic())):
            line = json.loads(results.recv_bytes())
            found[line.pop("exercise")] = line
    child.join(max(0.0, end - time.monotonic()))
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.join()
    if not in_time:
        return found, f"the submission took longer than {timeout:g} s"
    if child.exitcode != 0:
        return found, f"the submission ended its process (status {child.exitcode})"
    return found, ""


def _judge_alone(sheet: Sheet, submitted: NotebookNode, channel: Connection) -> None:
    os.setsid()
    with contextlib.suppress(OSError):  # where memory ends, this one goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)

    def tell(exercise: str, state: str, message: str) -> None:
        line = {"exercise": exercise, "state": state, "message": message}
        channel.send_bytes(json.dumps(line).encode())

    sheet.judge(submitted, tell)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
