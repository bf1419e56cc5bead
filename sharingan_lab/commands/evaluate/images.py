"""sharingan evaluate images: PSNR and SSIM of restored pictures."""

import argparse
import math

from sharingan_lab.commands import outputs
from sharingan_lab.commands.evaluate.image_page import as_page
from sharingan_lab.commands.files import each
from sharingan_lab.commands.options import Group, add_command

HEADS = {
    "psnr_input": "input PSNR",
    "psnr": "PSNR [dB]",
    "psnr_gain": "gain [dB]",
    "ssim_input": "input SSIM",
    "ssim": "SSIM",
    "ssim_gain": "SSIM gain",
}


def add(group: Group) -> None:
    purpose = "print PSNR and SSIM of the files with equal names in two folders"
    example = "restored/ sharp/ --input blurred/"
    parser = add_command(group, "images", evaluate_images, purpose, example)
    add = parser.add_argument
    add("restored", metavar="RESTORED_DIR")
    add("sharp", metavar="SHARP_DIR")
    add("--input", metavar="BLURRED_DIR", help="what was restored: its values, the gain over it")
    outputs.add_outputs(parser, csv="a row a picture", json="means and pictures")
    page = "write a page that needs no other file: scatter, best and worst pictures, table"
    add("--page", type=outputs.file_ending_in(".html"), metavar="FILE", help=page)


def evaluate_images(choice: argparse.Namespace) -> int:
    from sharingan_lab.evaluation import DEFINITIONS, INTERVAL
    from sharingan_lab.evaluation.folders import match_pictures, measure_files

    definitions = {**DEFINITIONS, "interval": INTERVAL}
    pairs = match_pictures(choice.restored, choice.sharp, choice.input)
    partners = {pair.name: pair for pair in pairs}
    scores = each(list(partners), lambda name: measure_files(partners[name]))
    failed = [name for name in partners if name not in scores]
    outputs.print_definitions(definitions)
    if not scores:
        return 1
    means = _print_scores(scores, len(partners))
    rows = [{"file": name, **score} for name, score in scores.items()]
    files = [{**row, "identical": row["psnr"] == math.inf} for row in rows]
    content = {"pictures": len(scores), "failed": failed, "means": means, "files": files}
    outputs.write_outputs(choice, definitions, rows, content)
    if choice.page:
        outputs.write_output(choice.page, as_page(scores, means, failed, partners, definitions))
    return int(bool(failed))


def _print_scores(scores: dict[str, dict[str, float]], pictures: int) -> dict:
    """Print a row a picture and their means, which are returned."""
    from sharingan_lab.evaluation import average

    columns = [key for key in HEADS if key in next(iter(scores.values()))]
    means = {key: average([score[key] for score in scores.values()]) for key in columns}
    rows = [(name, *(score[key] for key in columns)) for name, score in scores.items()]
    label = "mean" if len(scores) == pictures else f"mean of {len(scores)}"
    rows.append((label, *(mean.mean for mean in means.values())))
    if len(scores) > 1:
        rows.append(("95 % from", *(mean.low for mean in means.values())))
        rows.append(("95 % to", *(mean.high for mean in means.values())))
    outputs.print_table(("file", *(HEADS[key] for key in columns)), rows)
    for key, what in (("psnr", "pairs"), ("psnr_input", "input pairs")):
        same = sum(score.get(key) == math.inf for score in scores.values())
        rest = "; the mean PSNR is that of the others" if same < len(scores) else ""
        if same:
            print(f"identical {what}: {same} of {len(scores)}{rest}")
    return means
