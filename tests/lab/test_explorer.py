"""The blur explorer without a browser: values in, picture and description out."""

import base64
import io
import re

import ipywidgets
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from sharingan_lab.blur import degrade, random_kernels
from sharingan_lab.errors import InputError
from sharingan_lab.evaluation import psnr
from sharingan_lab.lab import explorer as module
from sharingan_lab.lab.explorer import CONTROLS, BlurExplorer, shake

IMAGE = torch.rand(1, 3, 70, 80, generator=torch.Generator().manual_seed(0))
VALUES = {name: control[1] for name, control in CONTROLS.items()}


@pytest.fixture(scope="module")
def explorer():
    """One widget for all tests: each turns back what it turned."""
    return BlurExplorer(IMAGE)


def picture(explorer):
    encoded = re.search(r"base64,([^\"]+)", explorer.children[1].value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"), float)


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", 3), ("length", 10.0), ("exposure", 0.2), ("noise_std", 0.08), ("inertia", 9.0),
     ("gaussian", 40.0), ("impulse", 0.9), ("anxiety", 0.09)],
)  # fmt: skip
def test_every_control_changes_the_picture_and_can_be_turned_back(explorer, name, value):
    before = picture(explorer)
    explorer.sliders[name].value = value
    assert np.abs(picture(explorer) - before).mean() > 0.05
    explorer.sliders[name].value = VALUES[name]
    assert np.array_equal(picture(explorer), before)


def test_every_slider_has_a_labelled_box_that_moves_with_it(explorer, monkeypatch):
    monkeypatch.setattr(explorer, "_draw", lambda **_: (Figure(), explorer.description))
    for row, (label, usual, *_) in zip(
        explorer.children[0].children, CONTROLS.values(), strict=True
    ):
        slider, box = row.children
        assert box.description == label
        assert not slider.continuous_update and not box.continuous_update
        box.value = slider.max
        assert slider.value == box.value != usual or usual == slider.max
        slider.value = usual
        assert box.value == usual


def test_the_numbers_shown_are_the_librarys(explorer):
    generator = torch.Generator().manual_seed(0)
    walk = {name: VALUES[name] for name in ("inertia", "gaussian", "impulse", "anxiety")}
    kernel = random_kernels(1, 64, length=VALUES["length"], generator=generator, **walk)
    blurred = degrade(IMAGE, kernel, noise_std=VALUES["noise_std"], generator=generator)
    assert f"at {float(psnr(blurred, IMAGE)):.1f} dB" in explorer.description
    torch.testing.assert_close(shake(IMAGE, **VALUES)[2], blurred)


def test_a_saved_notebook_has_a_still_picture_and_its_description(explorer):
    explorer.sliders["exposure"].value = 0.5
    data, metadata = explorer._repr_mimebundle_()
    assert isinstance(data["image/png"], str)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"] == metadata["image/png"]["alt"] == explorer.description
    assert "exposed for 50 % of its time" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data
    explorer.sliders["exposure"].value = VALUES["exposure"]


def test_it_uses_neither_output_nor_interact(explorer):
    def family(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from family(child)

    assert not any(isinstance(w, ipywidgets.Output) for w in family(explorer))


def test_an_error_is_shown_in_the_widget_and_raised(explorer, monkeypatch):
    def broken(*args, **kwargs):
        raise InputError("the shutter <jams>")

    monkeypatch.setattr(module, "shake", broken)
    with pytest.raises(InputError):
        explorer.sliders["length"].value = 12.0
    assert "the shutter &lt;jams&gt;" in explorer.children[1].value
    assert 'role="alert"' in explorer.children[1].value
    monkeypatch.undo()
    explorer.sliders["length"].value = VALUES["length"]
    assert "<img" in explorer.children[1].value


def test_a_picture_smaller_than_the_kernel_is_refused_at_once():
    with pytest.raises(InputError, match="larger than the image"):
        BlurExplorer(torch.rand(1, 3, 40, 40))
