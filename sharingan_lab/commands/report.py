"""sharingan report: execute the lessons."""

import argparse

from sharingan_lab.commands.options import Group, add_command, add_notebooks, refuse_windows


def add(group: Group) -> None:
    parser = add_command(
        group,
        "report",
        report,
        "execute the lessons and write the report",
        "--only 01,08 -p seed 7 --out reports",
    )
    parser.add_argument(
        "--mode", choices=("quick", "full"), default="quick", help="full: GoPro on CUDA"
    )
    parser.add_argument("--only", metavar="01,08", help="lessons to run (default: all)")
    parser.add_argument("--out", default="reports", metavar="DIR", help="default: reports")
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the lessons; may be repeated",
    )
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="longest time for a cell")
    parser.add_argument("--jobs", type=int, metavar="N", help="lessons at a time")
    parser.add_argument("--force", action="store_true", help="run what is up to date as well")
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
