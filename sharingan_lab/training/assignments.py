"""Settings written as texts, as ``--set`` takes them."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

from sharingan_lab.errors import ConfigError


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
