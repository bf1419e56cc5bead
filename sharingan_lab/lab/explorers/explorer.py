"""What all explorers share: controls, one way to redraw, one still picture."""

import html
import os
from collections.abc import Callable, Mapping, Sequence

import ipywidgets
from IPython.display import display
from matplotlib.figure import Figure

from sharingan_lab.lab.display import FOR_A_PAGE, POSITIONS
from sharingan_lab.lab.encoding import Encoded, encode
from sharingan_lab.lab.explorers import positions
from sharingan_lab.lab.explorers.controls import Control, slider_names, slider_row, start_values

_VIEW = "application/vnd.jupyter.widget-view+json"

# A notebook prefers a widget to any other form of the same output, and says "model not found"
# where the kernel has gone. So the picture is an output of its own, after that of the widget: it
# is hidden while the widget lives, and hides what is left of one that does not.
_STYLE = """
:root:has(.lives-{name}) .still-{name} {{ display: none; }}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .still-{name})
  > .jp-OutputArea-output:not(:has(> *)) {{ display: none; }}
"""


class Explorer(ipywidgets.VBox):
    """Controls, and what a subclass draws from their values.

    It has ``_draw``, which shows it, and ``drawn``, a picture of what is shown, which stands in for
    it without a kernel. On a report's page stand pictures for ``page_values`` of some sliders,
    which turn there: for them ``draw_at`` takes other values than those shown, and returns a figure
    and its description in words.

    By name are given what makes each :class:`Control`, other values to start from, and the lists
    beside the sliders: label and words, of which the first is the start. ``controls`` holds the
    number box or the list of each name, whose ``.value`` redraws when it is set; ``description``
    says what is to be seen, with its numbers.
    """

    description: str
    page_values: Mapping[str, Sequence[float]] = {}
    hint = "A still picture: run the cell to turn the sliders."

    def __init__(
        self,
        controls: Mapping[str, tuple],
        start: Mapping[str, float | str],
        choices: Mapping[str, tuple[str, tuple[str, ...]]] | None = None,
        label_width: int = 190,
        live: bool = False,
    ) -> None:
        choices = choices or {}
        self.starts = start_values(controls, start, choices)
        self._sliders = {
            name: Control(*control)._replace(start=self.starts[name])
            for name, control in controls.items()
        }
        self.rows = {
            name: slider_row(control, label_width=label_width, live=live)
            for name, control in self._sliders.items()
        }
        self.controls = {name: line.children[0] for name, line in self.rows.items()}
        for name, (label, words) in choices.items():
            self.controls[name] = ipywidgets.Dropdown(
                options=words,
                value=self.starts[name],
                description=label,
                style={"description_width": f"{label_width}px"},
            )
        self.message = ipywidgets.HTML()
        super().__init__()

    @property
    def values(self) -> dict[str, float | str]:
        """The value of every control, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def say(self, words: str, role: str = "alert") -> None:
        """Show a message to the reader, or none."""
        self.message.value = f'<p role="{role}">{html.escape(words)}</p>' if words else ""

    def _open(self, *more: ipywidgets.Widget) -> None:
        """Draw for the first time, and from now on whenever a control or another widget turns."""
        self._redraw()
        for widget in (*self.controls.values(), *more):
            widget.observe(self._redraw, names="value")

    def _redraw(self, _change: dict | None = None) -> None:
        """Draw anew; an error is shown where the reader is, and raised."""
        try:
            self._draw()
        except Exception as error:
            self.say(str(error))
            raise

    def kept(self) -> tuple[str, str]:
        """Return what a page without a kernel keeps, as HTML, and the same in words."""
        return image_tag(self.drawn(), self.description), self.description

    def still(self) -> dict[str, str]:
        """Return the output that stands in for the widgets where there is no kernel."""
        picture, words = self.kept()
        markup = (
            f"<style>{_STYLE.format(name=self.model_id)}</style>"
            f'<figure class="still-{self.model_id}" style="margin:0">'
            f"{picture}<figcaption>{self.hint}</figcaption></figure>"
        )
        return {"text/html": markup, "text/plain": words}

    def _ipython_display_(self) -> None:
        self.add_class(f"lives-{self.model_id}")
        view = self._repr_mimebundle_()
        display({_VIEW: view[_VIEW]}, raw=True)
        display(self.still() | (self._for_a_page() if FOR_A_PAGE in os.environ else {}), raw=True)

    def _for_a_page(self) -> dict[str, dict]:
        """The pictures that a page's own sliders turn; none where the explorer keeps none."""
        if not self.page_values:
            return {}
        now = {n: slider._replace(start=self.values[n]) for n, slider in self._sliders.items()}

        def draw(values: dict[str, float]) -> tuple[Figure, str]:
            return self.draw_at(self.values | values)

        return {POSITIONS: positions.stored(draw, now, self.page_values)}


class SliderFigure(Explorer):
    """Sliders above a picture that a function draws from their values.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name, returns the figure and a description of it in words.
    controls, start : mapping
        By name: label, start, limits and step of a slider; other values to start from.
    page_values : mapping, optional
        Values of some sliders that are drawn for a report's page; a few of each if left out.

    Examples
    --------
    >>> def draw(width):
    ...     return Figure(figsize=(width, 1)), f"An empty sheet {width} inches wide."
    >>> sheet = SliderFigure(draw, {"width": ("width in inches", 2, 1, 5, 1)})
    >>> sheet.controls["width"].value = 4
    >>> sheet.description
    'An empty sheet 4 inches wide.'
    """

    def __init__(
        self,
        draw: Callable[..., tuple[Figure, str]],
        controls: Mapping[str, tuple],
        start: Mapping[str, float] | None = None,
        page_values: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        super().__init__(controls, start or {})
        self._figure = draw
        self.page_values = page_values or positions.spread(self._sliders)
        grid = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(400px, 1fr))")
        box = ipywidgets.GridBox(list(self.rows.values()), layout=grid)
        self.children = [box, self.message, slider_names()]
        self._open()

    def _draw(self) -> None:
        figure, self.description = self.draw_at(self.values)
        self._drawn = encode(figure, tight=False)
        self.message.value = image_tag(self._drawn, self.description)  # an error takes its place

    def draw_at(self, values: dict[str, float]) -> tuple[Figure, str]:
        return self._figure(**values)

    def drawn(self) -> Encoded:
        return self._drawn


def image_tag(picture: Encoded, alt: str) -> str:
    """Return a picture as HTML."""
    return f'<img src="{picture.uri}" alt="{html.escape(alt)}" style="max-width:100%">'
