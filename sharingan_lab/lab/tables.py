"""Tables, and how the numbers in them are written."""

import html
from collections.abc import Sequence
from numbers import Integral, Real

from sharingan_lab.errors import InputError
from sharingan_lab.lab.display import emit


def format_value(value: object, digits: int | None = None) -> str:
    """Write a number with four significant digits or some decimals, an integer whole.

    Anything else stays as it is.

    Examples
    --------
    >>> format_value(0.97312), format_value(11_378_179), format_value("1.5 ± 0.1")
    ('0.9731', '11,378,179', '1.5 ± 0.1')
    >>> format_value(-0.0), format_value(-0.004, digits=2)
    ('0', '0.00')
    """
    if isinstance(value, Integral) and not isinstance(value, bool):
        return f"{int(value):,}"
    if isinstance(value, Real) and not isinstance(value, bool):
        return f"{float(value):z.4g}" if digits is None else f"{float(value):z.{digits}f}"
    return str(value)


def in_words(seconds: float) -> str:
    """Write a duration as people say it.

    Examples
    --------
    >>> in_words(7.31), in_words(125), in_words(3 * 3600 + 300)
    ('7 s', '2 min 5 s', '3 h 5 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def table(
    rows: Sequence[Sequence], columns: Sequence[str], caption: str = "", digits: int | None = None
) -> None:
    """Show a table whose first column names the rows.

    Numbers are written with four significant digits, or with ``digits`` decimals if not whole; the
    caption, what the table shows, is read out before it.

    Examples
    --------
    >>> table([["blurred", 24.1], ["Wiener", 27.85]], ["picture", "PSNR in dB"])
    picture  PSNR in dB
    -------  ----------
    blurred        24.1
    Wiener        27.85
    """
    for row in rows:
        if len(row) != len(columns):
            raise InputError(f"a row of {len(row)} values under {len(columns)} heads: {list(row)}")
    numeric = [
        bool(rows) and all(isinstance(row[i], Real) for row in rows) for i in range(len(columns))
    ]
    cells = [[format_value(value, digits) for value in row] for row in rows]
    text = _text_table(cells, list(columns), caption, numeric)
    emit({"text/html": html_table(cells, columns, caption, numeric), "text/plain": text})


def _text_table(cells: list[list[str]], head: list[str], caption: str, numeric: list[bool]) -> str:
    widths = [max(len(row[i]) for row in [head, *cells]) for i in range(len(head))]

    def line(row: list[str]) -> str:
        aligned = zip(row, widths, numeric, strict=True)
        return "  ".join(c.rjust(w) if n else c.ljust(w) for c, w, n in aligned).rstrip()

    ruled = [line(head), "  ".join("-" * w for w in widths), *map(line, cells)]
    return "\n".join([caption, *ruled] if caption else ruled)


def html_table(
    cells: Sequence[Sequence[str]], head: Sequence[str], caption: str, numeric: Sequence[bool]
) -> str:
    """Return a table whose first column names the rows, to which no head needs to belong."""
    align = ["text-align:right" if n else "text-align:left" for n in numeric]
    heads = "".join(
        f'<th scope="col" style="{a}">{html.escape(h)}</th>' if h else "<td></td>"
        for h, a in zip(head, align, strict=False)
    )
    heads = f"<thead><tr>{heads}</tr></thead>" if head else ""
    body = "".join(_html_row(row, align) for row in cells)
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return f'<table class="sharingan-table">{title}{heads}<tbody>{body}</tbody></table>'


def _html_row(row: Sequence[str], align: list[str]) -> str:
    name, *values = row
    tds = "".join(
        f'<td style="{a}">{html.escape(v)}</td>' for v, a in zip(values, align[1:], strict=True)
    )
    return f'<tr><th scope="row" style="{align[0]}">{html.escape(name)}</th>{tds}</tr>'
