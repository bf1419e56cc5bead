"""The pages of a report, read as text and in a browser without a network."""

import re
import warnings

import bs4
import pytest
from nbformat import v4

from sharingan_lab.lab.report.export import lesson_html
from sharingan_lab.lab.report.results import LessonResult


def soup(path):
    return bs4.BeautifulSoup(path.read_text(), "html.parser")


@pytest.fixture(scope="module")
def pages(made):
    return sorted(made[0].glob("*.html"))


def test_there_is_a_page_a_lesson_and_an_index(pages):
    names = ["01_good", "02_cell_error", "03_widget_error", "04_slow", "index"]
    assert [p.stem for p in pages] == names


def test_nothing_on_a_page_asks_the_network(pages):
    for path in pages:
        page = soup(path)
        assert page.find_all(["script", "iframe", "object", "embed", "base"]) == []
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
    assert len(pictures) == 2  # on the page of lesson 01 and on its card
    assert {img["alt"] for img in pictures} == {"Two <grey> pictures."}


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
    head = soup(made[0] / "01_good.html").select_one("aside.mode").get_text()
    assert "Quick mode" in head
    assert "seed = 5" in head
    assert "Random features." in head


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
    result = LessonResult("01", "01_x", "X", "done", "quick", {})
    page, undrawn = lesson_html(v4.new_notebook(cells=[cell]), result, None, None)
    (picture,) = bs4.BeautifulSoup(page, "html.parser").find_all("img")
    assert picture["alt"] == "A kernel."
    assert undrawn == []


def test_a_widget_whose_picture_is_the_next_output_is_no_cause_to_warn():
    view = v4.new_output("display_data", {"application/vnd.jupyter.widget-view+json": {}})
    cell = v4.new_code_cell("explorer", execution_count=1, outputs=[view])
    result = LessonResult("01", "01_x", "X", "done", "quick", {})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lesson_html(v4.new_notebook(cells=[cell]), result, None, None)


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
