"""sharingan deblur."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sharingan_lab.commands.comparison import page_of, write_comparison
from sharingan_lab.commands.files import each, files_of, say_written, standard_input, targets_of
from sharingan_lab.commands.options import Group, add_command, add_device, whole
from sharingan_lab.errors import ConfigError, DiskFullError
from sharingan_lab.locations import named_weights

FORMATS = ("jpg", "png", "tif", "webp", "bmp", "avif", "heic")
_EXPECT = """
It helps where one sees motion. A picture that is sharp already gains nothing and
may lose: look at both with --compare. Without a GPU a photo of 48 megapixels takes
minutes."""
_GO_ON = "what is written is whole: the same command with --resume goes on"
_INPUTS = "files, folders, patterns; - is standard input; of a name like -a.jpg write ./-a.jpg"
_EXAMPLES = """examples:
  sharingan deblur photo.jpg -o restored.jpg --compare
  sharingan deblur holiday/ 'scans/*.tif' -o restored/
  sharingan deblur - -o - --format png < photo.heic > restored.png"""


def add(group: Group) -> None:
    parser = add_command(
        group, "deblur", deblur, "restore blurred photos; the rest of each file is kept"
    )
    parser.usage = "%(prog)s INPUT... -o OUT [options]"
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, _EXAMPLES
    parser.description += _EXPECT
    add = parser.add_argument
    add("inputs", nargs="+", metavar="INPUT", help=_INPUTS)
    add("-o", dest="out", required=True, metavar="OUT", help="folder; for one input a file, or -")
    add("--model", default="lite", help="lite, sharingan, a .safetensors file or run folder")
    add("--format", choices=FORMATS, metavar="F", help=f"{', '.join(FORMATS)} (as the input)")
    add("--quality", type=_quality, metavar="N", help="1 to 100, of a JPEG or WebP (as the input)")
    add("--compare", action="store_true", help="write a page with a slider, before and after")
    there = parser.add_mutually_exclusive_group()
    replaced = "replace files that are there; never the input"
    there.add_argument("--force", action="store_true", help=replaced)
    kept = "go on after a stop: keep files that are there, restore the others"
    there.add_argument("--resume", action="store_true", help=kept)
    add_device(parser)


def _quality(text: str) -> int:
    return whole(text, 1, 100)


def deblur(choice: argparse.Namespace) -> int:
    named_weights(choice.model)  # wrong names are answered before torch is there
    with tempfile.TemporaryDirectory() as folder:

        def files(name: str) -> list[Path]:
            return files_of(standard_input(folder) if name == "-" else name)

        found = each(dict.fromkeys(choice.inputs), files)
        missed = len(found) < len(set(choice.inputs))
        if not found:
            return 1
        to_output = choice.out == "-"
        out = f"{folder}/restored/" if to_output else choice.out
        sources = [file for files in found.values() for file in files]
        may_be = choice.force or choice.resume
        targets = targets_of(sources, out, ending=choice.format, force=may_be)
        if to_output and (len(targets) > 1 or choice.compare):
            raise ConfigError("-o - takes one picture, without --compare: name a folder with -o")
        if choice.compare and (page := page_of(list(targets.values()))).exists() > may_be:
            raise ConfigError(f"{page} would be replaced: write --force, or another folder")
        try:
            return max(int(missed), _deblur_all(targets, choice, to_output))
        except (KeyboardInterrupt, DiskFullError) as stop:
            if len(targets) == 1:
                raise
            raise type(stop)("; ".join(filter(None, (str(stop), _GO_ON)))) from stop


def _deblur_all(targets: dict[Path, Path], choice: argparse.Namespace, to_output: bool) -> int:
    from sharingan_lab.device import choose_device
    from sharingan_lab.restore import load_generator, restore_file

    generator = load_generator(choice.model, choose_device(choice.device))
    kept = {target for target in targets.values() if choice.resume and target.exists()}

    def work(source: Path) -> Path:
        target, progress = targets[source], _progress(source)
        if target in kept:
            return target
        restore_file(source, target, generator, quality=choice.quality, on_progress=progress)
        if to_output:
            sys.stdout.buffer.write(target.read_bytes())
        else:
            say_written(target)
        return target

    done = each(targets, work)
    if choice.compare and done and not to_output:
        say_written(write_comparison(done, page_of(list(targets.values())), choice.model))
    if len(targets) > 1 and not to_output:
        before = f", {len(kept)} of them before" if kept else ""
        print(f"{len(done)} of {len(targets)} restored{before}")
    return int(len(done) < len(targets))


def _progress(source: Path) -> Callable[[int, int], None] | None:
    """A line that counts, for somebody who watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, parts: int) -> None:
        if parts > 1:
            end = "\n" if done == parts else ""
            print(f"\r{source.name}: {done} of {parts} parts", end=end, file=sys.stderr, flush=True)

    return show
