"""The command line: a thin door to the library's own functions.

Bad input is one line on standard error and exit code 2; 1 means that the work itself failed,
130 that it was stopped.
"""

import argparse
import contextlib
import io
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NoReturn

from sharingan_lab import __version__, commands
from sharingan_lab.errors import (
    ConfigError,
    DownloadError,
    SharinganError,
    StorageError,
    TrainingError,
)
from sharingan_lab.locations import home_dir
from sharingan_lab.seeds import check_seed


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    words : list of str, optional
        The command line without the program's name; that of the process where left out.

    Examples
    --------
    >>> main(["report", "--only", "99"])
    2
    """
    try:
        choice = _parser().parse_args(words)
        home_dir()
        with _plain_speech():
            return choice.run(choice)
    except SystemExit as end:  # argparse: help, version or a wrong call
        return int(end.code or 0)
    except SharinganError as error:
        print(f"sharingan: {error}", file=sys.stderr)
        return 1 if isinstance(error, TrainingError | DownloadError | StorageError) else 2
    except KeyboardInterrupt as stop:
        print(f"sharingan: stopped{f': {stop}' if str(stop) else ''}", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"sharingan: {error}", file=sys.stderr)
        return 2


@contextlib.contextmanager
def _plain_speech() -> Iterator[None]:
    """Print warnings as a line each, and what the terminal cannot write as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with warnings.catch_warnings():
        warnings.showwarning = _print_warning
        warnings.filterwarnings("ignore", module="PIL")  # what it says about intact pictures
        yield


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    print(f"sharingan: {' '.join(str(message).split())}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"sharingan: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="sharingan",
        description="Motion deblurring with conditional GANs, step by step.",
        epilog="Example: sharingan report",
    )
    parser.add_argument("--version", action="version", version=f"sharingan-lab {__version__}")
    group = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_report(group)
    _add_train(group)
    _add_deblur(group)
    _add_blur(group)
    _add_synthesize(group)
    _add_evaluate(group)
    _add_fetch(group)
    _add_explore(group)
    _add_lab(group)
    _add_course(group)
    _command(group, "doctor", commands.doctor, "say what is here, and how to get what is missing")
    return parser


def _command(
    group: argparse._SubParsersAction,
    name: str,
    run: Callable[[argparse.Namespace], int],
    purpose: str,
    example: str = "",
) -> argparse.ArgumentParser:
    """Add a command whose help ends with an example: the command as typed, and `example`."""
    parser = group.add_parser(name, help=purpose, description=f"{purpose[0].upper()}{purpose[1:]}.")
    parser.epilog = f"Example: {parser.prog} {example}".strip()
    parser.set_defaults(run=run)
    return parser


def _add_report(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group,
        "report",
        commands.report,
        "execute the lessons and write the report",
        "--only 01,08 -p seed 7 --out reports",
    )
    parser.add_argument(
        "--mode", choices=("quick", "full"), default="quick", help="full: GoPro on CUDA"
    )
    parser.add_argument("--only", metavar="01,08", help="lessons to run (default: all)")
    parser.add_argument("--out", default="reports", metavar="DIR", help="default: reports")
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter of the lessons; may be repeated",
    )
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="longest time for a cell")
    parser.add_argument("--jobs", type=int, metavar="N", help="lessons at a time")
    parser.add_argument("--force", action="store_true", help="run what is up to date as well")
    _add_notebooks(parser)


def _add_notebooks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--notebooks", metavar="DIR", help="lessons of your own (default: the course)"
    )


def _add_train(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group,
        "train",
        commands.train,
        "train a generator",
        "--recipe quick --set seed=7 --out runs/first",
    )
    parser.description += (
        " What it learns from is the setting `data`: gopro, GoPro's pairs (Wild in the DeblurGAN "
        "paper); folder, sharp photographs that are blurred synthetically (Synth); mixed, two "
        "such pairs to one of GoPro (Comb), of the photographs in `sharp_root` or else of GoPro's "
        "own sharp frames; photos, a few that come with the package. Each recipe has its own: "
        "photos for quick, folder for lite, gopro for the others."
    )
    parser.add_argument("--recipe", help="quick, report, deblurgan, lite, corrected (default)")
    parser.add_argument(
        "--data",
        metavar="DIR",
        help="folder of GoPro (default: where `sharingan fetch gopro` puts it) or, for "
        "data=folder, of the photographs",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the run (default: runs/RECIPE)")
    parser.add_argument("--resume", action="store_true", help="go on where the run stopped")
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="change a setting of the recipe, such as data=mixed; may be repeated",
    )


def _add_deblur(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group, "deblur", commands.deblur, "restore blurred photos", "photo.jpg -o restored"
    )
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help="image files or folders of them")
    parser.add_argument(
        "-o", dest="out", required=True, metavar="OUT", help="folder; or, for one input, a file"
    )
    parser.add_argument(
        "--model",
        default="lite",
        help="shipped name, .safetensors file or run folder (default: lite)",
    )
    _add_device(parser)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")


def _add_blur(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group,
        "blur",
        commands.blur,
        "blur a sharp photo by a random motion",
        "photo.jpg -o blurred.png --seed 3",
    )
    parser.add_argument("input", metavar="INPUT", help="image file")
    parser.add_argument("-o", dest="out", required=True, metavar="OUT", help="file or folder")
    parser.add_argument("--seed", type=_seed, default=0, help="which motion (default: 0)")
    _add_size(parser)
    parser.add_argument(
        "--noise",
        type=float,
        default=0.01,
        metavar="STD",
        help="deviation of the noise in [0, 1] (default: 0.01)",
    )


def _add_synthesize(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group,
        "synthesize",
        commands.synthesize,
        "make blurred and sharp pairs in GoPro's layout from photographs or slow-motion frames",
        "photos -o data/my-gopro --pairs 8",
    )
    parser.add_argument("photos", metavar="PHOTOS", help="folder of sharp photographs or frames")
    parser.add_argument("-o", dest="out", required=True, metavar="OUT", help="folder to make")
    add = parser.add_argument
    add(
        "--film",
        action="store_true",
        help="PHOTOS holds consecutive frames of a film, or folders of them: average these",
    )
    add("--frames", type=_positive, default=11, metavar="N", help="averaged; odd (default: 11)")
    add("--pairs", type=_positive, default=8, metavar="N", help="of each photo (default: 8)")
    add(
        "--frame-size",
        type=_positive,
        default=720,
        metavar="PIXELS",
        help="shorter side of the frames, at most (default: 720)",
    )
    add("--seed", type=_seed, default=0, help="of paths and split (default: 0)")


def _add_size(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size",
        type=int,
        default=31,
        metavar="PIXELS",
        help="side of the blur kernel (default: 31)",
    )


def _whole(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 0, got {text!r}")
    return int(text)


def _seed(text: str) -> int:
    try:
        return check_seed(_whole(text))
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")
    return int(text)


def _add_evaluate(group: argparse._SubParsersAction) -> None:
    parser = group.add_parser(
        "evaluate",
        help="measure restored images or detections",
        epilog="Example: sharingan evaluate images restored/ sharp/",
    )
    kinds = parser.add_subparsers(metavar="KIND", required=True)
    images = _command(
        kinds,
        "images",
        commands.evaluate_images,
        "print PSNR and SSIM of the files with equal names in two folders",
        "restored/ sharp/",
    )
    images.add_argument("restored", metavar="RESTORED_DIR")
    images.add_argument("sharp", metavar="SHARP_DIR")
    detection = _command(
        kinds,
        "detection",
        commands.evaluate_detection,
        "train a small detector on generated weed fields; score sharp, blurred and restored ones",
        "--model lite --fields 40",
    )
    add = detection.add_argument
    add("--model", default="lite", help="generator that restores (default: lite)")
    add("--fields", type=_positive, default=40, metavar="N", help="to test on (default: 40)")
    add(
        "--train-fields",
        type=_positive,
        default=200,
        metavar="N",
        help="to train on (default: 200)",
    )
    add("--steps", type=_positive, default=300, metavar="N", help="of training (default: 300)")
    add("--seed", type=_seed, default=0, help="of fields, blur and training (default: 0)")
    _add_size(detection)
    _add_device(detection)


def _add_fetch(group: argparse._SubParsersAction) -> None:
    parser = _command(group, "fetch", commands.fetch, "download data or weights, verified", "vgg19")
    parser.add_argument("name", metavar="NAME", help="gopro, vgg19 or faster-rcnn")
    parser.add_argument("--to", metavar="DIR", help="default: where the library looks for it")
    parser.add_argument(
        "--from", dest="source", metavar="SOURCE", help="another address, or a file already here"
    )


def _add_explore(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group, "explore", commands.explore, "open the blur explorer in a browser", "--port 8866"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: 127.0.0.1, this machine alone)",
    )
    parser.add_argument("--port", type=_whole, default=0, help="default: 0, one that is free")


def _add_lab(group: argparse._SubParsersAction) -> None:
    parser = _command(
        group, "lab", commands.lab, "open JupyterLab on a copy of the lessons", "--to my-course"
    )
    parser.add_argument(
        "--to",
        default="sharingan-course",
        metavar="DIR",
        help="folder of the copy; lessons already there are kept (default: sharingan-course)",
    )
    parser.add_argument("--port", type=_positive, default=8888, help="default: 8888")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")


def _add_course(group: argparse._SubParsersAction) -> None:
    parser = group.add_parser(
        "course", help="look after the lessons", epilog="Example: sharingan course check"
    )
    jobs = parser.add_subparsers(metavar="JOB", required=True)
    for name, run, purpose in (
        ("check", commands.course_check, "check that the lessons are committed clean"),
        ("refresh", commands.course_refresh, "run lessons; store the outputs that tests compare"),
    ):
        job = _command(jobs, name, run, purpose, "--only 01")
        job.add_argument("--only", metavar="01,08", help="lessons (default: all)")
        _add_notebooks(job)
