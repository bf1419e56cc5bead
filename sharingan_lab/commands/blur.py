"""sharingan blur."""

import argparse

from sharingan_lab.commands.files import files_of, say_written, targets_of
from sharingan_lab.commands.options import Group, add_command, add_size, seed, share
from sharingan_lab.errors import ConfigError
from sharingan_lab.locations import named_path


def add(group: Group) -> None:
    example = "photo.jpg -o blurred.png --seed 3"
    parser = add_command(group, "blur", blur, "blur a sharp photo by a random motion", example)
    add = parser.add_argument
    add("input", metavar="INPUT", help="image file")
    add("-o", dest="out", required=True, metavar="OUT", help="file or folder")
    add("--seed", type=seed, default=0, help="which motion (default: 0)")
    add_size(parser)
    noise = "deviation of the noise in [0, 1] (default: 0.01)"
    add("--noise", type=share, default=0.01, metavar="STD", help=noise)


def blur(choice: argparse.Namespace) -> int:
    import torch

    from sharingan_lab.blur import degrade, random_kernels
    from sharingan_lab.images import read_image, write_image

    if named_path(choice.input).is_dir():
        raise ConfigError(f"{choice.input} is a folder: name one picture")
    ((source, target),) = targets_of(files_of(choice.input), choice.out, force=True).items()
    rng = torch.Generator().manual_seed(choice.seed)
    kernel = random_kernels(1, choice.size, rng=rng)
    sharp = read_image(source)
    blurred = degrade(sharp, kernel, noise_std=choice.noise, rng=rng)
    return say_written(write_image(blurred, target))
