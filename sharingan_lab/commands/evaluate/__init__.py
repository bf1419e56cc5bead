"""sharingan evaluate: restored images, restorers, or what a detector finds."""

from sharingan_lab.commands.evaluate import detection, images, restorers
from sharingan_lab.commands.options import Group


def add(group: Group) -> None:
    parser = group.add_parser(
        "evaluate",
        help="measure restored images, restorers or detections",
        epilog="Example: sharingan evaluate images restored/ sharp/",
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    images.add(kinds)
    restorers.add(kinds)
    detection.add(kinds)
