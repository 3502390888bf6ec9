"""The handout stands on its own, asks every exercise, and gives no solution away."""

import html
import importlib
import pkgutil
import re
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import exercises
from classroom import handout
from exercises.exercise import Exercise
from experiments.tables import Table

VOID = {"meta", "img", "br", "hr", "link"}


class Page(HTMLParser):
    """What is in an HTML file: tags with attributes, and text outside of code and formulas."""

    def __init__(self, path):
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tags, self.open, self.words, self.prose = [], [], [], []
        self.feed(self.source)
        assert self.open == []  # every tag is closed
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" in self.open:
            return
        self.words.append(data)
        if not {"pre", "code"} & set(self.open):
            self.prose.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("handout")
    handout.build(folder)
    return folder


@pytest.fixture(scope="module", params=["handout", "solutions"])
def page(request, folder):
    return Page(folder / f"{request.param}.html")


@pytest.fixture(scope="module")
def students(folder):
    return Page(folder / "handout.html")


@pytest.fixture(scope="module")
def solutions(folder):
    return Page(folder / "solutions.html")


@pytest.fixture(scope="module")
def notebooks():
    paths = sorted(handout.ROOT.glob("notebooks/*.ipynb"))
    return [nbformat.read(path, as_version=4) for path in paths]


def known_exercises():
    modules = [
        importlib.import_module(f"exercises.{module.name}")
        for module in pkgutil.iter_modules(exercises.__path__)
    ]
    found = [one for m in modules for one in vars(m).values() if isinstance(one, Exercise)]
    assert len(found) >= 7
    return found


def flat(text):
    return " ".join(text.replace("`", "").split())


def test_nothing_is_loaded_from_elsewhere(page):
    assert page.all("script") == page.all("link") == page.all("iframe") == []
    for _, attributes in page.tags:
        assert attributes.get("src", "data:").startswith("data:")
        assert "srcset" not in attributes
    styles = re.findall(r"<style>(.*?)</style>", page.source, flags=re.DOTALL)
    assert len(styles) == 1
    assert not re.search(r"url\(|@import", styles[0])


def test_every_figure_of_record_is_there_and_described(students, solutions, notebooks):
    pictures = [
        "".join(output.data["image/png"].split())
        for notebook in notebooks
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    images = students.all("img")
    assert [one["src"].partition(",")[2] for one in images] == pictures
    assert all(len(one["alt"]) > 40 for one in images)
    assert solutions.all("img") == []


def test_an_exercise_is_asked_once(students):
    assert len(re.findall(r"Exercise 0\d\.\d\. ", students.text)) == len(known_exercises())
    assert not re.search(r"Exercise( \d)?\. ", re.sub(r"Exercise 0\d\.\d", "", students.text))


def test_all_exercises_are_in_both_files(students, solutions):
    for exercise in known_exercises():
        assert flat(exercise.question) in students.text.replace(" )", ")")
        assert flat(exercise.question) in solutions.text
        for hint in exercise.hints:
            assert flat(hint) in students.text


def code(page):
    """Return all that stands in <pre>, without the marks of the highlighter."""
    blocks = re.findall(r"<pre>(.*?)</pre>", page.source, flags=re.DOTALL)
    return flat(html.unescape(re.sub(r"<[^>]*>", "", "\n".join(blocks))))


def test_solutions_are_in_their_own_file_only(students, solutions):
    for exercise in known_exercises():
        assert flat(exercise.solution) in code(solutions)
        lines = map(str.strip, exercise.solution.splitlines())
        formulas = [line for line in lines if re.search("[*/]|argmin", line)]
        assert formulas
        for formula in formulas:
            assert formula not in code(students)
            assert formula not in students.text


def test_notes_for_instructors_are_in_the_solutions_only(students, solutions, notebooks):
    notes = [
        cell.source
        for notebook in notebooks
        for cell in notebook.cells
        if "instructor" in cell.metadata.get("tags", [])
    ]
    presets = re.findall(r"^- .*\(#([a-z-]+):(\S+)\)$", "\n".join(notes), flags=re.MULTILINE)
    assert len(presets) > 10
    for name, settings in presets:
        assert " ".join([name, *settings.split("&")]) in solutions.text
    assert "For the instructor" not in students.text
    assert "Common wrong answers" not in students.text


def test_mathematics_is_mathml(page, students):
    assert len(students.all("math")) > 150
    prose = "".join(page.prose)
    assert "$" not in prose
    assert not re.search(r"\\[a-zA-Z]", prose)
    assert not re.search("[\ue000-\uf8ff]", page.source)  # no place of a formula is left open


def test_a_link_that_sets_a_figure_is_text_on_paper():
    made = handout.render("Try [λ = 250](#playground:lmbda=250&eta=1), as [above](#Presets).", "06")
    assert made == '<p>Try λ = 250, as <a href="#06-Presets">above</a>.</p>\n'


def test_links_within_lead_somewhere(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        href = html.unescape(link["href"])
        assert re.match(r"https?://", href) or handout.unquote(href[1:]) in ids, href


def test_contents_name_every_notebook(page, notebooks):
    for notebook in notebooks:
        assert notebook.cells[0].source.splitlines()[0].removeprefix("# ") in page.text


def test_predictions_are_asked_and_answered_apart(students, solutions):
    question = "How much of itself does a weight lose in a single step?"
    assert question in students.text and question in solutions.text
    assert "ηλ/n_train = 0.00001." in solutions.text
    assert "ηλ/n_train = 0.00001." not in students.text


def test_steps_are_asked_and_judged_apart(students, solutions):
    step = "Claim 2 follows from “substituting ηλ + b = n”, which turns the bracket into b/n_train."
    assert f"{step} valid gap wrong" in students.text and step in solutions.text
    assert "under another name" in solutions.text
    assert "under another name" not in students.text
    assert len(re.findall("✓ valid|◐ gap|✗ wrong", solutions.text)) == 31
    assert not re.search("✓ valid|◐ gap|✗ wrong", students.text)


def test_no_bare_objects_of_python(page):
    assert not re.search(r"<[A-Za-z_.]+ object at|\w+View\(|Explorer\(|^%%", page.text)
    assert not re.search(r"\b(FirstEpochs|DecayRate|Run)\(\w+=", "".join(page.prose))


RESULTS = Table(["λ", "size"], [["5", "<0.1070>"]])


def with_outputs(path, *outputs):
    """Write a notebook with a title and a cell that shows these outputs, and return its path."""
    cells = [new_markdown_cell("# Claim 0"), new_code_cell("show()", outputs=list(outputs))]
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_table_of_results_is_shown_as_the_table_of_its_cell(tmp_path):
    data = {"text/plain": str(RESULTS), "text/html": RESULTS._repr_html_()}
    path = with_outputs(tmp_path / "00_start.ipynb", new_output("execute_result", data))
    shown = handout.Notebook(path).handout()
    assert RESULTS._repr_html_() in shown and "&lt;0.1070&gt;</td>" in shown
    assert "-----" not in shown  # not as text too
