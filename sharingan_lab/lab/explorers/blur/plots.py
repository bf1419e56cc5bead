"""Path, kernel and spectrum on axes, as SVG: sharp text at any size, drawn in a millisecond."""

import html

import numpy as np
from torch import Tensor

from sharingan_lab.lab.explorers.blur.panels import coloured, data_uri, png
from sharingan_lab.lab.explorers.blur.shot import Shot
from sharingan_lab.lab.style import COLOURS

FLOOR = -60.0  # decibels: what is weaker counts as nothing
_PIECES = 64  # of one colour each
_REACHES = (4, 8, 16, 32)  # pixels from the middle to the edge of a plot
_SIZE, _LEFT, _TOP = 172, 58, 26  # of the square of the plot, in units of the drawing
_WIDTH, _HEIGHT = 308, 244
_PLACE = ("x (px)", "y (px)")


def centred(shot: Shot) -> tuple[np.ndarray, int]:
    """Return the path (steps, 2) around the centroid of its exposed part, and how many count."""
    points = shot.path[0].double().numpy()
    seen = max(2, round(shot.exposure * len(points)))
    return points - points[:seen].mean(axis=0), seen


def edge_of(shot: Shot) -> int:
    """Return how many pixels from the middle a plot must show: a few steps, so it seldom jumps."""
    needed = 1.1 * float(np.abs(centred(shot)[0]).max())
    return next((r for r in _REACHES if r >= needed), _REACHES[-1])


def spectrum(kernel: Tensor) -> np.ndarray:
    """Return what a kernel passes of each frequency, in decibels (128, 128), zero in the middle."""
    passed = np.abs(np.fft.fftshift(np.fft.fft2(kernel[0].double().numpy(), s=(128, 128))))
    with np.errstate(divide="ignore"):
        return np.maximum(20 * np.log10(passed / passed[64, 64]), FLOOR)


def path_plot(shot: Shot, edge: int) -> str:
    """Draw the path: its exposed part coloured by time, the rest grey, a ring at the start."""
    points, seen = centred(shot)
    stroke = 2 * edge / _SIZE
    cuts = np.linspace(0, seen - 1, _PIECES + 1).round().astype(int)
    shades = coloured(np.linspace(0, shot.exposure, _PIECES), "viridis")
    lines = [_line(points[seen - 1 :: 4], "#8a8a8a", 1.2 * stroke)]
    lines += [
        _line(points[a : b + 1], "#{:02x}{:02x}{:02x}".format(*shade), 3 * stroke)
        for a, b, shade in zip(cuts[:-1], cuts[1:], shades, strict=True)
    ]
    x, y = points[0]
    lines.append(
        f'<circle cx="{x:.3f}" cy="{y:.3f}" r="{4.5 * stroke:.4f}" fill="none" '
        f'stroke="{COLOURS[1]}" stroke-width="{2 * stroke:.4f}"/>'
    )
    bar = ("viridis", ("0", "50", "100"), "time (% of the path)")
    length = float(shot.path.diff(dim=1).norm(dim=2).sum())
    alt = f"Path of {length:.0f} px, coloured by time up to {100 * shot.exposure:.0f} % of it"
    return _axes("".join(lines), edge, "path; the ring is its start", alt, _PLACE, bar)


def kernel_plot(kernel: Tensor, edge: int, name: str = "kernel") -> str:
    """Draw the kernel: the share of light that each pixel receives."""
    values = kernel[0].numpy()
    brightest = float(values.max())
    half = values.shape[0] // 2
    content = _pixels(coloured(values / brightest, "magma"), -half - 0.5, values.shape[0])
    ends = ("0", f"{50 * brightest:.2g}", f"{100 * brightest:.2g}")
    bar = ("magma", ends, "share of the light (%)")
    title = f"{name}, sum {float(values.sum()):.2f}"
    rows, columns = (int(values.any(axis=i).sum()) for i in (1, 0))
    alt = f"{title}: {columns} px wide, {rows} px high, at most {100 * brightest:.2g} % a pixel"
    return _axes(content, edge, title, alt, _PLACE, bar)


def spectrum_plot(kernel: Tensor) -> str:
    """Draw what the kernel passes of each frequency, on a logarithmic scale."""
    values = spectrum(kernel)
    step = 1 / len(values)
    content = _pixels(coloured(1 - values / FLOOR, "cividis"), -0.5 - step / 2, 1)
    ends = (f"−{-FLOOR:.0f}", f"−{-FLOOR / 2:.0f}", "0")
    names = ("frequency in x (cycles/px)", "frequency in y (cycles/px)")
    bar = ("cividis", ends, "magnitude (dB)")
    weak = 100 * float((values < -20).mean())
    alt = f"Spectrum of the kernel: {weak:.0f} % of the frequencies are weakened by more than 20 dB"
    return _axes(content, 0.5, "spectrum of the kernel", alt, names, bar)


def _line(points: np.ndarray, colour: str, width: float) -> str:
    spots = " ".join(f"{x:.2f},{y:.2f}" for x, y in points)
    return (
        f'<polyline points="{spots}" fill="none" stroke="{colour}" stroke-width="{width:.4f}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _pixels(pixels: np.ndarray, start: float, side: float) -> str:
    source = data_uri(png(pixels), "image/png")
    return (
        f'<image class="pixelated" href="{source}" x="{start}" y="{start}" width="{side}" '
        f'height="{side}"/>'
    )


def _axes(
    content: str,
    edge: float,
    title: str,
    alt: str,
    names: tuple[str, str],
    bar: tuple[str, tuple[str, str, str], str],
) -> str:
    """Set content in data units, from -edge to edge both ways, into a frame with ticks."""
    right, bottom, middle = _LEFT + _SIZE, _TOP + _SIZE, _TOP + _SIZE / 2
    parts = [
        f'<svg x="{_LEFT}" y="{_TOP}" width="{_SIZE}" height="{_SIZE}" '
        f'viewBox="{-edge} {-edge} {2 * edge} {2 * edge}">{content}</svg>',
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIZE}" height="{_SIZE}" class="frame"/>',
        _text(_LEFT + _SIZE / 2, 16, title, "title"),
        _text(_LEFT + _SIZE / 2, _HEIGHT - 5, names[0]),
        _text(0, 0, names[1], turned=(13, middle)),
        _colour_bar(right + 8, *bar),
    ]
    for part in (-1, -0.5, 0, 0.5, 1):
        along = (1 + part) / 2 * _SIZE
        number = f"{part * edge:g}".replace("-", "−") if edge > 1 or part in (-1, 0, 1) else ""
        parts.append(f'<path class="frame" d="M{_LEFT + along} {bottom}v4M{_LEFT - 4} '
                     f'{_TOP + along}h4"/>')  # fmt: skip
        parts.append(_text(_LEFT + along, bottom + 18, number))
        parts.append(_text(_LEFT - 7, _TOP + along + 4.5, number, "end"))
    label = html.escape(alt, quote=True)
    return (
        f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _colour_bar(x: float, map_name: str, ends: tuple[str, str, str], label: str) -> str:
    source = data_uri(png(coloured(np.linspace(1, 0, 128)[:, None], map_name)), "image/png")
    numbers = "".join(
        _text(x + 15, _TOP + (1 - i / 2) * _SIZE + 4, end, "start") for i, end in enumerate(ends)
    )
    return (
        f'<image href="{source}" x="{x}" y="{_TOP}" width="11" height="{_SIZE}" '
        f'preserveAspectRatio="none"/>{numbers}'
        + _text(0, 0, label, turned=(_WIDTH - 5, _TOP + _SIZE / 2))
    )


def _text(
    x: float, y: float, words: str, kind: str = "", turned: tuple[float, float] | None = None
) -> str:
    move = f' transform="translate({turned[0]} {turned[1]}) rotate(-90)"' if turned else ""
    return f'<text x="{x}" y="{y}" class="{kind}"{move}>{html.escape(words)}</text>'
