"""sharingan course: look after the lessons, and teach with them."""

import argparse
from pathlib import Path

from sharingan_lab.commands.options import (
    Group,
    add_command,
    add_notebooks,
    positive,
    refuse_windows,
)  # fmt: skip
from sharingan_lab.commands.outputs import file_ending_in


def add(group: Group) -> None:
    parser = group.add_parser(
        "course",
        help="look after the lessons; build and grade them for a class",
        epilog="Example: sharingan course build --to class",
    )
    jobs = parser.add_subparsers(metavar="JOB", required=True)
    for name, run, purpose, example in (
        ("check", course_check, "check that the lessons are committed clean", "--only 01"),
        ("refresh", course_refresh, "run lessons; store outputs that tests compare", "--only 01"),
        ("build", course_build, "make student, instructor and nbgrader notebooks", "--to class"),
        ("grade", course_grade, "grade what students hand in, into a CSV table", "handed_in"),
    ):
        job = add_command(jobs, name, run, purpose, example)
        job.add_argument("--only", metavar="01,08", help="lessons (default: all)")
        add_notebooks(job)
    check, _, build, grade = jobs.choices.values()
    points = "also grade: full points for the solutions, none for what students start from"
    check.add_argument("--grade", action="store_true", help=points)
    build.add_argument("--to", metavar="DIR", required=True, help="folder for the builds")
    add, ends_in_csv = grade.add_argument, file_ending_in(".csv")
    add("folder", metavar="FOLDER", help="notebooks, one folder a student")
    add("-o", "--output", metavar="CSV", default="grades.csv", type=ends_in_csv, help="the table")
    limit = "for an answer (default: 60)"
    add("--timeout", type=positive, default=60, metavar="SECONDS", help=limit)


def course_check(choice: argparse.Namespace) -> int:
    lessons = _lessons(choice)  # first: a wrong number needs no more than their list
    from sharingan_lab.lab.report import course

    problems = [problem for lesson in lessons for problem in course.check(lesson)]
    if choice.grade:
        refuse_windows("course check --grade")
        from sharingan_lab.lab.classroom.grading import ungraded

        problems += ungraded(lessons)
    count = "1 lesson is" if len(lessons) == 1 else f"{len(lessons)} lessons are"
    print("\n".join(problems or [f"{count} clean"]))
    return int(bool(problems))


def course_refresh(choice: argparse.Namespace) -> int:
    refuse_windows("course refresh")
    lessons = _lessons(choice)
    from sharingan_lab.lab.report import course

    failed = 0
    for lesson in lessons:
        failures = course.refresh(lesson)
        failed += bool(failures)
        said = failures[0] if failures else "compared outputs stored"
        print(f"{lesson.name}: {said}", flush=True)
    return int(failed > 0)


def course_build(choice: argparse.Namespace) -> int:
    lessons = _lessons(choice)
    from sharingan_lab.lab.classroom.build import build
    from sharingan_lab.locations import named_path

    folder = named_path(choice.to)
    build(lessons, folder)
    print(f"{len(lessons)} lessons in {folder}: student, instructor, nbgrader")
    return 0


def course_grade(choice: argparse.Namespace) -> int:
    refuse_windows("course grade")
    lessons = _lessons(choice)
    from sharingan_lab.errors import DataError
    from sharingan_lab.lab.classroom.grading import find_submissions, grade, table
    from sharingan_lab.lab.report.catalogue import all_lessons
    from sharingan_lab.locations import named_path

    folder = named_path(choice.folder)
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: name the one with the notebooks handed in")
    found = find_submissions(folder, all_lessons(choice.notebooks), _tell_left_out)
    chosen = {lesson.path for lesson in lessons}
    handed_in = [one for one in found if one.lesson.path in chosen]
    if not handed_in:
        raise DataError(f"no submission in {folder} is of lesson {choice.only}")
    with table(choice.output) as write:
        rows = grade(
            handed_in,
            timeout=choice.timeout,
            on_graded=lambda submission, rows: (write(rows), _tell_points(submission, rows)),
        )
    print(f"{len(rows)} exercises in {choice.output}")
    return 0


def _tell_left_out(path: Path) -> None:
    said = str(path).encode(errors="backslashreplace").decode()
    print(f"left out: {said}: no notebook, or of no lesson by its name and its checks")


def _tell_points(submission: object, rows: list[dict]) -> None:
    points = sum(row["points"] for row in rows)
    lost = {row["message"]: None for row in rows if row["state"] == "not graded"}
    words = f"{points} of {len(rows)}" + "".join(f"; {message}" for message in lost)
    print(f"{submission.student}, {submission.lesson.name}: {words}", flush=True)


def _lessons(choice: argparse.Namespace) -> list:
    from sharingan_lab.lab.report.catalogue import all_lessons, select

    words = choice.only.split(",") if choice.only is not None else ()
    return select(all_lessons(choice.notebooks), words)
