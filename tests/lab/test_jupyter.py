"""JupyterLab on a copy of the course: reachable from here only, with a token only."""

import json
import os
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from sharingan_lab.errors import ConfigError
from sharingan_lab.lab import jupyter
from sharingan_lab.lab.report.catalogue import all_lessons

from ..patience import PATIENCE, wait_until


def test_lessons_that_were_changed_are_kept(tmp_path):
    folder = tmp_path / "course"
    jupyter.copy_course(folder)
    mine = folder / all_lessons()[0].path.name
    mine.write_text("mine")
    (folder / all_lessons()[1].path.name).unlink()
    assert [path.name for path in jupyter.copy_course(folder)] == [all_lessons()[1].path.name]
    assert mine.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot copy the lessons to"):
        jupyter.copy_course(tmp_path / "file")


@pytest.fixture
def server(tmp_path):
    """A running server: its address and its token."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {
        f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    words = ["lab", "--to", str(tmp_path / "course"), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sharingan_lab", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | folders,
    )
    try:
        lines = (re.search(r"http://127.0.0.1:(\d+)/lab\?token=(\w+)", x) for x in process.stdout)
        found = next(line for line in lines if line)
        yield f"http://127.0.0.1:{found[1]}", found[2]
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def wait_until_it_listens(address):
    """The address is printed a moment before it can be reached."""
    host, port = address.removeprefix("http://").split(":")

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    wait_until(listens, address)


def test_the_server_wants_a_token_and_shows_the_lessons(server):
    address, token = server
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    wait_until_it_listens(address)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        direct.open(f"{address}/api/contents", timeout=PATIENCE)
    request = urllib.request.Request(f"{address}/api/contents")
    request.add_header("Authorization", f"token {token}")
    contents = json.load(direct.open(request, timeout=PATIENCE))["content"]
    assert {x["name"] for x in contents} >= {lesson.path.name for lesson in all_lessons()}
