"""What the report remembers of each lesson, from one run to the next."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sharingan_lab.lab.report.findings import Failure

DONE, FAILED, UNFINISHED = "done", "failed", "unfinished"


@dataclass(frozen=True)
class LessonResult:
    """The result of one lesson, as it stands in ``summary.json``.

    Attributes
    ----------
    status : {"done", "failed", "unfinished"}
        ``unfinished``: the run was stopped before the lesson's end.
    parameters : dict
        Those given by hand; the others had the values written in the lesson.
    seconds, cpu_seconds : float
        Wall clock, with the start of the kernel; what the kernel computed, all cores together.
    fingerprint : str
        Of the notebook, the parameters and the package; equal ones need no second run.
    links : list of str
        The lessons before and after that its page links to; empty texts where there is none.
    """

    lesson: str
    name: str
    title: str
    status: str
    mode: str
    parameters: dict
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    finished: str = ""
    fingerprint: str = ""
    links: list[str] = field(default_factory=lambda: ["", ""])
    key_figures: list[dict] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)

    @property
    def duration(self) -> str:
        """The time it took, in words.

        Examples
        --------
        >>> LessonResult("01", "01_a", "A", "done", "quick", {}, 125.0, 61.0).duration
        '2 min 5 s (1 min 1 s of CPU time)'
        """
        cpu = f" ({in_words(self.cpu_seconds)} of CPU time)" if self.cpu_seconds else ""
        return in_words(self.seconds) + cpu


def in_words(seconds: float) -> str:
    """Write a duration as people say it.

    Examples
    --------
    >>> in_words(7.31), in_words(125), in_words(3 * 3600 + 300)
    ('7 s', '2 min 5 s', '3 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def to_json(results: Iterable[LessonResult]) -> list[dict]:
    """Return the results as plain values, each with the names of its files."""
    return [asdict(r) | {"html": f"{r.name}.html", "notebook": f"{r.name}.ipynb"} for r in results]


def read_results(summary: Path) -> dict[str, LessonResult]:
    """Return the results of an earlier run by lesson name; none where there is no such file.

    A file of another version or a damaged one counts as none: its lessons run again.

    Examples
    --------
    >>> read_results(Path("missing.json"))
    {}
    """
    try:
        entries = json.loads(summary.read_text())["lessons"]
        return {entry["name"]: _result(entry) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _result(entry: dict) -> LessonResult:
    plain = {k: v for k, v in entry.items() if k not in ("html", "notebook", "errors")}
    return LessonResult(**plain, errors=[Failure(**error) for error in entry["errors"]])
