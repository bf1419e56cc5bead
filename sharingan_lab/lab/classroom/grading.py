"""Grade what students hand in: every exercise of every submission, whatever one of them does.

The check and everything around an answer come from the course, only the answers and cells that
students have added come from a submission. Each submission runs in a process of its own, forked
from one that has executed the cells that all need, and has a time limit.
"""

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sharingan_lab.errors import DataError
from sharingan_lab.lab.checks.verdict import OPEN, RIGHT
from sharingan_lab.lab.classroom.build import build
from sharingan_lab.lab.classroom.exercises import find_exercises
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.patience import patience

_WORKER = "sharingan_lab.lab.classroom.grader"
_CHECKS = re.compile(r'lab\.check\(\s*\\"(\d\d)\.')  # as JSON holds them
_LONGEST = 1000  # characters of a message
FIELDS = ("student", "lesson", "exercise", "points", "state", "message")


@dataclass(frozen=True)
class Submission:
    """One notebook that somebody handed in."""

    student: str
    lesson: Lesson
    path: Path


def find_submissions(
    folder: Path,
    lessons: Sequence[Lesson],
    on_left_out: Callable[[Path], None] = lambda path: None,
) -> list[Submission]:
    """Return the notebooks below a folder that are of a lesson, by their name or by their checks.

    Who handed one in is what else is in the path: ``ada/03_gan_background.ipynb`` and
    ``03_gan_background_ada.ipynb`` are of ``ada``. `on_left_out` is told of every other file. A
    DataError where there is no notebook of a lesson.
    """
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        lesson = _lesson_of(path, lessons)
        if lesson is None:
            on_left_out(path)
            continue
        rest = re.sub(re.escape(lesson.name), "", path.stem, flags=re.IGNORECASE).strip("_- .")
        parts = [part for part in path.relative_to(folder).parts[:-1] if part != lesson.name]
        student = "/".join([*parts, *([rest] if rest else [])]) or "-"
        # Names in another encoding are no text: the table could not hold them.
        found.append(Submission(student.encode(errors="backslashreplace").decode(), lesson, path))
    if not found:
        names = ", ".join(lesson.name for lesson in lessons)
        raise DataError(f"no submission in {folder}: a file name must hold one of {names}")
    return found


def _lesson_of(path: Path, lessons: Sequence[Lesson]) -> Lesson | None:
    if path.suffix.lower() != ".ipynb":
        return None
    by_name = [one for one in lessons if one.name in path.stem.lower()]
    asks = {} if by_name else _CHECKS.findall(path.read_text(encoding="utf-8", errors="replace"))
    return next(iter(by_name or [one for one in lessons if one.number in asks]), None)


def grade(
    submissions: Iterable[Submission],
    *,
    timeout: float = 60,
    on_graded: Callable[[Submission, list[dict]], None] = lambda submission, rows: None,
) -> list[dict]:
    """Return a row for each exercise of each submission, with the `FIELDS` of the table.

    An answer that takes longer than `timeout` seconds, or ends its process, gets no point and the
    reason; the other exercises of its submission are judged without it.
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


@contextlib.contextmanager
def table(path: Path) -> Iterator[Callable[[list[dict]], None]]:
    """Open a CSV table; what this hands over writes rows into it at once.

    Grading may take an hour, and what is graded stays if it is stopped.
    """
    with path.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()

        def write(rows: list[dict]) -> None:
            writer.writerows(rows)
            file.flush()

        yield write


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
        "message": " ".join(found["message"].split())[:_LONGEST],
    }


def _judged(group: Sequence[Submission], timeout: float) -> Iterator[tuple[dict, str]]:
    """Yield what workers found for each submission: verdicts by exercise, why not all."""
    left = list(group)
    while left:
        with contextlib.closing(_answers(left, timeout)) as answers:
            for answer in answers:
                left.pop(0)
                yield answer["found"], answer["reason"]
        if left:  # a new worker goes on behind it
            left.pop(0)
            yield {}, "the submission ended the process that grades"


def _answers(group: Sequence[Submission], timeout: float) -> Iterator[dict]:
    """Yield what one worker tells, as long as it does."""
    order = {
        "lesson": str(group[0].lesson.path),
        "paths": [str(submission.path) for submission in group],
        "timeout": timeout,
    }
    # Forked processes can use neither a GPU nor a window that another has opened.
    settings = dict(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", MPLBACKEND="agg")
    settings |= dict(CUDA_VISIBLE_DEVICES="")
    with tempfile.TemporaryDirectory(prefix="sharingan-") as scratch:
        log, task = Path(scratch) / "log", Path(scratch) / "task.json"
        task.write_text(json.dumps(order))
        with log.open("w") as errors:
            worker = subprocess.Popen(
                [sys.executable, "-m", _WORKER, str(task)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | settings | {"TMPDIR": scratch},
                text=True,
                start_new_session=True,
            )
        try:
            if worker.stdout.readline() != "ready\n":
                last = (log.read_text().strip().splitlines() or ["no message"])[-1]
                raise DataError(f"grading {group[0].lesson.name} broke off: {last}")
            yield from map(json.loads, worker.stdout)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            worker.stdout.close()
