"""A picture with sliders: turn one, and the picture is drawn anew."""

import base64
import html
import io
from collections.abc import Callable, Mapping

import ipywidgets
from matplotlib.figure import Figure

Control = tuple[str, float, float, float, float]


class SliderFigure(ipywidgets.VBox):
    """Sliders above a picture that a function draws from their values.

    Displayed without a kernel (in a report, in a saved notebook) it is a still picture with a
    description.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name, returns the figure and a description of it in words.
    controls : mapping
        For each name: label, start, lowest, highest and step. Whole numbers make whole steps.

    Attributes
    ----------
    sliders : dict
        The slider of each control; setting ``.value`` redraws.
    description : str
        What the picture shows, with its numbers.

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
        self, draw: Callable[..., tuple[Figure, str]], controls: Mapping[str, Control]
    ) -> None:
        self._draw = draw
        self._still = ipywidgets.HTML()
        rows = {name: _row(*control) for name, control in controls.items()}
        self.sliders = {name: row.children[0] for name, row in rows.items()}
        grid = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(400px, 1fr))")
        super().__init__([ipywidgets.GridBox(list(rows.values()), layout=grid), self._still])
        self._redraw()
        for slider in self.sliders.values():
            slider.observe(self._redraw, names="value")

    def _redraw(self, _change: dict | None = None) -> None:
        """Draw anew; an error is shown in the widget, where the reader is, and raised."""
        values = {name: slider.value for name, slider in self.sliders.items()}
        try:
            figure, self.description = self._draw(**values)
        except Exception as error:
            self._still.value = f'<p role="alert">{html.escape(str(error))}</p>'
            raise
        self._png = _encode(figure)
        alt = html.escape(self.description, quote=True)
        source = f"data:image/png;base64,{self._png}"
        self._still.value = f'<img src="{source}" alt="{alt}" style="max-width:100%">'

    def _repr_mimebundle_(self, **kwargs) -> tuple[dict, dict]:
        """Carry a still picture beside the live widget, for pages without a kernel."""
        bundle = dict(super()._repr_mimebundle_(**kwargs) or {})
        bundle |= {"image/png": self._png, "text/plain": self.description}
        return bundle, {"image/png": {"alt": self.description}}


def _row(label: str, start: float, low: float, high: float, step: float) -> ipywidgets.HBox:
    """A slider to turn and a box to type in, labelled and linked."""
    slide, box = (
        (ipywidgets.IntSlider, ipywidgets.BoundedIntText)
        if isinstance(start, int)
        else (ipywidgets.FloatSlider, ipywidgets.BoundedFloatText)
    )
    shared = {"value": start, "min": low, "max": high, "step": step, "continuous_update": False}
    slider = slide(**shared, readout=False, layout={"width": "150px"})
    wide = {"style": {"description_width": "190px"}, "layout": {"width": "270px"}}
    number = box(**shared, description=label, **wide)
    ipywidgets.link((slider, "value"), (number, "value"))
    return ipywidgets.HBox([slider, number])


def _encode(figure: Figure) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
