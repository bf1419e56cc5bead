"""sharingan evaluate detection: what a detector finds in sharp, damaged and restored pictures."""

import argparse

from sharingan_lab.commands import outputs
from sharingan_lab.commands.evaluate.detection_tables import print_rows
from sharingan_lab.commands.options import (
    Group,
    add_command,
    add_device,
    kernel_side,
    positive,
    seed,
)

_ANNOTATIONS = (
    "their boxes: a COCO file, a folder of Pascal VOC, YOLO or LabelMe files, or `self`, what the "
    "detector finds on them (default: the folder of the pictures)"
)
_RESTORE = (
    "unsharp, wiener (told the kernel), lite, sharingan, a run or a file, with commas between "
    "(default: unsharp,lite)"
)
_LENGTHS = "of the camera's paths, with commas between (default: 30,60,120)"
_STEPS = "train a new detector of fields for so many steps instead, an experiment"


def add(group: Group) -> None:
    purpose = "score what a detector finds in sharp, blurred and restored pictures or weed fields"
    example = "--fields 40 --restore unsharp,lite"
    parser = add_command(group, "detection", evaluate_detection, purpose, example)
    add = parser.add_argument
    add("--images", metavar="DIR", help="sharp pictures of your own (default: generated fields)")
    add("--annotations", metavar="SOURCE", help=_ANNOTATIONS)
    detector = "fields, uav-weeds, coco or a file (default: fields)"
    add("--detector", default="fields", metavar="NAME", help=detector)
    add("--restore", "--model", default="unsharp,lite", metavar="NAMES", help=_RESTORE)
    add("--lengths", default="30,60,120", metavar="PIXELS", help=_LENGTHS)
    add("--size", type=kernel_side, default=96, help="side of the blur kernel (default: 96)")
    add("--fields", type=positive, default=40, metavar="N", help="to test on (default: 40)")
    add("--steps", type=positive, metavar="N", help=_STEPS)
    add("--train-fields", type=positive, default=200, metavar="N", help="for that (default: 200)")
    add("--seed", type=seed, default=0, help="of fields, blur and training (default: 0)")
    outputs.add_outputs(parser, csv="the rows", json="the rows")
    panels = "draw, as PNG, F1 over the blur's length and four pictures with what was found"
    add("--panels", type=outputs.folder, metavar="DIR", help=panels)
    add_device(parser)


def evaluate_detection(choice: argparse.Namespace) -> int:
    from sharingan_lab.commands.evaluate.detection_panels import Panels
    from sharingan_lab.commands.evaluate.detection_parts import Parts
    from sharingan_lab.evaluation import own_truth, verdicts, versions

    parts = Parts(choice)
    panels = Panels(choice.panels, list(parts.damages))
    targets, seen = versions.detect_versions(
        parts.detector, parts.pictures(), parts.damages, parts.methods, rng=parts.rng(3),
        on_picture=panels.keep,
    )  # fmt: skip
    least = parts.detector.min_score
    if choice.annotations == "self":
        targets = own_truth(seen["sharp", ""].found, min_score=least)
    settings = {"min_score": least, "rng": parts.rng(4)}
    rows = verdicts.compare_versions(seen, targets, parts.detector.classes, **settings)
    blurs = [name for name in parts.damages if name != "resized"]
    rows += verdicts.add_up_damages(seen, targets, blurs, **settings)
    definitions = parts.about() | {
        "pictures": f"{len(targets)}, with {sum(len(one['boxes']) for one in targets)} things",
        "right": f"the class, an IoU of 0.5 and a score of {least:g} or more; AP50: of any score",
        "interval": "95 %, from low to high: bootstrap over the pictures",
        "won_back": "share of the F1 that the damage took; none where that may be nothing",
        "over_unsharp": "F1 less that of the unsharp mask on the same pictures",
    }
    outputs.print_definitions(definitions)
    print_rows(rows)
    outputs.write_outputs(choice, definitions, rows, {"rows": rows})
    panels.draw(targets, seen, parts.detector)
    panels.draw_curves(rows)
    return 0
