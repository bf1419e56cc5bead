"""How the explorer is laid out: its widgets, without what they do."""

from importlib.resources import files

import ipywidgets

from sharingan_lab.datasets import photo_names
from sharingan_lab.lab.explorers.blur.settings import CHOICES, GROUPS, METHODS
from sharingan_lab.lab.sliders import slider_names, slider_row

TABS = ("Blur", "Restore", "Take it with you")
_LOOK = ("path", "kernel", "spectrum", "sharp", "blurred", "noise")
_COMPARE = ("input", "true", "wrong", "gains", "true kernel", "wrong kernel")


class Page:
    """The widgets of the explorer and the boxes they lie in.

    Parameters
    ----------
    values : dict
        What each control starts from.
    photograph : str
        What is chosen in the list of photographs.

    Attributes
    ----------
    controls : dict
        Number boxes (each with its slider) and lists by name.
    photo, upload, new_path, reset, tabs : Widget
    message, numbers : HTML
        What went wrong; what was measured.
    panels : dict
        HTML by name.
    whole : list of Widget
        Everything, from top to bottom.

    Examples
    --------
    >>> from sharingan_lab.lab.explorers.blur.settings import starts
    >>> Page(starts({"path_length": 12.0}), "coffee").controls["path_length"].value
    12.0
    """

    def __init__(self, values: dict[str, float | str], photograph: str) -> None:
        self._values = values
        self._rows_by_name: dict[str, ipywidgets.HBox] = {}
        self.controls: dict[str, ipywidgets.ValueWidget] = {}
        names = list(dict.fromkeys([*photo_names(grey=True), photograph]))
        self.photo = ipywidgets.Dropdown(options=names, value=photograph, description="photograph")
        self.upload = ipywidgets.FileUpload(accept="image/*", description="Bring a photograph")
        self.new_path = ipywidgets.Button(description="New path", button_style="primary")
        self.reset = ipywidgets.Button(description="Start again")
        self.message, self.numbers = ipywidgets.HTML(), ipywidgets.HTML()
        self.numbers.add_class("numbers")
        self.numbers.add_class("announced")
        self.panels = {name: ipywidgets.HTML() for name in (*_LOOK, *_COMPARE, "files")}
        for name in ("blurred", "true"):  # what the sliders are turned for
            self.panels[name].add_class("be-first")
        body = _box("body", self._side(), _box("main", self.numbers, self._pages()))
        self.whole = [_style(), self._head(), self.message, body, slider_names()]

    def offer(self, method: str) -> None:
        """Leave the strength of the other method unusable."""
        for name, its_method in (("noise_to_signal", METHODS[0]), ("iterations", METHODS[1])):
            for widget in self._rows_by_name[name].children:
                widget.disabled = method != its_method

    def _head(self) -> ipywidgets.Box:
        return _box("head", self.photo, self.upload, self.new_path, self.reset)

    def _side(self) -> ipywidgets.Box:
        camera = [*self._rows("Camera"), self._choice("boundary", "beyond the border")]
        return _box(
            "side",
            _box("group", _heading("Motion"), *self._rows("Motion")),
            _box("group", _heading("Camera"), *camera),
            _box("group", _heading("Look closer"), *self._rows("Look closer")),
        )

    def _pages(self) -> ipywidgets.Tab:
        how = _box("group how", self._choice("method", "method"), *self._rows("Restore"))
        self.tabs = ipywidgets.Tab(
            [
                _box("panels", *(self.panels[name] for name in _LOOK)),
                _box("restore", how, _box("panels", *(self.panels[name] for name in _COMPARE))),
                _box("files", self.panels["files"]),
            ],
            titles=TABS,
            selected_index=0,
        )
        return self.tabs

    def _rows(self, group: str) -> list[ipywidgets.HBox]:
        rows = []
        for name, control in GROUPS[group].items():
            start = control._replace(start=self._values[name])
            row = slider_row(*start, label_width=166, live=True)
            rows.append(row)
            self._rows_by_name[name] = row
            self.controls[name] = row.children[0]
        return rows

    def _choice(self, name: str, label: str) -> ipywidgets.Dropdown:
        self.controls[name] = ipywidgets.Dropdown(
            options=CHOICES[name],
            value=self._values[name],
            description=label,
            style={"description_width": "166px"},
        )
        return self.controls[name]


def _box(kinds: str, *children: ipywidgets.Widget) -> ipywidgets.Box:
    box = ipywidgets.Box(children)
    for kind in kinds.split():
        box.add_class(f"be-{kind}")
    return box


def _heading(words: str) -> ipywidgets.HTML:
    return ipywidgets.HTML(f"<h2>{words}</h2>")


def _style() -> ipywidgets.HTML:
    rules = files(__package__).joinpath("explorer.css").read_text(encoding="utf-8")
    return ipywidgets.HTML(f"<style>{rules}</style>", layout={"display": "none"})
