"""Animations: what they refuse, what they carry, and how a browser plays them without a script."""

import pytest
from matplotlib.figure import Figure

from sharingan_lab.errors import InputError
from sharingan_lab.lab import animation


def frames(count):
    figures = [Figure((2, 1)) for _ in range(count)]
    for i, figure in enumerate(figures):
        figure.text(0.5, 0.5, str(i))
    return figures


@pytest.fixture
def shown(monkeypatch):
    """What an animation of four frames puts on the page."""
    taken = []
    monkeypatch.setattr(animation, "emit", lambda *bundle: taken.append(bundle))
    animation.animate(frames(4), ["0", "1", "2", "<3>"], alt="A number that grows.")
    return taken[0]


def test_it_carries_a_still_and_a_description(shown):
    data, metadata = shown
    ((kind, about),) = metadata.items()
    assert data["text/plain"] == about["alt"] == "A number that grows."
    assert data["text/html"].count("<img") == 4
    assert data[kind] in data["text/html"]
    assert "<script" not in data["text/html"] and "&lt;3&gt;" in data["text/html"]


@pytest.mark.parametrize(
    ("count", "labels", "alt"),
    [(1, ["a"], "One."), (2, ["a"], "Two."), (2, ["a", "b"], " ")],
)
def test_bad_input_is_named(count, labels, alt):
    with pytest.raises(InputError, match=f"{count} frames, {len(labels)} labels"):
        animation.animate(frames(count), labels, alt=alt)


def test_more_than_two_megabytes_are_refused(monkeypatch):
    monkeypatch.setattr(animation, "LARGEST", 1000)
    with pytest.raises(InputError, match="fewer or smaller frames"):
        animation.animate(frames(2), ["a", "b"], alt="Two.")


def test_a_browser_steps_plays_and_prints(shown, browser, tmp_path):
    (tmp_path / "page.html").write_text(shown[0]["text/html"])
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    look = "[...document.querySelectorAll('figure')].map(f => getComputedStyle(f).visibility)"

    def visible():
        return [i for i, state in enumerate(page.evaluate(look)) if state == "visible"]

    assert visible() == [3]
    page.get_by_role("radio", name="<3>").focus()
    page.keyboard.press("ArrowLeft")
    assert visible() == [2]
    page.get_by_label("play").press("Space")
    page.wait_for_function(f"{look}[0] === 'visible'")
    page.wait_for_function(f"{look}[1] === 'visible'")
    page.emulate_media(media="print")
    assert visible() == [3]
    page.close()
