"""What can be set on the blur explorer: the physics of one exposure, and how it is looked at."""

from dataclasses import asdict, dataclass
from typing import NamedTuple

from sharingan_lab.blur.convolution import BOUNDARIES
from sharingan_lab.lab.sliders import start_values


class Control(NamedTuple):
    """A slider: its label with the unit, where it starts, its limits and its step."""

    label: str
    start: float
    low: float
    high: float
    step: float


# The sliders in groups, in the order of the page.
GROUPS: dict[str, dict[str, Control]] = {
    "Motion": {
        "seed": Control("seed of the path", 0, 0, 99, 1),
        "path_length": Control("length (px)", 40.0, 0.0, 60.0, 1.0),
        "gaussian": Control("gaussian: trembling", 5.0, 0.0, 50.0, 0.5),
        "inertia": Control("inertia: pull to start", 0.35, 0.0, 10.0, 0.05),
        "impulse": Control("impulse: jerks", 0.1, 0.0, 1.0, 0.01),
        "anxiety": Control("anxiety: scales the three", 0.01, 0.0, 0.1, 0.001),
    },
    "Camera": {
        "exposure": Control("exposure (1: whole path)", 1.0, 0.01, 1.0, 0.01),
        "noise_std": Control("noise std (range 0 to 1)", 0.01, 0.0, 0.1, 0.001),
        "photons": Control("photons at white (0: off)", 0, 0, 2000, 10),
        "gamma": Control("gamma of the camera", 1.0, 1.0, 2.6, 0.1),
        "highlights": Control("highlights (× white)", 1.0, 1.0, 10.0, 0.5),
    },
    "Look closer": {
        "zoom": Control("zoom (×)", 1, 1, 16, 1),
        "across": Control("from the left (%)", 50, 0, 100, 1),
        "down": Control("from the top (%)", 50, 0, 100, 1),
    },
    "Restore": {
        "turn": Control("wrong kernel turned (°)", 20, -90, 90, 1),
        "noise_to_signal": Control("Wiener: noise to signal", 0.01, 0.0005, 0.1, 0.0005),
        "stretch": Control("wrong kernel stretch (×)", 1.0, 0.5, 1.5, 0.01),
        "iterations": Control("R.-L.: iterations", 20, 1, 50, 1),
    },
}
METHODS = ("Wiener", "Richardson-Lucy")
CHOICES = {"boundary": tuple(BOUNDARIES), "method": METHODS}
CONTROLS = {name: control for group in GROUPS.values() for name, control in group.items()}
STARTS = start_values(CONTROLS, {}, CHOICES)


@dataclass(frozen=True)
class Settings:
    """Everything that the blurred picture follows from, beside the photograph.

    The names are those of `sample_trajectories`, `rasterize` and `degrade`.

    Examples
    --------
    >>> Settings(exposure=0.5).walk
    {'path_length': 40.0, 'inertia': 0.35, 'gaussian': 5.0, 'impulse': 0.1, 'anxiety': 0.01}
    """

    seed: int = 0
    path_length: float = 40.0
    inertia: float = 0.35
    gaussian: float = 5.0
    impulse: float = 0.1
    anxiety: float = 0.01
    exposure: float = 1.0
    noise_std: float = 0.01
    photons: float | None = None
    gamma: float = 1.0
    highlights: float = 1.0
    boundary: str = "reflect"

    @property
    def walk(self) -> dict[str, float]:
        """What `sample_trajectories` takes."""
        return {
            n: getattr(self, n)
            for n in ("path_length", "inertia", "gaussian", "impulse", "anxiety")
        }

    @property
    def sensor(self) -> dict[str, float | str | None]:
        """What `degrade` takes."""
        names = ("noise_std", "photons", "gamma", "highlights", "boundary")
        return {name: getattr(self, name) for name in names}


def settings(values: dict[str, float | str]) -> Settings:
    """Pick the settings out of the values of all controls; a slider at no photons means None.

    Examples
    --------
    >>> settings(STARTS | {"photons": 0}) == Settings()
    True
    """
    chosen = {name: values[name] for name in asdict(Settings())}
    return Settings(**chosen | {"photons": values["photons"] or None})


def starts(given: dict[str, float | str | None]) -> dict[str, float | str]:
    """Complete the values to start from, and refuse what no control can show.

    Raises
    ------
    InputError
        A name is unknown or a value out of its control's range.

    Examples
    --------
    >>> starts({"path_length": 20})["path_length"]
    20.0
    """
    numbers = {name: 0 if value is None else value for name, value in given.items()}
    return start_values(CONTROLS, numbers, CHOICES)
