"""sharingan evaluate detection: what a detector finds in sharp, damaged and restored pictures."""

import argparse

from sharingan_lab.commands.evaluate.detection_files import as_csv, as_json, print_rows
from sharingan_lab.commands.options import Group, add_command, add_device, positive, seed
from sharingan_lab.commands.outputs import file_ending_in, write_output


def add(group: Group) -> None:
    parser = add_command(
        group,
        "detection",
        evaluate_detection,
        "score what a detector finds in sharp, blurred and restored pictures: by default in "
        "generated weed fields",
        "--fields 40 --restore unsharp,lite",
    )
    add = parser.add_argument
    add("--images", metavar="DIR", help="sharp pictures of your own (default: generated fields)")
    add(
        "--annotations",
        metavar="SOURCE",
        help="their boxes: a COCO file, a folder of Pascal VOC, YOLO or LabelMe files, or `self`, "
        "what the detector finds on them (default: the folder of the pictures)",
    )
    add(
        "--detector",
        default="fields",
        metavar="NAME",
        help="fields, uav-weeds, coco or a file (default: fields)",
    )
    add(
        "--restore",
        "--model",
        default="unsharp,lite",
        metavar="NAMES",
        help="unsharp, wiener (told the kernel), lite, sharingan, a run or a file, with commas "
        "between (default: unsharp,lite)",
    )
    add(
        "--lengths",
        default="30,60,120",
        metavar="PIXELS",
        help="of the camera's paths, with commas between (default: 30,60,120)",
    )
    add("--size", type=positive, default=96, help="side of the blur kernel (default: 96)")
    add("--fields", type=positive, default=40, metavar="N", help="to test on (default: 40)")
    add(
        "--steps",
        type=positive,
        metavar="N",
        help="train a new detector of fields for so many steps instead, an experiment",
    )
    add("--train-fields", type=positive, default=200, metavar="N", help="for that (default: 200)")
    add("--seed", type=seed, default=0, help="of fields, blur and training (default: 0)")
    for ending in ("csv", "json"):
        add(f"--{ending}", type=file_ending_in(f".{ending}"), metavar="FILE", help="write the rows")
    add("--panels", metavar="DIR", help="draw four pictures with what was found, as PNG")
    add_device(parser)


def evaluate_detection(choice: argparse.Namespace) -> int:
    from sharingan_lab.commands.evaluate.detection_panels import Panels
    from sharingan_lab.commands.evaluate.detection_parts import Parts
    from sharingan_lab.evaluation import (
        add_up_damages,
        compare_versions,
        detect_versions,
        own_truth,
    )

    parts = Parts(choice)
    panels = Panels(choice.panels, list(parts.damages))
    targets, versions = detect_versions(
        parts.detector, parts.pictures(), parts.damages, parts.methods, rng=parts.rng(3),
        on_picture=panels.keep,
    )  # fmt: skip
    least = parts.detector.min_score
    if choice.annotations == "self":
        targets = own_truth(versions["sharp", ""].found, min_score=least)
    settings = {"min_score": least, "rng": parts.rng(4)}
    rows = compare_versions(versions, targets, parts.detector.classes, **settings)
    blurs = [name for name in parts.damages if name != "resized"]
    rows += add_up_damages(versions, targets, blurs, **settings)
    about = parts.about() | {
        "pictures": f"{len(targets)}, with {sum(len(one['boxes']) for one in targets)} things",
        "right": f"the class, an IoU of 0.5 and a score of {least:g} or more; AP50: of any score",
        "interval": "95 %, from low to high: bootstrap over the pictures",
        "won_back": "share of the F1 that the damage took; none where that may be nothing",
        "over_unsharp": "F1 less that of the unsharp mask on the same pictures",
    }
    print_rows(rows, about)
    for file, write in ((choice.csv, as_csv), (choice.json, as_json)):
        if file:
            write_output(file, write(rows, about))
    panels.draw(targets, versions, parts.detector)
    return 0
