"""Boxes on pictures."""

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from sharingan_lab.errors import InputError
from sharingan_lab.lab.boxes import draw_detections

TRUTH = {
    "boxes": torch.tensor([[5.0, 5, 25, 25], [40, 40, 60, 60], [5, 40, 25, 60]]),
    "labels": torch.tensor([1, 2, 2]),
}
FOUND = {
    "boxes": torch.tensor([[5.0, 5, 25, 25], [40, 40, 60, 60], [70, 70, 80, 80]]),
    "scores": torch.tensor([0.97, 0.8, 0.3]),
    "labels": torch.tensor([1, 1, 2]),
}
IMAGES = torch.rand(2, 3, 90, 90, generator=torch.Generator().manual_seed(0))


def frames(axes):
    """What is framed: (left edge, line style) in order."""
    return sorted((patch.get_x() + 0.5, patch.get_linestyle()) for patch in axes.patches)


def test_right_wrong_and_missed_plants_have_their_own_lines():
    axes = draw_detections(IMAGES[:1], ["field"], [FOUND], [TRUTH]).axes[0]
    # The second is found, but as a crop: a wrong find and a missed weed at one place.
    assert frames(axes) == [(5, "-"), (5, ":"), (40, "--"), (40, ":")]
    assert [text.get_text() for text in axes.texts] == ["97", "80"]


def test_classes_have_their_own_colours():
    found = {**FOUND, "labels": torch.tensor([1, 2, 2])}
    axes = draw_detections(IMAGES[:1], ["field"], [found], [TRUTH], min_score=0.1).axes[0]
    colours = {to_hex(p.get_edgecolor()) for p in axes.patches if p.get_linestyle() != ":"}
    assert colours == {"#56b4e9", "#f0e442"}


def test_each_picture_has_its_title_and_caption():
    fig = draw_detections(IMAGES, ["a", "b"], [FOUND] * 2, [TRUTH] * 2, captions=["x", "y"])
    assert [(ax.get_title(), ax.get_xlabel()) for ax in fig.axes] == [("a", "x"), ("b", "y")]


def legend_of(found, truth):
    fig = draw_detections(IMAGES[:1], ["field"], [found], [truth])
    return [text.get_text() for legend in fig.legends for text in legend.get_texts()]


def test_the_legend_names_what_is_in_the_picture():
    perfect = {**TRUTH, "scores": torch.ones(3)}
    nothing = {name: values[:0] for name, values in perfect.items()}
    assert legend_of(FOUND, TRUTH) == ["crop", "wrong find", "missed plant"]
    assert legend_of(perfect, TRUTH) == ["crop", "weed"]
    assert legend_of(nothing, TRUTH) == ["missed plant"]
    assert legend_of(nothing, nothing) == []


def test_counts_must_match():
    with pytest.raises(InputError, match=r"got \[1, 2\]"):
        draw_detections(IMAGES, ["a", "b"], [FOUND], [TRUTH] * 2)


def test_titles_captions_and_the_legend_lie_inside_the_figure_and_apart():
    fig = draw_detections(IMAGES[:1], ["field"], [FOUND], [TRUTH], captions=["found"])
    FigureCanvasAgg(fig).draw()
    ax, (legend,) = fig.axes[0], fig.legends
    assert ax.title.get_window_extent().y1 <= fig.bbox.y1
    assert ax.xaxis.label.get_window_extent().y0 >= legend.get_window_extent().y1
    assert legend.get_window_extent().y0 >= 0
