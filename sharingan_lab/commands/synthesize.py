"""sharingan synthesize."""

import argparse

from sharingan_lab.commands.options import Group, add_command, positive, seed
from sharingan_lab.errors import ConfigError

_CAMERA = (
    "gopro, the mean of --frames frames of a shaken camera; every, square pictures with each kind "
    "of blur, noise, highlights and compression; path, square pictures that one path moves as a "
    "whole (default: gopro)"
)


def add(group: Group) -> None:
    purpose = (
        "make blurred and sharp pairs in GoPro's layout from photographs or slow-motion frames"
    )
    example = "photos -o data/my-gopro --pairs 8"
    parser = add_command(group, "synthesize", synthesize, purpose, example)
    add = parser.add_argument
    add("photos", metavar="PHOTOS", help="folder of sharp photographs or frames")
    add("-o", dest="out", required=True, metavar="OUT", help="folder to make")
    film = "PHOTOS holds consecutive frames of a film, or folders of them: average these"
    add("--film", action="store_true", help=film)
    add("--camera", choices=("gopro", "every", "path"), default="gopro", help=_CAMERA)
    add("--frames", type=positive, default=11, metavar="N", help="averaged; odd (default: 11)")
    add("--pairs", type=positive, default=8, metavar="N", help="of each photo (default: 8)")
    side = "shorter side of the frames, at most (default: 720)"
    add("--frame-size", type=positive, default=720, metavar="PIXELS", help=side)
    add("--seed", type=seed, default=0, help="of paths and split (default: 0)")


def synthesize(choice: argparse.Namespace) -> int:
    from sharingan_lab.datasets import Camera, PathCamera, write_gopro_like
    from sharingan_lab.datasets.slow_motion import write_from_frames

    if choice.film and choice.camera != "gopro":
        raise ConfigError(f"--film takes no pictures: leave out --camera {choice.camera}")
    shared = {"frames": choice.frames, "on_progress": _print_photo}
    if choice.film:
        made = write_from_frames(choice.photos, choice.out, **shared)
    else:
        camera = {"gopro": None, "every": Camera(), "path": PathCamera()}[choice.camera]
        own = {"camera": camera, "pairs": choice.pairs, "size": choice.frame_size}
        made = write_gopro_like(choice.photos, choice.out, seed=choice.seed, **own, **shared)
    print(f"{made['train']} pairs to train on and {made['test']} to test on are in {choice.out}")
    print(f"Train on them with: sharingan train --data {choice.out}")
    return 0


def _print_photo(name: str, done: int, total: int) -> None:
    print(f"{done} of {total}: {name}", flush=True)
