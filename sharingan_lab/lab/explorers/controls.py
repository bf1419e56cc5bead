"""What a reader turns: sliders with boxes to type in, named for screen readers, starts checked."""

import html
from collections.abc import Mapping
from typing import NamedTuple

import ipywidgets

from sharingan_lab.errors import InputError


class Control(NamedTuple):
    """A slider: label with unit, start, limits and step; whole numbers make whole steps."""

    label: str
    start: float
    low: float
    high: float
    step: float


def start_values(
    controls: Mapping[str, tuple],
    given: Mapping[str, float | str],
    choices: Mapping[str, tuple[str, tuple[str, ...]]],
) -> dict[str, float | str]:
    """Complete the values to start from; an InputError names what no control can show.

    Controls and choices are those of an explorer.
    """
    words = {name: words for name, (_, words) in choices.items()}
    usual = {name: control[1] for name, control in controls.items()}
    usual |= {name: first for name, (first, *_) in words.items()}
    for name, value in given.items():
        if name not in usual:
            raise InputError(f"no control {name!r}; choose from {', '.join(usual)}")
        if name in words and value not in words[name]:
            raise InputError(f"{name} must be one of {', '.join(words[name])}, got {value!r}")
        if name in controls:
            _check_range(name, value, Control(*controls[name]))
    return {name: type(value)(given.get(name, value)) for name, value in usual.items()}


def _check_range(name: str, value: float, control: Control) -> None:
    if not control.low <= value <= control.high:
        limits = f"{control.low:g} and {control.high:g}"
        raise InputError(f"{name} must lie between {limits}, got {value}")
    if isinstance(control.start, int) and value != int(value):
        raise InputError(f"{name} takes whole numbers, got {value}")


def slider_row(control: Control, *, label_width: int = 190, live: bool = False) -> ipywidgets.HBox:
    """Return a labelled box to type in and a slider to turn, linked, in this order.

    The value of the box is the one to be used: that of the slider may be off by a rounding error.
    A live one follows a slider that is being dragged, another waits until it is let go.
    """
    slide, box = (
        (ipywidgets.IntSlider, ipywidgets.BoundedIntText)
        if isinstance(control.start, int)
        else (ipywidgets.FloatSlider, ipywidgets.BoundedFloatText)
    )
    label, start, low, high, step = control
    shared = {"value": start, "min": low, "max": high, "step": step}
    slider = slide(**shared, continuous_update=live, readout=False, layout={"width": "150px"})
    number = box(
        **shared,
        continuous_update=False,
        description=label,
        style={"description_width": f"{label_width}px"},
        layout={"width": f"{label_width + 80}px"},
    )
    ipywidgets.link((slider, "value"), (number, "value"), transform=(_rounded, _rounded))
    row = ipywidgets.HBox([number, slider])
    row.add_class("slider-row")
    return row


def _rounded(value: float) -> float:
    """Undo what the browser's arithmetic makes of 41: 41.00000000000001."""
    return round(value, 9)


# The handle of a slider has a role but no name, and its value is rounded to a tenth. Once the
# widgets are on the page, and whenever something on it changes, this gives it the name and the
# value of its number box. What is marked as announced is read out when it changes.
_NAME_HANDLES = """
const name = () => {
  document.querySelectorAll('.slider-row').forEach(row => {
    const label = row.querySelector('.widget-label'), input = row.querySelector('input');
    const handle = row.querySelector('.noUi-handle');
    if (!label || !input || !handle) return;
    handle.setAttribute('aria-label', label.textContent);
    handle.setAttribute('aria-valuetext', input.value);
  });
  document.querySelectorAll('.announced').forEach(e => e.setAttribute('aria-live', 'polite'));
};
if (!window.sliderNames) {
  window.sliderNames = new MutationObserver(name);
  window.sliderNames.observe(document.body, {childList: true, subtree: true});
}
name();
"""


def slider_names() -> ipywidgets.HTML:
    """Return an unseen widget that names the handles of all `slider_row` for screen readers."""
    unseen = ipywidgets.Layout(display="none")
    return ipywidgets.HTML(f'<style onload="{html.escape(_NAME_HANDLES)}"></style>', layout=unseen)
