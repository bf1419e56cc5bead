"""sharingan deblur."""

import argparse

from sharingan_lab.commands.files import each, say_written, targets_of
from sharingan_lab.commands.options import Group, add_command, add_device


def add(group: Group) -> None:
    parser = add_command(group, "deblur", deblur, "restore blurred photos", "photo.jpg -o restored")
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="image files or folders of them")
    parser.add_argument(
        "-o", dest="out", required=True, metavar="OUT", help="folder; or, for one input, a file"
    )
    parser.add_argument(
        "--model",
        default="lite",
        help="shipped name, .safetensors file or run folder (default: lite)",
    )
    add_device(parser)


def deblur(choice: argparse.Namespace) -> int:
    from sharingan_lab.device import choose_device
    from sharingan_lab.restore import load_generator, restore_file

    targets = targets_of(choice.inputs, choice.out)
    generator = load_generator(choice.model, choose_device(choice.device))
    done = each(
        targets, lambda source: say_written(restore_file(source, targets[source], generator))
    )
    if len(targets) > 1:
        print(f"{len(done)} of {len(targets)} restored")
    return int(len(done) < len(targets))
