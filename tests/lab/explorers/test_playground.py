"""The playground without a browser: its buttons, its loop, and what a saved page keeps."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from sharingan_lab.lab import Playground
from sharingan_lab.lab.explorers import playground as module
from sharingan_lab.lab.toys.game import OBJECTIVES

pytestmark = pytest.mark.usefixtures("unpainted")


def played(turns, **start):
    playground = Playground(**start)
    for _ in range(turns):
        playground.step.click()
    return playground


async def until_turn(playground, turn):
    while playground.game.turns < turn:
        await asyncio.sleep(0)


def run(coroutine):
    """In a thread of its own: the browser of other tests keeps a loop running in theirs."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, coroutine).result()


def test_it_plays_from_start_to_pause_and_not_on():
    async def look():
        playground = Playground()
        playground.play.click()
        assert playground.play.description == "Pause"
        await until_turn(playground, 3)
        playground.play.click()
        reached = playground.game.turns
        await asyncio.sleep(0.05)
        assert playground.game.turns == reached and not playground.playing
        assert playground.play.description == "Start"
        assert f"after {reached} turns" in playground.status.value

    run(look())


def test_nothing_goes_on_when_it_is_closed():
    async def look():
        playground = Playground()
        playground.start()
        await until_turn(playground, 1)
        playground.close()
        reached = playground.game.turns
        await asyncio.sleep(0.05)
        assert playground.game.turns == reached and not playground.playing

    run(look())


def test_it_pauses_when_it_is_on_no_page_any_more_and_not_when_a_page_redraws(monkeypatch):
    monkeypatch.setattr(module, "UNSEEN", 0.2)

    async def look():
        playground = Playground()
        playground._view_count = 1
        playground.start()
        playground._view_count = 0
        playground._view_count = 1
        await asyncio.sleep(0.3)
        assert playground.playing
        playground._view_count = 0
        while playground.playing:
            await asyncio.sleep(0)
        assert playground.play.description == "Start"

    run(look())


def test_it_pauses_by_itself_when_nobody_may_be_looking(monkeypatch):
    monkeypatch.setattr(module, "LONGEST", 1)

    async def look():
        playground = Playground()
        playground.start()
        while playground.playing:
            await asyncio.sleep(0)
        assert playground.play.description == "Start" and playground.game.turns >= 1

    run(look())


def test_an_error_ends_it_and_is_shown(monkeypatch):
    async def look():
        playground = Playground()
        monkeypatch.setattr(playground.game, "turn", lambda _: 1 / 0)
        playground.start()
        task = playground._task
        with pytest.raises(ZeroDivisionError):
            await task
        assert not playground.playing
        assert "division by zero" in playground.message.value

    run(look())


def test_single_turns_are_the_same_from_the_same_seed_and_again():
    one, other = played(3, kind="WGAN-GP", seed=4), played(3, kind="WGAN-GP", seed=4)
    points = one.game.points()
    assert one.game.turns == 3 and torch.equal(points, other.game.points())
    assert not torch.equal(points, played(3, kind="WGAN-GP", seed=5).game.points())
    one.again.click()
    assert one.game.turns == 0
    for _ in range(3):
        one.step.click()
    assert torch.equal(points, one.game.points())


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("WGAN-GP", "lambda_power", 2.0),
        ("WGAN, clipped", "clip_power", -2.0),
        ("GAN", "critic_steps", 3),
        ("GAN", "critic_rate", 5.0),
        ("GAN", "generator_rate", 5.0),
        ("GAN", "data", "Swiss roll"),
        ("GAN", "kind", "GAN, saturating"),
    ],
)
def test_what_is_turned_holds_from_the_next_turn_on(kind, name, value):
    turned, left, by_hand = (played(1, kind=kind) for _ in range(3))
    turned.controls[name].value = value
    assert turned.game.turns == 1
    for playground in (turned, left):
        playground.step.click()
    by_hand.game.turn(module.rules(by_hand.values | {name: value}))
    assert torch.equal(turned.game.points(), by_hand.game.points())
    assert not torch.equal(turned.game.points(), left.game.points())


@pytest.mark.parametrize("name", ["seed", "noise_size"])
def test_what_cannot_change_within_a_game_starts_again(name):
    playground = played(1)
    playground.controls[name].value = 3
    assert playground.game.turns == 0


def test_only_what_serves_a_game_can_be_turned():
    playground = Playground()
    for kind in OBJECTIVES:
        playground.controls["kind"].value = kind
        unused = [name for name, box in playground.controls.items() if box.disabled]
        used = {"WGAN-GP": "lambda_power", "WGAN, clipped": "clip_power"}.get(kind)
        assert unused == [n for n in ("lambda_power", "clip_power") if n != used]


def test_a_saved_page_keeps_a_film_with_words_of_every_frame():
    playground = played(1, kind="GAN, saturating")
    playground.film_turns = 14
    kept = playground.still()
    alts = re.findall(r'<img src="data:image/\w+;base64,[^"]+" alt="([^"]+)"', kept["text/html"])
    assert len(alts) == module.FRAMES and all("after 14 turns" in alt for alt in alts)
    assert [alt.rpartition("Here: ")[2] for alt in alts][-2:] == ["turn 12.", "turn 14."]
    assert kept["text/plain"].startswith("GAN, saturating after 14 turns: ")
    assert playground.hint in kept["text/html"] and playground.game.turns == 1
    assert kept == playground.still()
