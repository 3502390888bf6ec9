"""A page holds all of its notebook, asks no network, and shows answers in closed folds only."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from reading import pages, prose

NOTEBOOKS = sorted(pages.ROOT.glob("notebooks/[0-9][0-9]_*.ipynb"))
VOID = {"meta", "img", "br", "hr", "link", "input"}
BLOCKS = {"details", "fieldset", "legend", "li", "p", "pre", "summary"}
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAA"  # as far as a page reads it: 3 by 2


class Read(HTMLParser):
    """What is in an HTML file: tags with attributes, text that is seen at once, text in folds."""

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.tags, self.open, self.stored = [], [], []
        self._seen, self._folded = [], []
        self.feed(source)
        assert self.open == []  # every tag is closed
        self.seen, self.folded = flat("".join(self._seen)), flat("".join(self._folded))
        self.ids = [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in BLOCKS:
            self.handle_data(" ")
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open[-1:] == ["script"]:
            self.stored.append(json.loads(text))
        elif "details" in self.open and self.open[-1] != "summary":
            self._folded.append(text)
        else:
            self._seen.append(text)

    def all(self, name, kind=""):
        return [
            attributes
            for tag, attributes in self.tags
            if tag == name and kind in attributes.get("class", "")
        ]


def flat(text):
    return " ".join(re.sub("[`\u2060]", "", text).split())


# Small notebooks.

ASK = """from types import SimpleNamespace
from exercises.prediction import Choice, Guess
ask = SimpleNamespace(
    predict_size=lambda: Choice("Is 1 < 2?", ["yes", "no"], "So it is</script>.", right="yes"),
    predict_share=lambda: Guess("How much?", "A half of it.", value=50.2, close=5, unit="%"),
)
ask.predict_size()"""
WEIGH = """from exercises.steps import Step, Steps
ask.weigh_it = lambda: Steps("Is it so?", [Step("It is 1/√N.", "gap", lambda: "Not quite.")])
ask.weigh_it()"""


def shown(preset="meeting eta=0.1", covered=(), said="They meet."):
    data = {"text/plain": "Sizes", "image/png": PNG}
    about = {"alt": f"Sizes. {said}", "preset": preset, "covered": list(covered)}
    output = new_output("execute_result", data, metadata={"image/png": about})
    return new_code_cell("figure", outputs=[output])


def told(text, source="print(...)"):
    return new_code_cell(source, outputs=[new_output("stream", text=text)])


@pytest.fixture
def made(tmp_path):
    """Return a function that makes a page's body of cells."""

    def body(*cells):
        cells = [
            new_markdown_cell(cell) if isinstance(cell, str) else cell
            for cell in ("# Sizes", *cells)
        ]
        path = tmp_path / "03_sizes.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
        return Read(pages.Page(path).body())

    return body


def test_a_figure_says_which_it_is_and_in_which_state(made):
    page = made(shown('x-y a=1 b="2"', covered=["Is 'it' < 2?"]), shown("x-y a=1"), shown("z c=3"))
    figures = page.all("figure", "rd-figure")
    assert [one["id"] for one in figures] == ["x-y", "x-y-2", "z"]
    assert [one["data-preset"] for one in figures] == ['x-y a=1 b="2"', "x-y a=1", "z c=3"]
    assert [json.loads(one["data-covered"]) for one in figures] == [["Is 'it' < 2?"], [], []]
    picture = page.all("img")[0]
    assert picture["src"] == f"data:image/png;base64,{PNG}" and picture["loading"] == "lazy"
    assert (picture["width"], picture["height"]) == ("3", "2")
    assert page.seen.count("Sizes. They meet.") == 3


def test_what_is_printed_below_a_figure_is_folded_away_with_its_code(made):
    page = made(shown(), told("at 0.065\n", "print(size)"), told("at 0.066\n"))
    assert "at 0.065" in page.folded and "at 0.065" not in page.seen
    assert "print(size)" in page.folded
    assert "at 0.066" in page.seen


def test_code_is_seen_where_it_defines_something(made):
    page = made(new_code_cell("def double(w):\n    return 2 * w"), new_code_cell("w = double(3)"))
    assert "def double(w):" in page.seen and "w = double(3)" in page.folded


def test_a_choice_can_be_read_and_answered_without_a_script(made):
    page = made(new_code_cell(ASK))
    (form,) = page.all("form", "rd-prediction")
    assert form["data-question"] == "Is 1 < 2?" and form["method"] == "dialog"
    assert "Is 1 < 2? yes no What was measured" in page.seen
    assert page.folded == "So it is</script>."
    assert page.stored == [
        {
            "question": "Is 1 < 2?",
            "options": ["yes", "no"],
            "unit": "",
            "measured": "So it is</script>.",
            "right": "yes",
        }
    ]


def test_a_number_can_be_guessed_without_a_script(made):
    page = made(new_code_cell(ASK), new_code_cell("ask.predict_share()"))
    assert "How much? Your guess % What was measured" in page.seen
    assert "It is 50.2 %. A half of it." in page.folded
    assert page.stored[1]["value"] == 50.2 and page.stored[1]["close"] == 5


def test_an_argument_can_be_marked_without_a_script(made):
    page = made(new_code_cell(ASK), new_code_cell(WEIGH))
    (form,) = page.all("form", "rd-argument")
    assert form["data-question"] == "Is it so?"
    assert "1. It is 1/√N. valid gap wrong What we say of it" in page.seen
    assert "◐ gap. Not quite." in page.folded
    assert page.stored[1] == {
        "question": "Is it so?",
        "steps": ["It is 1/√N."],
        "verdicts": ["gap"],
        "reasons": ["Not quite."],
    }


def test_an_exercise_goes_from_its_question_to_its_cell(made):
    check = (
        "from exercises import start_here\n\nmy_size = ...\nstart_here.claimed_size.check(my_size)"
    )
    page = made("**Exercise 1 ★.** Which *size*?", told("D = 1\n"), new_code_cell(check), "And on.")
    section = re.search("<section.*</section>", page.source, re.DOTALL)[0]
    assert page.all("section") == [
        {"class": "rd-exercise", "id": "exercise-1", "aria-label": "Exercise 1"}
    ]
    inside, exercise = Read(section), prose.EXERCISES["claimed_size"]
    assert inside.seen.startswith("Exercise 1 ★. Which size? D = 1")
    assert "my_size = ..." in inside.seen and ".check(" not in inside.seen
    for answer in (*exercise.hints, exercise.solution):
        assert flat(answer) in inside.folded and flat(answer) not in inside.seen
    assert {"href": "lab/index.html?path=03_sizes.ipynb"} in inside.all("a")
    assert "And on." not in inside.seen


def test_an_exercise_without_a_cell_ends_at_the_next_one_or_a_heading(made):
    page = made("**Exercise 1.** Think.\n\n**Exercise 2.** And *think*.", "More.\n\n## Then\n\nOn.")
    first, second = re.findall("<section.*?</section>", page.source, re.DOTALL)
    assert "Think." in first and "More." in second and "Then" not in second


@pytest.mark.parametrize(
    "href, leads",
    [
        ("http://example.org/a#b", "http://example.org/a#b"),
        ("02_decay_rate.ipynb", "02_decay_rate.html"),
        ("02_decay_rate.ipynb#Derive:-it", "02_decay_rate.html#Derive%3A-it"),
        ("#When:-it-is", "#When%3A-it-is"),
        ("#decay-rate:lmbda=1000&eta=1", "#decay-rate:lmbda=1000&eta=1"),
        ("README.md", ""),
        ("source/02_decay_rate.md#Derive", ""),
    ],
)
def test_a_link_leads_within_the_edition_or_nowhere(href, leads):
    assert pages.address(href) == leads


# The stored ones.


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    pages.build(folder, NOTEBOOKS)
    return folder


@pytest.fixture(scope="module")
def everything(folder):
    return {path.name: Read(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")}


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def both(request, everything):
    """Return (a notebook's cells, its page)."""
    path = request.param
    return nbformat.read(path, as_version=4).cells, everything[f"{path.stem}.html"]


def outputs(cells):
    return [output for cell in cells for output in cell.get("outputs", [])]


def source(cells, kind="markdown"):
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == kind)


def test_all_figures_are_there(both):
    cells, page = both
    stored = [one for one in outputs(cells) if "image/png" in one.get("data", {})]
    figures, images = page.all("figure", "rd-figure"), page.all("img")
    assert len(stored) == len(figures) == len(images)
    for one, figure, image in zip(stored, figures, images):
        about = one.metadata["image/png"]
        assert image["src"].partition(",")[2] == "".join(one.data["image/png"].split())
        assert image["alt"] == about["alt"] and flat(about["alt"]) in page.seen
        assert figure["data-preset"] == about["preset"]
        assert json.loads(figure["data-covered"]) == about["covered"]


def test_what_covers_a_figure_is_asked_on_its_page(both):
    _, page = both
    asked = [form["data-question"] for form in page.all("form", "rd-prediction")]
    covering = [json.loads(figure["data-covered"]) for figure in page.all("figure")]
    assert all(one in asked for questions in covering for one in questions)


def test_all_questions_are_there_and_their_answers_in_folds(both):
    cells, page = both
    assert len(page.stored) == sum(prose.is_prediction(c) or prose.is_argument(c) for c in cells)
    for stored in page.stored:
        for text in (stored["question"], *stored.get("options", []), *stored.get("steps", [])):
            assert flat(text) in page.seen
        for answer in (stored["measured"],) if "measured" in stored else stored["reasons"]:
            assert flat(answer) in page.folded and flat(answer) not in page.seen
    assert all("open" not in fold for fold in page.all("details"))


def test_all_exercises_are_there_and_their_answers_in_folds(both):
    cells, page = both
    asked = re.findall(r"^\*\*Exercise (\d+)", source(cells), re.MULTILINE)
    assert [one["id"] for one in page.all("section")] == [f"exercise-{number}" for number in asked]
    for name in filter(None, map(prose.asked, cells)):
        for answer in (*prose.EXERCISES[name].hints, prose.EXERCISES[name].solution):
            assert flat(answer) in page.folded and flat(answer) not in page.seen


def test_all_headings_are_there_and_lead_to_themselves(both):
    cells, page = both
    headings = re.findall("^#{2,} (.*)", source(cells), re.MULTILINE)
    hrefs = [unquote(link["href"]) for link in page.all("a")]
    for heading in headings:
        assert heading.replace(" ", "-") in page.ids
        assert hrefs.count(f"#{heading.replace(' ', '-')}") >= 2  # in the contents and on itself
    assert len(page.all("h1")) == 1 and source(cells).startswith("# ")


def test_all_links_are_there(both):
    cells, page = both
    text = source(cells) + "".join(
        one.data.get("text/markdown", "") for one in outputs(cells) if "data" in one
    )
    hrefs = [unquote(link["href"]) for link in page.all("a")]
    for href in re.findall(r"\]\(([^)\s]+)\)", text):
        if href != "README.md":
            assert unquote(href).replace(".ipynb", ".html") in hrefs


def test_links_within_lead_somewhere(everything, folder):
    for name, page in everything.items():
        for link in page.all("a"):
            file, _, anchor = unquote(link["href"]).partition("#")
            if re.match("https?:|lab/index.html", file):
                continue
            assert (folder / (file or name)).is_file(), link
            sets = re.match("([a-z][a-z0-9-]*):.*=", anchor)
            there = everything[file or name].ids
            assert not anchor or (sets[1] if sets else anchor) in there, link


def test_each_id_is_there_once(everything):
    for page in everything.values():
        assert len(page.ids) == len(set(page.ids))
        assert not any(re.search(r"\s", one) for one in page.ids)


def test_nothing_is_loaded_from_elsewhere(everything, folder):
    for page in everything.values():
        for tag, attributes in page.tags:
            assert "srcset" not in attributes
            loaded = [attributes.get("src"), attributes.get("href") if tag == "link" else None]
            for address in filter(None, loaded):
                assert address.startswith("data:") or (folder / address).is_file(), address
    assert not re.search(r"url\(|@import", (folder / "style.css").read_text(encoding="utf-8"))


def test_mathematics_is_mathml(everything):
    assert sum(len(page.all("math")) for page in everything.values()) > 150
    for page in everything.values():
        assert not re.search("[\ue000-\uf8ff]", page.source)  # no place of a formula is left open
        text = Read(re.sub("<pre>.*?</pre>", "", page.source, flags=re.DOTALL)).seen
        assert "$" not in text and not re.search(r"\\[a-zA-Z]", text)


def test_the_index_leads_to_all_notebooks_and_says_what_they_answer(everything):
    index = everything["index.html"]
    hrefs = [link["href"] for link in index.all("a")]
    for path in NOTEBOOKS:
        page = pages.Page(path)
        assert hrefs.count(page.file) == 1 and page.heading in index.seen
        cells = nbformat.read(path, as_version=4).cells
        said = re.findall(r"\*\*(?:What .*? answers|Time):\*\* (.*?)(?= \*\*)", source(cells))
        answers, time = (text.replace("*", "") for text in said)
        if "$" not in answers:
            assert f"{answers} {time.removesuffix('.')}" in index.seen
    assert pages.lab("00_start_here") in hrefs


def test_pages_lead_on_and_back(everything):
    names = [f"{path.stem}.html" for path in NOTEBOOKS]
    for before, after in pairwise(names):
        onward = [link["href"] for link in everything[before].all("a") if link.get("rel") == "next"]
        back = [link["href"] for link in everything[after].all("a") if link.get("rel") == "prev"]
        assert onward == [after] * 2 and back == [before] * 2  # at the top and at the end
