"""The blur explorer in a browser: a Voila server that this machine alone can reach."""

import logging
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path

import nbformat
import zmq
from nbformat import v4
from traitlets.config import Config
from voila.app import Voila

from sharingan_lab.errors import ConfigError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TEMPLATE = Path(__file__).with_name("template")
_LARGEST_UPLOAD = 100 * 2**20  # bytes
_HEAD = """# The blur explorer

Turn the motion and the camera, and watch what they do to a photograph."""
_CODE = """from sharingan_lab.lab import BlurExplorer

BlurExplorer()"""


def explore(host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve the explorer until it is stopped; its address, with the token, is printed.

    A host other than the loopback lets other machines in, with the token; port 0 is one that is
    free. A ConfigError says that the port or the host cannot be had.
    """
    port = _free_port(host, port)
    if host not in LOOPBACK:
        print(
            f"Warning: {host} lets other machines in; whoever has the address runs Python here.",
            file=sys.stderr,
        )
    # The kernel named python3 is this interpreter's, not one that a user has registered.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"
    # Redraws are too short to be shared among threads: on a busy machine they wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory(prefix="sharingan-explore-") as folder:
        logging.getLogger("tornado").setLevel(logging.ERROR)
        server = _Server(config=_config(folder, host, port), notebook_path=_write_page(folder))
        server.initialize([])
        server.start()
    print("Stopped.")


class _Server(Voila):
    """Voila with the explorer's page, one port and no settings of other projects."""

    def _config_file_paths_default(self) -> list[str]:
        return []

    def setup_template_dirs(self) -> None:
        super().setup_template_dirs()
        self.template_paths.insert(0, str(_TEMPLATE))

    def launch_browser(self) -> None:
        """Called once the server listens: say where."""
        host = socket.gethostname() if self.ip in ("0.0.0.0", "::") else self.ip
        host = f"[{host}]" if ":" in host else host
        print(f"The explorer is at http://{host}:{self.port}/?token={self.token}")
        print("Ctrl-C stops it.", flush=True)


def _config(folder: str, host: str, port: int) -> Config:
    settings = Config()
    settings.Voila.ip, settings.Voila.port, settings.Voila.port_retries = host, port, 0
    settings.Voila.token = secrets.token_hex(24)
    settings.Voila.connection_dir_root = folder
    settings.Voila.tornado_settings = {
        "websocket_max_message_size": _LARGEST_UPLOAD,
        # On the loopback other names in a request are a foreign page's (DNS rebinding).
        "allow_remote_access": host not in LOOPBACK,
    }
    settings.Voila.log_level = "ERROR"
    if zmq.has("curve"):
        settings.KernelManager.transport_encryption = "auto"
    settings.VoilaConfiguration.file_allowlist = []
    # A closed page ends its kernel; one whose browser vanished is ended here.
    settings.MappingKernelManager.cull_idle_timeout = 60
    settings.MappingKernelManager.cull_interval = 30
    return settings


def _write_page(folder: str) -> str:
    """Write the notebook that is served."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "title": "The blur explorer"}
    cells = [v4.new_markdown_cell(_HEAD), v4.new_code_cell(_CODE)]
    path = Path(folder, "explorer.ipynb")
    nbformat.write(v4.new_notebook(cells=cells, metadata=metadata), path)
    return str(path)


def _free_port(host: str, port: int) -> int:
    """Return the port, or one that is free for 0; refuse one that cannot be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return probe.getsockname()[1]
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port}: {error.strerror}; choose another --port "
            "or --host, or leave them out"
        ) from error
