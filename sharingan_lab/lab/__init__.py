"""What only notebooks need: the start of a lesson, its figures, tables and notices.

Lessons write ``from sharingan_lab import lab`` and use the names below, each imported when it is
first used. All of it needs the extra ``course``.
"""

import importlib

from sharingan_lab.extras import require_course

require_course()

_PLACES = {
    "COLOURS": "style",
    "Run": "lesson",
    "animate": "animation",
    "image_grid": "figures",
    "key_figure": "notes",
    "notice": "notes",
    "progress": "progress_bar",
    "setup": "lesson",
    "show": "figures",
    "table": "notes",
}
__all__ = list(_PLACES)


def __getattr__(name: str) -> object:
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PLACES})
