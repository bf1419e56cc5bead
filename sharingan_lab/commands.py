"""What each command does: arguments in, a call of the library, a few printed lines, exit code.

The library is imported when a command runs, so that ``--help`` answers at once.
"""

import argparse
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING

from sharingan_lab.errors import ConfigError, DataError, SharinganError
from sharingan_lab.locations import named_path

if TYPE_CHECKING:
    from sharingan_lab.lab.report.catalogue import Lesson
    from sharingan_lab.training import TrainConfig


def _refuse_windows(command: str) -> None:
    if sys.platform == "win32":
        raise ConfigError(f"sharingan {command} needs Linux or macOS: on Windows, run it in WSL")


def report(choice: argparse.Namespace) -> int:
    _refuse_windows("report")
    from sharingan_lab.lab.report.order import order
    from sharingan_lab.lab.report.run import run

    ordered = order(
        mode=choice.mode,
        only=choice.only.split(",") if choice.only is not None else (),
        out=choice.out,
        parameters=dict(choice.parameters),
        timeout=choice.timeout,
        jobs=choice.jobs,
        force=choice.force,
        notebooks=choice.notebooks,
    )
    return run(ordered).exit_code


def train(choice: argparse.Namespace) -> int:
    from sharingan_lab.training import Trainer

    recipe = choice.recipe or "corrected"
    out = Path("runs", recipe) if choice.out is None else named_path(choice.out)
    config = _training_settings(choice, out)
    trainer = Trainer(config, out, resume=choice.resume)
    tell = print if trainer.team.leads else (lambda _: None)
    tell(f"Training {config.recipe!r} into {out}; Ctrl-C saves and stops, --resume goes on.")
    for notice in trainer.notices:
        tell(f"Notice: {notice}")
    try:
        trainer.fit(_print_row)
    finally:
        trainer.team.part_ways()
    tell(f"Done: {out}. Restore a photo with: sharingan deblur PHOTO -o OUT --model {out}")
    return 0


def _training_settings(choice: argparse.Namespace, out: Path) -> "TrainConfig":
    """Settings of the recipe, or of the run that goes on, changed by the options."""
    from sharingan_lab.training import TrainConfig, recipe

    kept = out / "config.json"
    if choice.resume and choice.recipe is None and kept.is_file():
        config = TrainConfig.read(kept)
    else:
        config = recipe(choice.recipe or "corrected")
    folder = [] if choice.data is None else [f"data_root={named_path(choice.data)}"]
    return config.with_assignments([*folder, *choice.settings])  # at once: they may need each other


def _print_row(step: int, total: int, row: dict, seconds_left: float) -> None:
    losses = "  ".join(f"{k} {row[k]:.4g}" for k in ("content", "wasserstein") if k in row)
    quality = ""
    if "psnr" in row:
        quality = f"  PSNR {row['psnr']:.2f} dB (input {row['input_psnr']:.2f} dB)"
    left = time.strftime("%H:%M:%S", time.gmtime(seconds_left))
    of_all = f" of {total}" if total else ""  # a run by the clock knows no number at first
    print(f"step {step:>6}{of_all}  {losses}{quality}  {left} left", flush=True)


def deblur(choice: argparse.Namespace) -> int:
    from sharingan_lab.device import choose_device
    from sharingan_lab.restore import load_generator, restore_file

    targets = _targets(choice.inputs, choice.out)
    generator = load_generator(choice.model, choose_device(choice.device))
    done = _each(
        targets, lambda source: _say_written(restore_file(source, targets[source], generator))
    )
    if len(targets) > 1:
        print(f"{len(done)} of {len(targets)} restored")
    return int(len(done) < len(targets))


def _each(names: Collection, work: Callable) -> dict:
    """What the work gives for each name; of what fails a line is printed, and the others go on."""
    done = {}
    for name in names:
        try:
            done[name] = work(name)
        except Exception as error:  # whatever it is, it is of this one alone
            line = " ".join(str(error).split()) or type(error).__name__
            line = line if str(name) in line else f"{name}: {line}"
            if len(names) == 1:
                raise error if isinstance(error, SharinganError) else DataError(line) from error
            print(f"sharingan: {line}", file=sys.stderr)
    return done


def blur(choice: argparse.Namespace) -> int:
    import torch

    from sharingan_lab.blur import degrade, random_kernels
    from sharingan_lab.images import read_image, write_image

    if named_path(choice.input).is_dir():
        raise ConfigError(f"{choice.input} is a folder: name one picture")
    ((source, target),) = _targets([choice.input], choice.out).items()
    rng = torch.Generator().manual_seed(choice.seed)
    kernel = random_kernels(1, choice.size, rng=rng)
    sharp = read_image(source)
    blurred = degrade(sharp, kernel, noise_std=choice.noise, rng=rng)
    return _say_written(write_image(blurred, target))


def synthesize(choice: argparse.Namespace) -> int:
    from sharingan_lab.datasets import write_from_frames, write_gopro_like

    if choice.film:
        made = write_from_frames(
            choice.photos, choice.out, frames=choice.frames, on_sequence=_print_photo
        )
    else:
        made = write_gopro_like(
            choice.photos,
            choice.out,
            frames=choice.frames,
            pairs=choice.pairs,
            size=choice.frame_size,
            seed=choice.seed,
            on_photo=_print_photo,
        )
    print(f"{made['train']} pairs to train on and {made['test']} to test on are in {choice.out}")
    print(f"Train on them with: sharingan train --data {choice.out}")
    return 0


def _print_photo(name: str, done: int, total: int) -> None:
    print(f"{done} of {total}: {name}", flush=True)


def _targets(inputs: Sequence[str], out: str) -> dict[Path, Path]:
    """The output of each input; a folder among the inputs stands for its pictures."""
    from sharingan_lab.images import list_pictures, written_endings

    folder, endings = named_path(out), written_endings()
    is_file = not (folder.is_dir() or out.endswith(("/", os.sep))) and folder.suffix != ""
    if is_file and folder.suffix.lower() not in endings:
        raise ConfigError(
            f"{out} has the ending of no picture that can be written: end it in .png or .jpg, or, "
            f"for a folder of that name, write {out}{os.sep}"
        )
    if folder.exists() and not folder.is_dir() and not is_file:
        raise ConfigError(f"{out} is neither a folder nor an image file")
    paths = [named_path(name) for name in inputs]
    lists = [list_pictures(path) if path.is_dir() else [path] for path in paths]
    sources = [file for files in lists for file in files]
    if is_file and len(sources) > 1:
        raise ConfigError(f"{len(sources)} inputs cannot go to one file {out}: name a folder")
    names = {source: _written_name(source, endings) for source in sources}
    _check_names(sources, names)
    targets = {source: folder if is_file else folder / names[source] for source in sources}
    _check_targets(targets)
    return targets


def _written_name(source: Path, endings: set[str]) -> str:
    """The name of the source, as PNG where its own format would lose colours."""
    return source.name if source.suffix.lower() in endings else f"{source.stem}.png"


def _check_names(sources: Sequence[Path], names: dict[Path, str]) -> None:
    counts = Counter(names[source] for source in sources)
    for name in names.values():
        if counts[name] > 1:
            raise ConfigError(f"two inputs are named {name}: they would overwrite each other")


def _check_targets(targets: dict[Path, Path]) -> None:
    sources = {source.resolve() for source in targets}
    for source, target in targets.items():
        same = target.exists() and source.exists() and target.samefile(source)
        if same or target.resolve() in sources:
            raise ConfigError(f"{target} would overwrite its input: name another folder with -o")


def _say_written(path: Path) -> int:
    print(f"wrote {path}", flush=True)
    return 0


def evaluate_images(choice: argparse.Namespace) -> int:
    from sharingan_lab.images import list_pictures

    restored = {path.name: path for path in list_pictures(choice.restored)}
    sharp = {path.name: path for path in list_pictures(choice.sharp)}
    _check_partners(restored, sharp, choice)
    rows = _each(sorted(restored), lambda name: _measure(name, restored[name], sharp[name]))
    means = [_mean([row[i] for row in rows.values()]) for i in (1, 2)] if rows else []
    label = "mean" if len(rows) == len(restored) else f"mean of {len(rows)}"
    _print_table(("file", "PSNR [dB]", "SSIM"), [*rows.values(), (label, *means)])
    if same := sum(decibels == math.inf for _, decibels, _ in rows.values()):
        rest = "; the mean PSNR is that of the others" if same < len(rows) else ""
        print(f"identical pairs: {same} of {len(rows)}{rest}")
    return int(len(rows) < len(restored))


def _mean(values: list[float]) -> float:
    return mean([value for value in values if value < math.inf] or values)


def _measure(name: str, restored: Path, sharp: Path) -> tuple[str, float, float]:
    from sharingan_lab.evaluation import psnr, ssim
    from sharingan_lab.images import read_image

    pair = read_image(restored), read_image(sharp)
    if pair[0].shape != pair[1].shape:
        sizes = " and ".join(f"{p.shape[3]} x {p.shape[2]}" for p in pair)
        raise DataError(f"{name} has two sizes in the two folders: {sizes}")
    return name, psnr(*pair).item(), ssim(*pair).item()


def _check_partners(restored: dict, sharp: dict, choice: argparse.Namespace) -> None:
    alone = sorted(set(restored) ^ set(sharp))
    if alone:
        folder = choice.sharp if alone[0] in restored else choice.restored
        raise DataError(
            f"{len(alone)} file(s) without a partner, the first is {alone[0]}, missing in {folder}"
        )


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
    _print_table(("fields", "precision", "recall", "F1"), rows)
    return 0


def _print_step(step: int, losses: dict[str, float]) -> None:
    if step % 50 == 0:
        print(f"step {step:>4}  loss {sum(losses.values()):.3f}", flush=True)


def _print_table(head: tuple, rows: Sequence[tuple]) -> None:
    width = max(len(str(row[0])) for row in [head, *rows])
    print("  ".join([f"{head[0]:<{width}}", *(f"{name:>9}" for name in head[1:])]))
    for name, *values in rows:
        cells = ("identical" if value == math.inf else f"{value:.4f}" for value in values)
        print("  ".join([f"{name:<{width}}", *(f"{cell:>9}" for cell in cells)]))


def fetch(choice: argparse.Namespace) -> int:
    from sharingan_lab.datasets import download

    place = download.fetch(choice.name, choice.to, choice.source, on_progress=_Amounts())
    print(f"{choice.name} is in {place}")
    return 0


class _Amounts:
    """Prints how much has come and how long the rest will take, a line for each twentieth."""

    def __init__(self) -> None:
        self.last = ("", -1)
        self.began = (0.0, 0)  # when this work began, and with how many bytes there already

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = (what, 20 * done // total if total else done >> 28)
        if now == self.last:
            return
        if what != self.last[0]:
            self.began = (time.monotonic(), done)
        of = f" of {total / 1e6:,.0f}" if total else ""
        print(f"{what}: {done / 1e6:,.0f}{of} MB{self._left(done, total)}", flush=True)
        self.last = now

    def _left(self, done: int, total: int | None) -> str:
        start, first = self.began
        if not total or done <= first:
            return ""
        seconds = (time.monotonic() - start) / (done - first) * (total - done)
        return f"  {time.strftime('%H:%M:%S', time.gmtime(seconds))} left"


def explore(choice: argparse.Namespace) -> int:
    from sharingan_lab.lab.explorers.server import explore

    explore(choice.host, choice.port)
    return 0


def lab(choice: argparse.Namespace) -> int:
    _refuse_windows("lab")
    from sharingan_lab.lab.jupyter import open_course

    open_course(named_path(choice.to), choice.port, browser=not choice.no_browser)


def course_check(choice: argparse.Namespace) -> int:
    lessons = _lessons(choice)  # first: a wrong number needs no more than their list
    from sharingan_lab.lab.report import course

    problems = [problem for lesson in lessons for problem in course.check(lesson)]
    print("\n".join(problems or [f"{len(lessons)} lessons are clean"]))
    return int(bool(problems))


def course_refresh(choice: argparse.Namespace) -> int:
    _refuse_windows("course refresh")
    lessons = _lessons(choice)
    from sharingan_lab.lab.report import course

    failed = 0
    for lesson in lessons:
        failures = course.refresh(lesson)
        failed += bool(failures)
        print(
            f"{lesson.name}: {failures[0] if failures else 'compared outputs stored'}", flush=True
        )
    return int(failed > 0)


def _lessons(choice: argparse.Namespace) -> "list[Lesson]":
    from sharingan_lab.lab.report.catalogue import all_lessons, select

    words = choice.only.split(",") if choice.only is not None else ()
    return select(all_lessons(choice.notebooks), words)


def doctor(choice: argparse.Namespace) -> int:
    from sharingan_lab.doctor import diagnose, is_ready
    from sharingan_lab.extras import GET_COURSE, missing_course

    findings = diagnose()
    for heading, lines in findings.items():
        print(heading, *lines, sep="\n")
    ready = is_ready(findings)
    if not ready:
        print("Quick mode cannot run: see what is missing above.")
    elif missing_course():
        print(f"The library works. The lessons and the report need the course: {GET_COURSE}")
    else:
        print("Quick mode can run.")
    return int(not ready)
