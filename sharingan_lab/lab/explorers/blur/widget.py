"""The blur explorer itself: what happens when its reader turns something."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import ipywidgets
from matplotlib.figure import Figure
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.lab.encoding import Encoded, encode
from sharingan_lab.lab.explorers.blur import pictures, plots, takeaway
from sharingan_lab.lab.explorers.blur.page import Page
from sharingan_lab.lab.explorers.blur.settings import CHOICES, CONTROLS, METHODS, PAGE_VALUES
from sharingan_lab.lab.explorers.blur.shot import Quality, Shot, expose, restorations
from sharingan_lab.lab.explorers.explorer import Explorer
from sharingan_lab.lab.figures import draw_picture


class BlurExplorer(Explorer):
    """Turn the motion and the camera; path, kernel, spectrum and photograph follow at once.

    Parameters
    ----------
    image : Tensor or str, optional
        Photograph (1, 3, H, W) in [0, 1], at least 64 pixels high and wide, or the name of a
        bundled one; the astronaut if not given.
    **start : float or str
        Values to start from, by name of control: those of the motion and the camera are called as
        in `sharingan_lab.blur`, the others are ``zoom``, ``across``, ``down``, ``method``,
        ``noise_to_signal``, ``iterations``, ``turn`` and ``stretch``.

    Attributes
    ----------
    page : Page
        The widgets beside the controls.
    picture, shot : Picture, Shot
        The photograph that is chosen; path, kernel and pictures that are shown.

    Raises
    ------
    InputError
        A start value is out of range, or the image is none or smaller than the kernel.

    Examples
    --------
    >>> explorer = BlurExplorer("coffee", path_length=20.0)
    >>> explorer.controls["exposure"].value = 0.25
    >>> explorer.description[:59]
    'A path of 20 px, exposed for 25 % of its time; its kernel, '
    """

    page_values = PAGE_VALUES

    def __init__(self, image: Tensor | str | None = None, **start: float | str | None) -> None:
        if "photons" in start:
            start["photons"] = start["photons"] or 0
        super().__init__(CONTROLS, start, CHOICES, label_width=166, live=True)
        first = pictures.first(image)
        self._first, self._pictures = first.name, {first.name: first}
        self._held = False
        self.page = Page(self, first.name)
        self.children = self.page.whole
        self.add_class("blur-explorer")
        self._open(self.page.photo)
        self.page.tabs.observe(self._redraw, names="selected_index")
        self.page.upload.observe(self._bring, names="value")
        self.page.new_path.on_click(self._next_path)
        self.page.reset.on_click(self._start_again)

    @property
    def picture(self) -> pictures.Picture:
        name = self.page.photo.value
        if name not in self._pictures:
            self._pictures[name] = pictures.bundled(name)
        return self._pictures[name]

    def _next_path(self, _button: ipywidgets.Button) -> None:
        seed = self.controls["seed"]
        seed.value = (seed.value + 1) % (seed.max + 1)

    def _start_again(self, _button: ipywidgets.Button) -> None:
        with self._one_redraw():
            self.page.photo.value, self.page.tabs.selected_index = self._first, 0
            for name, value in self.starts.items():
                self.controls[name].value = value

    def _bring(self, change: dict) -> None:
        """Take an uploaded photograph; one that cannot be read leaves the present one in place."""
        for file in change["new"]:
            try:
                picture = pictures.brought(file["name"], bytes(file["content"]))
            except DataError as error:
                self.say(str(error))
                return
            self._pictures[picture.name] = picture
            photo = self.page.photo
            with self._one_redraw():
                photo.options = list(dict.fromkeys([*photo.options, picture.name]))
                photo.value = picture.name

    @contextmanager
    def _one_redraw(self) -> Iterator[None]:
        """Change several values and draw once."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._redraw()

    def _draw(self) -> None:
        """Draw what is open anew."""
        if self._held:
            return
        self.shot = expose(self.picture.pixels, self.values)
        for name, method in (("noise_to_signal", METHODS[0]), ("iterations", METHODS[1])):
            for widget in self.rows[name].children:  # the strength of the other method is unused
                widget.disabled = self.values["method"] != method
        self.description = self._describe(self.shot, self.values)
        self.page.numbers.value = _measured(self.shot.quality, self.shot.noise_std)
        pages = (self._draw_blur, self._draw_restored, self._draw_files)
        pages[self.page.tabs.selected_index or 0]()
        self.say(self.picture.note, role="status")

    def _draw_blur(self) -> None:
        shot, edge = self.shot, plots.edge_of(self.shot.path, self.shot.exposure)
        self._plot("path", plots.path_plot, shot.path, shot.exposure, edge)
        self._plot("kernel", plots.kernel_plot, shot.kernel, edge)
        self._plot("spectrum", plots.spectrum_plot, shot.kernel)
        self._photograph("sharp", "sharp", shot.sharp, self.picture.name)
        self._photograph("blurred", "blurred", shot.blurred, str(shot.quality))
        noise = plots.loud_noise(shot.blurred, shot.clean)
        self._photograph(
            "noise", f"noise × {plots.LOUDER}", noise, f"std {_levels(shot.noise_std)}"
        )

    def _draw_restored(self) -> None:
        true, wrong = restorations(self.shot, self.values)
        edge = plots.edge_of(self.shot.path, self.shot.exposure)
        self._photograph("input", "blurred", self.shot.blurred, str(self.shot.quality))
        for name, restored in (("true", true), ("wrong", wrong)):
            title = f"restored: {name} kernel"
            self._photograph(name, title, restored.picture, str(restored.quality))
            words = f"{name} kernel"
            self._plot(words, plots.kernel_plot, restored.kernel, edge, words)
        self._show("gains", _gains(self.shot.quality, true.quality, wrong.quality))

    def _draw_files(self) -> None:
        self._show("files", takeaway.page(self.shot, self.picture, self.values))

    def _show(self, name: str, content: str) -> None:
        self.page.panels[name].value = content

    def _plot(self, name: str, *shown: object) -> None:
        self._show(name, plots.on_page(*shown))

    def _photograph(self, name: str, title: str, image: Tensor, caption: str) -> None:
        zoom = tuple(self.controls[control].value for control in ("zoom", "across", "down"))
        self._show(name, plots.photograph(title, image, zoom, caption))

    def _describe(self, shot: Shot, values: Mapping[str, float | str]) -> str:
        return (
            f"A path of {values['path_length']:g} px, exposed for {100 * shot.exposure:.0f} % of "
            "its time; its kernel, and what of each frequency that passes; the photograph "
            f"({self.picture.name}) sharp and blurred, at {shot.quality}; and the noise, of "
            f"standard deviation {shot.noise_std:.3f}."
        )

    def drawn(self) -> Encoded:
        return encode(_sheet(self.shot), tight=False)

    def draw_at(self, values: dict[str, float | str]) -> tuple[Figure, str]:
        shot = expose(self.picture.pixels, values)
        return _sheet(shot), self._describe(shot, values)


def _sheet(shot: Shot) -> Figure:
    """Path, kernel and spectrum above the photograph sharp, blurred, and its noise."""
    edge = plots.edge_of(shot.path, shot.exposure)
    figure = Figure(figsize=(10.6, 7.4), layout="constrained")
    path, kernel, spectrum, *photographs = figure.subplots(2, 3).flat
    plots.path_plot(path, shot.path, shot.exposure, edge)
    plots.kernel_plot(kernel, shot.kernel, edge)
    plots.spectrum_plot(spectrum, shot.kernel)
    noise = plots.loud_noise(shot.blurred, shot.clean)
    draw_picture(photographs[0], shot.sharp, "sharp")
    draw_picture(photographs[1], shot.blurred, f"blurred: {shot.quality}")
    draw_picture(photographs[2], noise, f"noise × {plots.LOUDER}: std {shot.noise_std:.3f}")
    return figure


def _measured(quality: Quality, noise_std: float) -> str:
    facts = {
        "PSNR": quality.psnr,
        "SSIM": f"{quality.similarity:.3f}",
        "noise std": _levels(noise_std),
    }
    words = (f"<span>{name} <strong>{fact}</strong></span>" for name, fact in facts.items())
    return f"<p>{''.join(words)}</p>"


def _gains(blurred: Quality, true: Quality, wrong: Quality) -> str:
    """Say what each kernel gained or lost against the blurred picture."""
    if blurred.decibels == math.inf:
        return "<p>The blurred picture is the sharp one: there is nothing to restore.</p>"
    gains = [
        f"<li>{name} kernel: <strong>{restored.decibels - blurred.decibels:+.2f} dB</strong></li>"
        for name, restored in (("true", true), ("wrong", wrong))
    ]
    return f"<h3>PSNR, against blurred</h3><ul>{''.join(gains)}</ul>".replace("-", "−")


def _levels(std: float) -> str:
    return f"{std:.4f} ({255 * std:.1f} of 255 levels)"
