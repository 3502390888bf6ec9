"""Pages of the reading edition, opened from disk, with no network and no Python."""

import re
import zlib
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe

from reading import pages

NAMES = ("04_book_graphs", "05_four_answers")  # a covered figure, wide tables, arguments, formulas
WIDTHS, SCHEMES = (360, 1280), ("light", "dark")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    pages.build(folder, [pages.ROOT / "notebooks" / f"{name}.ipynb" for name in NAMES])
    return folder


@pytest.fixture
def opened(browser, folder):
    """Return a function that opens a page, and fails if it asks for anything but its files."""
    contexts, asked, errors = [], [], []

    def open_page(name, width=1280, scheme="light", **settings):
        viewport = {"width": width, "height": 800}
        context = browser.new_context(
            viewport=viewport, color_scheme=scheme, offline=True, **settings
        )
        contexts.append(context)
        tab = context.new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: errors.append(error))
        tab.goto((folder / f"{name}.html").as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []
    assert all(url.startswith((folder.as_uri(), "data:")) for url in asked)


def barriers(tab, **options):
    """Return what axe finds grave, and where."""
    found = Axe().run(tab, options={"resultTypes": ["violations"], **options}).response
    return [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_fits_and_has_no_barrier(opened, name, width):
    tab = opened(name, width)
    # Contrast takes axe seconds, and does not hang on the width.
    assert barriers(tab, rules={"color-contrast": {"enabled": False}}) == []
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    longest = tab.evaluate(
        "Math.max(...[...document.querySelectorAll('main > p')].map((p) => p.clientWidth))"
    )
    assert longest <= 75 * 17 * 0.6  # letters are some six tenths as wide as high


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_all_text_can_be_told_from_its_ground(opened, name, scheme):
    tab = opened(name, WIDTHS[0], scheme)
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
    assert barriers(tab, runOnly=["color-contrast"]) == []
    light = tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert light == (scheme == "light")


def test_no_question_is_a_card_in_a_card(opened):
    """A dark theme would turn it over twice."""
    tab = opened(NAMES[1])
    assert tab.locator(".fx").count() >= 6
    assert tab.locator(".fx .fx").count() == 0


def test_under_a_cover_no_axis_has_numbers(opened):
    tab = opened(NAMES[0])
    tab.locator(".rd-figure").first.scroll_into_view_if_needed()
    cover = tab.locator(".fe-cover button").first
    cover.wait_for()
    shown = """() => [...document.querySelectorAll('.fe-layer [id*="tick_"] text')]
      .filter((one) => one.textContent.trim()).map((one) => getComputedStyle(one).visibility)"""
    assert set(tab.evaluate(shown)) == {"hidden"}
    cover.press("Enter")
    cover.wait_for(state="hidden")
    assert set(tab.evaluate(shown)) == {"visible"}


def test_contents_say_where_one_is(opened):
    tab = opened(NAMES[0])
    assert tab.locator(".rd-contents details").evaluate("fold => fold.open")
    for link in tab.locator(".rd-contents a").all():
        link.click()
        tab.wait_for_function(
            "text => document.querySelector('.rd-contents [aria-current]')?.textContent === text",
            arg=link.text_content(),
        )


def test_contents_are_folded_on_a_telephone_and_open_to_a_press(opened):
    tab = opened(NAMES[0], 360)
    link = tab.locator(".rd-contents a").last
    assert not link.is_visible()
    tab.locator(".rd-contents summary").click()
    link.click()
    assert tab.url.endswith(link.get_attribute("href"))


def test_from_a_disk_no_link_leads_to_a_lab_that_could_not_run(opened):
    tab = opened(NAMES[0])
    assert tab.locator("a[href^='lab/']").count() == 0
    assert tab.get_by_text("Open in a lab, to change the code (only on the web)").first.is_visible()


def test_a_wide_table_scrolls_by_keys(opened):
    tab = opened(NAMES[0], 360)
    table = tab.locator(".rd-scroll[tabindex='0']").first
    table.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("box => box.scrollLeft > 0", arg=table.element_handle())


@pytest.mark.parametrize("name", NAMES)
def test_without_a_script_all_can_be_read(opened, name):
    tab = opened(name, 360, java_script_enabled=False)
    shown = "what => [...document.querySelectorAll(what)].map((one) => one.checkVisibility())"
    answers = tab.evaluate(shown, "form.fx .rd-answer p")
    assert answers and not any(answers)
    for fold in tab.locator("form.fx summary").all():
        fold.click()
    assert all(tab.evaluate(shown, "form.fx :is(legend, label, .rd-answer p)"))


def marks(pdf):
    """Return how many words and pictures there are on each page of a PDF that Chromium made."""
    counts = []
    for page in re.findall(rb"/Type /Page\b(?!s).*?endobj", pdf, re.DOTALL):
        number = re.search(rb"/Contents (\d+) 0 R", page)[1]
        content = re.search(rb"\n%b 0 obj.*?stream\r?\n(.*?)endstream" % number, pdf, re.DOTALL)[1]
        drawing = zlib.decompress(content) if content.strip() else b""
        counts.append(len(re.findall(rb"\bT[jJ]\b|\bDo\b", drawing)))
    return counts


@pytest.mark.parametrize("name", NAMES)
def test_no_page_is_blank_on_paper(opened, name):
    tab = opened(name, scheme="dark")
    printed = marks(tab.pdf(prefer_css_page_size=True))
    assert len(printed) > 2 and min(printed) > 5
    tab.evaluate("document.querySelector('h1').style.breakBefore = 'page'")
    assert min(marks(tab.pdf(prefer_css_page_size=True))) <= 5  # a blank one would be seen


def test_a_word_is_found_on_all_pages_and_leads_there(opened):
    tab = opened(NAMES[0])
    field, said = tab.get_by_label("Search all pages"), tab.locator(".rd-search [role=status]")
    field.fill("WEIGHTS decáy")  # small letters and accents make no difference
    tab.wait_for_function("one => /sections/.test(one.textContent)", arg=said.element_handle())
    entries = tab.locator(".rd-search li")
    links = [link.get_attribute("href") for link in entries.get_by_role("link").all()]
    assert {link.partition("#")[0] for link in links} == {f"{name}.html" for name in NAMES}
    marked = {one.lower() for one in entries.locator("mark").all_inner_texts()}
    assert marked and marked <= {"weights", "decay"}
    other = entries.locator(f"a[href^='{NAMES[1]}']").first
    wanted = other.get_attribute("href")
    other.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url(f"**/{NAMES[1]}.html#*")
    assert unquote(tab.url).endswith(wanted)
    tab.get_by_label("Search all pages").fill("no such words")
    tab.get_by_text("Nothing is found.").wait_for()
    tab.keyboard.press("Escape")
    assert tab.get_by_label("Search all pages").input_value() == ""
