"""The slides of a notebook in JupyterLab, stepped through as in class."""

import nbformat
import pytest
from lab import until

from classroom import slides
from classroom.notebooks import NOTEBOOKS

NOTEBOOK = "02_decay_rate"
SIZE = {"width": 1280, "height": 720}

# What stands on the screen: text and edges of each cell that can be seen.
_SEEN = """() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].flatMap((cell) => {
  const box = cell.getBoundingClientRect();
  const isSeen = box.width && box.height && box.bottom > 0 && box.top < innerHeight
    && getComputedStyle(cell).visibility === "visible";
  const edges = [box.left, box.top, innerWidth - box.right, innerHeight - box.bottom];
  return isSeen ? [{ text: cell.innerText, edges }] : [];
})"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = slides.Server(tmp_path_factory.mktemp("slides"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def address(server):
    (path,) = slides.paths([NOTEBOOK])
    return server.show(path)


@pytest.fixture
def page(address, browser):
    page = browser.new_page(viewport=SIZE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address, timeout=60_000)
    page.wait_for_selector(".jp-Deck .fe svg", state="attached", timeout=60_000)
    until(lambda: "Claim 2" in text(page), 20, "the first slide")
    yield page
    page.close()
    assert errors == []


def text(page):
    return "\n".join(cell["text"] for cell in page.evaluate(_SEEN))


def move(page, key):
    """Press a key, wait for another slide and return its text."""
    before = text(page)
    page.keyboard.press(key)
    until(lambda: text(page) not in ("", before), 5, f"another slide after {key}")
    return text(page)


def to_the_figure(page):
    for _ in range(20):
        if page.locator(".fe").is_visible():
            return page.locator(".fe")
        move(page, "Space")
    raise AssertionError("No slide has a figure.")


def test_each_slide_in_turn_fits_the_screen_and_shows_no_code(page):
    notebook = nbformat.read(NOTEBOOKS / f"{NOTEBOOK}.ipynb", as_version=4)
    expected = [cell for cell in notebook.cells if "slide" in cell.metadata.get("tags", [])]
    assert text(page).startswith("Claim 2: how fast weights decay")
    for number, cell in enumerate(expected):
        (seen,) = page.evaluate(_SEEN)
        assert min(seen["edges"]) >= 0, seen["text"]
        if cell.cell_type == "markdown":
            word = cell.source.lstrip("#* ").split()[0]
            assert seen["text"].startswith(word), cell.source
        assert page.locator(".jp-Cell-inputWrapper .cm-editor:visible").count() == 0
        if number + 1 < len(expected):
            move(page, "Space" if number % 2 else "ArrowRight")
    assert move(page, "ArrowLeft") != seen["text"]


def test_type_is_large(page):
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert page.locator(".jp-Deck blockquote p").first.evaluate(size) >= 24
    figure = to_the_figure(page)
    assert figure.locator(".fe-sentence").evaluate(size) >= 20


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
    until(lambda: "Two things to see" in text(page), 5, "the next slide after Space")


def test_space_moves_on_after_a_button_was_pressed_with_the_mouse(page):
    figure = to_the_figure(page)
    figure.get_by_role("button", name="Defaults").click()
    page.keyboard.press("Space")
    until(lambda: "Two things to see" in text(page), 5, "the next slide after Space")


def test_a_prediction_is_answered_and_left(page):
    move(page, "Space")
    question = page.locator(".fx:visible")
    question.get_by_label("about a hundred-thousandth").check()
    question.get_by_role("button", name="That is my guess").click()
    until(lambda: "and so it is" in text(page), 20, "the outcome")
    assert "after a whole epoch" in move(page, "ArrowRight")
    page.locator(".fx:visible input").type("9 5")  # a field keeps the space
    assert page.locator(".fx:visible input").input_value() == "9 5"


def test_arrows_and_clicker_move_one_slide_at_a_time(page):
    page.locator(".jp-Deck h1").click()  # now JupyterLab hears the arrows too
    assert move(page, "ArrowRight").startswith("How much of itself")
    page.wait_for_timeout(500)  # for a second move, if there were one
    assert move(page, "ArrowLeft").startswith("Claim 2")
    assert move(page, "PageDown").startswith("How much of itself")
    assert move(page, "PageDown").startswith("And after a whole epoch")
    assert move(page, "PageUp").startswith("How much of itself")


def test_a_slide_stays_a_slide(page):
    before = text(page)
    page.locator(".jp-Deck h1").dblclick()
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    assert text(page) == before
