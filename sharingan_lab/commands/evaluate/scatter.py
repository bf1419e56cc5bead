"""A scatter plot as SVG, without a plotting library."""

import math
from collections.abc import Mapping
from html import escape

_WIDTH, _HEIGHT = 420, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 400, 15, 310


def scatter(
    points: Mapping[str, tuple[float, float]], across: str, up: str, diagonal: str = ""
) -> str:
    """Draw points (x, y) by their names; with a `diagonal`, which it names, x and y share a scale.

    Examples
    --------
    >>> picture = scatter({"a.png": (20.0, 0.5), "b.png": (30.0, 0.9)}, "PSNR", "SSIM")
    >>> picture.count("<circle"), "a.png: 20, 0.5" in picture
    (2, True)
    """
    xs, ys = zip(*points.values(), strict=True)
    columns, rows = _ticks(xs + ys if diagonal else xs), _ticks(xs + ys if diagonal else ys)
    place_x = _scale(columns, _LEFT, _RIGHT)
    place_y = _scale(rows, _BOTTOM, _TOP)
    parts = [_axes(columns, rows, place_x, place_y)]
    if diagonal:
        parts.append(
            f'<line x1="{_LEFT}" y1="{_BOTTOM}" x2="{_RIGHT}" y2="{_TOP}" stroke-dasharray="4 3"/>'
            f'<text x="{_LEFT + 6}" y="{_TOP + 12}">{escape(diagonal)}</text>'
        )
    parts += [
        f'<circle cx="{place_x(x):.1f}" cy="{place_y(y):.1f}" r="4">'
        f"<title>{escape(name)}: {x:.4g}, {y:.4g}</title></circle>"
        for name, (x, y) in points.items()
    ]
    for name, place in (
        (across, f'x="{(_LEFT + _RIGHT) // 2}" y="{_HEIGHT - 8}"'),
        (up, f'transform="translate(14 {(_TOP + _BOTTOM) // 2}) rotate(-90)"'),
    ):
        parts.append(f'<text {place} text-anchor="middle">{escape(name)}</text>')
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'aria-label="{escape(_described(xs, ys, across, up, diagonal))}">{"".join(parts)}</svg>'
    )


def _described(xs: tuple, ys: tuple, across: str, up: str, diagonal: str) -> str:
    text = (
        f"{len(xs)} pictures: {up} from {min(ys):.4g} to {max(ys):.4g} against {across} from "
        f"{min(xs):.4g} to {max(xs):.4g}"
    )
    above = sum(y > x for x, y in zip(xs, ys, strict=True))
    return f"{text}; {above} lie above the diagonal" if diagonal else text


def _ticks(values: tuple[float, ...]) -> list[float]:
    """Round numbers, evenly spaced, from below the least value to above the largest."""
    low, high = min(values), max(values)
    rough = max(high - low, 1e-3) / 4
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _scale(ticks: list[float], start: int, end: int):
    return lambda value: start + (end - start) * (value - ticks[0]) / (ticks[-1] - ticks[0])


def _axes(columns: list[float], rows: list[float], place_x, place_y) -> str:
    parts = [
        f'<line x1="{_LEFT}" y1="{_BOTTOM}" x2="{_RIGHT}" y2="{_BOTTOM}"/>'
        f'<line x1="{_LEFT}" y1="{_BOTTOM}" x2="{_LEFT}" y2="{_TOP}"/>'
    ]
    for value in columns:
        x = f"{place_x(value):.1f}"
        parts.append(f'<text x="{x}" y="{_BOTTOM + 18}" text-anchor="middle">{value:.4g}</text>')
    for value in rows:
        y = f"{place_y(value) + 4:.1f}"
        parts.append(f'<text x="{_LEFT - 6}" y="{y}" text-anchor="end">{value:.4g}</text>')
    return "".join(parts)
