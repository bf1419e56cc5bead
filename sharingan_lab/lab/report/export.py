"""Executed lessons as web pages that need nothing but themselves.

No page asks the network for anything: pictures are inside it, equations are MathML, there are
no scripts. The templates lie in ``templates/``.
"""

import base64
import html
import io
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import jinja2
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from PIL import Image
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from sharingan_lab.lab.encoding import Encoded, encode_pixels
from sharingan_lab.lab.lesson import MODES
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.equations import EquationError, mathml, mathml_in_text
from sharingan_lab.lab.report.findings import WIDGET_VIEW, Cover, picture_alt
from sharingan_lab.lab.report.results import DONE, FAILED, LessonResult
from sharingan_lab.lab.tables import in_words

OnError = Callable[[EquationError], None]

_TEMPLATES = Path(__file__).parent / "templates"
_PRIORITY = [
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
    WIDGET_VIEW,  # nothing to show: its picture is the next output
]
_COVER_WIDTH = 560
_COVER_SHAPE = 0.66  # height by width, at most
_CODE_STYLE = "xcode"  # dark enough on the light background to be read


class _Renderer(IPythonRenderer):
    """Markdown with equations drawn and headings that can be linked to."""

    def __init__(self, on_error: OnError | None) -> None:
        super().__init__(escape=False, exclude_anchor_links=True)
        self.on_error = on_error

    def block_math(self, body: str) -> str:
        return _draw(body, self.on_error, block=True)

    def inline_math(self, body: str) -> str:
        return _draw(body, self.on_error)

    def latex_environment(self, name: str, body: str) -> str:
        return _draw(rf"\begin{{{name}}}{body}\end{{{name}}}", self.on_error, block=True)

    def heading(self, text: str, level: int, **attributes: object) -> str:
        anchor = re.sub(r"[^a-z0-9]+", "-", re.sub(r"<[^>]+>", "", text).lower()).strip("-")
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'


def _draw(latex: str, on_error: OnError | None, *, block: bool = False) -> str:
    try:
        return mathml(latex, block=block)
    except EquationError as error:
        if on_error is None:
            raise
        on_error(error)
        return f"<code>{html.escape(latex)}</code>"


def markdown(source: str, on_error: OnError | None = None) -> str:
    r"""Turn Markdown with LaTeX equations into HTML with MathML.

    ``on_error`` is told of each equation that cannot be drawn, which is then left as LaTeX; without
    it the EquationError is raised.

    Examples
    --------
    >>> markdown("# A *b*")
    '<h1 id="a-b">A <em>b</em></h1>\n'
    """
    return MarkdownWithMath(renderer=_Renderer(on_error)).render(source)


class _Exporter(TemplateExporter):
    """nbconvert's machinery with the lab's own template."""

    output_mimetype = "text/html"

    def __init__(self, on_error: OnError) -> None:
        # for the exporter and for its filter of outputs, which would warn of what it does not know
        settings = Config({"NbConvertBase": {"display_data_priority": _PRIORITY}})
        templates = [str(_TEMPLATES)]
        super().__init__(
            config=settings, template_name="sharingan", extra_template_basedirs=templates
        )
        self.register_filter("markdown2html", lambda source: markdown(source, on_error))
        self.register_filter("math_in_text", lambda text: mathml_in_text(text, on_error))
        self.register_filter("picture_alt", picture_alt)
        self.register_filter("is_widget", lambda output: WIDGET_VIEW in output.data)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3"))

    def _file_extension_default(self) -> str:
        return ".html"


def lesson_html(
    notebook: NotebookNode, result: LessonResult, previous: Lesson | None, following: Lesson | None
) -> tuple[str, list[EquationError]]:
    """Return the page of one executed lesson, and the equations left as LaTeX on it.

    The head of the page says what the run is remembered by; it links to the neighbours.
    """
    page = {
        "css": _css(),
        "result": result,
        "mode_meaning": MODES[result.mode],
        "previous": previous,
        "next": following,
    }
    undrawn: list[EquationError] = []
    text, _ = _Exporter(undrawn.append).from_notebook_node(notebook, resources={"page": page})
    return text, undrawn


def index_html(
    results: Sequence[LessonResult], covers: Mapping[str, Cover | None], about: Mapping[str, object]
) -> str:
    """Return the page that lists the lessons: a card each, and what was run where at its head."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("course.html.j2").render(
        css=_css(),
        facts=_facts(about),
        results=results,
        covers=covers,
        troubled=[result for result in results if result.status != DONE],
        verdict=verdict(results),
    )


def _facts(about: Mapping[str, object]) -> dict[str, str]:
    """What the head of the index states."""
    given = [f"{name} = {value}" for name, value in about["parameters"].items()]
    return {
        "mode": f"{about['mode']}: {MODES[about['mode']]}",
        "parameters": ", ".join(given) or "as written in the lessons",
        "device": about["device"],
        "versions": ", ".join(f"{name} {number}" for name, number in about["versions"].items()),
        "commit": about["commit"] or "none: an installed package",
        "date": f"{about['date']}, took {in_words(about['seconds'])}",
    }


def verdict(results: Sequence[LessonResult]) -> str:
    """Say in words how the lessons went.

    Examples
    --------
    >>> verdict([LessonResult("01", "01_a", "A", "done", "quick", {})])
    '1 lesson executed, none failed.'
    """
    executed = [r for r in results if r.status in (DONE, FAILED)]
    failed = [r for r in executed if r.status == FAILED]
    open_ends = len(results) - len(executed)
    lessons = f"{len(executed)} lesson{'s' * (len(executed) != 1)} executed"
    words = f"{lessons}, {len(failed) or 'none'} failed"
    return f"{words}, {open_ends} not finished." if open_ends else f"{words}."


def thumbnail(cover: Encoded) -> Encoded:
    """Shrink a picture to a card; of a tall one the upper part is kept."""
    picture = Image.open(io.BytesIO(base64.b64decode(cover.content))).convert("RGB")
    height = min(picture.height, round(_COVER_SHAPE * picture.width))
    picture = picture.crop((0, 0, picture.width, height))
    picture.thumbnail((_COVER_WIDTH, 2 * _COVER_WIDTH), Image.Resampling.LANCZOS)
    return encode_pixels(picture)


def _css() -> str:
    code = HtmlFormatter(style=_CODE_STYLE).get_style_defs(".highlight")
    return f"{(_TEMPLATES / 'style.css').read_text()}\n{code}"
