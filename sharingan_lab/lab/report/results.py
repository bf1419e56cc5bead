"""What the report remembers of each lesson, from one run to the next."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sharingan_lab.lab.report.findings import Failure
from sharingan_lab.lab.tables import in_words

DONE, FAILED, UNFINISHED = "done", "failed", "unfinished"


@dataclass(frozen=True)
class LessonResult:
    """The result of one lesson, as it stands in ``summary.json``.

    An ``unfinished`` lesson was stopped before its end; the parameters are those given by hand;
    ``seconds`` are wall clock, with the start of the kernel, ``cpu_seconds`` what it computed, all
    cores together; results of equal fingerprint need no second run; ``links`` are the lessons
    before and after that the page links to, empty where there is none.
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
        """The time it took, in words."""
        cpu = f" ({in_words(self.cpu_seconds)} of CPU time)" if self.cpu_seconds else ""
        return in_words(self.seconds) + cpu


def to_json(results: Iterable[LessonResult]) -> list[dict]:
    """Return the results as plain values, each with the names of its files."""
    return [asdict(r) | {"html": f"{r.name}.html", "notebook": f"{r.name}.ipynb"} for r in results]


def read_results(summary: Path) -> dict[str, LessonResult]:
    """Return the results of an earlier run by lesson name; none where there is no such file.

    A file of another version or a damaged one counts as none: its lessons run again.
    """
    try:
        entries = json.loads(summary.read_text())["lessons"]
        return {entry["name"]: _result(entry) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _result(entry: dict) -> LessonResult:
    plain = {k: v for k, v in entry.items() if k not in ("html", "notebook", "errors")}
    return LessonResult(**plain, errors=[Failure(**error) for error in entry["errors"]])
