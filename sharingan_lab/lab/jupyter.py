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
        raise ConfigError(
            f"cannot copy the lessons to {folder}: {error.strerror}; name another folder"
        ) from error


def open_course(folder: Path, port: int = 8888, browser: bool = True) -> NoReturn:
    """Turn this process into a JupyterLab on a copy of the course.

    This machine alone can reach it, with a token.
    """
    copied = copy_course(folder)
    print(f"{len(copied)} lessons copied to {folder}; yours to change.", flush=True)
    address = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options = [*address, f"--ServerApp.root_dir={folder.resolve()}"]
    options += ["--no-browser"] * (not browser)
    options += ["--allow-root"] * (os.geteuid() == 0)  # as in a container
    # The kernel named python3 is this interpreter's, not one that a user has registered.
    environment = os.environ | {"JUPYTER_PREFER_ENV_PATH": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "jupyterlab", *options], environment)
