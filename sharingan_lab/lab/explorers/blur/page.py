"""How the blur explorer is laid out: its widgets, without what they do."""

from collections.abc import Mapping
from importlib.resources import files

import ipywidgets

from sharingan_lab.datasets.photos import photo_names
from sharingan_lab.lab.explorers.blur.settings import GROUPS
from sharingan_lab.lab.explorers.controls import slider_names
from sharingan_lab.lab.explorers.explorer import Explorer

TABS = ("Blur", "Restore", "Take it with you")
_LOOK = ("path", "kernel", "spectrum", "sharp", "blurred", "noise")
_COMPARE = ("input", "true", "wrong", "gains", "true kernel", "wrong kernel")


class Page:
    """The widgets beside the controls of an explorer, and the boxes that all of them lie in.

    ``numbers`` says what was measured, ``panels`` are HTML by name, ``whole`` is everything from
    top to bottom; the list of photographs, the buttons and the tabs have names of their own.
    """

    def __init__(self, explorer: Explorer, photograph: str) -> None:
        names = list(dict.fromkeys([*photo_names(grey=True), photograph]))
        self.photo = ipywidgets.Dropdown(options=names, value=photograph, description="photograph")
        self.upload = ipywidgets.FileUpload(accept="image/*", description="Bring a photograph")
        self.new_path = ipywidgets.Button(description="New path", button_style="primary")
        self.reset = ipywidgets.Button(description="Start again")
        self.numbers = ipywidgets.HTML()
        self.numbers.add_class("numbers")
        self.numbers.add_class("announced")
        self.panels = {name: ipywidgets.HTML() for name in (*_LOOK, *_COMPARE, "files")}
        for name in ("blurred", "true"):  # what the sliders are turned for
            self.panels[name].add_class("be-first")
        self.tabs = self._tabs(explorer.rows, explorer.controls["method"])
        head = _box("head", self.photo, self.upload, self.new_path, self.reset)
        side = _side(explorer.rows, explorer.controls["boundary"])
        body = _box("body", side, _box("main", self.numbers, self.tabs))
        self.whole = [_style(), head, explorer.message, body, slider_names()]

    def _tabs(
        self, rows: Mapping[str, ipywidgets.HBox], method: ipywidgets.Dropdown
    ) -> ipywidgets.Tab:
        how = _box("group how", method, *(rows[name] for name in GROUPS["Restore"]))
        pages = [
            _box("panels", *(self.panels[name] for name in _LOOK)),
            _box("restore", how, _box("panels", *(self.panels[name] for name in _COMPARE))),
            _box("files", self.panels["files"]),
        ]
        return ipywidgets.Tab(pages, titles=TABS, selected_index=0)


def _side(rows: Mapping[str, ipywidgets.HBox], boundary: ipywidgets.Dropdown) -> ipywidgets.Box:
    groups = {name: [rows[control] for control in GROUPS[name]] for name in GROUPS}
    groups["Camera"].append(boundary)
    return _box(
        "side",
        *(
            _box("group", ipywidgets.HTML(f"<h2>{name}</h2>"), *groups[name])
            for name in ("Motion", "Camera", "Look closer")
        ),
    )


def _box(kinds: str, *children: ipywidgets.Widget) -> ipywidgets.Box:
    box = ipywidgets.Box(children)
    for kind in kinds.split():
        box.add_class(f"be-{kind}")
    return box


def _style() -> ipywidgets.HTML:
    rules = files(__package__).joinpath("explorer.css").read_text(encoding="utf-8")
    return ipywidgets.HTML(f"<style>{rules}</style>", layout={"display": "none"})
