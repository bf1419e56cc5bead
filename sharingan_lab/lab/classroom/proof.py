"""The proof that a lesson grades itself: solutions get every point, empty answers none."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from sharingan_lab.lab.checks.verdict import NOT_YET, OPEN, RIGHT
from sharingan_lab.lab.classroom.build import build
from sharingan_lab.lab.classroom.grading import find_submissions, grade
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.patience import patience


def ungraded(lessons: Sequence[Lesson]) -> list[str]:
    """Return what is wrong with the grades of the student and the instructor build."""
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
    return row["state"] in (OPEN, NOT_YET) and "your code stops" not in row["message"]
