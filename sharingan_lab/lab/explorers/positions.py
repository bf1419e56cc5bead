"""Which positions of its sliders an explorer is drawn at for a page without a kernel."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from matplotlib.figure import Figure

from sharingan_lab.lab.encoding import Encoded, encode_small
from sharingan_lab.lab.explorers.controls import Control

_COUNT = 4  # positions of each slider
_COUNT_ALONE = 9  # of one that is the only one


def spread(controls: Mapping[str, Control]) -> dict[str, list[float]]:
    """Return some values of each slider, from end to end, its start among them.

    Examples
    --------
    >>> width, number = Control("width", 2.5, 1.0, 4.0, 0.5), Control("number", 0, 0, 3, 1)
    >>> spread({"width": width, "number": number})
    {'width': [1.0, 2.5, 3.0, 4.0], 'number': [0, 1, 2, 3]}
    """
    count = _COUNT if len(controls) > 1 else _COUNT_ALONE
    return {name: _values(control, count) for name, control in controls.items()}


def _values(control: Control, count: int) -> list[float]:
    _, start, low, high, step = control
    even = (round((high - low) / step * i / (count - 1)) for i in range(1, count - 1))
    inner = {round(low + steps * step, 9) for steps in even}
    near = min(sorted({low, high, *inner}), key=lambda value: abs(value - start))
    return sorted({low, high, start, *(inner - {near})})


def stored(
    draw: Callable[[dict], tuple[Figure, str]],
    controls: Mapping[str, Control],
    values: Mapping[str, Sequence[float]],
) -> dict:
    """Draw at values of some sliders, the others at their start; return JSON for a page.

    Of two sliders every pair is drawn; of more, each slider by itself, the others at their start.
    ``sliders`` have a label, values in words and the place of their start; ``pictures`` the places
    they are drawn ``at``, an address and a description; ``more`` says whether sliders are left out.
    """
    grid = {n: sorted({*x, controls[n].start}) for n, x in values.items()}
    starts = {name: control.start for name, control in controls.items()}
    pictures = []
    for at in _places(grid, starts):
        chosen = {name: grid[name][i] for name, i in zip(grid, at, strict=True)}
        figure, words = draw(starts | chosen)
        if not pictures:
            model = figure
        pictures.append({"at": at, "src": _picture(figure, model).uri, "alt": words})
    sliders = [
        {
            "label": controls[name].label,
            "values": [f"{value:g}".replace("-", "\N{MINUS SIGN}") for value in grid[name]],
            "start": grid[name].index(starts[name]),
        }
        for name in grid
    ]
    return {"sliders": sliders, "pictures": pictures, "more": len(grid) < len(controls)}


def _picture(figure: Figure, model: Figure) -> Encoded:
    """Encode a figure, its axes and texts where those of the model lie.

    So nothing jumps while a slider turns, and it takes a third of the time of a layout. A figure
    that has no room there is laid out by itself.
    """
    if figure is model:
        return encode_small(figure)
    engine = figure.get_layout_engine()
    figure.set_layout_engine("none")
    for ax, other in zip(figure.axes, model.axes, strict=True):
        ax.set_position(other.get_position(original=True))
    for text, other in zip(figure.texts, model.texts, strict=True):
        text.set_position(other.get_position())
    picture = encode_small(figure)
    if not _is_cut(figure):
        return picture
    figure.set_layout_engine(engine)
    for ax in figure.axes:
        ax.set_in_layout(True)  # setting a position took it out
    return encode_small(figure)


def _is_cut(figure: Figure) -> bool:
    """Whether the name of an axis reaches over the edge of a drawn figure."""
    labels = [axis.label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return any(min(box.x0, box.y0) < 0 or box.x1 > figure.bbox.x1 for box in boxes)


def _places(grid: Mapping[str, list[float]], starts: Mapping[str, float]) -> list[list[int]]:
    """Where the sliders stand in each picture; all at their start come first."""
    start = [values.index(starts[name]) for name, values in grid.items()]
    everywhere = [range(len(values)) for values in grid.values()]
    if len(grid) <= 2:
        places = [list(place) for place in product(*everywhere)]
    else:
        places = [
            [*start[:k], i, *start[k + 1 :]] for k, those in enumerate(everywhere) for i in those
        ]
    return [start, *(place for place in places if place != start)]
