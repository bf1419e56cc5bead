"""Which settings a run may have: by name, as texts, each alone, and together with the others."""

import math
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from sharingan_lab.checks import check_choice, check_range
from sharingan_lab.errors import ConfigError, InputError
from sharingan_lab.losses.objectives import OBJECTIVES
from sharingan_lab.seeds import check_seed

_CHOICES = {
    "data": ("gopro", "folder", "mixed", "photos"),
    "blur": ("blur", "blur_gamma"),
    "camera": ("path", "every"),
    "architecture": ("deblurgan", "lite"),
    "objective": OBJECTIVES,
    "alpha_per": ("sample", "batch"),
    "norm_over": ("sample", "channels"),
    "patches": ("mean", "sum"),
    "content": ("vgg19", "l1", "l2", "decibels"),
    "vgg_statistics": ("imagenet", "none"),
    "precision": ("float32", "bfloat16"),
    "device": ("auto", "cpu", "cuda"),
}
_AT_LEAST = {
    "subset": 0, "items": 0, "crop": 16, "batch_size": 1, "epochs": 1, "constant_epochs": 0,
    "critic_steps": 1, "width": 1, "blocks": 0, "critic_width": 1, "lambda_gp": 0.0,
    "lambda_content": 0.0, "lambda_adversarial": 0.0, "kernel_size": 3,
    "log_every": 1, "validate_every": 1, "checkpoint_seconds": 0.0, "workers": 0,
    "critic_limit": 0.0, "weight_clip": 0.0, "minutes": 0.0, "clip_gradient": 0.0,
}  # fmt: skip
# More than this is a slip, which would fill the memory or start processes without end.
_AT_MOST = {
    "items": 10**9, "critic_steps": 1000, "width": 4096, "blocks": 1000, "critic_width": 4096,
    "workers": 256,
}  # fmt: skip
# Settings that say nothing about other data, and the data they are for.
_ONLY_FOR = {
    "data_root": ("gopro", "folder", "mixed"),
    "sharp_root": ("mixed",),
    "real_root": ("folder",),
    "items": ("folder", "photos"),
}
# What only the camera of one path has.
_OF_THE_PATH = ("kernel_size", "path_length", "noise_std", "gamma")
RANGES = {"path_length": (0.0, math.inf), "noise_std": (0.0, 1.0), "gamma": (1.0, 4.0)}
_KINDS = {bool: bool, int: Integral, float: Real, str: str | Path}
_SHARES = ("beta1", "beta2", "dropout", "average", "warm_up", "real_share")


def as_setting(name: str, value: Any, default: Any) -> Any:
    """Return the value as the type of its default, which files of settings take, or a ConfigError.

    A range may be a list, as JSON has it.

    Examples
    --------
    >>> as_setting("minutes", 5, default=0.0), as_setting("noise_std", [0, 0.02], default=0.01)
    (5.0, (0.0, 0.02))
    """
    if name in RANGES and isinstance(value, list | tuple):
        return tuple(as_setting(name, end, default) for end in value)
    kind = type(default)
    fits = isinstance(value, _KINDS[kind]) and isinstance(value, bool) is (kind is bool)
    if not fits:
        must = "true or false" if kind is bool else f"of type {kind.__name__}"
        must = "a number or a range (low, high)" if name in RANGES else must
        raise ConfigError(f"{name}={value!r}: must be {must}")
    try:
        value = kind(value)
    except OverflowError:
        raise ConfigError(f"{name}={value}: must be smaller") from None
    if kind is float and not math.isfinite(value):
        raise ConfigError(f"{name}={value}: must be finite")
    return value


def check_settings(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    """Raise a ConfigError that names the first setting that is out of range."""
    for name, bounds in RANGES.items():
        try:
            check_range(name, settings[name], *bounds)
        except InputError as error:
            raise ConfigError(str(error)) from None
    check_seed(settings["seed"])
    for name, choices in _CHOICES.items():
        check_choice(name, settings[name], choices)
    for name, least in _AT_LEAST.items():
        if not settings[name] >= least:
            raise ConfigError(f"{name}={settings[name]}: must be at least {least}")
    for name, most in _AT_MOST.items():
        if settings[name] > most:
            raise ConfigError(f"{name}={settings[name]}: must be at most {most}")
    _check_data(settings, defaults)
    for name in _SHARES:
        if not 0 <= settings[name] < 1:
            raise ConfigError(f"{name}={settings[name]}: must lie in [0, 1)")
    _check_training(settings)


def _check_data(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
    for name, kinds in _ONLY_FOR.items():
        if settings[name] and settings["data"] not in kinds:
            raise ConfigError(
                f"{name}={settings[name]!r} says nothing about data={settings['data']!r}: leave "
                f"it out, or choose data={' or '.join(kinds)}"
            )
    for name in _OF_THE_PATH:
        if settings["camera"] == "every" and settings[name] != defaults[name]:
            raise ConfigError(
                f"{name}={settings[name]!r} says nothing about camera='every', which has its own "
                "numbers: leave it out, or choose camera=path"
            )
    if settings["data"] == "mixed" and not (settings["sharp_root"] or settings["frame_cache"]):
        raise ConfigError(
            "data='mixed' needs a folder of sharp pictures as sharp_root, or frame_cache=true, "
            "to take GoPro's own sharp frames"
        )


def _check_training(settings: Mapping[str, Any]) -> None:
    rate, epochs, constant = (settings[k] for k in ("learning_rate", "epochs", "constant_epochs"))
    if not 0 < rate < 1:
        raise ConfigError(f"learning_rate={rate}: must lie in (0, 1)")
    if constant > epochs:
        raise ConfigError(
            f"constant_epochs={constant}: must not exceed epochs={epochs}: "
            f"set constant_epochs as well, from 0 to {epochs}"
        )
    if settings["lambda_adversarial"] == 0 and settings["lambda_content"] == 0:
        raise ConfigError("lambda_adversarial and lambda_content are both 0: nothing to train")


def check_known(name: str, known: Collection[str]) -> None:
    """Raise a ConfigError that names the nearest setting where there is none of this name."""
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(known)}"
        raise ConfigError(f"unknown setting {name!r}: {hint}")


def read_assignment(
    text: str, defaults: Mapping[str, Any], ranges: Collection[str] = ()
) -> tuple[str, Any]:
    """Read ``field=value``, or ``field=low,high`` for a range, into a name and a value.

    The type of a value is that of its default; `ranges` names the settings that may be a range. A
    text of another form, or that does not fit its setting, is a ConfigError.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{text!r}: write FIELD=VALUE, such as seed=7")
    check_known(name, defaults)
    kind = type(defaults[name])
    if kind is bool:
        if value.lower() not in ("true", "false"):
            raise ConfigError(f"{name}={value!r}: must be true or false")
        return name, value.lower() == "true"
    try:
        if name in ranges and "," in value:
            return name, tuple(float(end) for end in value.split(","))
        return name, kind(value)
    except ValueError:
        raise ConfigError(f"{name}={value!r}: must be of type {kind.__name__}") from None
