"""sharingan report: execute the lessons."""

import argparse

from sharingan_lab.commands.options import Group, add_command, add_notebooks, refuse_windows


def add(group: Group) -> None:
    purpose, example = "execute the lessons and write the report", "--only 01,08 -p seed 7"
    parser = add_command(group, "report", report, purpose, example)
    add, pair = parser.add_argument, {"nargs": 2, "metavar": ("NAME", "VALUE")}
    add("--mode", choices=("quick", "full"), default="quick", help="full: GoPro on CUDA")
    add("--only", metavar="01,08", help="lessons to run (default: all)")
    add("--out", default="reports", metavar="DIR", help="default: reports")
    parameter = "set a parameter of the lessons; may be repeated"
    add("-p", dest="parameters", action="append", default=[], help=parameter, **pair)
    add("--timeout", type=float, metavar="SECONDS", help="longest time for a cell")
    add("--jobs", type=int, metavar="N", help="lessons at a time")
    add("--force", action="store_true", help="run what is up to date as well")
    add_notebooks(parser)


def report(choice: argparse.Namespace) -> int:
    refuse_windows("report")
    from sharingan_lab.lab.report.order import order
    from sharingan_lab.lab.report.run import run

    ordered = order(
        mode=choice.mode,
        only=choice.only.split(",") if choice.only is not None else (),
        out=choice.out,
        parameters=dict(choice.parameters),
        timeout=choice.timeout,
        jobs=choice.jobs,
        force=choice.force,
        notebooks=choice.notebooks,
    )
    return run(ordered).exit_code
