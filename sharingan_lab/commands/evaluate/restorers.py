"""sharingan evaluate restorers: networks beside what they have to beat, on pictures made here."""

import argparse
import csv
import io
import json
import sys
from collections.abc import Iterator, Mapping

from sharingan_lab.commands.options import Group, add_command, add_device, add_size, positive, seed
from sharingan_lab.commands.outputs import file_ending_in, write_output

_HELD_BACK = 20  # pictures that settings are tuned on, of a seed of their own
_HEAD = ("method", "pictures", "PSNR [dB] (95 %)", "SSIM (95 %)", "gain [dB]", "SSIM gain", "worse")


def add(group: Group) -> None:
    parser = add_command(
        group,
        "restorers",
        evaluate_restorers,
        "blur pictures by random paths; compare restorers with baselines on them",
        "fields --count 300",
    )
    add = parser.add_argument
    add("pictures", choices=("fields", "photographs"), help="generated or bundled")
    add("--count", type=positive, default=300, metavar="N", help="pictures (default: 300)")
    add("--side", type=positive, default=256, metavar="PIXELS", help="of each (default: 256)")
    add("--model", default="lite,sharingan", help="names or paths (default: lite,sharingan)")
    add(
        "--blind",
        type=positive,
        default=60,
        metavar="N",
        help="pictures for blind Richardson-Lucy, which is slow: the first N (default: 60)",
    )
    add("--seed", type=seed, default=0, help="of pictures, blur and noise (default: 0)")
    add("--csv", type=file_ending_in(".csv"), metavar="FILE", help="write a row a picture")
    add("--json", type=file_ending_in(".json"), metavar="FILE", help="write the table")
    add_size(parser)
    add_device(parser)


def evaluate_restorers(choice: argparse.Namespace) -> int:
    from sharingan_lab.evaluation import DEFINITIONS, INTERVAL, compare

    kind = "crops of the bundled photographs" if choice.pictures == "photographs" else "fields"
    statement = {
        "pictures": f"{choice.count} {kind}, {choice.side} x {choice.side}, each blurred by a "
        f"random path (kernel {choice.size} x {choice.size}), noise 0.01, seed {choice.seed}",
        **DEFINITIONS,
        "interval": INTERVAL,
    }
    for name, words in statement.items():
        print(f"{name}: {words}", flush=True)
    held_back = _pairs(choice, held_back=True)
    methods = _methods(choice, list(held_back))
    limits = {name: choice.blind for name in methods if name.startswith("blind")}
    pairs = _pairs(choice, held_back=False)
    table = compare(pairs, methods, at_most=limits, on_progress=_print_progress)
    rows = [_row(table, name) for name in table.psnr]
    _print_rows(rows)
    if choice.csv:
        write_output(choice.csv, _as_csv(table, statement))
    if choice.json:
        write_output(choice.json, _as_json(rows, statement))
    return 0


def _pairs(choice: argparse.Namespace, *, held_back: bool) -> Iterator:
    """Pictures to judge on, or others: of another seed, photographs of other scenes."""
    import torch

    from sharingan_lab.datasets import blurred_pairs, photo_names, sharp_crops, sharp_fields

    start = (choice.seed + (1 << 62)) % (1 << 63) if held_back else choice.seed
    rng, count = torch.Generator().manual_seed(start), _HELD_BACK if held_back else choice.count
    if choice.pictures == "fields":
        sharp = sharp_fields(count, choice.side, rng=rng)
    else:
        names = photo_names(grey=True)[len(photo_names()) :] if held_back else photo_names()
        sharp = sharp_crops(count, choice.side, names=names, rng=rng)
    return blurred_pairs(sharp, choice.size, rng=rng)


def _methods(choice: argparse.Namespace, held_back: list) -> dict:
    """What is compared, by name: baselines with their best settings, networks, the upper bound."""
    from sharingan_lab.device import choose_device
    from sharingan_lab.evaluation import baselines
    from sharingan_lab.restore import load_generator, restore

    device = choose_device(choice.device)
    networks = {name: load_generator(name, device) for name in choice.model.split(",")}
    mask = baselines.tune(baselines.unsharp, baselines.MASKS, held_back)
    ratio = baselines.tune(baselines.wiener_with_kernel, baselines.NOISE_TO_SIGNAL, held_back)
    print(f"tuned on {len(held_back)} other pictures: unsharp mask amount {mask[0]:g}, radius "
          f"{mask[1]:g}; Wiener's noise to signal {ratio:g}", flush=True)  # fmt: skip
    restorers = {
        name: lambda pair, network=network: restore(pair.blurred.to(device), network).cpu()
        for name, network in networks.items()
    }
    return {
        "unsharp mask": baselines.unsharp(mask),
        "blind Richardson-Lucy": baselines.blind(choice.size),
        **restorers,
        "Wiener, true kernel": baselines.wiener_with_kernel(ratio),
    }


def _row(table, name: str) -> dict:
    """Averages of a method, by what they are of."""
    from sharingan_lab.evaluation import ROW_ZERO, average

    row = {"method": name, "pictures": len(table.psnr[name])}
    row |= {"psnr": average(table.psnr[name]), "ssim": average(table.ssim[name])}
    if name != ROW_ZERO:
        row |= {f"{measure}_gain": table.gain(name, measure) for measure in ("psnr", "ssim")}
        row["worse"] = table.made_worse(name)
    return row


def _print_rows(rows: list[dict]) -> None:
    formats = {"psnr": ".2f", "ssim": ".4f", "psnr_gain": "+.2f", "ssim_gain": "+.4f"}
    lines = [
        [row["method"], str(row["pictures"])]
        + [format(row[key], digits) if key in row else "-" for key, digits in formats.items()]
        + [str(row.get("worse", "-"))]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(_HEAD, *lines, strict=True)]
    for line in (_HEAD, *lines):
        cells = zip(line, widths, strict=True)
        print("  ".join(f"{cell:<{width}}" for cell, width in cells).rstrip())


def _print_progress(done: int) -> None:
    if done % 50 == 0:
        print(f"{done} pictures", file=sys.stderr, flush=True)


def _as_csv(table, statement: Mapping[str, str]) -> str:
    """A row a picture and method; the last column says how they are made and measured."""
    text, words = io.StringIO(), ". ".join(f"{key}: {line}" for key, line in statement.items())
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["picture", "method", "psnr", "ssim", "definitions"])
    for name, decibels in table.psnr.items():
        for number, values in enumerate(zip(decibels, table.ssim[name], strict=True)):
            rows.writerow([number, name, *values, words])
    return text.getvalue()


def _as_json(rows: list[dict], statement: Mapping[str, str]) -> str:
    plain = [{k: v._asdict() if hasattr(v, "_asdict") else v for k, v in r.items()} for r in rows]
    return json.dumps({"definitions": statement, "rows": plain}, indent=1) + "\n"
