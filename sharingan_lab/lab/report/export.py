"""Executed lessons as web pages that need nothing but themselves.

No page asks the network for anything: pictures are inside it, equations are MathML, and the one
script, on pages with sliders, moves between pictures stored beside it. The templates lie in
``templates/``.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
from nbconvert.exporters import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbformat import NotebookNode
from PIL import Image
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from sharingan_lab.lab.display import POSITIONS
from sharingan_lab.lab.encoding import Encoded, encode_pixels
from sharingan_lab.lab.lesson import MODES
from sharingan_lab.lab.report import findings
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.equations import EquationError, mathml_in_text
from sharingan_lab.lab.report.markdown import OnError, Renderer, markdown
from sharingan_lab.lab.report.results import DONE, FAILED, LessonResult
from sharingan_lab.lab.tables import in_words

_TEMPLATES = Path(__file__).parent / "templates"
_PRIORITY = [
    POSITIONS,
    "text/html",
    "image/svg+xml",
    "image/png",
    "image/jpeg",
    "text/markdown",
    "text/latex",
    "text/plain",
    findings.WIDGET_VIEW,  # nothing to show: its picture is the next output
]
_COVER_WIDTH = 560
_COVER_SHAPE = 0.66  # height by width, at most
_CODE_STYLES = ("xcode", "github-dark")  # each in contrast to the background it lies on
_SHOWN_FIGURES = 3  # of a lesson's key figures on its card; the others are folded
_HIDDEN_PARAMETERS = ("out_dir",)  # a folder of this machine; the lesson's table names it


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
        self.register_filter("picture_alt", findings.picture_alt)
        self.register_filter("is_injected", findings.is_injected)
        self.register_filter("positions", lambda output: output.data[POSITIONS])
        self.register_filter("is_widget", lambda output: findings.WIDGET_VIEW in output.data)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer="ipython3"))

    def _file_extension_default(self) -> str:
        return ".html"


def lesson_html(
    notebook: NotebookNode, result: LessonResult, previous: Lesson | None, following: Lesson | None
) -> tuple[str, list[EquationError]]:
    """Return the page of one executed lesson, and the equations left as LaTeX on it.

    The head of the page says what the run is remembered by; it links to the neighbours.
    """
    undrawn: list[EquationError] = []
    renderer = Renderer(undrawn.append)
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    page = {
        "css": _css("lesson"),
        "result": result,
        "mode_meaning": MODES[result.mode],
        "parameters": _worth_saying(findings.parameters(notebook)),
        "previous": previous,
        "next": following,
        "texts": {cell.id: renderer.html(cell.source) for cell in cells},
        "script": (_TEMPLATES / "sliders.js").read_text() if findings.has_sliders(notebook) else "",
        "headings": [heading for heading in renderer.headings if heading.level in (2, 3)],
    }
    text, _ = _Exporter(undrawn.append).from_notebook_node(notebook, resources={"page": page})
    return text, undrawn


def _worth_saying(values: Mapping[str, str]) -> str:
    shown = [f"{n}: {x}" for n, x in values.items() if x and n not in _HIDDEN_PARAMETERS]
    return ", ".join(shown)


def index_html(
    results: Sequence[LessonResult],
    lessons: Mapping[str, Lesson],
    covers: Mapping[str, findings.Cover | None],
    about: Mapping[str, object],
) -> str:
    """Return the front page: a card for each lesson, and at its end what was run where."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    minutes = sum(lessons[result.name].minutes or 0 for result in results)
    return environment.get_template("course.html.j2").render(
        css=_css("course"),
        mode=about["mode"],
        mode_meaning=MODES[about["mode"]],
        facts=_facts(about),
        results=results,
        lessons=lessons,
        aims={result.name: _aim(lessons[result.name]) for result in results},
        work=in_words(60 * minutes) if minutes else "",
        covers=covers,
        troubled=[result for result in results if result.status != DONE],
        verdict=verdict(results),
        shown_figures=_SHOWN_FIGURES,
    )


def _aim(lesson: Lesson) -> str:
    """What a lesson teaches as a line of HTML; its own page tells of what cannot be drawn."""
    return lesson.aim and markdown(f"After it you can {lesson.aim}.", lambda _: None)


def _facts(about: Mapping[str, object]) -> dict[str, str]:
    """What the index states about the run."""
    given = [f"{name} = {value}" for name, value in about["parameters"].items()]
    return {
        "mode": about["mode"],
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


def _css(kind: str) -> str:
    """Return the style of a lesson's page or of the course's; a dark screen gets dark code."""
    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight") for style in _CODE_STYLES
    )
    shared, own = ((_TEMPLATES / f"{name}.css").read_text() for name in ("page", kind))
    dark = f"@media screen and (prefers-color-scheme: dark) {{\n{dark}\n}}"
    return "\n".join([shared, own, *([light, dark] if kind == "lesson" else [])])
