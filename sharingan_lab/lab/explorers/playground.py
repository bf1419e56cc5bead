"""A widget for lessons 03 to 05: watch generator and critic play, and change the rules meanwhile.

After the idea of GAN Lab: M. Kahng et al., "GAN Lab: Understanding complex deep generative models
using interactive visual experimentation", IEEE Transactions on Visualization and Computer Graphics
25 (1), 2019.
"""

import asyncio
import time
from collections.abc import Mapping

import ipywidgets
import torch

from sharingan_lab.lab.animation import film
from sharingan_lab.lab.encoding import Encoded, encode_pixels, encode_quickly
from sharingan_lab.lab.explorers.controls import slider_names
from sharingan_lab.lab.explorers.explorer import Explorer, image_tag
from sharingan_lab.lab.explorers.stage import Stage, describe
from sharingan_lab.lab.toys.game import CLIPPED, DATA, OBJECTIVES, PENALISED, Game, Rules

CHOICES = {"kind": ("game", tuple(OBJECTIVES)), "data": ("data", DATA)}
CONTROLS = {
    "critic_steps": ("critic steps a turn", 1, 1, 10, 1),
    "critic_rate": ("critic's rate (1/1000)", 1.0, 0.0, 10.0, 0.5),
    "generator_rate": ("generator's rate (1/1000)", 1.0, 0.0, 10.0, 0.5),
    "lambda_power": ("lambda: 10 to the power of", 0.0, -2.0, 3.0, 0.5),
    "clip_power": ("clip at c: 10 to the power of", -1.0, -3.0, 0.0, 0.5),
    "noise_size": ("random numbers z (starts again)", 8, 1, 16, 1),
    "seed": ("seed (starts again)", 0, 0, 99, 1),
}
UNSEEN = 2.0  # seconds: a page that scrolls takes a cell away and puts it back
LONGEST = 50_000  # turns in one go: nobody may be looking any more
FRAMES = 8  # of the film in a saved page


class Playground(Explorer):
    """Generator and critic learn while one looks: start, pause, single turns, other rules.

    A turn is some steps of the critic and one of the generator, played by the kernel while it has
    nothing else to do. What is turned holds from the next turn on; another seed or another number
    of random numbers starts again, as does "Again". The same settings play the same game. A saved
    page holds a film of one.

    Parameters
    ----------
    film_turns : int
        How long the film is, at least 8.
    **start : float or str
        Values to start from, by name of control.

    Examples
    --------
    >>> playground = Playground(kind="WGAN-GP", critic_steps=2)
    >>> playground.step.click()
    >>> playground.description[:44]
    'WGAN-GP after 1 turns: 200 generated points '
    """

    hint = "The film of a run: run the cell to play yourself."

    def __init__(self, *, film_turns: int = 200, **start: float | str) -> None:
        super().__init__(CONTROLS, start, CHOICES, label_width=220)
        self.film_turns, self._stage, self._task = film_turns, Stage(), None
        self.play, self.step, self.again = (
            ipywidgets.Button(description=word)  # an icon would be read out with it
            for word in ("Start", "One turn", "Again")
        )
        self.status = ipywidgets.HTML()
        self.status.add_class("announced")
        grid = ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(460px, 1fr))")
        choices = [self.controls[name] for name in CHOICES]
        for choice in choices:
            choice.layout.width = "400px"
        self.children = [
            ipywidgets.HBox([self.play, self.step, self.again]),
            self.message,
            self.status,
            ipywidgets.GridBox([*choices, *self.rows.values()], layout=grid),
            slider_names(),
        ]
        self._begin()
        self._open()
        self.status.value = f"<p>{self.description}</p>"
        self.play.on_click(lambda _: self.pause() if self.playing else self.start())
        self.step.on_click(lambda _: self._one_turn())
        self.again.on_click(lambda _: self._start_again())
        self._view_count = 0  # from now on it is counted on how many places of a page this is
        self.observe(lambda _: self._look_later(), names="_view_count")

    @property
    def playing(self) -> bool:
        return self._task is not None

    def start(self) -> None:
        """Play until :meth:`pause`; needs a running event loop, such as a kernel's."""
        self._task = asyncio.get_running_loop().create_task(self._go_on())
        self.play.description = "Pause"
        self.status.value = ""

    def pause(self) -> None:
        """Stop behind the present turn, and say how things stand."""
        if self.playing:
            self._task.cancel()
            self._task = None
            self.play.description = "Start"
            self._say_how_it_stands()

    def close(self) -> None:
        """Stop, and take the widget away."""
        self.pause()
        super().close()

    async def _go_on(self) -> None:
        """Play for as long as the last picture took to draw, or longer; draw; and so on.

        Between turns and pictures the kernel does what else is to be done.
        """
        end, drawing = self.game.turns + LONGEST, 0.0
        try:
            while self.game.turns < end:
                until = time.perf_counter() + max(drawing, 0.05)
                self.game.turn(rules(self.values))
                while time.perf_counter() < until:
                    await asyncio.sleep(0)
                    self.game.turn(rules(self.values))
                began = time.perf_counter()
                self._redraw()
                drawing = time.perf_counter() - began
                await asyncio.sleep(0.01)
        except Exception as error:
            self.pause()
            self.say(str(error))
            raise
        self.pause()

    def _look_later(self) -> None:
        if self.playing and not self._view_count:
            loop = self._task.get_loop()
            loop.call_later(UNSEEN, lambda: self._view_count or self.pause())

    def _one_turn(self) -> None:
        self.pause()
        self.game.turn(rules(self.values))
        self._say_how_it_stands()

    def _start_again(self) -> None:
        self._begin()
        self._say_how_it_stands()

    def _begin(self) -> None:
        self.game, self._origin = fresh_game(self.values), _origin(self.values)

    def _say_how_it_stands(self) -> None:
        self._redraw()
        self.status.value = f"<p>{self.description}</p>"

    def _draw(self) -> None:
        if _origin(self.values) != self._origin:
            self._begin()
        for name, kind in (("lambda_power", PENALISED), ("clip_power", CLIPPED)):
            for widget in self.rows[name].children:
                widget.disabled = self.values["kind"] != kind
        self._stage.show(self.game, rules(self.values))
        self.description = describe(self.game, rules(self.values))
        self.message.value = image_tag(self.drawn(), self.description)

    def drawn(self) -> Encoded:
        return encode_quickly(self._stage.pixels())

    def kept(self) -> tuple[str, str]:
        """Return a film of the first turns by the rules of the start."""
        game, stage, rule = fresh_game(self.starts), Stage(), rules(self.starts)
        pictures, labels = [], []
        for i in range(FRAMES):
            while game.turns < self.film_turns * i // (FRAMES - 1):
                game.turn(rule)
            stage.show(game, rule)
            pictures.append(encode_pixels(stage.pixels()))
            labels.append(f"turn {game.turns}")
        words = describe(game, rule)
        return film(pictures, labels, f"The end of this film: {words}", 0.6), words


def rules(values: Mapping[str, float | str]) -> Rules:
    """Return the rules of a turn that the controls ask for."""
    return Rules(
        kind=values["kind"],
        data=values["data"],
        critic_steps=values["critic_steps"],
        lambda_gp=10 ** values["lambda_power"],
        clip=10 ** values["clip_power"],
        critic_rate=values["critic_rate"] / 1000,
        generator_rate=values["generator_rate"] / 1000,
    )


def fresh_game(values: Mapping[str, float | str]) -> Game:
    """Return a game before its first turn."""
    rng = torch.Generator().manual_seed(values["seed"])
    return Game(noise_size=values["noise_size"], rng=rng)


def _origin(values: Mapping[str, float | str]) -> tuple[int, int]:
    """What cannot change within a game."""
    return values["seed"], values["noise_size"]
