"""sharingan doctor."""

import argparse

from sharingan_lab.commands.options import Group, add_command


def add(group: Group) -> None:
    add_command(group, "doctor", doctor, "say what is here, and how to get what is missing")


def doctor(choice: argparse.Namespace) -> int:
    from sharingan_lab.doctor import diagnose, is_ready
    from sharingan_lab.extras import GET_COURSE, missing_course

    findings = diagnose()
    for heading, lines in findings.items():
        print(heading, *lines, sep="\n")
    ready = is_ready(findings)
    if not ready:
        print("Quick mode cannot run: see what is missing above.")
    elif missing_course():
        print(f"The library works. The lessons and the report need the course: {GET_COURSE}")
    else:
        print("Quick mode can run.")
    return int(not ready)
