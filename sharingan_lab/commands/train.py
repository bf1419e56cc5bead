"""sharingan train."""

import argparse
import time
from pathlib import Path

from sharingan_lab.commands.options import Group, add_command
from sharingan_lab.locations import named_path


def add(group: Group) -> None:
    example = "--recipe quick --set seed=7 --out runs/first"
    parser = add_command(group, "train", train, "train a generator", example)
    parser.description += (
        " What it learns from is the setting `data`: gopro, GoPro's pairs (Wild in the DeblurGAN "
        "paper); folder, sharp photographs that are blurred synthetically (Synth); mixed, two "
        "such pairs to one of GoPro (Comb), of the photographs in `sharp_root` or else of GoPro's "
        "own sharp frames; photos, a few that come with the package. Each recipe has its own: "
        "photos for quick, folder for lite and sharingan, gopro for the others."
    )
    add, repeated = parser.add_argument, {"action": "append", "default": []}
    add("--recipe", help="quick, report, deblurgan, lite, sharingan, corrected (default)")
    data = "folder of GoPro (default: where `sharingan fetch gopro` puts it) or, for data=folder, "
    add("--data", metavar="DIR", help=f"{data}of the photographs")
    add("--out", metavar="DIR", help="folder of the run (default: runs/RECIPE)")
    add("--resume", action="store_true", help="go on where the run stopped")
    change = "change a setting of the recipe, such as data=mixed; may be repeated"
    add("--set", dest="settings", metavar="FIELD=VALUE", help=change, **repeated)


def train(choice: argparse.Namespace) -> int:
    from sharingan_lab.training import TrainConfig, Trainer, recipe

    name = choice.recipe or "corrected"
    out = Path("runs", name) if choice.out is None else named_path(choice.out)
    kept = out / "config.json"
    goes_on = choice.resume and choice.recipe is None and kept.is_file()
    config = TrainConfig.read(kept) if goes_on else recipe(name)
    folder = [] if choice.data is None else [f"data_root={named_path(choice.data)}"]
    # at once: settings may need each other
    config = config.with_assignments([*folder, *choice.settings])
    trainer = Trainer(config, out, resume=choice.resume)
    tell = print if trainer.team.leads else (lambda _: None)
    tell(f"Training {config.recipe!r} into {out}; Ctrl-C saves and stops, --resume goes on.")
    for notice in trainer.notices:
        tell(f"Notice: {notice}")
    try:
        trainer.fit(_print_row)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"{stop}; the same command with --resume goes on") from stop
    finally:
        trainer.team.part_ways()
    tell(f"Done: {out}. Restore a photo with: sharingan deblur PHOTO -o OUT --model {out}")
    return 0


def _print_row(step: int, total: int, row: dict, seconds_left: float) -> None:
    losses = "  ".join(f"{k} {row[k]:.4g}" for k in ("content", "wasserstein") if k in row)
    quality = ""
    if "psnr" in row:
        quality = f"  PSNR {row['psnr']:.2f} dB (input {row['input_psnr']:.2f} dB)"
    left = time.strftime("%H:%M:%S", time.gmtime(seconds_left))
    of_all = f" of {total}" if total else ""  # a run by the clock knows no number at first
    print(f"step {step:>6}{of_all}  {losses}{quality}  {left} left", flush=True)
