"""What a report is to be made of, checked before any work."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab.lesson import check_run
from sharingan_lab.lab.report.catalogue import Lesson, all_lessons, check_parameters, select
from sharingan_lab.lab.report.machine import cores
from sharingan_lab.lab.report.pages import ReportFolder
from sharingan_lab.patience import patience

_FULL_CELL = 48 * 3600.0  # seconds
_LONGEST = 1_000_000  # seconds; the clocks of a kernel's messages count no further than 24 days
_CHECKED = ("data_root", "seed", "device", "run_dir")  # parameters that lessons would refuse


@dataclass(frozen=True)
class Order:
    """What a report is to be made of: lessons, mode, parameters, folder, and how they are run."""

    chosen: Sequence[Lesson]
    mode: str
    parameters: dict
    folder: ReportFolder
    timeout: float
    jobs: int
    force: bool


def order(
    *,
    mode: str = "quick",
    only: Sequence[str] = (),
    out: str | os.PathLike = "reports",
    parameters: Mapping[str, str] | None = None,
    timeout: float | None = None,
    jobs: int | None = None,
    force: bool = False,
    notebooks: str | os.PathLike | None = None,
) -> Order:
    """Check what is asked for, before any work.

    A ConfigError names what is unknown or out of range, a DataError what is not here: lessons, or
    GoPro or CUDA for full mode.

    Parameters
    ----------
    only : list of str
        Numbers or names of lessons; all where empty.
    out, notebooks : path
        Folder of the report, made where it is missing; of the lessons, by default the course's.
    parameters : dict of str
        Values for the lessons' parameters, as text; valid if one chosen lesson has it.
    timeout : float, optional
        Seconds that a cell may take; by default `patience` in quick mode, two days in full mode.
    jobs : int, optional
        Lessons at a time; in quick mode two where there are two cores, in full mode one.
    force : bool
        Run lessons again whose result is up to date.
    """
    lessons = all_lessons(notebooks)
    chosen = select(lessons, only)
    values = check_parameters(chosen, parameters or {})
    mode = values.pop("mode", mode)
    check_run(mode=mode, **{name: values[name] for name in _CHECKED if name in values})
    if timeout is None:
        timeout = _FULL_CELL if mode == "full" else patience()
    if jobs is None:
        jobs = min(2, cores()) if mode == "quick" else 1
    if not 0 < timeout <= _LONGEST:
        raise ConfigError(f"--timeout: expected seconds, above 0 to {_LONGEST}, got {timeout:g}")
    if jobs < 1:
        raise ConfigError(f"at least 1 lesson runs at a time, got {jobs}")
    return Order(chosen, mode, values, ReportFolder(out, lessons), timeout, jobs, force)
