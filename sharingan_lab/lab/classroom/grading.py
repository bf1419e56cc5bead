"""Grade what students hand in: every exercise of every submission, whatever one of them does.

The check and everything around an answer come from the course, only the answers and cells that
students have added come from a submission. Each submission runs in a process of its own, forked
from one that has executed the cells that all need, and has a time limit.
"""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sharingan_lab.errors import DataError
from sharingan_lab.lab.checks.verdict import OPEN, RIGHT
from sharingan_lab.lab.classroom.build import build
from sharingan_lab.lab.classroom.exercises import find_exercises
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.patience import patience

_WORKER = "sharingan_lab.lab.classroom.grader"
FIELDS = ("student", "lesson", "exercise", "points", "state", "message")


@dataclass(frozen=True)
class Submission:
    """One notebook that somebody handed in."""

    student: str
    lesson: Lesson
    path: Path


def find_submissions(folder: Path, lessons: Sequence[Lesson]) -> list[Submission]:
    """Return the notebooks below a folder whose file name holds the name of a lesson.

    Who handed it in is what else is in the path: ``ada/03_gan_background.ipynb`` and
    ``03_gan_background_ada.ipynb`` are of ``ada``. A DataError where there is none.
    """
    found = []
    for path in sorted(folder.rglob("*.ipynb")):
        lesson = next((one for one in lessons if one.name in path.stem), None)
        if lesson is None or ".ipynb_checkpoints" in path.parts:
            continue
        rest = path.stem.replace(lesson.name, "").strip("_- .")
        parts = [part for part in path.relative_to(folder).parts[:-1] if part != lesson.name]
        found.append(Submission("/".join([*parts, *([rest] if rest else [])]) or "-", lesson, path))
    if not found:
        names = ", ".join(lesson.name for lesson in lessons)
        raise DataError(f"no submission in {folder}: a file name must hold one of {names}")
    return found


def grade(
    submissions: Iterable[Submission],
    *,
    timeout: float = 120,
    on_graded: Callable[[Submission, list[dict]], None] = lambda submission, rows: None,
) -> list[dict]:
    """Return a row for each exercise of each submission, with the `FIELDS` of the table.

    A submission that takes longer than `timeout` seconds, or ends its process, keeps what it had
    solved by then; the rest of its exercises get no points and the reason.
    """
    rows = []
    by_lesson: dict[str, list[Submission]] = {}
    for submission in submissions:
        by_lesson.setdefault(submission.lesson.name, []).append(submission)
    for group in by_lesson.values():
        names = [exercise.name for exercise in find_exercises(group[0].lesson.notebook)]
        with contextlib.closing(_judged(group, timeout)) as results:
            for submission, (found, reason) in zip(group, results, strict=True):
                mine = [_row(submission, name, found.get(name), reason) for name in names]
                on_graded(submission, mine)
                rows += mine
    return rows


def write_table(rows: Sequence[dict], path: Path) -> None:
    """Write the rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(rows)


def ungraded(lessons: Sequence[Lesson]) -> list[str]:
    """Return which grades are wrong: solutions get every point, empty answers are open."""
    with tempfile.TemporaryDirectory(prefix="sharingan-") as folder:
        build(lessons, Path(folder))
        found = find_submissions(Path(folder), lessons)
        handed_in = [one for one in found if one.student in ("student", "instructor")]
        rows = grade(handed_in, timeout=patience())
    return [
        f"{row['lesson']}: exercise {row['exercise']} of the {row['student']} build is "
        f"{row['state']}: {row['message']}"
        for row in rows
        if not _as_wanted(row)
    ]


def _as_wanted(row: dict) -> bool:
    if row["student"] == "instructor":
        return row["state"] == RIGHT
    return row["state"] == OPEN


def _row(submission: Submission, name: str, found: dict | None, reason: str) -> dict:
    found = found or {"state": "not graded", "message": reason}
    return {
        "student": submission.student,
        "lesson": submission.lesson.name,
        "exercise": name,
        "points": int(found["state"] == RIGHT),
        "state": found["state"],
        "message": " ".join(found["message"].split()),
    }


def _judged(group: Sequence[Submission], timeout: float) -> Iterable[tuple[dict, str]]:
    """Yield what a worker found for each submission: verdicts by exercise, why not all."""
    order = {
        "lesson": str(group[0].lesson.path),
        "paths": [str(submission.path) for submission in group],
        "timeout": timeout,
    }
    environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    with tempfile.TemporaryDirectory(prefix="sharingan-") as scratch:
        log = Path(scratch) / "log"
        with log.open("w") as errors:
            worker = subprocess.Popen(
                [sys.executable, "-m", _WORKER, json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment | {"TMPDIR": scratch},
                text=True,
                start_new_session=True,
            )
        try:
            for _ in group:
                line = worker.stdout.readline()
                if not line:
                    last = (log.read_text().strip().splitlines() or ["no message"])[-1]
                    raise DataError(f"grading {group[0].lesson.name} broke off: {last}")
                answer = json.loads(line)
                yield answer["found"], answer["reason"]
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            worker.stdout.close()
