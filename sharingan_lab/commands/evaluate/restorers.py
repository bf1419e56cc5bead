"""sharingan evaluate restorers: networks beside what they have to beat, on pictures made here."""

import argparse
import sys
from collections.abc import Iterator

from sharingan_lab.commands import outputs
from sharingan_lab.commands.options import (
    Group,
    add_command,
    add_device,
    add_size,
    names_in,
    positive,
    seed,
)  # fmt: skip

_HELD_BACK = 20  # pictures that settings are tuned on, of a seed of their own
_HEAD = ("method", "pictures", "PSNR [dB] (95 %)", "SSIM (95 %)", "gain [dB]", "SSIM gain", "worse")


def add(group: Group) -> None:
    purpose = "blur pictures by random paths; compare restorers with baselines on them"
    parser = add_command(group, "restorers", evaluate_restorers, purpose, "fields --count 300")
    add = parser.add_argument
    add("pictures", choices=("fields", "photographs"), help="generated or bundled")
    add("--count", type=positive, default=300, metavar="N", help="pictures (default: 300)")
    add("--side", type=positive, default=256, metavar="PIXELS", help="of each (default: 256)")
    add("--model", default="lite,sharingan", help="names or paths (default: lite,sharingan)")
    slow = "pictures for blind Richardson-Lucy, which is slow: the first N (default: 60)"
    add("--blind", type=positive, default=60, metavar="N", help=slow)
    add("--seed", type=seed, default=0, help="of pictures, blur and noise (default: 0)")
    outputs.add_outputs(parser, csv="a row a picture", json="the table")
    add_size(parser)
    add_device(parser)


def evaluate_restorers(choice: argparse.Namespace) -> int:
    from sharingan_lab.evaluation import DEFINITIONS, INTERVAL, compare

    kind = "crops of the bundled photographs" if choice.pictures == "photographs" else "fields"
    definitions = {
        "pictures": f"{choice.count} {kind}, {choice.side} x {choice.side}, each blurred by a "
        f"random path (kernel {choice.size} x {choice.size}), noise 0.01, seed {choice.seed}",
        **DEFINITIONS,
        "interval": INTERVAL,
    }
    outputs.print_definitions(definitions)
    methods = _methods(choice, list(_pairs(choice, held_back=True)))
    limits = {name: choice.blind for name in methods if name.startswith("blind")}
    pairs = _pairs(choice, held_back=False)
    table = compare(pairs, methods, at_most=limits, on_progress=_print_progress)
    rows = [_row(table, name) for name in table.psnr]
    outputs.print_table(_HEAD, [_cells(row) for row in rows])
    pictures = [
        {"picture": number, "method": name, "psnr": decibels, "ssim": table.ssim[name][number]}
        for name in table.psnr
        for number, decibels in enumerate(table.psnr[name])
    ]
    outputs.write_outputs(choice, definitions, pictures, {"rows": rows})
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
    networks = {name: load_generator(name, device) for name in names_in(choice.model)}
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


def _cells(row: dict) -> list:
    formats = {"psnr": ".2f", "ssim": ".4f", "psnr_gain": "+.2f", "ssim_gain": "+.4f"}
    values = (format(row[key], digits) if key in row else "-" for key, digits in formats.items())
    return [row["method"], row["pictures"], *values, row.get("worse", "-")]


def _print_progress(done: int) -> None:
    if done % 50 == 0:
        print(f"{done} pictures", file=sys.stderr, flush=True)
