"""How a lesson starts: its parameters become a run that says plainly what it runs on."""

import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil
import torch

import sharingan_lab
from sharingan_lab.device import choose_device
from sharingan_lab.errors import ConfigError, DataError
from sharingan_lab.lab.cell_errors import explain_errors
from sharingan_lab.lab.style import use_style
from sharingan_lab.lab.tables import html_table
from sharingan_lab.locations import data_dir, named_path
from sharingan_lab.seeds import check_seed

T = TypeVar("T")

MODES = {
    "quick": "bundled pictures and small settings; no figure here is the full result",
    "full": "the GoPro data set on a CUDA GPU",
}
_WATCHED = 0.25  # seconds that the cores are watched for


@dataclass(frozen=True)
class Run:
    """What a lesson runs on; shown as a table when it is the last line of a cell.

    Lesson, mode and seed are as given to :func:`setup`; tensors and networks go to ``device``, the
    lesson's files into ``out_dir``. ``data_root`` is the folder ``GOPRO_Large``, or None.
    """

    lesson: str
    mode: str
    seed: int
    device: torch.device
    data_root: Path | None
    out_dir: Path

    @property
    def rng(self) -> torch.Generator:
        """A fresh random source at ``seed`` each time, so that a cell run twice draws the same.

        Keep it in a name to draw on from where the last draw ended.
        """
        return torch.Generator().manual_seed(self.seed)

    def choose(self, *, quick: T, full: T) -> T:
        """Return the value for this run's mode."""
        return quick if self.mode == "quick" else full

    def _facts(self) -> list[tuple[str, str]]:
        device = self.device.type
        if device == "cuda":
            device += f" ({torch.cuda.get_device_name(self.device)})"
        else:
            count = torch.get_num_threads()
            device += f", {count} thread{'s' * (count != 1)}"
        return [
            ("mode", f"{self.mode}: {MODES[self.mode]}"),
            ("device", device),
            ("versions", f"sharingan-lab {sharingan_lab.__version__}, torch {torch.__version__}"),
            ("seed", str(self.seed)),
            ("GoPro data", str(self.data_root or "not found, and not needed in quick mode")),
            ("files go to", str(self.out_dir)),
        ]

    def __repr__(self) -> str:
        lines = [f"{name:<12} {value}" for name, value in self._facts()]
        return "\n".join([f"Lesson {self.lesson}", *lines])

    def _repr_html_(self) -> str:
        return html_table(self._facts(), (), f"Lesson {self.lesson} runs with", (False, False))


def setup(
    lesson: str,
    *,
    mode: str = "quick",
    data_root: str = "",
    out_dir: str = "",
    seed: int = 0,
    device: str = "auto",
) -> Run:
    """Turn the parameters of a lesson into a run, or say what is missing.

    Also seeds torch's default generator, which dropout and the first weights of a network draw
    from; has torch compute on idle cores, errors say first what to do, figures look the lab's way.

    Parameters
    ----------
    lesson : str
        Number of the lesson, such as ``"01"``.
    mode : {"quick", "full"}
        ``full`` wants the GoPro data set and a CUDA GPU.
    data_root, out_dir : str
        Folder that holds ``GOPRO_Large`` (or is it), empty: the default data folder; folder for the
        lesson's files, empty: a temporary one that goes with the run.
    seed, device
        From 0 to 2**63 - 1; "cpu", "cuda", or "auto" for CUDA where there is one.

    Raises
    ------
    ConfigError
        A parameter is none of those.
    DataError
        ``full`` without GoPro or CUDA.

    Examples
    --------
    >>> run = setup("01", device="cpu")
    >>> run.choose(quick=300, full=20_000)
    300
    """
    explain_errors(lesson)
    check_run(mode=mode, data_root=data_root, seed=seed, device=device)
    use_style()
    torch.manual_seed(seed)
    torch.set_num_threads(choose_threads())
    folder = named_path(out_dir or tempfile.mkdtemp(prefix="sharingan-"))
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(lesson, mode, seed, choose_device(device), find_gopro(data_root), folder.resolve())
    if not out_dir:
        weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
    return run


def choose_threads() -> int:
    """Return how many threads pay: torch's own number, but no more than there are idle cores.

    Threads that share a layer wait for the slowest of them. On a core that something else uses it
    is late, so two threads on one idle core are slower than one. ``OMP_NUM_THREADS`` has the last
    word where it is set.
    """
    most = torch.get_num_threads()
    if most == 1 or "OMP_NUM_THREADS" in os.environ:
        return most
    busy = sum(psutil.cpu_percent(_WATCHED, percpu=True)) / 100
    return max(1, min(most, round(psutil.cpu_count() - busy)))


def check_run(
    *,
    mode: str = "quick",
    data_root: str = "",
    seed: int = 0,
    device: str = "auto",
    run_dir: str = "",
) -> None:
    """Raise what :func:`setup` would raise, without setting anything up.

    A lesson that reads a training run from `run_dir` would fail on one that holds none.
    """
    if mode not in MODES:
        raise ConfigError(f"mode must be 'quick' or 'full', got {mode!r}")
    check_seed(seed)
    choose_device(device)
    if run_dir:
        from sharingan_lab.training import read_run  # other lessons need no trainer

        read_run(run_dir)
    if mode == "full":
        require_full(data_root, device)


def find_gopro(data_root: str = "") -> Path | None:
    """Return the folder ``GOPRO_Large`` below (or at) ``data_root``, or None."""
    root = named_path(data_root) if data_root else data_dir()
    for candidate in (root, root / "GOPRO_Large"):
        if (candidate / "train").is_dir() and (candidate / "test").is_dir():
            return candidate.resolve()
    return None


def require_full(data_root: str = "", device: str = "auto") -> None:
    """Raise a DataError that names what full mode lacks here and the command that gets it."""
    lacks = []
    if choose_device(device).type != "cuda":
        lacks.append("a CUDA GPU (see 'sharingan doctor')")
    if find_gopro(data_root) is None:
        root = data_root or data_dir()
        lacks.append(f"GOPRO_Large in {root} (get it with 'sharingan fetch gopro')")
    if lacks:
        raise DataError(f"full mode needs what is not here: {' and '.join(lacks)}")
