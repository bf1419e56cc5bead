"""What an explorer keeps for the sliders of a page: which positions, and what was drawn there."""

import base64
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from sharingan_lab.lab import BlurExplorer, Playground, SliderFigure, wiener_explorer
from sharingan_lab.lab.display import FOR_A_PAGE, POSITIONS
from sharingan_lab.lab.explorers import explorer
from sharingan_lab.lab.explorers.blur.shot import expose
from sharingan_lab.lab.explorers.controls import Control
from sharingan_lab.lab.explorers.positions import spread, stored

CONTROLS = {
    "red": Control("red", 0.0, 0.0, 1.0, 0.1),
    "green": Control("green", 0.5, 0.0, 1.0, 0.1),
    "blue": Control("blue, a share", 1.0, -1.0, 1.0, 0.5),
}


def draw(values):
    colour = tuple(abs(value) for value in values.values())
    return Figure(figsize=(0.4, 0.3), facecolor=colour), str(values)


def kept(*names, values=(0.0, 1.0)):
    return stored(draw, CONTROLS, dict.fromkeys(names, values))


def colour(picture):
    kind, content = picture["src"].split(",")
    assert kind == "data:image/webp;base64"
    pixels = Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")
    return [share / 255 for share in pixels.getpixel((20, 15))]


def test_every_picture_and_its_description_belong_to_the_values_at_their_place():
    page = kept("red", "green", "blue")
    names, starts = list(CONTROLS), [control.start for control in CONTROLS.values()]
    grid = [[0.0, 1.0], [0.0, 0.5, 1.0], [0.0, 1.0]]
    assert [slider["start"] for slider in page["sliders"]] == [0, 1, 1]
    for picture in page["pictures"]:
        values = [row[place] for row, place in zip(grid, picture["at"], strict=True)]
        assert picture["alt"] == str(dict(zip(names, values, strict=True)))
        assert colour(picture) == pytest.approx(values, abs=0.03)
        assert sum(a != b for a, b in zip(values, starts, strict=True)) <= 1
    places = [picture["at"] for picture in page["pictures"]]
    assert places[0] == [0, 1, 1]
    assert sorted(places) == [[0, 0, 1], [0, 1, 0], [0, 1, 1], [0, 2, 1], [1, 1, 1]]


def test_of_two_sliders_every_pair_is_drawn_and_the_others_stay():
    page = kept("red", "blue")
    assert sorted(p["at"] for p in page["pictures"]) == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert all("'green': 0.5" in picture["alt"] for picture in page["pictures"])
    assert page["more"] and not kept("red", "green", "blue")["more"]


def test_values_are_given_in_words_with_the_slider():
    (slider,) = kept("blue", values=(-1.0, 0.5))["sliders"]
    assert slider == {"label": "blue, a share", "values": ["−1", "0.5", "1"], "start": 2}


@pytest.mark.parametrize(
    ("control", "values"),
    [
        (Control("", 5, 0, 9, 1), [0, 1, 2, 3, 5, 6, 7, 8, 9]),
        (Control("", 0.25, 0.0, 1.0, 0.25), [0.0, 0.25, 0.5, 0.75, 1.0]),
        (Control("", 0, 0, 0, 1), [0]),
    ],
)
def test_positions_go_from_end_to_end_in_steps_and_include_the_start(control, values):
    assert spread({"one": control}) == {"one": values}


def test_a_figure_that_has_no_room_where_the_first_one_lies_is_laid_out_by_itself():
    def lines(values):
        figure = Figure(figsize=(4, 2), layout="constrained")
        figures.append(figure)
        ax = figure.subplots()
        ax.plot([0, values["red"]])
        ax.set(ylabel="height", yticks=[0], yticklabels=["a name that is very long"])
        if values["red"] == 0:
            ax.set(yticklabels=[""])
        return figure, ""

    figures = []
    stored(lines, {"red": CONTROLS["red"]}, {"red": (0.0, 0.5)})
    assert all(figure.axes[0].yaxis.label.get_window_extent().x0 >= 0 for figure in figures)
    assert figures[1].axes[0].get_position().x0 > figures[0].axes[0].get_position().x0


def shown(widget, monkeypatch):
    """The second output of a widget: what stands in for it."""
    outputs = []
    monkeypatch.setattr(explorer, "display", lambda data, raw: outputs.append(data))
    widget._ipython_display_()
    return outputs[1]


def test_only_a_report_has_positions_drawn(monkeypatch):
    def one(width):
        return Figure(figsize=(width, 1)), f"{width} inches"

    widget = SliderFigure(one, {"width": ("width", 2, 1, 3, 1)})
    assert shown(widget, monkeypatch) == widget.still()
    monkeypatch.setenv(FOR_A_PAGE, "1")
    widget.controls["width"].value = 3
    output = shown(widget, monkeypatch)
    assert [p["alt"] for p in output.pop(POSITIONS)["pictures"]] == [
        "3 inches", "1 inches", "2 inches"
    ]  # fmt: skip
    assert output == widget.still()


@pytest.mark.usefixtures("unpainted")
def test_a_film_needs_no_positions(monkeypatch):
    monkeypatch.setenv(FOR_A_PAGE, "1")
    assert POSITIONS not in shown(Playground(film_turns=8), monkeypatch)


def test_on_a_page_the_best_shutter_lies_where_lesson_01_says():
    widget = BlurExplorer("astronaut", seed=4, anxiety=0.006)
    for noise, best in ((0.02, 1), (0.0, 0)):  # inside; at the very left
        turned = [
            widget.values | {"noise_std": noise, "exposure": exposure}
            for exposure in widget.page_values["exposure"]
        ]
        values = [expose(widget.picture.pixels, each).quality.decibels for each in turned]
        assert values.index(max(values)) == best, values


def test_a_page_has_what_lesson_02_asks_about_wiener():
    asked = wiener_explorer().page_values
    assert {0.01, 0.06} < set(asked["noise_std"]) and {0, 15} < set(asked["angle_error"])


def test_the_blur_explorer_draws_elsewhere_what_it_would_show_there():
    widget = BlurExplorer(seed=3)
    _, words = widget.draw_at(widget.starts | {"exposure": 0.25})
    assert widget.values == widget.starts
    widget.controls["exposure"].value = 0.25
    assert words == widget.description
    assert set(widget.page_values) < set(widget.controls)
