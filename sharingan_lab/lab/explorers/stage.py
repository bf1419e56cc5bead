"""What is seen of a game in the plane: points on the critic's map, and its estimates over turns."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from sharingan_lab.lab.style import COLOURS
from sharingan_lab.lab.toys.distributions import mode_coverage
from sharingan_lab.lab.toys.game import CLOUDS, MEASURED, Game, Rules, draw_data
from sharingan_lab.lab.toys.surfaces import surface

_REACH = 3.2
_LONGEST_HINT = 1.5  # what is longer is drawn as long as this


class Stage:
    """A figure that is made once; of each moment of a game only what has changed is drawn anew.

    Examples
    --------
    >>> stage = Stage()
    >>> stage.show(Game(noise_size=2, rng=torch.Generator().manual_seed(0)), Rules())
    >>> stage.pixels().size, [axes.get_title() for axes in stage.figure.axes]
    ((1056, 517), ['Turn 0: bright is real to the critic', 'Distance of the points from the data'])
    """

    def __init__(self) -> None:
        # no layout is computed anew, and the canvas is kept
        self.figure = Figure(figsize=(9.6, 4.7), layout="none", dpi=110)
        self._canvas = FigureCanvasAgg(self.figure)
        self._map = self.figure.add_axes((0.04, 0.15, 0.38, 0.38 * 9.6 / 4.7))
        self._curve = self.figure.add_axes((0.53, 0.15, 0.455, 0.38 * 9.6 / 4.7))
        self._draw_map(self._map)
        self._draw_curve(self._curve)
        (handles, names) = self._map.get_legend_handles_labels()
        place = {"loc": "lower left", "ncols": 3, "columnspacing": 1.2, "handletextpad": 0.4}
        self.figure.legend(handles, names, bbox_to_anchor=(0.02, -0.01), **place)

    def _draw_map(self, ax: Axes) -> None:
        edges = (-_REACH, _REACH, -_REACH, _REACH)
        style = {"cmap": "cividis", "alpha": 0.75, "interpolation": "bilinear"}
        self._heights = ax.imshow([[0.0]], extent=edges, origin="lower", **style)
        dots = {"ms": 4, "markeredgecolor": "white", "markeredgewidth": 0.4}
        (self._real,) = ax.plot([], [], "o", color=COLOURS[0], label="data", **dots)
        (self._fake,) = ax.plot([], [], "s", color=COLOURS[1], label="generated", **dots)
        scale = {"angles": "xy", "scale_units": "xy", "scale": 2.0, "width": 0.005}
        nothing = [0.0] * 40
        self._hints = ax.quiver(nothing, nothing, nothing, nothing, zorder=3, **scale)
        ax.plot([], [], "k", marker=r"$\rightarrow$", ms=12, ls="", label="hint to a point")
        ax.set(xlim=edges[:2], ylim=edges[2:], xticks=(-2, 0, 2), yticks=(-2, 0, 2))
        ax.grid(False)

    def _draw_curve(self, ax: Axes) -> None:
        (self._estimates,) = ax.plot([], [], color=COLOURS[2], lw=1.2, label="critic's estimate")
        style = {"color": COLOURS[3], "ms": 4, "label": "earth mover's, exact"}
        (self._distances,) = ax.plot([], [], "o", **style)
        ax.set(xlabel="turns", ylabel="distance, exact and estimated")
        ax.set_title("Distance of the points from the data")
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.legend(loc="upper right")

    def show(self, game: Game, rules: Rules) -> None:
        """Draw a game as it stands."""
        heights = surface(game.critic, reach=_REACH, side=41)[0]
        if rules.is_gan:
            heights = torch.sigmoid(heights)
        self._heights.set_data(heights.numpy())
        self._heights.set_clim(*((0, 1) if rules.is_gan else (heights.min(), heights.max())))
        real = draw_data(rules.data, 200, rng=torch.Generator().manual_seed(1))
        self._real.set_data(*real.T)
        self._fake.set_data(*game.points().T)
        places, hints = game.hints(rules.objective)
        length = hints.norm(dim=1, keepdim=True)
        hints *= (_LONGEST_HINT / length.clamp_min(1e-12)).clamp_max(1)
        self._hints.set_offsets(places)
        self._hints.set_UVC(*hints.T)
        self._map.set_title(f"Turn {game.turns}: bright is real to the critic")
        self._show_curve(game)

    def pixels(self) -> Image.Image:
        """Return what was shown last."""
        self._canvas.draw()
        return Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3])

    def _show_curve(self, game: Game) -> None:
        self._estimates.set_data(range(1, game.turns + 1), game.estimates)
        self._distances.set_data(range(0, MEASURED * len(game.distances), MEASURED), game.distances)
        values = [0.0, 0.1, *game.estimates, *game.distances]
        low, high = min(values), max(values)
        margin = 0.05 * (high - low)
        self._curve.set(
            xlim=(0, max(50, 1.02 * game.turns)), ylim=(low - margin, high + 5 * margin)
        )


def describe(game: Game, rules: Rules) -> str:
    """Say in words what is seen of a game."""
    words = f"{rules.kind} after {game.turns} turns: 200 generated points on the critic's map"
    if rules.data in CLOUDS:
        centres = CLOUDS[rules.data]
        covered, good = mode_coverage(game.points(), centres, radius=0.3, least=32 // len(centres))
        words += f" cover {covered} of {rules.data}, {good:.0%} of them lie near one"
    words += f"; their earth mover's distance from the data is {game.distance(rules.data):.2f}"
    if game.estimates:
        kind = "Jensen-Shannon divergence" if rules.is_gan else "distance"
        words += f", the critic's estimate of the {kind} {game.estimates[-1]:.2f}"
    return f"{words}."
