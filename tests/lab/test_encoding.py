"""Figures as a notebook keeps them: small, and none looks worse for it."""

import base64
import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sharingan_lab.datasets import photo
from sharingan_lab.lab.encoding import encode
from sharingan_lab.lab.figures import image_grid
from sharingan_lab.lab.style import use_style


@pytest.fixture(autouse=True)
def style():
    """The lessons' look, whatever tests ran before: its layout moves what is drawn again."""
    with mpl.rc_context():
        use_style()
        yield


def as_png(figure):
    """The plain PNG: what a notebook would keep otherwise, and its pixels."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return len(buffer.getvalue()), np.asarray(Image.open(buffer).convert("RGB"), float)


def pixels_of(encoded):
    content = io.BytesIO(base64.b64decode(encoded.content))
    return np.asarray(Image.open(content).convert("RGB"), float)


def compare(draw):
    """Kind of an encoded figure, its size as a part of the plain PNG's, its error in levels."""
    size, pixels = as_png(draw())
    encoded = encode(draw(), tight=False)
    error = np.abs(pixels_of(encoded) - pixels)
    return encoded.kind, len(base64.b64decode(encoded.content)) / size, error


def test_a_drawing_stays_sharp():
    def drawing():
        figure = Figure((6, 4))
        axes = figure.subplots()
        for i in range(6):
            axes.plot([0, 1, 2], [0, i, 1], label=f"line {i}")
        axes.legend()
        return figure

    kind, part, error = compare(drawing)
    assert kind == "image/png" and part < 0.6
    assert error.max() <= 16 and error.mean() < 0.5


def test_a_photograph_takes_a_third_and_keeps_its_colours():
    images = [photo("astronaut", 256), photo("chelsea", 256)]
    kind, part, error = compare(lambda: image_grid(images, ["one", "two"]))
    assert kind == "image/jpeg" and part < 1 / 3
    assert error.mean() < 1.5


def test_enlarged_pixels_are_kept_exactly():
    """As a JPEG they would take more, and show what is not there."""
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)

    def enlarged():
        figure = Figure((5, 5))
        figure.subplots().imshow(noise, interpolation="nearest")
        return figure

    kind, _, error = compare(enlarged)
    assert kind == "image/png" and error.max() == 0


def test_the_same_figure_gives_the_same_bytes():
    figures = [image_grid([photo("coffee", 128)], ["one"]) for _ in range(2)]
    assert encode(figures[0]) == encode(figures[1])


def test_only_empty_margins_are_cut_off():
    figure = Figure((6, 4), layout="none")
    axes = figure.add_axes((0.3, 0.4, 0.4, 0.3))  # amid an empty sheet
    axes.imshow(np.zeros((2, 2)), cmap="gray")
    whole, cut = (np.asarray(pixels_of(encode(figure, tight=tight))) < 255 for tight in (0, 1))
    assert whole.sum() == cut.sum() and cut.size < 0.4 * whole.size


def test_what_sticks_out_is_not_cut_off():
    figure = Figure((2, 2))
    figure.text(0.5, 0.5, "a text that is longer than its sheet")
    height, width, _ = pixels_of(encode(figure)).shape
    assert width > 220 > height
