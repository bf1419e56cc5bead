"""What the report repeats of a lesson: key figures on its index, notices at a page's top.

The report finds them again in the *metadata* of their outputs: nbval compares every MIME type of
a compared cell, at full digits, but never the metadata, and every reader of notebooks skips
metadata that it does not know.
"""

import html

import numpy as np

from sharingan_lab.lab.display import METADATA_KEY, emit
from sharingan_lab.lab.tables import format_value


def key_figure(label: str, value: float | int | str, unit: str = "") -> None:
    """State a result of the lesson; the report repeats it on its index and in summary.json.

    Examples
    --------
    >>> key_figure("PSNR of the blurred picture", 24.31234, unit="dB")
    PSNR of the blurred picture: 24.31 dB
    """
    shown = f"{format_value(value)} {unit}".strip()
    plain = value.item() if isinstance(value, np.generic) else value
    plain = plain if isinstance(plain, float | int | str) else str(plain)  # JSON knows no others
    fact = {"label": label, "value": plain, "unit": unit, "shown": shown}
    markup = (
        '<div class="sharingan-key-figure" style="margin:.3em 0">'
        f"{html.escape(label)}: <strong>{html.escape(shown)}</strong></div>"
    )
    data = {"text/html": markup, "text/plain": f"{label}: {shown}"}
    emit(data, {METADATA_KEY: {"key_figure": fact}})


def notice(text: str) -> None:
    """Warn the reader of a substitute or a limit; the report repeats it at the page's top.

    Examples
    --------
    >>> notice("VGG-19 with RANDOM weights, as asked.")
    Notice: VGG-19 with RANDOM weights, as asked.
    """
    markup = (
        '<div class="sharingan-notice" role="note" style="border-left:5px solid #D55E00;'
        'background:#fff4ec;color:#222;padding:.6em 1em;margin:.6em 0">'
        f"<strong>Notice.</strong> {html.escape(text)}</div>"
    )
    data = {"text/html": markup, "text/plain": f"Notice: {text}"}
    emit(data, {METADATA_KEY: {"notice": text}})
