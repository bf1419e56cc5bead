"""sharingan course: look after the lessons."""

import argparse

from sharingan_lab.commands.options import Group, add_command, add_notebooks, refuse_windows


def add(group: Group) -> None:
    parser = group.add_parser(
        "course", help="look after the lessons", epilog="Example: sharingan course check"
    )
    jobs = parser.add_subparsers(metavar="JOB", required=True)
    for name, run, purpose in (
        ("check", course_check, "check that the lessons are committed clean"),
        ("refresh", course_refresh, "run lessons; store the outputs that tests compare"),
    ):
        job = add_command(jobs, name, run, purpose, "--only 01")
        job.add_argument("--only", metavar="01,08", help="lessons (default: all)")
        add_notebooks(job)


def course_check(choice: argparse.Namespace) -> int:
    lessons = _lessons(choice)  # first: a wrong number needs no more than their list
    from sharingan_lab.lab.report import course

    problems = [problem for lesson in lessons for problem in course.check(lesson)]
    print("\n".join(problems or [f"{len(lessons)} lessons are clean"]))
    return int(bool(problems))


def course_refresh(choice: argparse.Namespace) -> int:
    refuse_windows("course refresh")
    lessons = _lessons(choice)
    from sharingan_lab.lab.report import course

    failed = 0
    for lesson in lessons:
        failures = course.refresh(lesson)
        failed += bool(failures)
        print(
            f"{lesson.name}: {failures[0] if failures else 'compared outputs stored'}", flush=True
        )
    return int(failed > 0)


def _lessons(choice: argparse.Namespace) -> list:
    from sharingan_lab.lab.report.catalogue import all_lessons, select

    words = choice.only.split(",") if choice.only is not None else ()
    return select(all_lessons(choice.notebooks), words)
