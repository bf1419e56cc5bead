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
from sharingan_lab.lab.catalogue import Lesson
from sharingan_lab.lab.equations import EquationError
from sharingan_lab.lab.export import index_html, lesson_html, thumbnail
from sharingan_lab.lab.outcome import Cover, Failure, cover
from sharingan_lab.lab.record import FAILED, UNFINISHED, Record, read_records, to_json
from sharingan_lab.locations import named_path
from sharingan_lab.storage import write_atomically


class Folder:
    """Holds the records of a report and writes its files.

    Parameters
    ----------
    path : path
        Made where it is missing.
    lessons : list of Lesson
        The course: gives the order and the titles of neighbours.

    Attributes
    ----------
    records : dict
        By lesson name, in the order of the course; those of an earlier report whose files are
        still there are kept.

    Raises
    ------
    ConfigError
        Nothing can be written there.
    """

    def __init__(self, path: str | os.PathLike, lessons: Sequence[Lesson]):
        self.path = _writable(path)
        self._lessons = {lesson.name: lesson for lesson in lessons}
        self._covers: dict[str, Cover | None] = {}
        known = read_records(self.path / "summary.json")
        kept = [known[name] for name in self._lessons if name in known]
        self.records = {r.name: r for r in kept if r.status == UNFINISHED or self._has_files(r)}

    def expect(self, record: Record) -> None:
        """Put down a lesson that is to be run; it counts as unfinished until :meth:`put`."""
        self.records[record.name] = record
        self._covers.pop(record.name, None)
        self.records = {n: self.records[n] for n in self._lessons if n in self.records}

    def put(self, record: Record, notebook: nbformat.NotebookNode) -> Record:
        """Write the files of an executed lesson and return its record.

        An equation that cannot be drawn fails the lesson.
        """
        self._covers[record.name] = _small(cover(notebook))
        write_atomically(self.path / f"{record.name}.ipynb", nbformat.writes(notebook))
        self.records[record.name] = record
        undrawn = self._write_page(record, notebook)
        if undrawn:
            errors = [*record.errors, *(Failure(None, str(error)) for error in undrawn)]
            self.records[record.name] = replace(record, status=FAILED, errors=errors)
            self._write_page(self.records[record.name], notebook)
        return self.records[record.name]

    def relink(self) -> None:
        """Write pages again whose neighbours are others than when they were written."""
        for record in list(self.records.values()):
            if self._has_page(record) and record.links != self._links(record.name):
                self._write_page(record, self._notebook(record))

    def save(self, about: Mapping[str, object], facts: Mapping[str, str]) -> None:
        """Write ``summary.json`` and ``index.html``.

        Parameters
        ----------
        about : dict
            The summary beside the lessons.
        facts : dict
            The head of the index.
        """
        records = list(self.records.values())
        summary = {**about, "lessons": to_json(records)}
        text = json.dumps(summary, indent=1, ensure_ascii=False)
        write_atomically(self.path / "summary.json", text)
        covers = {r.name: self._cover(r) for r in records if r.status != UNFINISHED}
        write_atomically(self.path / "index.html", index_html(records, covers, facts))

    def _write_page(self, record: Record, notebook: nbformat.NotebookNode) -> list[EquationError]:
        self.records[record.name] = replace(record, links=self._links(record.name))
        page, undrawn = lesson_html(notebook, record, *self._neighbours(record.name))
        write_atomically(self.path / f"{record.name}.html", page)
        return undrawn

    def _links(self, name: str) -> list[str]:
        return [f"{x.name}: {x.title}" if x else "" for x in self._neighbours(name)]

    def _neighbours(self, name: str) -> list[Lesson | None]:
        """The lessons before and after that have a page; None where there is none."""
        names = [r.name for r in self.records.values() if r.name == name or self._has_page(r)]
        place = names.index(name)
        before, after = names[:place][-1:], names[place + 1 :][:1]
        return [self._lessons[n[0]] if n else None for n in (before, after)]

    def _has_page(self, record: Record) -> bool:
        return record.status != UNFINISHED and (self.path / f"{record.name}.html").is_file()

    def _has_files(self, record: Record) -> bool:
        return self._has_page(record) and (self.path / f"{record.name}.ipynb").is_file()

    def _notebook(self, record: Record) -> nbformat.NotebookNode:
        return nbformat.read(self.path / f"{record.name}.ipynb", as_version=4)

    def _cover(self, record: Record) -> Cover | None:
        if record.name not in self._covers:
            self._covers[record.name] = _small(cover(self._notebook(record)))
        return self._covers[record.name]


def _small(picture: Cover | None) -> Cover | None:
    return picture and Cover(thumbnail(picture.picture), picture.alt)


def _writable(path: str | os.PathLike) -> Path:
    path = named_path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return path
    except OSError as error:
        raise ConfigError(f"cannot write a report to {path}: {error.strerror}") from error
