"""sharingan lab."""

import argparse

from sharingan_lab.commands.options import Group, add_command, port, refuse_windows
from sharingan_lab.locations import named_path


def add(group: Group) -> None:
    purpose = "open JupyterLab on a copy of the lessons"
    parser = add_command(group, "lab", lab, purpose, "--to my-course")
    copy = "folder of the copy; lessons already there are kept (default: sharingan-course)"
    parser.add_argument("--to", default="sharingan-course", metavar="DIR", help=copy)
    parser.add_argument("--port", type=port, default=8888, help="default: 8888")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def lab(choice: argparse.Namespace) -> int:
    refuse_windows("lab")
    from sharingan_lab.lab.jupyter import open_course

    open_course(named_path(choice.to), choice.port, browser=not choice.no_browser)
