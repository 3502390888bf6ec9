"""The handout as it is printed: how many pages, how full, and how large their letters."""

import pypdfium2
import pytest

from classroom import handout, paper

MILLIMETRE = 96 / 25.4  # in a page's pixels
SHOWN = {"A4": (210, 297), "Letter": (215.9, 279.4)}


@pytest.fixture(scope="module")
def sheets():
    return list(handout.sheets())


@pytest.fixture(scope="module", params=SHOWN)
def size(request):
    return request.param


@pytest.fixture(scope="module")
def printed(size, sheets, browser, tmp_path_factory):
    """{name of a sheet: its PDF}"""
    paths = handout.print_all(sheets, size, tmp_path_factory.mktemp(size), browser)
    return {path.stem: pypdfium2.PdfDocument(path) for path in paths}


def pages(printed):
    return [
        (name, number, page) for name, pdf in printed.items() for number, page in enumerate(pdf)
    ]


def test_a_sheet_has_two_pages_at_most(sheets, printed):
    for sheet in sheets:
        count = len(printed[sheet.name])
        if sheet.kind == "student":
            assert count == 2, sheet.name
        else:
            assert count <= (2 if sheet.kind == "teacher" else 1), sheet.name


def test_a_page_has_the_size_that_was_asked_for(size, printed):
    for _, _, page in pages(printed):
        width, height = (side / 72 * 25.4 for side in page.get_size())
        assert (width, height) == pytest.approx(SHOWN[size], abs=0.5)


def test_a_page_says_which_notebook_it_is_of_and_which_page_of_how_many(sheets, printed):
    of = {sheet.name: sheet for sheet in sheets}
    for name, number, page in pages(printed):
        words = page.get_textpage().get_text_range()
        assert of[name].source in words, name
        assert f"{number + 1} / {len(printed[name])}" in words


def test_no_page_is_nearly_blank(printed):
    for name, number, page in pages(printed):
        rows = page.render(scale=0.5, grayscale=True).to_numpy().min(axis=1) < 200
        bands = [rows[i : i + 14].any() for i in range(0, len(rows), 14)]  # of 10 mm
        assert sum(bands) > 0.3 * len(bands), f"page {number + 1} of {name}"


MEASURE = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim()) continue;
    if (element.closest("sub, sup, style")) continue;  // as small as in any book
    if (element.closest("math") && getComputedStyle(element).mathDepth != 0) continue;
    const svg = element.closest("svg");
    const zoom = svg ? svg.getScreenCTM().a : 1;
    found.push([0.75 * zoom * parseFloat(getComputedStyle(element).fontSize),
                walker.currentNode.data.trim()]);
  }
  return found;
}"""
OVERFULL = """() => [...document.querySelectorAll(".page")].map(
  page => page.scrollHeight - page.clientHeight)"""
ROOMS = """() => [...document.querySelectorAll(".exercise > .room, .box")].map(
  room => room.getBoundingClientRect().height)"""


@pytest.fixture(scope="module")
def on_paper(size, sheets, browser, tmp_path_factory):
    """A function that shows the HTML of a sheet as wide as it is printed."""
    folder = tmp_path_factory.mktemp(size)
    paths = {path.stem: path for path in handout.build(folder, size, sheets)}
    tab = browser.new_page()
    width = round((SHOWN[size][0] - 32) * MILLIMETRE)
    tab.set_viewport_size({"width": width, "height": 1000})
    tab.emulate_media(media="print")

    def show(name):
        tab.goto(paths[name].as_uri())
        return tab

    yield show
    tab.close()


def test_letters_have_9_points_at_least(sheets, on_paper):
    for sheet in sheets:
        found = on_paper(sheet.name).evaluate(MEASURE)
        assert len(found) > 20
        small = [(points, words) for points, words in found if points < 8.99]
        assert small == [], sheet.name


def test_nothing_runs_over_and_each_question_has_room(sheets, on_paper):
    for sheet in sheets:
        if sheet.kind == "student":
            tab = on_paper(sheet.name)
            assert max(tab.evaluate(OVERFULL)) <= 1, sheet.name
            rooms = tab.evaluate(ROOMS)
            assert rooms
            assert min(rooms) > 15 * MILLIMETRE, sheet.name


def test_three_stars_have_more_room_than_one(on_paper):
    for name in ("02_decay_rate", "08_derived"):
        tab = on_paper(name)
        shown = tab.evaluate("""() => [...document.querySelectorAll(".exercise:has(.stars)")].map(
          one => [one.querySelector(".stars").textContent.length,
                  one.querySelector(".room").getBoundingClientRect().height])""")
        rooms = {stars: room for stars, room in shown}
        assert rooms[3] > rooms[2] > rooms[1]


def test_letters_are_those_of_the_packages(on_paper):
    """What has no glyph in them would look otherwise on each machine."""
    tab = on_paper("02_decay_rate")
    tab.evaluate("document.fonts.ready")
    faces = tab.evaluate("[...document.fonts].filter(f => f.status == 'loaded').map(f => f.family)")
    assert {name for name, *_ in paper.FONTS} <= {face.strip('"') for face in faces}
