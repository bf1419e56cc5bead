"""The process that grades the submissions of one lesson; started as a module by `grading`.

It executes what the answers need once, and forks a process for each submission, which starts
where the shared cells ended. On standard output it tells that it is ready, and then one JSON object
a submission: ``{"found": {exercise: {"state", "message"}}, "reason": why others are missing}``.
"""

import ast
import contextlib
import json
import linecache
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import nbformat
from IPython.display import display
from nbformat import NotebookNode

from sharingan_lab.lab.checks.verdict import NOT_YET, Verdict, check, find, stopped
from sharingan_lab.lab.classroom.build import required
from sharingan_lab.lab.classroom.exercises import Exercise, find_exercises
from sharingan_lab.lab.classroom.handed_in import added_to, answers_of, read
from sharingan_lab.lab.classroom.needs import Names, needed

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
        for exercise in exercises:
            find(exercise.name)  # imported once, here
        shared = set(required(notebook, exercises, answers)) - own
        namespace, given = {"__name__": "__main__", "display": display}, {}
        starts = {e.answer: e for e in exercises}
        for i, cell in enumerate(notebook.cells):
            if i in starts:
                given[starts[i].name] = dict(namespace)
            if i in shared:
                with contextlib.suppress(*(() if i in wanted else (Exception,))):
                    run(cell.source, namespace, f"cell {i + 1}")
        return cls(notebook, exercises, given)

    def judge(
        self, submitted: NotebookNode, tell: Callable[[str, str, str], None], skip: Iterable[str]
    ) -> None:
        """Judge the exercises of a submission in order; tell the verdict of each at once."""
        cells, answers = self.notebook.cells, answers_of(submitted, self.notebook)
        added, package = added_to(submitted, self.notebook), _package()
        own = {}  # what the student has defined so far, and what the lesson had there
        for exercise in self.exercises:
            answer, given = answers.get(exercise.name), self.given[exercise.name]
            if exercise.name in skip:
                continue
            if answer is None:
                tell(exercise.name, "missing", "the cell of the answer is not in the notebook")
                continue
            # The lesson may have defined a name anew since.
            mine = {n: value for n, (value, then) in own.items() if given.get(n) is then}
            namespace = given | mine
            verdict = _verdict(exercise, cells, answer, added, namespace, given)
            if changed := _restore(package):
                lines = {
                    "seen": f"the answer changes {changed}",
                    "expected": "a package as it was",
                    "look": "what the answer's cell assigns",
                }
                verdict = Verdict(exercise.name, NOT_YET, lines)
            tell(exercise.name, verdict.state, verdict.message)
            made = Names(answer).made & namespace.keys()
            own |= {n: (namespace[n], given.get(n)) for n in made}


def _package() -> dict:
    """Return what the package's modules hold."""
    modules = [m for name, m in sys.modules.items() if name.startswith("sharingan_lab")]
    return {module: dict(vars(module)) for module in modules}


def _restore(package: dict) -> str:
    """Give the modules back what they held; return a name that had changed, or nothing."""
    changed = ""
    for module, names in package.items():
        for name, value in names.items():
            if vars(module).get(name) is not value:
                setattr(module, name, value)
                changed = f"{module.__name__}.{name}"
    return changed


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
    given: dict,
) -> Verdict:
    try:
        for helper in _helpers(answer, added):
            run(helper, namespace, "a cell that was added")
        run(answer, namespace, "the answer's cell")
        for i in range(exercise.answer + 1, exercise.check):
            if cells[i].cell_type == "code":
                run(cells[i].source, namespace, f"cell {i + 1}")
        return _last_value(cells[exercise.check].source, namespace, given)
    except BaseException as error:  # sys.exit() as well
        return stopped(exercise.name, error)


def _last_value(source: str, namespace: dict, given: dict) -> Verdict:
    """Execute a check: it and what it gets by keyword are the course's, whatever answers did."""
    tree = ast.parse(source)
    call = tree.body.pop().value
    exec(compile(tree, "the check", "exec"), namespace)
    handed = [n.id for k in call.keywords for n in ast.walk(k.value) if isinstance(n, ast.Name)]
    namespace |= {name: given[name] for name in handed if name in given}
    call.func = ast.copy_location(ast.Name("the check", ast.Load()), call.func)
    namespace["the check"] = check
    return eval(compile(ast.Expression(call), "the check", "eval"), namespace)


def _helpers(answer: str, added: list[NotebookNode]) -> list[str]:
    """Return the sources of added cells that make what an answer uses."""
    code = [cell for cell in added if cell.cell_type == "code"]
    cells = [*code, NotebookNode(cell_type="code", source=answer)]
    return [cells[i].source for i in needed(cells, [len(code)]) if i < len(code)]


def main(order: dict) -> None:
    """Grade each submission in processes of its own."""
    submitted = [read(Path(path)) for path in order["paths"]]
    notebooks = [one for one in submitted if isinstance(one, NotebookNode)]
    with contextlib.redirect_stdout(sys.stderr):  # what the lesson prints is no grade
        sheet = Sheet.of(nbformat.read(order["lesson"], as_version=4), notebooks)
    print("ready", flush=True)
    for one in submitted:
        broken = isinstance(one, str)
        found = {} if broken else _graded(sheet, one, order["timeout"])
        told = {"found": found, "reason": one if broken else ""}
        print(json.dumps(told), flush=True)


def _graded(sheet: Sheet, submitted: NotebookNode, timeout: float) -> dict:
    """Judge a submission in a forked process, and anew without each answer that ends it."""
    ended = {}
    while True:
        found, reason = _in_a_fork(sheet, submitted, timeout, list(ended))
        left = [e.name for e in sheet.exercises if e.name not in found | ended]
        if not (reason and left):
            return found | ended
        ended[left[0]] = {"state": "not graded", "message": reason}


def _in_a_fork(
    sheet: Sheet, submitted: NotebookNode, timeout: float, skip: list[str]
) -> tuple[dict, str]:
    """Return the verdicts by exercise, and why some are missing."""
    told, in_time = b"", True
    results, channel = _FORK.Pipe(duplex=False)
    child = _FORK.Process(target=_judge_alone, args=(sheet, submitted, channel, skip))
    child.start()
    channel.close()
    while in_time := results.poll(timeout):
        part = os.read(results.fileno(), 2**16)  # whole lines or not: an answer may write here
        told += part
        if not part:  # it closes its end when it ends
            break
    child.join(timeout if in_time else 0)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.join()
    lines = map(json.loads, told.splitlines())
    found = {line["exercise"]: {k: str(line[k]) for k in ("state", "message")} for line in lines}
    if not in_time:
        return found, f"the answer took longer than {timeout:g} s"
    return found, f"the answer ended its process (status {child.exitcode})"


def _judge_alone(
    sheet: Sheet, submitted: NotebookNode, channel: Connection, skip: list[str]
) -> None:
    os.setsid()
    with contextlib.suppress(OSError):  # where memory ends, this one goes first
        Path("/proc/self/oom_score_adj").write_text("1000")
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # on 1 the grades of all are told
        os.dup2(null, stream)

    def tell(exercise: str, state: str, message: str) -> None:
        line = {"exercise": exercise, "state": state, "message": message}
        os.write(channel.fileno(), json.dumps(line).encode() + b"\n")

    sheet.judge(submitted, tell, skip)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
