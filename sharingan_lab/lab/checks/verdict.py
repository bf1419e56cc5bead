"""One exercise, one answer: open, not yet (seen, expected, where to look) or right."""

import html
import importlib
import sysconfig
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sharingan_lab.errors import ConfigError

OPEN, NOT_YET, RIGHT = "open", "not yet", "right"
_MARKS = {OPEN: "\u25cb", NOT_YET: "\u2717", RIGHT: "\u2713"}
_LIBRARIES = (
    str(Path(__file__).parents[2]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)


class Open(Exception):
    """Nothing was written yet; the text says what to write."""


class NotYet(Exception):
    """An answer that does not do it: what was seen, what is expected, where to look."""

    def __init__(self, seen: str, expected: str, look: str) -> None:
        super().__init__(seen)
        self.lines = {"seen": seen, "expected": expected, "look": look}


def expect(holds: object, seen: str, expected: str, look: str) -> None:
    """Raise NotYet with these three lines unless the condition holds."""
    if not holds:
        raise NotYet(seen, expected, look)


@dataclass(frozen=True)
class Verdict:
    """What a check answers; as the last line of a cell it is shown as a note."""

    exercise: str
    state: str
    lines: dict[str, str]

    @property
    def right(self) -> bool:
        """Whether the exercise is solved."""
        return self.state == RIGHT

    @property
    def message(self) -> str:
        """All of it as text."""
        first, *rest = self.lines.items()
        head = f"{_MARKS[self.state]} Exercise {self.exercise}, {self.state}: "
        if self.state != NOT_YET:
            return head + first[1]
        return "\n".join([head.rstrip(), *(f"    {key}: {text}" for key, text in [first, *rest])])

    __repr__ = __str__ = message.fget

    def _repr_html_(self) -> str:
        lines = [line.strip().rstrip(":").split(": ", 1) for line in self.message.splitlines()]
        rows = [f"<b>{html.escape(key)}:</b> {html.escape(''.join(text))}" for key, *text in lines]
        return f'<div role="status" class="sharingan-check">{"<br>".join(rows)}</div>'


def check(exercise: str, *answers: object, **given: object) -> Verdict:
    """Check what was written for an exercise; never raise what the answer is to blame for.

    Parameters
    ----------
    exercise : str
        Lesson and exercise, such as ``"00.1"`` or ``"00.my_psnr"``.
    *answers : object
        What the student wrote: numbers, tensors, lists or functions.
    **given : object
        What the lesson has at hand and the check needs, such as a picture.

    Raises
    ------
    ConfigError
        There is no such exercise.

    Examples
    --------
    >>> check("00.1", 14)
    \u2717 Exercise 00.1, not yet:
        seen: 14 dB
        expected: between the 20 dB of an error of 0.1 and the 40 dB of 0.01
        look: a smaller error means a larger PSNR
    """
    judge = find(exercise)
    try:
        if all(answer is None or _is_empty(answer) for answer in answers):
            raise Open("write your answer into the cell above, run it, and run this one again.")
        return Verdict(exercise, RIGHT, {"seen": judge(*answers, **given)})
    except Open as nothing:
        return Verdict(exercise, OPEN, {"seen": str(nothing)})
    except NotYet as problem:
        return Verdict(exercise, NOT_YET, problem.lines)
    except Exception as error:  # whatever it is, students read why and no frames of ours
        return stopped(exercise, error)


def _is_empty(answer: object) -> bool:
    return isinstance(answer, str | list | tuple | set | dict) and not answer


def find(exercise: str) -> Callable[..., str]:
    """Return the check of an exercise; it takes the answers and returns praise or raises."""
    lesson, _, name = exercise.partition(".")
    name = f"exercise_{name}" if name.isdigit() else name
    with suppress(ImportError):
        module = importlib.import_module(f"{__package__}.lesson_{lesson}")
        judge = getattr(module, name, None)
        if getattr(judge, "__module__", "") == module.__name__:  # written there, not imported
            return judge
    raise ConfigError(f"there is no exercise {exercise!r}: copy its name, as '00.1'")


def stopped(exercise: str, error: BaseException) -> Verdict:
    """Say where a student's code stopped, or that the answer is of another kind."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if not f.filename.startswith(_LIBRARIES)]
    lines = {"seen": said, "expected": "an answer of the kind that the text asks for"}
    if not theirs:
        called = "positional argument" in said  # with more or fewer than the def line has
        look = "the arguments of its def line: as given" if called else "its type and shape"
        look = f"line {error.lineno} of the cell" if isinstance(error, SyntaxError) else look
        return Verdict(exercise, NOT_YET, lines | {"look": look})
    look = f"line {theirs[-1].lineno} of the cell that defines {theirs[-1].name}"
    look += f": {theirs[-1].line}" if theirs[-1].line else ""
    seen = {"seen": f"your code stops with {said}", "expected": "a result", "look": look}
    return Verdict(exercise, NOT_YET, seen)
