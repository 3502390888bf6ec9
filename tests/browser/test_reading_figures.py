"""Figures and questions in pages opened from disk, without network and Python: they answer."""

import json
from functools import partial

import pytest

from exercises.prediction import Choice, Guess
from reading import pages, tables

NOTEBOOKS = pages.ROOT / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pages.build(folder, [NOTEBOOKS / f"{name}.ipynb" for name in NAMES])
    return folder


@pytest.fixture
def opened(browser, folder):
    """Return a function that opens a page where nothing but its own files can be had."""
    contexts, errors = [], []

    def open_page(name, hash="", width=1280, **settings):
        viewport = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=viewport, offline=True, **settings))
        tab = contexts[-1].new_page()
        tab.on("pageerror", lambda error: errors.append(error))
        tab.goto((folder / f"{name}.html").as_uri() + hash)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def alive(tab):
    """Return the figures that move, uncovered."""
    places = tab.locator(".rd-figure").all()
    figures = []
    for place in places:
        if place.get_attribute("data-preset").split()[0] in tables.names():
            place.scroll_into_view_if_needed()
            root = place.locator(".fe")
            root.locator(".fe-layer svg").first.wait_for(state="attached")
            if (cover := root.locator(".fe-cover button")).is_visible():
                cover.click()
            figures.append(root)
    return figures


def state(root):
    return root.locator(".fe-preset").input_value()


def stored(name, width):
    words, layers = (tables.load(tables.FOLDER / f"{name}.{part}.gz") for part in ("words", width))
    return {
        one["preset"]: (one["sentence"], tables.picture(layers, i)[1])
        for i, one in enumerate(words["shown"])
        if one["phase"] == "finished"
    }


def shows_what_is_stored(tab, root):
    """Compare the words and the moving layer with the table, as the browser reads both."""
    name, width = (
        state(root).split()[0],
        root.evaluate("root => root.querySelector('.fe-layer svg').viewBox.baseVal.width"),
    )
    sentence, moving = stored(name, int(width))[state(root)]
    assert root.locator(".fe-sentence").inner_text() == sentence
    drawn = """([layer, svg]) => {
      const paths = (node) => [...node.querySelectorAll('path, use, image, text')].map(
        (one) => one.textContent.trim() || one.getAttribute('d')
          || [one.getAttribute('x'), one.getAttribute('y')].join());
      const there = new DOMParser().parseFromString(svg, 'image/svg+xml');
      return [paths(layer), paths(there)];
    }"""
    shown, there = tab.evaluate(drawn, [root.locator(".fe-over").element_handle(), moving])
    assert shown == there


@pytest.mark.parametrize("name", NAMES)
def test_each_stored_figure_answers_a_key_and_a_preset(opened, name):
    tab = opened(name)
    for root in alive(tab):
        before = state(root)
        field = root.locator(".fe-control :is(input, select)").first
        field.focus()
        is_first = field.evaluate("one => Number(one.value) === 0")
        is_slider = field.evaluate("one => one.type === 'range'")
        keys = ("ArrowRight", "ArrowLeft") if is_slider else ("ArrowDown", "ArrowUp")
        tab.keyboard.press(keys[0] if is_first else keys[1])
        field = root.locator(".fe-preset").element_handle()
        tab.wait_for_function("([field, was]) => field.value !== was", arg=[field, before])
        shows_what_is_stored(tab, root)
        button = root.locator(".fe-presets button").last
        button.click()
        tab.wait_for_function("one => one.ariaPressed === 'true'", arg=button.element_handle())
        shows_what_is_stored(tab, root)


@pytest.mark.parametrize("width", [390, 720, 1280])
def test_a_quantity_is_not_broken_over_lines(opened, width):
    """A number its % on the next line, or 1/ with its √ there, is read wrong."""
    tab = opened("03_tail_off", width=width)
    found = [one for root in alive(tab) for one in root.locator(".fe-quantity").all()]
    assert len(found) >= 3
    for one in found:
        text = one.inner_text()
        assert "%" in text or "√" in text
        assert one.evaluate("one => one.getClientRects().length") == 1, text


def test_a_link_with_a_state_opens_the_figure_there(opened):
    tab = opened("08_derived", "#split-neuron;k=16;w=8")
    field = tab.locator("#split-neuron .fe-preset")
    tab.wait_for_function("one => one.value.startsWith('split-neuron k=16 w=8')",
                          arg=field.element_handle())  # fmt: skip
    assert tab.locator("#split-neuron").bounding_box()["y"] < 900


def test_a_link_in_the_text_sets_the_figure(opened):
    tab = opened("04_book_graphs")
    (root,) = alive(tab)
    tab.locator("a[href*='shows=hidden_weight_size']").first.click()
    tab.wait_for_function("one => one.value.includes('shows=hidden_weight_size')",
                          arg=root.locator(".fe-preset").element_handle())  # fmt: skip


def test_a_figure_waits_for_its_questions_and_the_guess_is_kept(opened):
    tab = opened("04_book_graphs")
    tab.locator(".rd-figure .fe-layer svg").first.wait_for(state="attached")
    root = tab.locator(".rd-figure .fe").first
    covered = json.loads(tab.locator(".rd-figure").first.get_attribute("data-covered"))
    assert covered and "fe-covered" in root.get_attribute("class")
    assert root.locator(".fe-sentence").inner_text() == ""
    for question in covered:
        form = tab.locator("form.fx").filter(has_text=question)
        if (number := form.locator("input[type=text]")).count():
            number.fill("50")
        else:
            form.locator("label").first.click()
        form.get_by_role("button", name="That is my guess").click()
        form.locator(".fx-outcome").wait_for()
    tab.wait_for_function("one => !one.classList.contains('fe-covered')", arg=root.element_handle())
    shows_what_is_stored(tab, root)
    tab.reload()
    tab.locator(".rd-figure .fe").first.wait_for()
    assert "You said" in tab.locator(".fx-outcome").first.inner_text()
    tab.get_by_role("button", name="Forget all my guesses").click()
    tab.wait_for_function("document.querySelector('.fx-outcome')?.textContent === ''")
    assert not tab.get_by_role("button", name="Forget all my guesses").is_visible()


ANSWERS = ["it grows", "it shrinks"]
WORDS = "Measured: 0.951 an epoch."
NUMBERS = ["66.6", " 60 ", "70 %", "73.6%", "59.63", "59,64", "1,066", "66,600", "6.66e1", "+66",
           ".5", "5.", "-66", "0", "", "%", "many", "6_6", "0x42", "66 6", "1e999", "nan",
           "Infinity", "６６"]  # fmt: skip


def asked_in_python():
    choice = partial(Choice, "What happens?", ANSWERS, WORDS, right="it shrinks")
    guess = partial(Guess, "How many?", WORDS, value=66.64, close=7, unit="epochs")
    bare = partial(Guess, "How large?", WORDS, value=0.0312345, close=0.01)
    yield from ((choice, answer) for answer in [*ANSWERS, "it stays", ""])
    yield from ((guess, number) for number in NUMBERS)
    yield from ((bare, number) for number in ("0.0312", "0.05", "0,025"))


def committed(prediction, guess):
    """Return message, outcome and verdict after a guess, as Python has them."""
    message = ""
    try:
        prediction.commit(guess)
    except ValueError as error:
        message = str(error)
    return [message, prediction.outcome, prediction.verdict]


def test_a_guess_is_judged_as_python_would(opened):
    tab = opened("04_book_graphs")
    answered = """async ([about, messages]) => {
      const model = predictionModel(about);
      for (const message of messages) model.send(message);
      await new Promise(setTimeout);
      return ["message", "outcome", "verdict"].map(model.get);
    }"""
    for make, guess in asked_in_python():
        content = {"kind": "commit", "guess": guess}
        assert tab.evaluate(answered, [make().stored(), [content]]) == committed(make(), guess)
        shown = make()
        shown.show()
        told = tab.evaluate(answered, [make().stored(), [{"kind": "show"}]])
        assert told == ["", shown.outcome, ""]
    taken_back = tab.evaluate(answered, [make().stored(), [content, {"kind": "again"}]])
    assert taken_back == ["", "", ""]


def test_a_combination_that_is_not_stored_leads_to_the_nearest_and_says_so(opened):
    tab = opened("08_derived")
    root = next(one for one in alive(tab) if state(one).startswith("split-neuron"))
    first, second = (root.locator(".fe-control input").nth(i) for i in (0, 1))
    for slider, key in ((first, "ArrowRight"), (second, "End")):
        slider.focus()
        tab.keyboard.press(key)
    root.get_by_text("What is stored here is one change from a preset at a time").wait_for()
    shows_what_is_stored(tab, root)


@pytest.mark.parametrize("width, scheme", [(360, "light"), (360, "dark"), (1280, "dark")])
def test_a_page_with_live_figures_fits(opened, width, scheme):
    tab = opened("04_book_graphs", width=width, color_scheme=scheme)
    alive(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    smallest = tab.evaluate("""Math.min(...[...document.querySelectorAll('.fe-layer text')]
      .filter((one) => one.textContent.trim())
      .map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a))""")
    assert smallest >= 11 - 0.01
