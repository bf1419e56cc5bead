"""Equations that need neither a network nor a script: LaTeX to MathML."""

import html
import re
from collections.abc import Callable
from xml.etree import ElementTree

from latex2mathml.converter import convert

from sharingan_lab.errors import SharinganError

_IN_TEXT = re.compile(r"(?<![\\$])(\${1,2})(?=\S)([^$]+?)(?<=\S)\1(?!\$)")
_BRACES = re.compile(r"(?<!\\)(?:\\\\)*([{}])")
# Spellings that MathJax reads and latex2mathml does not, with ones that both read alike.
_SPELLINGS = (
    (re.compile(r"\\(begin|end)\{aligned\}"), r"\\\1{split}"),
    (re.compile(r"\\operatorname\*?\{arg(?:\\,)?(min|max)\}"), r"\\arg\1"),
    (re.compile(r"\\operatorname\*"), r"\\operatorname"),
    (re.compile(r"(\\math(?:cal|bb|bf|frak|it|rm))\s*([A-Za-z])(?![A-Za-z])"), r"\1{\2}"),
)
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_FUNCTIONS = {"log", "ln", "exp", "sin", "cos", "tanh"}
_LIMITS = {"min", "max", "inf", "sup", "arg\u2009min", "arg\u2009max"}
_BRACE_CLASSES = {"\u23df": "underbrace", "\u23de": "overbrace"}

ElementTree.register_namespace("", _NAMESPACE)


class EquationError(SharinganError):
    """An equation uses LaTeX that cannot be turned into MathML."""


def mathml(latex: str, *, block: bool = False) -> str:
    r"""Turn one equation into MathML, which browsers draw themselves.

    Examples
    --------
    >>> mathml("x^2")
    '<math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math>'
    >>> mathml(r"\unheardof x")
    Traceback (most recent call last):
    ...
    sharingan_lab.lab.report.equations.EquationError: cannot draw the equation \unheardof x: \unheardof is unknown
    """  # noqa: E501
    latex = latex.strip()
    braces = _BRACES.findall(latex)
    if braces.count("{") != braces.count("}"):
        raise EquationError(f"cannot draw the equation {latex}: its braces do not match")
    drawn = _convert(latex, "block" if block else "inline")
    return f'<span class="equation" tabindex="0">{drawn}</span>' if block else drawn


def mathml_in_text(text: str, on_error: Callable[[EquationError], None]) -> str:
    """Replace ``$...$`` and ``$$...$$`` in a text or in HTML; a lone dollar stays.

    ``on_error`` is told of each equation that cannot be drawn, which is then left as it is.
    """

    def draw(found: re.Match) -> str:
        try:
            return mathml(html.unescape(found[2]), block=len(found[1]) == 2)
        except EquationError as error:
            on_error(error)
            return found[0]

    return _IN_TEXT.sub(draw, text)


def _convert(latex: str, display: str) -> str:
    spelt = latex
    for pattern, replacement in _SPELLINGS:
        spelt = pattern.sub(replacement, spelt)
    try:
        tree = ElementTree.fromstring(convert(spelt, display=display))
    except Exception as error:  # latex2mathml raises a dozen unrelated classes
        raise EquationError(f"cannot draw the equation {latex}: {type(error).__name__}") from error
    unknown = [text for text in tree.itertext() if "\\" in text]
    if unknown:
        raise EquationError(f"cannot draw the equation {latex}: {unknown[0]} is unknown")
    _mend(tree, display)
    return ElementTree.tostring(tree, encoding="unicode")


def _mend(tree: ElementTree.Element, display: str) -> None:
    """Draw what latex2mathml leaves to fonts or gets wrong.

    ~ is a relation; a function's name keeps a thin space from its neighbours, but from brackets
    and signs; in a displayed equation the limits of min and max stand below; a brace
    becomes a line of the style sheet, as it stretches only where a font for mathematics is
    installed.
    """
    for element in tree.iter():
        _space_functions(element)
        if element.tag == _tag("mi") and element.text == "~":
            element.tag, element.text = _tag("mo"), "\u223c"
        if element.tag == _tag("msub") and element[0].text in _LIMITS and display == "block":
            element.tag = _tag("munder")
        if len(element) == 2 and element[1].text in _BRACE_CLASSES:
            element.set("class", _BRACE_CLASSES[element[1].text])
            element.tag = _tag("mrow")
            element.remove(element[1])


def _space_functions(row: ElementTree.Element) -> None:
    apart = {None, _tag("mo"), _tag("mspace")}
    tags = [None, *(element.tag for element in row), None]
    for before, element, after in zip(tags, row, tags[2:], strict=False):
        if element.tag == _tag("mi") and element.text in _FUNCTIONS:
            element.tag = _tag("mo")
            element.set("lspace", "0" if before in apart else "0.167em")
            element.set("rspace", "0" if after in apart else "0.167em")


def _tag(name: str) -> str:
    return f"{{{_NAMESPACE}}}{name}"
