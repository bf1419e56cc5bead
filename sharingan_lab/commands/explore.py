"""sharingan explore."""

import argparse

from sharingan_lab.commands.options import Group, add_command, port


def add(group: Group) -> None:
    purpose = "open the blur explorer in a browser"
    parser = add_command(group, "explore", explore, purpose, "--port 8866")
    host = "address to listen on (default: 127.0.0.1, this machine alone)"
    parser.add_argument("--host", default="127.0.0.1", help=host)
    parser.add_argument("--port", type=port, default=0, help="default: 0, one that is free")


def explore(choice: argparse.Namespace) -> int:
    from sharingan_lab.lab.explorers.server import explore

    explore(choice.host, choice.port)
    return 0
