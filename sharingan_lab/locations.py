"""Where lessons, shipped files and data sets lie, and what a path that a user names stands for."""

import os
from pathlib import Path

from sharingan_lab.errors import CheckpointError, ConfigError, InputError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent
_GENERATOR = "-generator.safetensors"


def _in_checkout() -> bool:
    return (_CHECKOUT / "pyproject.toml").is_file() and (_CHECKOUT / "notebooks").is_dir()


def named_path(name: str | os.PathLike) -> Path:
    """Path of a file or folder that a user names: ``~`` stands for a home, no name for nothing.

    An InputError says that this is no name, that it is empty, which Python takes for the current
    folder, or begins with the ``~`` of a user that there is not, which Python takes for a folder of
    that name.

    Examples
    --------
    >>> named_path("photos/a.jpg").as_posix(), named_path("~").is_absolute()
    ('photos/a.jpg', True)
    >>> named_path("")
    Traceback (most recent call last):
    ...
    sharingan_lab.errors.InputError: '' names no file or folder; write . for the current one
    """
    if not isinstance(name, str | os.PathLike):
        raise InputError(f"expected the name of a file or folder, got {type(name).__name__}")
    text = os.fspath(name)
    if not text.strip() or "\0" in text:
        raise InputError(f"{text!r} names no file or folder; write . for the current one")
    expanded = os.path.expanduser(text)
    if expanded == text and text.startswith("~") and not os.path.lexists(text):
        raise InputError(f"{text}: no such home folder; write the whole path")
    return Path(expanded)


def home_dir() -> Path:
    """The user's home folder, or a ConfigError, as in a container whose user nobody knows.

    Some libraries would make a folder named ``~`` instead.
    """
    try:
        return Path.home()
    except RuntimeError:
        raise ConfigError(
            "this user has no home folder: set HOME to a folder that can be written to, as in "
            "HOME=/tmp sharingan doctor"
        ) from None


def notebooks_dir() -> Path:
    """Folder of the lessons: ``notebooks/`` in a checkout, inside the package when installed."""
    return _CHECKOUT / "notebooks" if _in_checkout() else _PACKAGE / "course" / "notebooks"


def shipped_dir() -> Path:
    """Folder of the small files that travel with the package (checkpoints, model cards)."""
    return _CHECKOUT / "data" / "shipped" if _in_checkout() else _PACKAGE / "course" / "data"


def shipped_generators() -> list[str]:
    """Names of the generators that travel with the package.

    Examples
    --------
    >>> shipped_generators()
    ['lite', 'sharingan']
    """
    return sorted(
        path.name.removesuffix(_GENERATOR) for path in shipped_dir().glob(f"*{_GENERATOR}")
    )


def named_weights(name_or_path: str | os.PathLike) -> Path:
    """The file of a shipped generator, or a file or folder that is there; or a CheckpointError."""
    for path in (shipped_dir() / f"{name_or_path}{_GENERATOR}", named_path(name_or_path)):
        if path.exists():
            return path
    raise CheckpointError(
        f"no generator {str(name_or_path)!r}: choose {', '.join(shipped_generators())}, a "
        ".safetensors file or the folder of a run"
    )


def data_dir() -> Path:
    """Folder where data sets are looked for and downloaded to.

    ``$SHARINGAN_DATA`` if set, else ``data/`` of the checkout, else ``~/.cache/sharingan-lab``.
    """
    chosen = os.environ.get("SHARINGAN_DATA")
    if chosen:
        return named_path(chosen)
    return _CHECKOUT / "data" if _in_checkout() else home_dir() / ".cache" / "sharingan-lab"


def weights_dir() -> Path:
    """Folder where torchvision looks for weights, and downloads them to."""
    import torch  # here: `sharingan doctor` answers without it

    folder = Path(torch.hub.get_dir(), "checkpoints")
    return folder if folder.is_absolute() else home_dir() / folder  # without a home, torch says ~
