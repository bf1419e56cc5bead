"""The lessons of a folder: which there are, which are asked for, which parameters they take."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from papermill import inspect_notebook

from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.locations import named_path, notebooks_dir

_NUMBERING = re.compile(r"^\s*(Lesson\s+)?\d+\s*[:.\u00b7\u2013\u2014-]?\s*")
_NAME = re.compile(r"(\d\d)_[a-z0-9_]+")


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course; its name is a number of two digits, ``_`` and words."""

    path: Path

    @property
    def name(self) -> str:
        """The file name without its ending, such as ``01_motion_blur``."""
        return self.path.stem

    @property
    def number(self) -> str:
        """The two digits, such as ``01``."""
        return self.name[:2]

    @cached_property
    def notebook(self) -> nbformat.NotebookNode:
        """The notebook as it lies on disk."""
        try:
            return nbformat.read(self.path, as_version=4)
        except (ValueError, KeyError, nbformat.ValidationError) as error:
            raise DataError(f"{self.path} is not a notebook: {error}") from error

    @cached_property
    def title(self) -> str:
        """The first heading, or the file name where there is none."""
        for cell in self.notebook.cells:
            found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE)
            if cell.cell_type == "markdown" and found:
                return _NUMBERING.sub("", found[1]).strip()
        return self.name

    @cached_property
    def aim(self) -> str:
        """The first thing that the lesson says one can do after it, empty where it says nothing."""
        found = re.search(r"^- (.+?)[;.]?(?=\n-|\n\n|\Z)", self._opening, re.DOTALL | re.MULTILINE)
        return " ".join(found[1].split()) if found else ""

    @cached_property
    def minutes(self) -> int | None:
        """How long the lesson says that it takes to work through, None where it says nothing."""
        found = re.search(r"\*\*Time\*\* (?:about )?(\d+) minutes", self._opening)
        return int(found[1]) if found else None

    @property
    def _opening(self) -> str:
        return next((c.source for c in self.notebook.cells if c.cell_type == "markdown"), "")

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Names of the parameters with their types (``int``, ``float``, ``bool``, ``str``)."""
        found = inspect_notebook(self.path)
        return {name: facts["inferred_type_name"] for name, facts in found.items()}


def all_lessons(folder: Path | None = None) -> list[Lesson]:
    """Return the lessons of a folder in order; a DataError where there is none."""
    folder = notebooks_dir() if folder is None else named_path(folder)
    lessons = [Lesson(p) for p in sorted(folder.glob("*.ipynb")) if _NAME.fullmatch(p.stem)]
    if not lessons:
        raise DataError(f"no lessons (NN_name.ipynb) in {folder}")
    return lessons


def select(lessons: Sequence[Lesson], only: Iterable[str]) -> list[Lesson]:
    """Return the lessons asked for by number or name; all of them where none is asked for.

    Where one is not there, a ConfigError lists those that are.
    """
    wanted = [word.strip() for word in only]
    unknown = [w for w in wanted if not any(_matches(w, lesson) for lesson in lessons)]
    if unknown:
        names = ", ".join(lesson.name for lesson in lessons)
        raise ConfigError(f"no lesson {', '.join(map(repr, unknown))}: choose from {names}")
    return [x for x in lessons if not wanted or any(_matches(w, x) for w in wanted)]


def _matches(word: str, lesson: Lesson) -> bool:
    by_number = word.isdecimal() and word.zfill(2) == lesson.number
    return by_number or word in (lesson.name, lesson.path.name)


def check_parameters(
    lessons: Sequence[Lesson], given: Mapping[str, str]
) -> dict[str, int | float | bool | str]:
    """Turn the text of each parameter into the type that the lessons declare for it.

    A ConfigError says that it does not fit, or that no lesson has a parameter of that name.
    """
    known = {name: kind for lesson in lessons for name, kind in lesson.parameters.items()}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise ConfigError(
            f"no selected lesson has a parameter {', '.join(map(repr, unknown))}: "
            f"choose from {', '.join(sorted(known))}"
        )
    return {name: _typed(name, text, known[name]) for name, text in given.items()}


_READERS = {
    "int": int,
    "float": float,
    "bool": {"true": True, "false": False}.__getitem__,
    "str": str,
}


def _typed(name: str, text: str, kind: str) -> int | float | bool | str:
    if kind == "str" and text.startswith("~"):
        return str(named_path(text))
    try:
        return _READERS.get(kind, str)(text.lower() if kind == "bool" else text)
    except (ValueError, KeyError):
        raise ConfigError(f"parameter {name} is of type {kind}, got {text!r}") from None
