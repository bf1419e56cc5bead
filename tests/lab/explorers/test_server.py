"""The server of `sharingan explore`: who may come in, and how it ends."""

import re
import signal
import socket
import urllib.error
import urllib.request

import psutil
import pytest

from sharingan_lab.cli import main

from ...patience import PATIENCE

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@pytest.fixture(scope="module")
def server(serve):
    return serve("explore")


def answer(address, path="/", **headers):
    """What one gets without the token: the status, and where one is sent."""
    base = re.match(r"http://[\d.:]+", address)[0]
    request = urllib.request.Request(base + path, headers=headers)
    try:
        with direct.open(request, timeout=PATIENCE) as got:
            return got.status, got.url, got.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.url, ""


def test_without_the_token_there_is_only_a_login(server):
    status, url, page = answer(server[1])
    assert status == 200 and "/login?" in url
    assert "blur-explorer" not in page and "kernelId" not in page
    assert kernels(server[0]) == []


@pytest.mark.parametrize(
    "path", ["/api/kernels/12345678-1234-1234-1234-123456789012", "/?token=wrong"]
)
def test_without_the_token_nothing_is_started(server, path):
    status, url, _ = answer(server[1], path)
    assert status in (403, 405) or "/login" in url
    assert kernels(server[0]) == []


@pytest.mark.parametrize(
    ("host", "status"),
    [("evil.example", 403), ("192.0.2.1", 403), ("localhost", 200), ("127.0.0.1", 200)],
)
def test_another_name_for_this_machine_is_refused(server, host, status):
    """As JupyterLab does: a foreign page could have its own name lead here (DNS rebinding)."""
    assert answer(server[1], "/login", Host=host)[0] == status
    assert kernels(server[0]) == []


def test_this_machine_alone_can_reach_it(server):
    listening = [c.laddr for c in psutil.Process(server[0].pid).net_connections("tcp")
                 if c.status == psutil.CONN_LISTEN]  # fmt: skip
    port = int(re.search(r":(\d+)/", server[1])[1])
    assert [a.ip for a in listening if a.port == port] == ["127.0.0.1"]
    assert {a.ip for a in listening} == {"127.0.0.1"}


def kernels(process):
    found = psutil.Process(process.pid).children(recursive=True)
    return [child for child in found if any("ipykernel" in word for word in child.cmdline())]


def test_ctrl_c_ends_it_with_its_kernels(server):
    process, address = server
    with direct.open(address, timeout=PATIENCE) as page:
        page.read()
    running = kernels(process)
    assert len(running) == 1
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert printed.splitlines()[-1] == "Stopped."
    assert "Traceback" not in printed
    _, alive = psutil.wait_procs(running, timeout=PATIENCE)
    assert alive == []


def test_a_port_in_use_is_one_clear_line(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["explore", "--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert re.fullmatch(rf"sharingan: cannot listen on 127.0.0.1 port {port}: [^\n]+\n", error)
    assert "choose another --port" in error


def test_a_host_that_is_not_here_is_one_clear_line(capsys):
    assert main(["explore", "--host", "192.0.2.1"]) == 2  # reserved for documentation
    assert "sharingan: cannot listen on 192.0.2.1 port 0" in capsys.readouterr().err


@pytest.mark.parametrize(("host", "warned"), [("0.0.0.0", True), ("127.0.0.1", False)])
def test_who_lets_other_machines_in_is_warned(host, warned, capsys, monkeypatch):
    settings = []

    class Server:
        def __init__(self, config, notebook_path):
            settings.append(config.Voila)

        def initialize(self, words):
            pass

        def start(self):
            pass

    monkeypatch.setattr("sharingan_lab.lab.explorers.server._Server", Server)
    for name in ("JUPYTER_PREFER_ENV_PATH", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # set back afterwards
    assert main(["explore", "--host", host]) == 0
    assert settings[0].ip == host and len(settings[0].token) >= 32
    assert settings[0].tornado_settings["allow_remote_access"] == warned
    error = capsys.readouterr().err
    assert error.count("\n") == warned
    assert ("lets other machines in" in error) == warned


@pytest.mark.parametrize("port", ["65536", "99999999"])
def test_a_port_that_does_not_exist_is_refused(port, capsys):
    assert main(["explore", "--port", port]) == 2
    assert f"from 0 to 65535, got '{port}'" in capsys.readouterr().err
