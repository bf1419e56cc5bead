"""The folder of a report: one page and one notebook a lesson, an index, a summary.

Every file is written whole or not at all, and the index is true after each lesson.
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import nbformat

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.equations import EquationError
from sharingan_lab.lab.report.export import index_html, lesson_html, thumbnail
from sharingan_lab.lab.report.findings import Cover, Failure, cover
from sharingan_lab.lab.report.results import FAILED, UNFINISHED, LessonResult, read_results, to_json
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically


class ReportFolder:
    """Holds the results of a report, by lesson name in the course's order, and writes its files.

    Results of an earlier report whose files are still there are kept. A ConfigError says that
    nothing can be written there.
    """

    def __init__(self, path: str | os.PathLike, lessons: Sequence[Lesson]):
        self.path = _writable(path)
        self._lessons = {lesson.name: lesson for lesson in lessons}
        self._covers: dict[str, Cover | None] = {}
        known = read_results(self.path / "summary.json")
        kept = [known[name] for name in self._lessons if name in known]
        self.results = {r.name: r for r in kept if r.status == UNFINISHED or self._has_files(r)}

    def expect(self, result: LessonResult) -> None:
        """Put down a lesson that is to be run; it counts as unfinished until :meth:`put`."""
        self.results[result.name] = result
        self._covers.pop(result.name, None)
        self.results = {n: self.results[n] for n in self._lessons if n in self.results}

    def put(self, result: LessonResult, notebook: nbformat.NotebookNode) -> LessonResult:
        """Write the files of an executed lesson and return its result.

        An equation that cannot be drawn fails the lesson.
        """
        self._covers[result.name] = _small(cover(notebook))
        write_atomically(self.path / f"{result.name}.ipynb", nbformat.writes(notebook))
        self.results[result.name] = result
        undrawn = self._write_page(result, notebook)
        if undrawn:
            errors = [*result.errors, *(Failure(None, str(error)) for error in undrawn)]
            self.results[result.name] = replace(result, status=FAILED, errors=errors)
            self._write_page(self.results[result.name], notebook)
        return self.results[result.name]

    def relink(self) -> None:
        """Write pages again whose neighbours are others than when they were written."""
        for result in list(self.results.values()):
            if self._has_page(result) and result.links != self._links(result.name):
                self._write_page(result, self._notebook(result))

    def save(self, about: Mapping[str, object]) -> None:
        """Write ``summary.json`` and ``index.html``; both begin with what is said about the run."""
        results = list(self.results.values())
        summary = {**about, "lessons": to_json(results)}
        text = json.dumps(summary, indent=1, ensure_ascii=False)
        write_atomically(self.path / "summary.json", text)
        covers = {r.name: self._cover(r) for r in results if r.status != UNFINISHED}
        write_atomically(
            self.path / "index.html", index_html(results, self._lessons, covers, about)
        )

    def _write_page(
        self, result: LessonResult, notebook: nbformat.NotebookNode
    ) -> list[EquationError]:
        self.results[result.name] = replace(result, links=self._links(result.name))
        page, undrawn = lesson_html(notebook, result, *self._neighbours(result.name))
        write_atomically(self.path / f"{result.name}.html", page)
        return undrawn

    def _links(self, name: str) -> list[str]:
        return [f"{x.name}: {x.title}" if x else "" for x in self._neighbours(name)]

    def _neighbours(self, name: str) -> list[Lesson | None]:
        """The lessons before and after that have a page; None where there is none."""
        names = [r.name for r in self.results.values() if r.name == name or self._has_page(r)]
        place = names.index(name)
        before, after = names[:place][-1:], names[place + 1 :][:1]
        return [self._lessons[n[0]] if n else None for n in (before, after)]

    def _has_page(self, result: LessonResult) -> bool:
        return result.status != UNFINISHED and (self.path / f"{result.name}.html").is_file()

    def _has_files(self, result: LessonResult) -> bool:
        return self._has_page(result) and (self.path / f"{result.name}.ipynb").is_file()

    def _notebook(self, result: LessonResult) -> nbformat.NotebookNode:
        return nbformat.read(self.path / f"{result.name}.ipynb", as_version=4)

    def _cover(self, result: LessonResult) -> Cover | None:
        if result.name not in self._covers:
            self._covers[result.name] = _small(cover(self._notebook(result)))
        return self._covers[result.name]


def _small(picture: Cover | None) -> Cover | None:
    return picture and Cover(thumbnail(picture.picture), picture.alt)


def _writable(path: str | os.PathLike) -> Path:
    path = named_path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise ConfigError(
            f"cannot write a report to {path}: {error.strerror}; name another folder"
        ) from error
