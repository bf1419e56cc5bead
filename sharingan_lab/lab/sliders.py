"""A picture with sliders: turn one, and the picture is drawn anew."""

import html
from collections.abc import Callable, Mapping

import ipywidgets
from matplotlib.figure import Figure

from sharingan_lab.errors import InputError
from sharingan_lab.lab.encoding import Encoded, encode
from sharingan_lab.lab.pictured import Pictured

Control = tuple[str, float, float, float, float]


class SliderFigure(Pictured):
    """Sliders above a picture that a function draws from their values.

    Without a kernel (in a report, in a saved notebook) a still picture stands in for it.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name, returns the figure and a description of it in words.
    controls : mapping
        For each name: label, start, lowest, highest and step. Whole numbers make whole steps.
    start : mapping, optional
        Other values to start from, by name.

    Attributes
    ----------
    sliders : dict
        The slider of each control; setting ``.value`` redraws.
    description : str
        What the picture shows, with its numbers.

    Raises
    ------
    InputError
        No control has such a name, or it cannot show such a value.

    Examples
    --------
    >>> def draw(width):
    ...     return Figure(figsize=(width, 1)), f"An empty sheet {width} inches wide."
    >>> sheet = SliderFigure(draw, {"width": ("width in inches", 2, 1, 5, 1)})
    >>> sheet.sliders["width"].value = 4
    >>> sheet.description
    'An empty sheet 4 inches wide.'
    """

    def __init__(
        self,
        draw: Callable[..., tuple[Figure, str]],
        controls: Mapping[str, Control],
        start: Mapping[str, float] | None = None,
    ) -> None:
        self._draw = draw
        self._shown = ipywidgets.HTML()
        values = start_values(controls, start or {})
        rows = {
            name: slider_row(label, values[name], *limits)
            for name, (label, _, *limits) in controls.items()
        }
        self.sliders = {name: row.children[1] for name, row in rows.items()}
        grid = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(400px, 1fr))")
        box = ipywidgets.GridBox(list(rows.values()), layout=grid)
        super().__init__([box, self._shown, slider_names()])
        self._redraw()
        for slider in self.sliders.values():
            slider.observe(self._redraw, names="value")

    def _redraw(self, _change: dict | None = None) -> None:
        """Draw anew; an error is shown in the widget, where the reader is, and raised."""
        values = {name: slider.value for name, slider in self.sliders.items()}
        try:
            figure, self.description = self._draw(**values)
        except Exception as error:
            self._shown.value = f'<p role="alert">{html.escape(str(error))}</p>'
            raise
        self._drawn = encode(figure, tight=False)
        alt = html.escape(self.description, quote=True)
        self._shown.value = f'<img src="{self._drawn.uri}" alt="{alt}" style="max-width:100%">'

    def drawn(self) -> Encoded:
        return self._drawn


def start_values(
    controls: Mapping[str, Control],
    given: Mapping[str, float | str],
    choices: Mapping[str, tuple[str, ...]] | None = None,
) -> dict[str, float | str]:
    """Complete the values to start from, and refuse what no control can show.

    Parameters
    ----------
    controls : mapping
        As :class:`SliderFigure` takes them.
    given : mapping
        Values by name; the others start as their controls say.
    choices : mapping, optional
        Lists beside the sliders, which start from the first of their words.

    Raises
    ------
    InputError
        A name is unknown, or a value out of its control's range.

    Examples
    --------
    >>> controls = {"width": ("width (px)", 2.0, 1.0, 5.0, 0.5), "seed": ("seed", 0, 0, 9, 1)}
    >>> start_values(controls, {"width": 4})
    {'width': 4.0, 'seed': 0}
    """
    choices = choices or {}
    usual = {name: control[1] for name, control in controls.items()}
    usual |= {name: words[0] for name, words in choices.items()}
    for name, value in given.items():
        if name not in usual:
            raise InputError(f"no control {name!r}; choose from {', '.join(usual)}")
        if name in choices and value not in choices[name]:
            raise InputError(f"{name} must be one of {', '.join(choices[name])}, got {value!r}")
        if name in controls:
            _check_range(name, value, controls[name])
    return {name: type(value)(given.get(name, value)) for name, value in usual.items()}


def _check_range(name: str, value: float, control: Control) -> None:
    _, start, low, high, _ = control
    if not low <= value <= high:
        raise InputError(f"{name} must lie between {low:g} and {high:g}, got {value}")
    if isinstance(start, int) and value != int(value):
        raise InputError(f"{name} takes whole numbers, got {value}")


def slider_row(
    label: str,
    start: float,
    low: float,
    high: float,
    step: float,
    *,
    label_width: int = 190,
    live: bool = False,
) -> ipywidgets.HBox:
    """Return a labelled box to type in and a slider to turn, linked, in this order.

    The value of the box is the one to be used: that of the slider may be off by a rounding error.

    Parameters
    ----------
    label : str
        Name and unit: what stands before the box and what a screen reader says for both.
    start, low, high, step : float
        Whole numbers make whole steps.
    label_width : int
        Pixels of the label.
    live : bool
        Whether the value follows a slider that is being dragged, or waits until it is let go.

    Examples
    --------
    >>> box, slider = slider_row("length (px)", 40.0, 0.0, 60.0, 1.0).children
    >>> slider.value = 12.0
    >>> box.description, box.value
    ('length (px)', 12.0)
    """
    slide, box = (
        (ipywidgets.IntSlider, ipywidgets.BoundedIntText)
        if isinstance(start, int)
        else (ipywidgets.FloatSlider, ipywidgets.BoundedFloatText)
    )
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
    """Return an unseen widget that names the handles of all `slider_row` for screen readers.

    Examples
    --------
    >>> slider_names().value.startswith("<style onload=")
    True
    """
    unseen = ipywidgets.Layout(display="none")
    return ipywidgets.HTML(f'<style onload="{html.escape(_NAME_HANDLES)}"></style>', layout=unseen)
