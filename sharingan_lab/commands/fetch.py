"""sharingan fetch."""

import argparse
import time

from sharingan_lab.commands.options import Group, add_command


def add(group: Group) -> None:
    parser = add_command(group, "fetch", fetch, "download data or weights, verified", "vgg19")
    parser.add_argument("name", metavar="NAME", help="gopro, weeds, vgg19 or faster-rcnn")
    parser.add_argument("--to", metavar="DIR", help="default: where the library looks for it")
    source = "another address, or a file or folder already here"
    parser.add_argument("--from", dest="source", metavar="SOURCE", help=source)


def fetch(choice: argparse.Namespace) -> int:
    from sharingan_lab.datasets import download

    place = download.fetch(choice.name, choice.to, choice.source, on_progress=_Amounts())
    print(f"{choice.name} is in {place}")
    return 0


class _Amounts:
    """Prints how much has come and how long the rest will take, a line for each twentieth."""

    def __init__(self) -> None:
        self.last = ("", -1)
        self.began = (0.0, 0)  # when this work began, and with how many bytes there already

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = (what, 20 * done // total if total else done >> 28)
        if now == self.last:
            return
        if what != self.last[0]:
            self.began = (time.monotonic(), done)
        of = f" of {total / 1e6:,.0f}" if total else ""
        print(f"{what}: {done / 1e6:,.0f}{of} MB{self._left(done, total)}", flush=True)
        self.last = now

    def _left(self, done: int, total: int | None) -> str:
        start, first = self.began
        if not total or done <= first:
            return ""
        seconds = (time.monotonic() - start) / (done - first) * (total - done)
        return f"  {time.strftime('%H:%M:%S', time.gmtime(seconds))} left"
