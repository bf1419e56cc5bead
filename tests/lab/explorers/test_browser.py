"""The blur explorer in a real browser: on its own page by Voila, and in JupyterLab."""

import io
import re
import signal

import numpy as np
import pytest
from nbformat import v4, write
from PIL import Image

pytest.importorskip("playwright", reason="Playwright is not here: no page is opened in a browser")
from playwright.sync_api import expect

from ...patience import PATIENCE, wait_until

expect.set_options(timeout=1000 * PATIENCE)

# Roles that need a name, for they do something or show something.
NAMED = {"slider", "spinbutton", "combobox", "button", "tab", "link", "img", "image"}


class Reader:
    """Someone who looks at the explorer on a page."""

    def __init__(self, page, process=None):
        self.page, self.process = page, process
        self.message = page.locator(".blur-explorer [role=alert]")
        self.numbers = page.locator(".blur-explorer .numbers")

    def slider(self, name):
        return self.page.get_by_role("slider", name=name)

    def box(self, name):
        return self.page.get_by_role("spinbutton", name=name)

    def picture(self, title):
        return self.page.get_by_role("img", name=f"Photograph, {title}:")

    def sees_a_change(self, act, *titles):
        """Do something; the pictures and the numbers follow."""
        sources = {title: self.picture(title).get_attribute("src") for title in titles}
        words = self.numbers.inner_text()
        act()
        for title, source in sources.items():
            expect(self.picture(title)).not_to_have_attribute("src", source)
        expect(self.numbers).not_to_have_text(words)

    def chooses(self, name, kind, content):
        with self.page.expect_file_chooser() as chooser:
            self.page.get_by_role("button", name="Bring a photograph").click()
        chooser.value.set_files({"name": name, "mimeType": kind, "buffer": content})

    def open_page(self, name):
        self.page.get_by_role("tab", name=name).click()


def opened(chromium, address, width=1280, height=900):
    context = chromium.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    return page


@pytest.fixture(scope="module")
def reader(chromium, serve):
    """One page of its own for all tests: each turns what it needs."""
    process, address = serve("explore")
    page = opened(chromium, address)
    expect(page.get_by_role("img", name="Photograph, blurred:")).to_be_visible()
    expect(page.get_by_role("slider", name="length (px)")).to_be_attached()
    return Reader(page, process)


def test_the_page_has_a_title_a_language_and_asks_no_other_machine(reader):
    assert reader.page.title() == "The blur explorer"
    assert reader.page.evaluate("document.documentElement.lang") == "en"
    own = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    assert [url for url in reader.page.asked if not url.startswith(own)] == []


def test_everything_that_can_be_used_or_seen_has_a_name(reader):
    session = reader.page.context.new_cdp_session(reader.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    found = [
        (node["role"]["value"], node.get("name", {}).get("value", "").strip())
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in NAMED
    ]
    assert [role for role, name in found if not name] == []
    roles = [role for role, _ in found]
    assert roles.count("slider") == roles.count("spinbutton") == 14
    assert roles.count("tab") == 3 and roles.count("combobox") == 2
    names = {role: [n for r, n in found if r == role] for role in ("slider", "spinbutton")}
    assert sorted(names["slider"]) == sorted(names["spinbutton"])


def test_a_slider_is_turned_by_keyboard(reader):
    reader.box("length (px)").focus()
    reader.page.keyboard.press("Tab")
    expect(reader.slider("length (px)")).to_be_focused()
    reader.sees_a_change(lambda: reader.page.keyboard.press("ArrowRight"), "blurred")
    expect(reader.box("length (px)")).to_have_value("41")


def test_the_picture_follows_a_slider_that_is_dragged(reader):
    handle = reader.slider("length (px)")
    place = handle.bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    reader.page.mouse.move(x, y)
    reader.page.mouse.down()
    for step in range(1, 11):  # the button is not let go: the next picture comes on the way
        reader.sees_a_change(lambda at=x - 3 * step: reader.page.mouse.move(at, y), "blurred")
    reader.page.mouse.up()
    expect(reader.box("length (px)")).not_to_have_value("41")
    assert float(reader.box("length (px)").input_value()) == pytest.approx(41 - 22, abs=3)


def test_a_number_can_be_typed(reader):
    def type_it():
        reader.box("exposure (1: whole path)").fill("0.3")
        reader.page.keyboard.press("Enter")

    reader.sees_a_change(type_it, "blurred")
    expect(reader.slider("exposure (1: whole path)")).to_have_attribute("aria-valuetext", "0.3")
    expect(reader.numbers).to_have_attribute("aria-live", "polite")
    expect(reader.page.get_by_role("img", name="up to 30 % of it")).to_be_visible()


def test_a_new_path_is_a_key_away(reader):
    button = reader.page.get_by_role("button", name="New path")
    reader.sees_a_change(lambda: button.press("Enter"), "blurred")


def test_the_page_does_not_jump_when_it_is_redrawn(reader):
    def places():
        return reader.page.evaluate(
            "[...document.querySelectorAll('.blur-explorer figure, .blur-explorer img.plot')]"
            ".map(e => JSON.stringify(e.getBoundingClientRect()))"
        )

    before = places()
    reader.sees_a_change(lambda: reader.slider("noise std").press("ArrowRight"), "noise × 5")
    assert places() == before


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_nothing_is_cut_off_sideways(reader, width):
    reader.page.set_viewport_size({"width": width, "height": 900})
    for name in ("Restore", "Take it with you", "Blur"):
        reader.open_page(name)
        expect(reader.page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        cut = reader.page.evaluate(
            "[...document.querySelectorAll('.blur-explorer .widget-label, .blur-explorer button, "
            ".blur-explorer .lm-TabBar-tabLabel, "
            ".blur-explorer figcaption, .blur-explorer h3, .blur-explorer .jupyter-widgets')]"
            ".filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)"
            ".map(e => e.className + ': ' + e.textContent.slice(0, 40))"
        )
        assert cut == []
    reader.page.set_viewport_size({"width": 1280, "height": 900})


def test_restoring_shows_what_each_kernel_gains(reader):
    reader.page.get_by_role("tab", name="Blur").focus()
    reader.page.keyboard.press("ArrowRight")
    reader.page.keyboard.press("Enter")
    wrong = reader.picture("restored: wrong kernel")
    expect(wrong).to_be_visible()
    before = wrong.get_attribute("src")
    reader.slider("wrong kernel turned").press("ArrowRight")
    expect(wrong).not_to_have_attribute("src", before)
    expect(reader.page.get_by_text("true kernel: ")).to_contain_text("dB")
    reader.open_page("Blur")


def test_the_kernel_is_saved_from_the_page(reader, tmp_path):
    reader.open_page("Take it with you")
    with reader.page.expect_download() as download:
        reader.page.get_by_role("link", name="kernel.npy").click()
    download.value.save_as(tmp_path / "kernel.npy")
    kernel = np.load(tmp_path / "kernel.npy")
    made = {}
    exec(reader.page.locator(".blur-explorer pre").first.inner_text(), made)
    assert np.array_equal(kernel, made["kernel"][0].numpy())
    reader.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    reader.page.get_by_role("button", name="Copy").first.click()
    expect(reader.page.get_by_role("button", name="Copied")).to_be_visible()
    copied = reader.page.evaluate("navigator.clipboard.readText()")
    assert copied == reader.page.locator(".blur-explorer pre").first.text_content()
    reader.open_page("Blur")


def test_a_photograph_is_brought(reader):
    colours = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    content = io.BytesIO()
    Image.fromarray(colours).save(content, format="png")
    mine = "mine.png", "image/png", content.getvalue()
    reader.sees_a_change(lambda: reader.chooses(*mine), "sharp", "blurred")
    expect(reader.page.get_by_role("combobox", name="photograph")).to_have_value("mine.png")


def test_a_large_photograph_is_brought(reader):
    """More than a server's usual limit for one message, as those of a camera are."""
    content = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (1800, 2000, 3), np.uint8)
    Image.fromarray(noise).save(content, format="bmp")
    assert content.tell() > 10 * 2**20
    mine = "large.bmp", "image/bmp", content.getvalue()
    reader.sees_a_change(lambda: reader.chooses(*mine), "sharp", "blurred")  # all of it is done
    expect(reader.page.get_by_role("combobox", name="photograph")).to_have_value("large.bmp")


def test_a_broken_file_gives_a_message_and_the_old_picture_stays(reader):
    before = reader.picture("sharp").get_attribute("src")
    reader.chooses("broken.png", "image/png", b"no image")
    expect(reader.message).to_have_text(
        "cannot read broken.png as an image: bring a PNG or JPEG file"
    )
    expect(reader.picture("sharp")).to_have_attribute("src", before)


def test_a_telephone_shows_a_picture_a_row_above_the_sliders_and_keeps_it_in_sight(reader):
    page = reader.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(  # the page is laid out anew a moment after it is made narrow
        "() => { const seen = [...document.querySelectorAll('.be-panels figure img')]"
        ".filter(picture => picture.checkVisibility());"
        "return seen.length === 3 && seen.every(picture => picture.clientWidth > 300); }"
    )
    photograph, first = reader.picture("blurred"), reader.slider("length (px)")
    assert photograph.bounding_box()["y"] < first.bounding_box()["y"]
    last = reader.slider("from the top (%)")
    last.evaluate("handle => handle.scrollIntoView({block: 'nearest'})")
    expect(photograph).to_be_in_viewport(ratio=0.9)
    expect(last).to_be_in_viewport()
    place = last.bounding_box()
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.slider-row') !== null"
    assert page.evaluate(on_top, [place["x"] + 5, place["y"] + 5])  # nothing lies over it
    reader.sees_a_change(lambda: reader.slider("noise std").press("ArrowRight"), "blurred")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.set_viewport_size({"width": 1280, "height": 900})


SLIDERS = """\
from matplotlib.figure import Figure
from sharingan_lab.lab import SliderFigure

def draw(width):
    figure = Figure((7, 2.5))
    figure.subplots().plot([0, width])
    return figure, f"A line to {width}."

SliderFigure(draw, {"width": ("width", 3, 1, 9, 1)})"""
EXPLORER = "from sharingan_lab.lab import BlurExplorer\nBlurExplorer()"
PLAYGROUND = "from sharingan_lab.lab import Playground\nPlayground(film_turns=8)"


def wait_for_a_kernel(page):
    page.wait_for_function(
        "async () => (await (await fetch('/api/sessions')).json())"
        ".some(s => s.kernel.connections >= 1 && s.kernel.execution_state === 'idle')"
    )


@pytest.fixture(scope="module")
def in_jupyterlab(chromium, serve, tmp_path_factory):
    """A page of JupyterLab on a notebook that has run: an explorer, sliders, a playground."""
    folder = tmp_path_factory.mktemp("course")
    cells = [v4.new_code_cell(source) for source in (EXPLORER, SLIDERS, PLAYGROUND)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), folder / "tiny.ipynb")
    _, address = serve("lab", "--to", str(folder), "--no-browser")
    page = opened(chromium, address.replace("/lab?", "/doc/tree/tiny.ipynb?"))
    wait_for_a_kernel(page)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    expect(page.locator(".jp-StatusBar-Widget").get_by_text("Idle")).to_be_visible()
    for _ in cells:
        page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-InputPrompt").nth(2)).to_have_text("[3]:")  # all have run
    yield page
    page.context.close()


def test_it_works_in_jupyterlab(in_jupyterlab):
    reader = Reader(in_jupyterlab)
    expect(reader.picture("blurred")).to_be_visible()
    reader.sees_a_change(lambda: reader.slider("length (px)").press("ArrowRight"), "blurred")
    expect(reader.box("length (px)")).to_have_value("41")
    for still in in_jupyterlab.locator("[class^=still-]").all():
        expect(still).to_be_hidden()


def test_a_game_is_played_in_jupyterlab(in_jupyterlab):
    page = in_jupyterlab
    page.set_viewport_size({"width": 1280, "height": 900})

    def turns():
        alt = page.get_by_role("img", name="points on the critic's map").get_attribute("alt")
        return int(re.search(r"after (\d+) turns", alt)[1])

    start, pause = (
        page.get_by_role("button", name=name, exact=True) for name in ("Start", "Pause")
    )
    start.press("Enter")
    expect(pause).to_be_visible()
    wait_until(lambda: turns() > 2, "turns of the game")
    page.get_by_role("combobox", name="game").select_option("WGAN-GP")
    expect(page.get_by_role("img", name="WGAN-GP after")).to_be_visible()
    if pause.is_visible():  # else it played for long enough, and paused by itself
        pause.press("Enter")
    status = page.locator(".announced", has_text="points on the critic's map")
    expect(status).to_contain_text("WGAN-GP after")
    expect(status).to_have_attribute("aria-live", "polite")
    reached = int(re.search(r"after (\d+) turns", status.inner_text())[1])
    page.get_by_role("button", name="One turn").press("Enter")
    expect(status).to_contain_text(f"after {reached + 1} turns")
    expect(page.locator(".sharingan-animation")).to_be_hidden()


def test_in_a_narrow_jupyterlab_the_picture_stays_in_sight(in_jupyterlab):
    page, reader = in_jupyterlab, Reader(in_jupyterlab)
    page.set_viewport_size({"width": 620, "height": 900})
    last = reader.slider("from the top (%)")
    last.evaluate("handle => handle.scrollIntoView({block: 'nearest'})")
    expect(reader.picture("blurred")).to_be_in_viewport(ratio=0.9)
    place = last.bounding_box()
    on_top = "([x, y]) => document.elementFromPoint(x, y)?.closest('.slider-row') != null"
    assert page.evaluate(on_top, [place["x"] + 5, place["y"] + 5])  # nothing lies over it
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_saved_notebook_shows_its_pictures_without_the_kernel(in_jupyterlab):
    page = in_jupyterlab
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    with page.expect_response(lambda got: got.request.method == "PUT" and got.ok):
        page.keyboard.press("Control+s")
    page.evaluate(
        """async () => {
          const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
          for (const session of await (await fetch('/api/sessions')).json())
            await fetch('/api/sessions/' + session.id,
              {method: 'DELETE', headers: {'X-XSRFToken': token}});
        }"""
    )
    page.reload()
    # what JupyterLab would say in the place of each widget
    expect(page.get_by_text("model not found")).to_have_count(3)
    for problem in page.get_by_text("model not found").all():
        expect(problem).to_be_hidden()
    for name in ("A path of 40 px", "A line to 3."):
        still = page.get_by_role("img", name=name)
        expect(still).to_be_visible()
        assert still.evaluate("picture => picture.naturalWidth") > 700
    expect(page.get_by_text("run the cell to turn the sliders")).to_have_count(2)
    expect(page.get_by_role("img", name="Here: turn 8.")).to_be_visible()
    expect(page.get_by_role("img", name="Here: turn 1.")).to_be_hidden()


def test_an_open_page_says_that_its_server_was_stopped(reader):
    """The last that the reader sees."""
    page = reader.page
    gone = page.locator("#gone")
    with page.expect_response(re.compile("/api/kernels/[^/]+$")) as looked:  # all is well
        pass
    assert looked.value.ok
    expect(gone).to_be_hidden()
    reader.process.send_signal(signal.SIGINT)
    expect(gone).to_be_visible()
    expect(gone).to_contain_text("The server was stopped")
