"""Markdown of a lesson as HTML: equations drawn, headings that can be linked to and listed."""

import html
import re
from collections.abc import Callable
from itertools import chain, count
from typing import NamedTuple

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from sharingan_lab.lab.report.equations import EquationError, mathml

OnError = Callable[[EquationError], None]


class Heading(NamedTuple):
    """A heading of a page: its level, the name that links lead to, and its text as HTML."""

    level: int
    anchor: str
    text: str


class Renderer(IPythonRenderer):
    """Turns Markdown of one page into HTML; ``headings`` are those met so far, in order.

    ``on_error`` is told of each equation that cannot be drawn, which is then left as LaTeX; without
    it the EquationError is raised.
    """

    def __init__(self, on_error: OnError | None = None) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.on_error, self.headings = on_error, []

    def html(self, source: str) -> str:
        """Return the HTML of one cell; what may be wider than the page can be scrolled by keys."""
        text = MarkdownWithMath(renderer=self).render(source)
        text = re.sub(r"<th\b[^>]*></th>", "<td></td>", text)  # the head of no column
        return re.sub(r"<(table|pre)\b", r'<\1 tabindex="0"', text)

    def block_math(self, body: str) -> str:
        return self._draw(body, block=True)

    def inline_math(self, body: str) -> str:
        return self._draw(body)

    def latex_environment(self, name: str, body: str) -> str:
        return self._draw(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

    def heading(self, text: str, level: int, **attributes: object) -> str:
        name = re.sub(r"[^a-z0-9]+", "-", re.sub(r"<[^>]+>", "", text).lower()).strip("-")
        taken = {known.anchor for known in self.headings}
        numbered = (f"{name}-{number}" for number in count(2))
        anchor = next(free for free in chain([name], numbered) if free not in taken)
        self.headings.append(Heading(level, anchor, re.sub(r"</?a\b[^>]*>", "", text)))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'

    def _draw(self, latex: str, *, block: bool = False) -> str:
        try:
            return mathml(latex, block=block)
        except EquationError as error:
            if self.on_error is None:
                raise
            self.on_error(error)
            return f"<code>{html.escape(latex)}</code>"


def markdown(source: str, on_error: OnError | None = None) -> str:
    r"""Turn Markdown with LaTeX equations into HTML with MathML.

    Examples
    --------
    >>> markdown("# A *b*")
    '<h1 id="a-b">A <em>b</em></h1>\n'
    """
    return Renderer(on_error).html(source)
