"""What the extra ``course`` of an installation brings, and one line where it is not there."""

import importlib.util

from sharingan_lab.errors import MissingExtraError

#: Of each package the name to install and to import, as `pyproject.toml` lists them.
COURSE = (
    "matplotlib",
    "jupyterlab",
    "ipykernel",
    "ipywidgets",
    "nbformat",
    "nbconvert",
    "papermill",
    "latex2mathml",
    "psutil",
    "voila",
)
GET_COURSE = "pip install 'sharingan-lab[course]'"


def is_here(module: str) -> bool:
    """Tell whether a module can be imported, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ImportError:  # somebody's import hook refuses it
        return False


def missing_course() -> list[str]:
    """Name the packages of the course that are not installed."""
    return [name for name in COURSE if not is_here(name)]


def require_course() -> None:
    """Raise a MissingExtraError that says how to get the course's packages, if one is missing."""
    if missing := missing_course():
        raise MissingExtraError(
            f"lessons, report and widgets need packages that are not installed "
            f"({', '.join(missing)}); get them: {GET_COURSE}"
        )
