"""What is drawn: path, kernel and spectrum on axes, for the page and the still; photographs."""

import base64
import html
import io
from collections.abc import Callable
from functools import lru_cache

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from sharingan_lab.images import to_uint8
from sharingan_lab.lab.paths import draw_path

LOUDER = 5  # how many times the noise is amplified to be seen
_RUNS = 3  # zlib's Z_RLE: a third quicker than any other way, and no larger for photographs
FLOOR = -60.0  # decibels: what is weaker counts as nothing
_REACHES = (4, 8, 16, 32)  # pixels from the middle to the edge of a plot
_DPI = 150
_SMALL = {"font.size": 8, "axes.titlesize": 9, "axes.labelsize": 8}
Drawn = tuple[ScalarMappable, str, str]  # what is coloured, what the colours mean, in words


class _Sheet:
    """A figure that is kept, and the pixels of its frame: both cost more than what lies in it."""

    def __init__(self) -> None:
        self.figure = Figure(figsize=(2.7, 2.1), dpi=_DPI, layout="none")
        self.canvas = FigureCanvasAgg(self.figure)
        self.ax = self.figure.add_axes((0.22, 0.19, 0.52, 0.67))
        self.bar = self.figure.add_axes((0.765, 0.19, 0.035, 0.67), xticks=[])
        self.framed: tuple | None = None
        self.limits: tuple | None = None

    def draw(self, plot: Callable[..., Drawn], shown: tuple[object, ...]) -> tuple[np.ndarray, str]:
        """Put a plot in the place of the last one: pixels (H, W, 3), and what is to be seen."""
        ax = self.ax
        for artist in (*ax.images, *ax.collections, *ax.lines):
            artist.remove()
        drawn, meaning, alt = plot(ax, *shown)
        content = (*ax.images, *ax.collections, *ax.lines)
        framed, limits = (ax.get_title(), ax.get_xlim()), drawn.get_clim()
        if framed != self.framed:
            self.framed, self.limits = framed, None
            self._keep_frame(content)
        if limits != self.limits:
            self.limits = limits
            self._keep_bar(drawn, meaning)
        self.canvas.restore_region(self.whole)
        for artist in (*content, *ax.spines.values()):
            ax.draw_artist(artist)
        return np.asarray(self.canvas.buffer_rgba())[..., :3], alt

    def _keep_frame(self, content: tuple[Artist, ...]) -> None:
        for artist in (*content, self.bar):
            artist.set_visible(False)
        self.canvas.draw()
        self.frame = self.canvas.copy_from_bbox(self.figure.bbox)
        for artist in (*content, self.bar):
            artist.set_visible(True)

    def _keep_bar(self, drawn: ScalarMappable, meaning: str) -> None:
        """Say in a bar what the colours mean; one of matplotlib's own takes ten times as long."""
        if not self.bar.images:
            shades = np.linspace(1, 0, 256)[:, None]
            self.bar.imshow(shades, cmap=drawn.cmap, extent=(0, 1, 0, 1), aspect="auto")
            self.bar.set_ylabel(meaning)
            self.bar.grid(False)
            self.bar.yaxis.tick_right()
            self.bar.yaxis.set_label_position("right")
        self.bar.set_yticks([0, 0.5, 1], [_short(x) for x in np.linspace(*drawn.get_clim(), 3)])
        self.canvas.restore_region(self.frame)
        self.figure.draw_artist(self.bar)
        self.whole = self.canvas.copy_from_bbox(self.figure.bbox)


def _short(number: float) -> str:
    """Two digits that count, and never a power of ten: 100, 8.2, 0."""
    return np.format_float_positional(number, 2, fractional=False, trim="-").replace("-", "−")


_sheet = lru_cache(lambda _plot: _Sheet())


@lru_cache(maxsize=8)
def on_page(plot: Callable[..., Drawn], *shown: object) -> str:
    """Draw one of the plots below with its colour bar, as an image with a description."""
    with mpl.rc_context(_SMALL):
        pixels, alt = _sheet(plot).draw(plot, shown)
    source = data_uri(png(np.ascontiguousarray(pixels)), "image/png")
    height, width, _ = pixels.shape
    return (
        f'<img class="plot" src="{source}" alt="{html.escape(alt)}" decoding="sync" '
        f'width="{width}" height="{height}">'
    )


def path_plot(ax: Axes, path: Tensor, exposure: float, edge: int) -> Drawn:
    """Draw the path: its exposed part coloured by time, the rest grey, a ring at the start."""
    points, seen = _centred(path, exposure)
    ax.plot(*points[seen - 1 :].T, color="#8a8a8a", linewidth=1)  # the shutter is shut
    lines = draw_path(ax, points[:seen], "path; the ring is its start", edge, share=exposure)
    _frame(ax, edge, "{} (px)")
    length = float(path.diff(dim=1).norm(dim=2).sum())
    alt = f"Path of {length:.0f} px, coloured by time up to {100 * exposure:.0f} % of it"
    return lines, "time (% of the path)", alt


def kernel_plot(ax: Axes, kernel: Tensor, edge: int, name: str = "kernel") -> Drawn:
    """Draw the kernel: the share of light that each pixel receives."""
    percent = 100 * kernel[0].numpy()
    left, right = -len(percent) // 2 - 0.5, len(percent) // 2 - 0.5
    image = ax.imshow(percent, cmap="magma", vmin=0, extent=(left, right, right, left))
    title = f"{name}, sum {percent.sum() / 100:.2f}"
    ax.set_title(title)
    _frame(ax, edge, "{} (px)")
    rows, columns = (int(percent.any(axis=i).sum()) for i in (1, 0))
    alt = f"{title}: {columns} px wide, {rows} px high, at most {percent.max():.2g} % a pixel"
    return image, "share of the light (%)", alt


def spectrum_plot(ax: Axes, kernel: Tensor) -> Drawn:
    """Draw what the kernel passes of each frequency, on a logarithmic scale."""
    values = spectrum(kernel)
    image = ax.imshow(values, cmap="cividis", vmin=FLOOR, vmax=0, extent=(-0.5, 0.5, 0.5, -0.5))
    ax.set_title("spectrum of the kernel")
    _frame(ax, 0.5, "frequency in {} (cycles/px)")
    weak = 100 * float((values < -20).mean())
    alt = f"Spectrum of the kernel: {weak:.0f} % of the frequencies are weakened by more than 20 dB"
    return image, "magnitude (dB)", alt


def edge_of(path: Tensor, exposure: float) -> int:
    """Return how many pixels from the middle a plot must show: a few steps, so it seldom jumps."""
    needed = 1.1 * float(np.abs(_centred(path, exposure)[0]).max())
    return next((r for r in _REACHES if r >= needed), _REACHES[-1])


def spectrum(kernel: Tensor) -> np.ndarray:
    """Return what a kernel passes of each frequency, in decibels (128, 128), zero in the middle."""
    passed = np.abs(np.fft.fftshift(np.fft.fft2(kernel[0].double().numpy(), s=(128, 128))))
    with np.errstate(divide="ignore"):
        return np.maximum(20 * np.log10(passed / passed[64, 64]), FLOOR)


def _centred(path: Tensor, exposure: float) -> tuple[np.ndarray, int]:
    """The path (steps, 2) around the centroid of its exposed part, and how many steps count."""
    points = path[0].double().numpy()
    seen = max(2, round(exposure * len(points)))
    return points - points[:seen].mean(axis=0), seen


def _frame(ax: Axes, edge: float, names: str) -> None:
    ticks = (-edge, 0, edge)
    ax.set(xlim=(-edge, edge), ylim=(edge, -edge), xticks=ticks, yticks=ticks)
    ax.set(xlabel=names.format("x"), ylabel=names.format("y"))
    ax.grid(False)


def data_uri(content: bytes, kind: str) -> str:
    """Return an address that holds the content itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def png(pixels: np.ndarray) -> bytes:
    """Encode 8-bit pixels (H, W), (H, W, 3) or (H, W, 4), quickly rather than small."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png", compress_level=1, compress_type=_RUNS)
    return buffer.getvalue()


def in_view(image: Tensor, zoom: int, across: int, down: int) -> Tensor:
    """Cut the part out of an image (1, 3, H, W) that is looked at.

    It is ``zoom`` times narrower and lower, and lies so many percent of the way across and down.
    """
    height, width = (max(1, side // zoom) for side in image.shape[-2:])
    top = round((image.shape[-2] - height) * down / 100)
    left = round((image.shape[-1] - width) * across / 100)
    return image[..., top : top + height, left : left + width]


def loud_noise(blurred: Tensor, clean: Tensor) -> Tensor:
    """Show what the noise changed, amplified, around a middle grey."""
    return (0.5 + LOUDER * (blurred - clean)).clamp(0, 1)


def photograph(title: str, image: Tensor, zoom: tuple[int, int, int], caption: str) -> str:
    """Return a figure with the part of a photograph that is in view, and words below it.

    An enlargement repeats pixels and blurs nothing.
    """
    part = in_view(image, *zoom)
    source = data_uri(png(to_uint8(part)), "image/png")
    height, width = part.shape[-2:]
    pixelated = ' class="pixelated"' if zoom[0] > 1 else ""
    alt = html.escape(f"Photograph, {title}: {caption}", quote=True)
    return (
        f"<figure><h3>{html.escape(title)}</h3>"
        f'<img{pixelated} src="{source}" alt="{alt}" decoding="sync" '
        f'width="{width}" height="{height}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
