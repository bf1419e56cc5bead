"""What can be turned on the blur explorer: the physics of one exposure, and how it is looked at."""

from collections.abc import Mapping

from sharingan_lab.blur.convolution import BOUNDARIES
from sharingan_lab.lab.explorers.controls import Control, start_values

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
CONTROLS = {name: control for group in GROUPS.values() for name, control in group.items()}
# What a report's page keeps: the sliders of the lesson's questions, and what shows on its picture.
PAGE_VALUES = {
    "seed": (0, 1, 2, 3, 4),
    "path_length": (0.0, 10.0, 20.0, 40.0, 60.0),
    "anxiety": (0.0, 0.02, 0.1),
    "exposure": (0.1, 0.35, 0.5, 1.0),
    "noise_std": (0.0, 0.02, 0.05),
}
METHODS = ("Wiener", "Richardson-Lucy")
KERNEL_SIZE = 64
CHOICES = {"boundary": ("beyond the border", tuple(BOUNDARIES)), "method": ("method", METHODS)}
STARTS = start_values(CONTROLS, {}, CHOICES)
_WALK = ("path_length", "inertia", "gaussian", "impulse", "anxiety")
_SENSOR = ("noise_std", "gamma", "highlights", "boundary")


def walk(values: Mapping[str, float | str]) -> dict[str, float]:
    """Pick what `sample_trajectories` takes out of the values of all controls."""
    return {name: values[name] for name in _WALK}


def sensor(values: Mapping[str, float | str]) -> dict[str, float | str | None]:
    """Pick what `degrade` takes; a slider at no photons means None."""
    return {"photons": values["photons"] or None, **{name: values[name] for name in _SENSOR}}
