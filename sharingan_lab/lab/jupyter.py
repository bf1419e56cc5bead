"""JupyterLab on a copy of the course that its reader may change."""

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab.report.catalogue import all_lessons


def copy_course(folder: Path) -> list[Path]:
    """Copy the lessons into a folder and return the new files; what is there already is kept.

    A ConfigError says that the folder cannot be written.
    """
    lessons = all_lessons()
    missing = [x for x in lessons if not (folder / x.path.name).exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [Path(shutil.copyfile(x.path, folder / x.path.name)) for x in missing]
    except OSError as error:
        raise ConfigError(f"cannot copy the lessons to {folder}: {error.strerror}") from error


def server_command(folder: Path, port: int, browser: bool) -> list[str]:
    """Return the command of a JupyterLab that this machine alone can reach, with a token.

    Examples
    --------
    >>> server_command(Path("course"), 8888, False)[3:5]
    ['--ServerApp.ip=127.0.0.1', '--ServerApp.port=8888']
    """
    options = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={folder.resolve()}",
    ]
    options += ["--no-browser"] * (not browser)
    options += ["--allow-root"] * (os.geteuid() == 0)  # as in a container
    return [sys.executable, "-m", "jupyterlab", *options]


def open_course(folder: Path, port: int = 8888, browser: bool = True) -> NoReturn:
    """Turn this process into a JupyterLab on a copy of the course."""
    copied = copy_course(folder)
    print(f"{len(copied)} lessons copied to {folder}; yours to change.", flush=True)
    # The kernel named python3 is this interpreter's, not one that a user has registered.
    environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
    command = server_command(folder, port, browser)
    os.execve(command[0], command, environment)
