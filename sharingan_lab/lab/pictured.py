"""Widgets that leave a picture on the page, for whoever opens it without a kernel."""

import html

import ipywidgets
from IPython.display import display

from sharingan_lab.lab.encoding import Encoded

_VIEW = "application/vnd.jupyter.widget-view+json"
_HINT = "A still picture: run the cell to turn the sliders."

# A notebook prefers a widget to any other form of the same output, and says "model not found"
# where the kernel has gone. So the picture is an output of its own, after that of the widget: it
# is hidden while the widget lives, and hides what is left of one that does not.
_STYLE = """
:root:has(.lives-{name}) .still-{name} {{ display: none; }}
.jp-OutputArea-child:has(+ .jp-OutputArea-child .still-{name})
  > .jp-OutputArea-output:not(:has(> *)) {{ display: none; }}
"""


class Pictured(ipywidgets.VBox):
    """A box of widgets followed by a picture of it, of which a page shows the one that works.

    Attributes
    ----------
    description : str
        What is to be seen, with its numbers.

    Examples
    --------
    >>> class Sheet(Pictured):
    ...     description = "An empty sheet."
    ...     def drawn(self):
    ...         return Encoded("image/png", "iVBORw0KGgo=")
    >>> Sheet().still()["text/plain"]
    'An empty sheet.'
    """

    description: str

    def drawn(self) -> Encoded:
        """Draw what the widgets show now."""
        raise NotImplementedError

    def still(self) -> dict[str, str]:
        """Return the output that stands in for the widgets where there is no kernel."""
        alt = html.escape(self.description, quote=True)
        style = _STYLE.format(name=self.model_id)
        markup = (
            f'<style>{style}</style><figure class="still-{self.model_id}" style="margin:0">'
            f'<img src="{self.drawn().uri}" alt="{alt}" style="max-width:100%">'
            f"<figcaption>{_HINT}</figcaption></figure>"
        )
        return {"text/html": markup, "text/plain": self.description}

    def _ipython_display_(self) -> None:
        self.add_class(f"lives-{self.model_id}")
        view = self._repr_mimebundle_()
        display({_VIEW: view[_VIEW]}, raw=True)
        display(self.still(), raw=True)
