"""The pages of a report, read as text and in a browser without a network."""

import json
import re
import warnings
from importlib.resources import files
from itertools import product

import bs4
import pytest
from nbformat import v4

from sharingan_lab.lab.display import POSITIONS
from sharingan_lab.lab.report.catalogue import Lesson
from sharingan_lab.lab.report.export import index_html, lesson_html
from sharingan_lab.lab.report.results import LessonResult

from ...patience import PATIENCE


def soup(path):
    return bs4.BeautifulSoup(path.read_text(), "html.parser")


SLIDERS = files("sharingan_lab.lab.report").joinpath("templates/sliders.js").read_text().strip()


def page_of(*cells):
    """The page of a lesson of these cells."""
    result = LessonResult("01", "01_x", "X", "done", "quick", {})
    page, undrawn = lesson_html(v4.new_notebook(cells=list(cells)), result, None, None)
    assert undrawn == []
    return bs4.BeautifulSoup(page, "html.parser")


@pytest.fixture(scope="module")
def pages(made):
    return sorted(made[0].glob("*.html"))


def test_there_is_a_page_a_lesson_and_an_index(pages):
    names = ["01_good", "02_cell_error", "03_widget_error", "04_slow", "index"]
    assert [p.stem for p in pages] == names


def test_nothing_on_a_page_asks_the_network(pages):
    for path in pages:
        page = soup(path)
        assert page.find_all(["iframe", "object", "embed", "base"]) == []
        for script in page.find_all("script"):
            assert script.get("type") == "application/json" or script.get_text().strip() == SLIDERS
            assert not script.has_attr("src")
        assert page.find_all("link") == []
        for tag in page.find_all(src=True):
            assert tag["src"].startswith("data:"), f"{path.name}: {tag['src'][:60]}"
        for style in page.find_all("style"):
            assert not re.search(r"url\(|@import", style.get_text())


def test_every_link_leads_to_a_file_of_the_report(pages):
    for path in pages:
        for link in soup(path).find_all("a", href=True):
            target, _, anchor = link["href"].partition("#")
            file = path.parent / target if target else path
            assert file.is_file(), f"{path.name} links to {link['href']}"
            if anchor:
                assert soup(file).find(id=anchor), f"{path.name} links to {link['href']}"


def test_every_picture_says_what_is_to_be_seen(pages):
    pictures = [img for path in pages for img in soup(path).find_all("img")]
    drawn = "Two <grey> pictures."  # on the page of lesson 01 and on its card
    assert [img["alt"] for img in pictures] == [drawn, "A sheet 2 inches wide.", drawn]


def test_code_and_tables_that_are_too_wide_can_be_scrolled_by_keyboard(pages):
    for wide in (".input pre, pre.stream, pre.error", "table"):
        found = [element for path in pages for element in soup(path).select(wide)]
        assert found and all(element["tabindex"] == "0" for element in found)


def test_pages_are_in_english_with_a_title_and_one_first_heading(pages):
    for path in pages:
        page = soup(path)
        assert page.html["lang"] == "en"
        assert page.title.get_text().strip()
        assert len(page.find_all("h1")) == 1


TEXT = """# A lesson

## A puzzle
Words.

## Why $x^2$, and [a link](#a-puzzle)

### A puzzle

| | value |
|---|---|
| a | 1 |

    too wide
"""


def test_a_page_lists_its_headings_and_links_to_each():
    page = page_of(v4.new_markdown_cell(TEXT), v4.new_markdown_cell("## A puzzle"))
    places = [a["href"] for a in page.select(".contents.aside a")]
    assert places == [a["href"] for a in page.select("nav.contents.folded details a")]
    assert places == ["#a-puzzle", "#why-x2-and-a-link", "#a-puzzle-2", "#a-puzzle-3"]
    for place in places:
        (heading,) = page.select(f"main {place}")
        assert heading.name in ("h2", "h3")
    assert page.select_one(".contents math") and not page.select(".contents a a")


def test_a_page_without_headings_has_no_list_of_them_and_no_room_for_one(made, browser):
    path = made[0] / "02_cell_error.html"
    assert soup(path).select(".contents") == []
    page = browser.new_page()
    page.goto(path.as_uri())
    place = page.locator("main").bounding_box()
    assert place["width"] == 860 and place["x"] == (1280 - 860) / 2
    page.close()


def test_wide_text_can_be_scrolled_by_keyboard_and_no_column_has_an_empty_head():
    text = page_of(v4.new_markdown_cell(TEXT)).select_one("section.text")
    assert [text.select_one(wide)["tabindex"] for wide in ("table", "pre")] == ["0", "0"]
    assert [head.get_text() for head in text.find_all("th")] == ["value"]


def test_equations_are_mathml_in_text_tables_and_outputs(made):
    page = soup(made[0] / "01_good.html")
    assert len(page.find_all("math")) == 4
    assert page.find("math", display="block")
    assert page.select_one("td math mover")
    assert page.select_one(".outputs th math msup")
    for code in page.find_all(["pre", "code", "style"]):
        code.decompose()
    assert "$" not in page.get_text()


def test_the_head_of_a_page_says_mode_parameters_and_notices(made):
    page = soup(made[0] / "01_good.html")
    assert page.select_one(".parameters").get_text() == "mode: quick, seed: 5, device: auto"
    head = page.select_one("aside.made").get_text()
    assert "Quick mode" in head
    assert "Random features." in head


def test_the_cell_that_sets_parameters_is_in_the_notebook_and_not_on_the_page(made):
    assert "injected-parameters" in (made[0] / "01_good.ipynb").read_text()
    page = soup(made[0] / "01_good.html")
    assert "# Parameters" not in page.get_text() and page.select_one("#code-2") is None


def test_a_widget_without_a_picture_is_not_left_blank(made):
    page = soup(made[0] / "01_good.html")
    assert "open it in JupyterLab" in page.select_one("p.widget").get_text()
    assert "IntSlider(" not in page.get_text().replace("ipywidgets.IntSlider()", "")


def test_a_picture_shows_where_a_widget_carries_one():
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "image/png": "aGVsbG8=",
        "text/plain": "A kernel.",
    }
    output = v4.new_output("execute_result", data, execution_count=1)
    cell = v4.new_code_cell("explorer", execution_count=1, outputs=[output])
    (picture,) = page_of(cell).find_all("img")
    assert picture["alt"] == "A kernel."


def test_a_widget_whose_picture_is_the_next_output_is_no_cause_to_warn():
    view = v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
    cell = v4.new_code_cell("explorer", execution_count=1, outputs=[view])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page_of(cell)


def test_an_error_output_is_shown_without_terminal_codes(made):
    error = soup(made[0] / "02_cell_error.html").select_one("pre.error").get_text()
    assert "ValueError: this is broken" in error
    assert "\x1b" not in error


def test_pages_open_in_a_browser_without_a_network(pages, browser):
    for path in pages:
        page = browser.new_page()
        problems = []
        page.on("console", lambda message, seen=problems: seen.append(message.text))
        page.on("pageerror", lambda error, seen=problems: seen.append(str(error)))
        page.on("requestfailed", lambda request, seen=problems: seen.append(request.url[:80]))
        page.goto(path.as_uri())
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (problems, broken, too_wide) == ([], 0, False), path.name
        page.close()


def test_a_browser_draws_the_equations(made, browser):
    page = browser.new_page()
    page.goto((made[0] / "01_good.html").as_uri())
    heights = page.evaluate("[...document.querySelectorAll('math')].map(m => m.clientHeight)")
    fraction_like = page.evaluate(
        "document.querySelector('math[display=block]').getBoundingClientRect().height"
    )
    assert all(height > 8 for height in heights)
    assert fraction_like > 35  # limits below and a label under a brace: more than one line
    page.close()


def test_a_narrow_screen_does_not_scroll_sideways(pages, browser):
    page = browser.new_page()
    page.set_viewport_size({"width": 420, "height": 800})
    for path in pages:
        page.goto(path.as_uri())
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path.name
    page.close()


# What lies behind a text, and how much it stands out from it, by WCAG 2.
FAINT = """
() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => parts(colour).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    const colour = getComputedStyle(e).backgroundColor;
    return parts(colour)[3] === 0 ? behind(e.parentElement) : colour;
  };
  return [...document.querySelectorAll('body *')]
    .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .filter(e => e.checkVisibility() && !e.closest('[aria-hidden]'))
    .map(e => [e.outerHTML.slice(0, 80), light(getComputedStyle(e).color), light(behind(e))])
    .filter(([_, a, b]) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5);
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(pages, browser, scheme):
    page = browser.new_page()
    page.emulate_media(color_scheme=scheme)
    for path in pages:
        page.goto(path.as_uri())
        assert page.evaluate(FAINT) == [], path.name
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") == (scheme == "light")
        for picture in page.locator("main img").all():
            card = picture.evaluate("i => getComputedStyle(i.closest('.picture') ?? i).background")
            assert card.startswith("rgb(255, 255, 255)")
    page.close()


@pytest.fixture
def long_page(tmp_path, browser):
    """A page with headings and a figure that is higher than a sheet of paper."""
    drawing = '<svg width="300" height="4000" role="img" aria-label="A pole."></svg>'
    output = v4.new_output("display_data", {"text/html": f"<figure>{drawing}</figure>"})
    cells = [v4.new_markdown_cell(TEXT), v4.new_code_cell("x", outputs=[output])]
    (tmp_path / "page.html").write_text(str(page_of(*cells)))
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    yield page
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_of_headings_stands_aside_where_there_is_room_and_is_folded_elsewhere(
    long_page, width
):
    long_page.set_viewport_size({"width": width, "height": 900})
    aside, folded = long_page.locator(".contents.aside"), long_page.locator(".contents.folded")
    assert aside.is_visible() == (width == 1280)
    assert folded.is_visible() == (width == 390)
    if width == 1280:
        long_page.evaluate("window.scrollTo(0, 2000)")
        assert aside.bounding_box()["y"] == 0  # it stays in sight
    else:
        assert not folded.get_by_role("link").first.is_visible()
        folded.locator("summary").press("Enter")
        folded.get_by_role("link").nth(2).click()
        assert long_page.url.endswith("#a-puzzle-2")


def test_print_has_no_navigation_no_dark_and_no_figure_higher_than_a_sheet(long_page):
    long_page.emulate_media(media="print", color_scheme="dark")
    assert [nav for nav in long_page.locator("nav").all() if nav.is_visible()] == []
    paper, ink = long_page.evaluate(
        "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
    )
    assert (paper, ink) == ("rgb(255, 255, 255)", "rgb(29, 36, 48)")
    assert long_page.locator("svg").bounding_box()["height"] < 297 * 96 / 25.4
    assert long_page.evaluate("getComputedStyle(document.querySelector('figure')).breakInside") == (
        "avoid"
    )


AIMS = """# 01 · A lesson

**After this lesson you can**

- read $x^2$ off
  a picture;
- do more.

**Time** about 75 minutes: all of it."""


def index_of(lesson, figures):
    facts = [{"label": f"figure {i}", "shown": f"{i} dB"} for i in range(figures)]
    result = LessonResult("01", lesson.name, "A", "done", "quick", {}, key_figures=facts)
    about = {"mode": "quick", "parameters": {}, "device": "cpu", "versions": {}, "commit": "1"}
    page = index_html([result], {lesson.name: lesson}, {}, {**about, "date": "", "seconds": 60})
    return bs4.BeautifulSoup(page, "html.parser")


@pytest.fixture
def lesson(tmp_path, lesson_maker):
    return Lesson(lesson_maker(tmp_path, "01_a", AIMS, "x = 1"))


def test_a_card_says_what_the_lesson_teaches_and_how_long_it_takes(lesson):
    card = index_of(lesson, 0).select_one(".card")
    assert card.select_one(".aim").get_text().split("read")[0] == "After it you can "
    assert card.select_one(".aim math")
    assert card.select_one(".aim").get_text().strip().endswith("off a picture.")
    assert "75 min to work through" in card.get_text()
    assert card.select(".figures, details") == []


def test_twenty_figures_of_a_lesson_are_folded_behind_the_first_three(lesson):
    card = index_of(lesson, 20).select_one(".card")
    assert len(card.select(".figures li")) == 20
    assert len(card.select("details .figures li")) == 17
    assert card.summary.get_text() == "17 more of its figures"
    assert index_of(lesson, 3).select("details") == []


def positions(sliders):
    """Pictures of one pixel for 1 to 3 sliders of 3 positions: every pair, or one at a time."""
    middle = [1] * sliders
    every = [list(place) for place in product(range(3), repeat=sliders)]
    places = [p for p in every if sliders < 3 or sum(x != 1 for x in p) < 2]
    words = [{"label": f"slider <{i}>", "values": ["−1", "0", "1"], "start": 1} for i in range(3)]
    pictures = [{"at": at, "src": f"data:,{at}", "alt": f"Drawn </script> at {at}."} for at in
                [middle, *(p for p in places if p != middle)]]  # fmt: skip
    return {"sliders": words[:sliders], "pictures": pictures, "more": False}


@pytest.fixture
def slider_page(tmp_path, chromium):
    """Open a page whose one picture has sliders, in a browser with or without scripts."""
    opened = []

    def open_page(sliders, scripts=True):
        output = v4.new_output("display_data", {POSITIONS: positions(sliders)})
        page = page_of(v4.new_code_cell("x", execution_count=1, outputs=[output]))
        (tmp_path / "page.html").write_text(str(page))
        opened.append(chromium.new_context(offline=True, java_script_enabled=scripts))
        page = opened[-1].new_page()
        page.set_default_timeout(1000 * PATIENCE)
        page.goto((tmp_path / "page.html").as_uri())
        return page

    yield open_page
    for context in opened:
        context.close()


def seen(page):
    """What the picture is, and the words of the sliders."""
    picture = page.get_by_role("img")
    words = [slider.get_attribute("aria-valuetext") for slider in page.get_by_role("slider").all()]
    assert page.locator("output").all_text_contents() == words
    place = picture.get_attribute("src").removeprefix("data:,")
    assert picture.get_attribute("alt") == f"Drawn </script> at {place}."
    assert [["−1", "0", "1"].index(word) for word in words] == json.loads(place)
    return json.loads(place)


def test_keys_turn_a_slider_of_a_page_and_its_picture_follows(slider_page):
    page = slider_page(2)
    assert seen(page) == [1, 1]
    assert page.get_by_role("status").text_content() == ""
    page.get_by_role("slider", name="slider <0>").press("ArrowRight")
    assert seen(page) == [2, 1]
    page.get_by_role("slider", name="slider <1>").press("Home")
    assert seen(page) == [2, 0]
    assert page.get_by_role("status").text_content() == "Drawn </script> at [2, 0]."
    assert page.get_by_text("one for each pair").is_visible()


def test_where_a_pair_is_not_stored_the_other_slider_goes_back_visibly(slider_page):
    page = slider_page(3)
    page.get_by_role("slider", name="slider <0>").press("End")
    assert seen(page) == [2, 1, 1]
    page.get_by_role("slider", name="slider <2>").press("Home")
    assert seen(page) == [1, 1, 0]
    page.get_by_role("slider", name="slider <2>").press("ArrowRight")
    assert seen(page) == [1, 1, 1]
    assert page.get_by_text("sets the others back to their start").is_visible()


def test_without_scripts_the_still_picture_remains(slider_page):
    page = slider_page(1, scripts=False)
    assert page.get_by_role("img").get_attribute("src") == "data:,[1]"
    assert page.get_by_role("slider").count() == 0
    assert page.get_by_text("A still picture").is_visible()
    assert not page.get_by_text("This page keeps").is_visible()


def test_a_lesson_executed_for_a_report_keeps_what_its_sliders_show(made, browser):
    page = browser.new_page()
    page.goto((made[0] / "01_good.html").as_uri())
    page.get_by_role("slider", name="width").press("ArrowRight")
    picture = page.get_by_role("img", name="A sheet 3 inches wide.")
    assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") == 330
    page.close()
