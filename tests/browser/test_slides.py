"""The slides of a notebook in JupyterLab, stepped through as in class."""

import os
import re
import unicodedata
from functools import cache

import nbformat
import pytest

from classroom import slides
from classroom.notebooks import NOTEBOOKS, paths
from classroom.robot import until

SIZE = {"width": 1280, "height": 720}

# What stands on the screen: text and edges of each cell that can be seen.
_SEEN = """() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].flatMap((cell) => {
  const box = cell.getBoundingClientRect();
  const isSeen = box.width && box.height && box.bottom > 0 && box.top < innerHeight
    && getComputedStyle(cell).visibility === "visible";
  const edges = [box.left, box.top, innerWidth - box.right, innerHeight - box.bottom];
  return isSeen ? [{ text: cell.innerText, edges }] : [];
})"""


LEAST = 22  # px of a letter, for the back row

# The smallest letters on the screen, each (px, words): of the text, of fields, of a picture's SVG.
# Of a formula its base counts, not its indices.
_LETTERS = """() => {
  const cell = [...document.querySelectorAll(".jp-Notebook .jp-Cell.jp-deck-mod-onscreen")][0];
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const small = [];
  const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let text = walk.nextNode(); text; text = walk.nextNode()) {
    const parent = text.parentElement;
    if (!text.data.trim() || !isSeen(parent)) continue;
    if (parent.closest(".fe-unseen, script, style, option, mjx-container :not(mjx-math)")) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    if (range.getBoundingClientRect().width < 2) continue; // a word that is not shown
    const { a, b } = parent.ownerSVGElement ? parent.getScreenCTM() : { a: 1, b: 0 };
    small.push([parseFloat(getComputedStyle(parent).fontSize) * Math.hypot(a, b), text.data]);
  }
  for (const field of cell.querySelectorAll("select, input[type=text]")) {
    if (isSeen(field)) small.push([parseFloat(getComputedStyle(field).fontSize), field.value]);
  }
  return small.sort(([one], [other]) => one - other).slice(0, 3);
}"""

# Where a figure's picture is, and its controls.
_PICTURE = """(figure) => {
  const box = (one) => { const { x, y, right, bottom } = one.getBoundingClientRect();
                         return [x, y, innerWidth - right, innerHeight - bottom]; };
  const picture = figure.querySelector(".fe-layer svg").getBoundingClientRect();
  const seen = [...figure.querySelectorAll(".fe-control")].filter((one) => one.checkVisibility());
  return { share: picture.width * picture.height / (innerWidth * innerHeight),
           edges: seen.flatMap(box), controls: seen.length };
}"""

# How many steps the argument on the screen has.
_STEPS = """() => {
  const steps = [...document.querySelectorAll(".fx-step")];
  const now = steps.find((one) => one.checkVisibility({ visibilityProperty: true }));
  return now ? now.parentElement.children.length : 0;
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = slides.Server(tmp_path_factory.mktemp("slides"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def shown(server):
    """Return the address of a deck, which is run when first asked for."""
    return cache(lambda name: server.show(NOTEBOOKS / f"{name}.ipynb"))


@pytest.fixture
def open_at(shown, browser):
    """Open a deck: `open_at(name)`."""
    page = browser.new_page(viewport=SIZE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def opened(name):
        page.goto(shown(name), timeout=60_000)
        page.wait_for_selector(".jp-Deck .fe svg", state="attached", timeout=60_000)
        until(lambda: len(page.evaluate(_SEEN)) == 1 and text(page), 20, "the first slide")
        return page

    yield opened
    page.close()
    assert errors == []


@pytest.fixture
def page(open_at):
    """The deck of notebook 02, at its first slide."""
    return open_at("02_decay_rate")


def text(page):
    return "\n".join(cell["text"] for cell in page.evaluate(_SEEN))


def first_word(words):
    plain = unicodedata.normalize("NFKC", words)  # the z of a formula is a z
    return re.search(r"[^\W_]+", re.sub(r"^\d+\. ", "", plain))[0]  # a list's number is no word


def move(page, key):
    """Press a key, wait for another slide and return its text."""
    before = text(page)
    page.keyboard.press(key)
    until(lambda: text(page) not in ("", before), 5, f"another slide after {key}")
    return text(page)


def uncover(figure):
    """Uncover it, unless a test before has: all share one kernel."""
    cover = figure.get_by_role("button", name="Show me anyway")
    if cover.is_visible():
        cover.click()
        until(lambda: not cover.is_visible(), 20, "the figure without its cover")


def to_the_figure(page):
    for _ in range(20):
        figure = page.locator(".fe")
        if figure.is_visible():
            uncover(figure)
            return figure
        move(page, "Space")
    raise AssertionError("No slide has a figure.")


def test_a_clickers_key_uncovers_a_figure_and_then_moves_on(page):
    """The first of the tests: all share one kernel, and what is uncovered stays so."""
    figure = page.locator(".fe")
    cover = figure.get_by_role("button", name="Show me anyway")
    while not figure.is_visible():
        move(page, "PageDown")
    assert cover.is_visible()
    move(page, "PageUp")  # back does not uncover it
    move(page, "PageDown")
    assert cover.is_visible()
    page.keyboard.press("PageDown")
    until(lambda: not cover.is_visible(), 20, "the figure without its cover")
    assert figure.is_visible()
    assert move(page, "PageDown").startswith("The control group lies")


@pytest.mark.parametrize("name", [path.stem for path in paths([])])
def test_each_slide_in_turn_fits_the_screen_and_shows_no_code(name, open_at):
    if not name.startswith("02") and not os.environ.get("WHOLE"):
        pytest.skip("all decks take two minutes: make test-browser WHOLE=1")
    page = open_at(name)
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    expected = [cell for cell in notebook.cells if "slide" in cell.metadata.get("tags", [])]
    assert text(page).startswith(expected[0].source.split("\n")[0].removeprefix("# "))
    for number, cell in enumerate(expected):
        (seen,) = page.evaluate(_SEEN)
        assert min(seen["edges"]) >= 0, seen["text"]
        if cell.cell_type == "markdown":
            assert first_word(seen["text"]) == first_word(cell.source)
        assert page.locator(".jp-Cell-inputWrapper .cm-editor:visible").count() == 0
        check_the_figure(page)
        assert page.evaluate(_LETTERS)[0][0] >= LEAST - 0.01, page.evaluate(_LETTERS)
        check_each_step(page)
        if number + 1 < len(expected):
            move(page, "Space" if number % 2 else "ArrowRight")
    assert move(page, "ArrowLeft") != seen["text"]


def check_the_figure(page):
    """A picture fills more than half of the slide, and what moves it is seen beside it."""
    figure = page.locator(".fe:visible")
    if not figure.count():
        return
    uncover(figure)
    until(lambda: figure.evaluate(_PICTURE)["share"] > 0.5, 20, "a picture of that size")
    seen = figure.evaluate(_PICTURE)
    assert seen["controls"] > 0 and min(seen["edges"]) >= 0
    assert min(page.evaluate(_SEEN)[0]["edges"]) >= 0  # with what was covered, too


def check_each_step(page):
    """An argument shows one step at a time, and its verdict with it."""
    for number in range(page.evaluate(_STEPS)):
        assert page.locator(".fx-step:visible").count() == 1
        if number:
            move(page, "PageDown")
        page.locator(".fx-step:visible").get_by_role("button", name="Show me anyway").click()
        until(page.locator(".fx-step:visible .fx-verdict").count, 20, "the verdict")
        assert min(page.evaluate(_SEEN)[0]["edges"]) >= 0
        assert page.evaluate(_LETTERS)[0][0] >= LEAST - 0.01, page.evaluate(_LETTERS)


def test_notes_follow_the_slides_and_their_links_set_the_figure(page):
    with page.expect_popup() as opened:
        page.keyboard.press("n")
    notes = opened.value
    until(lambda: "slide 1 of" in notes.locator("header").inner_text(), 5, "the first slide")
    assert "How much of itself" in notes.locator("#next").inner_text()
    assert "What this notebook answers" in notes.locator("#notes").inner_text()
    notes.keyboard.press("PageDown")
    until(lambda: text(page).startswith("How much of itself"), 5, "the next slide, by its keys")
    until(lambda: "slide 2 of" in notes.locator("header").inner_text(), 5, "the second slide")
    figure = to_the_figure(page)
    notes.get_by_role("link", name="the curves come apart").click()
    value = figure.locator(".fe-preset").input_value
    until(lambda: "lmbda=500 m=10 n_train=100" in value(), 20, "what the link says")
    notes.close()


def test_a_slider_on_a_slide_is_alive(page):
    figure = to_the_figure(page)
    slider, sentence = figure.locator("[id$='-lmbda']"), figure.locator(".fe-sentence")
    before = sentence.inner_text()
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    until(lambda: sentence.inner_text() != before, 20, "another sentence")
    assert figure.is_visible()  # the arrows were the slider's
    page.keyboard.press("Space")
    until(lambda: "The control group lies" in text(page), 5, "the next slide after Space")


def test_a_clickers_dark_screen_plays_and_pauses_what_trains(open_at):
    page = open_at("03_tail_off")
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    while not page.locator(".fe-player").first.is_visible():
        if page.locator(".fe-cover button").first.is_visible():
            page.locator(".fe-cover button").first.click()
            page.wait_for_timeout(300)
        else:
            move(page, "PageDown")
    play = page.locator(".fe-player button").first
    before = play.inner_text()
    page.keyboard.press("b")
    until(lambda: play.inner_text() != before, 20, "another word on the button")
    now = play.inner_text()
    page.keyboard.press(".")
    until(lambda: play.inner_text() != now, 20, "another word again")
    assert page.locator(".jp-Notebook .jp-Cell").count() == cells  # "b" makes one in JupyterLab


def test_a_link_in_the_text_sets_the_figure(page):
    figure = to_the_figure(page)
    link = '<a href="#decay-rate:lmbda=500&n_train=100" style="position: fixed; top: 0">set</a>'
    page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", link)
    page.get_by_role("link", name="set", exact=True).click()
    field = figure.locator(".fe-preset")
    until(lambda: "lmbda=500 m=10 n_train=100" in field.input_value(), 20, "what the link says")
    assert figure.is_visible()


def test_space_moves_on_after_a_button_was_pressed_with_the_mouse(page):
    figure = to_the_figure(page)
    figure.get_by_role("button", name="Defaults").click()
    page.keyboard.press("Space")
    until(lambda: "The control group lies" in text(page), 5, "the next slide after Space")


def test_a_prediction_is_answered_and_left(page):
    move(page, "Space")
    question = page.locator(".fx:visible")
    question.get_by_label("about a hundred-thousandth").check()
    question.get_by_role("button", name="That is my guess").click()
    until(lambda: "✓ Right." in text(page), 20, "the outcome")
    assert "after 30 epochs" in move(page, "ArrowRight")
    page.locator(".fx:visible input").type("9 5")  # a field keeps the space
    assert page.locator(".fx:visible input").input_value() == "9 5"


def test_arrows_and_clicker_move_one_slide_at_a_time(page):
    page.locator(".jp-Deck h1").click()  # now JupyterLab hears the arrows too
    assert move(page, "ArrowRight").startswith("How much of itself")
    page.wait_for_timeout(500)  # for a second move, if there were one
    assert move(page, "ArrowLeft").startswith("Claim 2")
    assert move(page, "PageDown").startswith("How much of itself")
    assert move(page, "PageDown").startswith("And after 30 epochs")
    assert move(page, "PageUp").startswith("How much of itself")
    page.keyboard.press("Control+PageDown")  # the browser's: to the next tab
    page.wait_for_timeout(500)
    assert text(page).startswith("How much of itself")


def test_a_slide_stays_a_slide(page):
    before = text(page)
    page.locator(".jp-Deck h1").dblclick()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert text(page) == before
