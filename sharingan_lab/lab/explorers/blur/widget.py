"""The explorer itself: what happens when its reader turns something."""

import html
from collections.abc import Iterator
from contextlib import contextmanager

import ipywidgets
from torch import Tensor

from sharingan_lab.errors import DataError
from sharingan_lab.lab.encoding import Encoded, encode
from sharingan_lab.lab.explorers.blur import pictures, plots, takeaway
from sharingan_lab.lab.explorers.blur.page import Page
from sharingan_lab.lab.explorers.blur.panels import LOUDER, loud_noise, photograph
from sharingan_lab.lab.explorers.blur.restoring import restorations
from sharingan_lab.lab.explorers.blur.settings import GROUPS, STARTS, settings, starts
from sharingan_lab.lab.explorers.blur.shot import Quality, expose
from sharingan_lab.lab.explorers.blur.still import still
from sharingan_lab.lab.pictured import Pictured


class BlurExplorer(Pictured):
    """Turn the motion and the camera; path, kernel, spectrum and photograph follow at once.

    Without a kernel (in a report, in a saved notebook) a still picture stands in for it.

    Parameters
    ----------
    image : Tensor or str, optional
        Photograph (1, 3, H, W) in [0, 1], at least 64 pixels high and wide, or the name of a
        bundled one; the astronaut if not given.
    **start : float or str
        Values to start from, by name of control: ``seed``, ``path_length``, ``inertia``,
        ``gaussian``, ``impulse``, ``anxiety``, ``exposure``, ``noise_std``, ``photons``, ``gamma``,
        ``highlights``, ``boundary`` as the functions of `sharingan_lab.blur` take them; ``zoom``,
        ``across``, ``down``; ``method``, ``noise_to_signal``, ``iterations``, ``turn``,
        ``stretch`` of the page that restores.

    Attributes
    ----------
    controls : dict
        The number box, linked to a slider, or the list of each name above; setting ``.value``
        redraws.
    photo, upload, new_path, reset, tabs : Widget
        List of photographs, button that takes a file, buttons for the next seed and for everything
        as it was at the start, the three pages.
    picture : Picture
        The photograph that is chosen.
    settings : Settings
        What the blurred picture follows from beside it.
    shot : Shot
        Path, kernel and pictures that are shown.
    description : str
        What is to be seen, with its numbers.

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

    def __init__(self, image: Tensor | str | None = None, **start: float | str | None) -> None:
        self._starts = starts(start)
        self._held = False
        first = pictures.first(image)
        self._first = first.name
        self._pictures = {first.name: first}
        self._page = page = Page(self._starts, first.name)
        self.controls, self.photo, self.upload = page.controls, page.photo, page.upload
        self.new_path, self.reset, self.tabs = page.new_path, page.reset, page.tabs
        super().__init__(page.whole)
        self.add_class("blur-explorer")
        self._redraw()
        self._listen()

    @property
    def picture(self) -> pictures.Picture:
        name = self.photo.value
        if name not in self._pictures:
            self._pictures[name] = pictures.bundled(name)
        return self._pictures[name]

    @property
    def values(self) -> dict[str, float | str]:
        """The value of every control, by name."""
        return {name: self.controls[name].value for name in STARTS}

    @property
    def python(self) -> str:
        """A program whose ``kernel`` and ``blurred`` equal those shown bit for bit."""
        return takeaway.python_lines(self.picture, self.settings)

    @property
    def _edge(self) -> int:
        """How many pixels from the middle the plots of path and kernel show."""
        return plots.reach(plots.centred(self.shot.path, self.settings.exposure)[0])

    def _listen(self) -> None:
        for widget in (*self.controls.values(), self.photo):
            widget.observe(self._redraw, names="value")
        self.tabs.observe(self._redraw, names="selected_index")
        self.upload.observe(self._bring, names="value")
        self.new_path.on_click(self._next_path)
        self.reset.on_click(self._start_again)

    def _next_path(self, _button: ipywidgets.Button) -> None:
        seed = self.controls["seed"]
        seed.value = (seed.value + 1) % (seed.max + 1)

    def _start_again(self, _button: ipywidgets.Button) -> None:
        with self._one_redraw():
            self.photo.value, self.tabs.selected_index = self._first, 0
            for name, value in self._starts.items():
                self.controls[name].value = value

    def _bring(self, change: dict) -> None:
        """Take an uploaded photograph; one that cannot be read leaves the present one in place."""
        for file in change["new"]:
            try:
                picture = pictures.brought(file["name"], bytes(file["content"]))
            except DataError as error:
                self._say(str(error))
                return
            self._pictures[picture.name] = picture
            with self._one_redraw():
                self.photo.options = list(dict.fromkeys([*self.photo.options, picture.name]))
                self.photo.value = picture.name

    @contextmanager
    def _one_redraw(self) -> Iterator[None]:
        """Change several values and draw once."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._redraw()

    def _redraw(self, _change: dict | None = None) -> None:
        """Draw what is open anew; an error is shown where the reader is, and raised."""
        if self._held:
            return
        try:
            self._draw()
        except Exception as error:
            self._say(str(error))
            raise
        self._say(self.picture.note, role="status")

    def _say(self, what: str, role: str = "alert") -> None:
        words = html.escape(what)
        self._page.message.value = f'<p role="{role}">{words}</p>' if words else ""

    def _draw(self) -> None:
        self.settings = settings(self.values)
        self.shot = expose(self.picture.pixels, self.settings)
        self._page.offer(self.controls["method"].value)
        self.description = self._describe()
        self._page.numbers.value = self._measured()
        (self._draw_blur, self._draw_restored, self._draw_files)[self.tabs.selected_index or 0]()

    def _draw_blur(self) -> None:
        shot = self.shot
        self._show("path", plots.path_plot(shot.path, self.settings.exposure, self._edge))
        self._show("kernel", plots.kernel_plot(shot.kernel, self._edge))
        self._show("spectrum", plots.spectrum_plot(shot.kernel))
        self._photograph("sharp", "sharp", shot.sharp, self.picture.name)
        self._photograph("blurred", "blurred", shot.blurred, str(shot.quality))
        noise = loud_noise(shot.blurred, shot.clean)
        self._photograph("noise", f"noise × {LOUDER}", noise, f"std {_levels(shot.noise_std)}")

    def _draw_restored(self) -> None:
        how = {name: self.controls[name].value for name in ("method", *GROUPS["Restore"])}
        true, wrong = restorations(self.shot, self.settings.exposure, **how)
        self._photograph("input", "blurred", self.shot.blurred, str(self.shot.quality))
        for name, restored in (("true", true), ("wrong", wrong)):
            title = f"restored: {name} kernel"
            self._photograph(name, title, restored.picture, str(restored.quality))
            kernel = plots.kernel_plot(restored.kernel, self._edge, f"{name} kernel")
            self._show(f"{name} kernel", kernel)
        self._show("gains", _gains(self.shot.quality, true.quality, wrong.quality))

    def _draw_files(self) -> None:
        page = takeaway.page(self.shot, self.picture, self.settings, self.values)
        self._show("files", page)

    def _show(self, name: str, content: str) -> None:
        self._page.panels[name].value = content

    def _photograph(self, name: str, title: str, image: Tensor, caption: str) -> None:
        zoom = tuple(self.controls[control].value for control in ("zoom", "across", "down"))
        self._show(name, photograph(title, image, zoom, caption))

    def _measured(self) -> str:
        quality = self.shot.quality
        facts = {
            "PSNR": f"{quality.decibels:.2f} dB",
            "SSIM": f"{quality.similarity:.3f}",
            "noise std": _levels(self.shot.noise_std),
        }
        words = (f"<span>{name} <strong>{fact}</strong></span>" for name, fact in facts.items())
        return f"<p>{''.join(words)}</p>"

    def _describe(self) -> str:
        chosen, shot = self.settings, self.shot
        return (
            f"A path of {chosen.path_length:g} px, exposed for {100 * chosen.exposure:.0f} % of "
            "its time; its kernel, and what of each frequency that passes; the photograph "
            f"({self.picture.name}) sharp and blurred, at {shot.quality}; and the noise, of "
            f"standard deviation {shot.noise_std:.3f}."
        )

    def drawn(self) -> Encoded:
        return encode(still(self.shot, self.settings.exposure), tight=False)


def _gains(blurred: Quality, true: Quality, wrong: Quality) -> str:
    """Say what each kernel gained or lost against the blurred picture."""
    gains = [
        f"<li>{name} kernel: <strong>{restored.decibels - blurred.decibels:+.2f} dB</strong></li>"
        for name, restored in (("true", true), ("wrong", wrong))
    ]
    return f"<h3>PSNR, against blurred</h3><ul>{''.join(gains)}</ul>".replace("-", "−")


def _levels(std: float) -> str:
    return f"{std:.4f} ({255 * std:.1f} of 255 levels)"
