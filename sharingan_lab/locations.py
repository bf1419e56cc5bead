"""Where lessons, shipped files and data sets lie, in a checkout and in an installed package."""

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent


def _in_checkout() -> bool:
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "notebooks").is_dir()


def notebooks_dir() -> Path:
    """Folder of the lessons: ``notebooks/`` in a checkout, inside the package when installed.

    Examples
    --------
    >>> notebooks_dir().name
    'notebooks'
    """
    return _CHECKOUT / "notebooks" if _in_checkout() else _PACKAGE / "course" / "notebooks"


def shipped_dir() -> Path:
    """Folder of the small files that travel with the package (checkpoints, model cards).

    Examples
    --------
    >>> shipped_dir().is_dir()
    True
    """
    return _CHECKOUT / "data" / "shipped" if _in_checkout() else _PACKAGE / "course" / "data"


def data_dir() -> Path:
    """Folder where data sets are looked for and downloaded to.

    ``$SHARINGAN_DATA`` if set, else ``data/`` of the checkout, else ``~/.cache/sharingan-lab``.

    Examples
    --------
    >>> import os
    >>> os.environ["SHARINGAN_DATA"] = "/somewhere/else"
    >>> data_dir().as_posix()
    '/somewhere/else'
    >>> del os.environ["SHARINGAN_DATA"]
    """
    chosen = os.environ.get("SHARINGAN_DATA")
    if chosen:
        return Path(chosen).expanduser()
    return _CHECKOUT / "data" if _in_checkout() else Path.home() / ".cache" / "sharingan-lab"
