"""sharingan evaluate detection: what a detector finds in sharp, blurred and restored fields."""

import argparse

from sharingan_lab.commands.options import Group, add_command, add_device, add_size, positive, seed
from sharingan_lab.commands.tables import print_table


def add(group: Group) -> None:
    parser = add_command(
        group,
        "detection",
        evaluate_detection,
        "train a small detector on generated weed fields; score sharp, blurred and restored ones",
        "--model lite --fields 40",
    )
    add = parser.add_argument
    add("--model", default="lite", help="generator that restores (default: lite)")
    add("--fields", type=positive, default=40, metavar="N", help="to test on (default: 40)")
    add(
        "--train-fields", type=positive, default=200, metavar="N", help="to train on (default: 200)"
    )
    add("--steps", type=positive, default=300, metavar="N", help="of training (default: 300)")
    add("--seed", type=seed, default=0, help="of fields, blur and training (default: 0)")
    add_size(parser)
    add_device(parser)


def evaluate_detection(choice: argparse.Namespace) -> int:
    import torch

    from sharingan_lab.blur import degrade, random_kernels
    from sharingan_lab.datasets import weed_fields
    from sharingan_lab.device import choose_device
    from sharingan_lab.evaluation import build_detector, evaluate_detection, train_detector
    from sharingan_lab.restore import load_generator, restore

    device = choose_device(choice.device)
    restorer = load_generator(choice.model, device)
    rng = torch.Generator().manual_seed(choice.seed)
    print(f"Drawing {choice.train_fields} fields to train on and {choice.fields} to test on")
    training = weed_fields(choice.train_fields, rng=rng)
    sharp, targets = weed_fields(choice.fields, rng=rng)
    kernels = random_kernels(len(sharp), choice.size, rng=rng)
    blurred = degrade(sharp, kernels, rng=rng)
    detector = build_detector(rng=rng).to(device)
    print(f"Training the detector for {choice.steps} steps")
    train_detector(detector, *training, steps=choice.steps, rng=rng, on_step=_print_step)
    versions = {"sharp": sharp, "blurred": blurred, "restored": restore(blurred, restorer)}
    scores = {name: evaluate_detection(detector, x, targets) for name, x in versions.items()}
    rows = [(name, s.precision, s.recall, s.f1) for name, s in scores.items()]
    print_table(("fields", "precision", "recall", "F1"), rows)
    return 0


def _print_step(step: int, losses: dict[str, float]) -> None:
    if step % 50 == 0:
        print(f"step {step:>4}  loss {sum(losses.values()):.3f}", flush=True)
