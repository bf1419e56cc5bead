"""The picture with sliders, without a browser: setting a value fires the callbacks."""

import base64
import io

import pytest
from matplotlib.figure import Figure
from PIL import Image

from sharingan_lab.errors import InputError
from sharingan_lab.lab import SliderFigure
from sharingan_lab.lab.explorers import (
    critic,
    detective,
    explorer,
    loss,
    patch,
    quality,
    transport,
    wiener,
)

CONTROLS = {"height": ("height in inches", 2.0, 1.0, 4.0, 0.5), "number": ("number", 1, 0, 9, 1)}


def draw(height, number):
    if number == 9:
        raise ValueError("nine <is> too many")
    return Figure(figsize=(1, height)), f'{height:g} inches, "{number}"'


@pytest.fixture
def widget():
    return SliderFigure(draw, CONTROLS)


def height_in_pixels(widget):
    return Image.open(io.BytesIO(base64.b64decode(widget.drawn().content))).height


def test_turning_a_slider_redraws(widget):
    assert height_in_pixels(widget) == 220
    widget.controls["height"].value = 3.0
    assert height_in_pixels(widget) == 330 and widget.description == '3 inches, "1"'


def test_slider_and_box_are_linked_and_labelled(widget):
    box, slider = widget.children[0].children[1].children
    box.value = 5
    assert box is widget.controls["number"]
    assert slider.value == 5 and box.description == "number"
    assert type(slider).__name__ == "IntSlider" and not slider.continuous_update


@pytest.mark.parametrize("room", [critic, detective, loss, patch, quality, transport, wiener])
def test_no_label_is_cut_off(room):
    """The place left of a box holds 28 letters; JupyterLab ends what is longer with dots."""
    assert [label for label, *_ in room.CONTROLS.values() if len(label) > 28] == []


def test_the_box_rounds_the_arithmetic_of_the_browser(widget):
    box, slider = widget.children[0].children[0].children
    slider.set_state({"value": 3.0000000000000004})
    assert box.value == 3.0
    box.value = 3.5
    assert slider.value == 3.5


def test_the_picture_carries_its_description(widget):
    still = widget.still()
    assert still["text/plain"] == '2 inches, "1"'
    for page in (widget.children[1].value, still["text/html"]):
        assert 'alt="2 inches, &quot;1&quot;"' in page and widget.drawn().uri in page


def test_widget_and_still_are_two_outputs(widget, monkeypatch):
    """One output would show the widget alone, or nothing where its kernel has gone."""
    shown = []
    monkeypatch.setattr(explorer, "display", lambda data, raw: shown.append(data))
    widget._ipython_display_()
    live, still = shown
    assert list(live) == ["application/vnd.jupyter.widget-view+json"]
    assert still == widget.still()


def test_an_error_is_shown_in_the_widget_and_raised(widget):
    with pytest.raises(ValueError, match="too many"):
        widget.controls["number"].value = 9
    assert widget.children[1].value == '<p role="alert">nine &lt;is&gt; too many</p>'
    widget.controls["number"].value = 2
    assert "<img" in widget.children[1].value


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"hieght": 3.0}, "no control 'hieght'; choose from height, number"),
        ({"height": 6.0}, "height must lie between 1 and 4, got 6.0"),
        ({"height": float("nan")}, "height must lie between 1 and 4, got nan"),
        ({"number": 2.5}, "number takes whole numbers, got 2.5"),
    ],
)
def test_a_start_that_no_slider_can_show_is_refused(start, message):
    with pytest.raises(InputError, match=message):
        SliderFigure(draw, CONTROLS, start)


def test_a_whole_number_to_start_from_makes_no_whole_steps():
    started = SliderFigure(draw, CONTROLS, {"height": 3, "number": 4.0})
    assert started.description == '3 inches, "4"'
    started.controls["height"].value = 3.5
    assert started.description == '3.5 inches, "4"'
