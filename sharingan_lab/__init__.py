"""sharingan-lab: motion deblurring with conditional GANs, taught step by step.

One road runs through the package, and each subpackage is one station of it:
``blur`` -> ``classical`` -> ``datasets`` -> ``networks`` -> ``losses`` -> ``training`` ->
``restore`` -> ``evaluation``; ``lab`` and ``cli`` are the doors.

A station is imported when it is first named, so that ``import sharingan_lab`` costs nothing:

>>> import sharingan_lab
>>> sharingan_lab.blur.linear_kernel(9, 0, 15).shape
torch.Size([1, 15, 15])

and ``sharingan_lab.deblur(photo)`` is the whole road for somebody with a shaken photo.
"""

import importlib
from collections.abc import Callable
from types import ModuleType

__version__ = "0.1.0"

__all__ = [
    "blur",
    "classical",
    "datasets",
    "evaluation",
    "images",
    "losses",
    "networks",
    "restore",
    "training",
]
_NAMES = {*__all__, "lab"}  # lab wants the extra `course`, so * leaves it out
__all__ += ["deblur"]


def __getattr__(name: str) -> ModuleType | Callable:
    if name == "deblur":
        return importlib.import_module(f"{__name__}.restore").deblur
    if name in _NAMES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES, "deblur"})
