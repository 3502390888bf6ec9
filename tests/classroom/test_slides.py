"""Decks are slides and what they need, and nothing else."""

import builtins
import re
import symtable
from itertools import pairwise

import nbformat
import pytest

from classroom import slides
from classroom.notebooks import paths
from explorers import all_figures

PATHS = paths()

MOST_WORDS = 60  # on a slide: more is a wall
MOST_COLUMNS, MOST_ROWS = 5, 7  # of a table on a slide


def read(path):
    return nbformat.read(path, as_version=4)


def kind(cell):
    return cell.metadata["slideshow"]["slide_type"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_slides_are_the_tagged_cells_in_order(path):
    tagged = [cell.id for cell in read(path).cells if "slide" in cell.metadata.get("tags", [])]
    deck = slides.deck(read(path))
    assert [cell.id for cell in deck.cells if kind(cell) == "slide"] == tagged
    assert deck.cells[0].source.startswith("# ")  # the title
    assert kind(deck.cells[0]) == "slide"
    nbformat.validate(deck)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_slide_announces_is_on_the_next_one(path):
    for cell, following in pairwise(read(path).cells):
        if "slide" in cell.metadata.get("tags", []) and cell.source.rstrip().endswith(":"):
            assert "slide" in following.metadata.get("tags", []), cell.source


def tagged(path, kind):
    """Return the slides of a kind of cell."""
    return [
        cell
        for cell in read(path).cells
        if "slide" in cell.metadata.get("tags", []) and cell.cell_type == kind
    ]


def words(source):
    """Return how many words a slide shows: a formula is one, and what is folded none."""
    text = re.sub(r"<details>.*?</details>", "", source, flags=re.DOTALL)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return len(re.findall(r"[^\W_][\w'’.,/-]*", text))


def test_words_of_a_slide_are_counted():
    assert words("## One *two*\n\n$a + b$ three, [four](five.ipynb#six):\n\n$$\nc\n$$") == 6
    assert words("One <details><summary>two</summary>\n\nthree\n\n</details>") == 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_slide_is_a_wall_of_text(path):
    long = {cell.source: words(cell.source) for cell in tagged(path, "markdown")}
    assert {source: n for source, n in long.items() if n > MOST_WORDS} == {}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_table_on_a_slide_is_small(path):
    shown = [out.get("data", {}) for cell in tagged(path, "code") for out in cell.outputs]
    for html in (data["text/html"] for data in shown if "<table" in data.get("text/html", "")):
        head, _, body = html.partition("</thead>")
        assert head.count("<th") - head.count("<thead") <= MOST_COLUMNS, html
        assert body.count("<tr") <= MOST_ROWS, html
    assert not any(re.search(r"^\|", cell.source, re.M) for cell in tagged(path, "markdown"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_deck_ends_with_its_conclusion_in_one_sentence(path):
    *_, last = (cell for cell in slides.deck(read(path)).cells if kind(cell) == "slide")
    heading, _, conclusion = last.source.partition("\n\n")
    assert heading == "## Take along"
    assert re.fullmatch(r"\*\*[^\n]*[^.?!\n]\.\*\*", conclusion.strip())
    assert not re.search(r"[.?!] [A-Z]", conclusion)
    assert words(conclusion) <= 25


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_a_slide_leaves_out_is_in_the_notes_but_no_solution(path):
    cells = read(path).cells
    texts = [cell for cell in cells if cell.cell_type == "markdown"]
    for_all = [cell.id for cell in texts if "instructor" not in cell.metadata.get("tags", [])]
    *notes, general, keys = slides.deck(read(path)).cells
    assert [cell.id for cell in notes if cell.cell_type == "markdown"] == for_all
    assert "For the instructor" in general.source and kind(general) == "skip"
    assert keys.outputs[0].data["application/javascript"].startswith("const KINDS = [")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_presets_for_the_moment_are_links_to_a_figure(path):
    *_, general = (cell.source for cell in read(path).cells if "For the instructor" in cell.source)
    _, _, presets = general.partition("*Presets for the moment:*")
    for line in re.findall(r"^- .*", presets, re.M):
        name, settings = re.fullmatch(r"- \[[^]]+\]\(#([a-z-]+):(\S+)\)", line).groups()
        figure = all_figures()[name]()
        assert figure.parsed(" ".join([name, *settings.split("&")]))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_deck_defines_every_name_that_it_uses(path):
    code = [cell.source for cell in slides.deck(read(path)).cells if cell.cell_type == "code"]
    table = symtable.symtable("\n".join(code), "deck", "exec")
    unknown = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and not (symbol.is_assigned() or symbol.is_imported())
    }
    assert unknown <= set(dir(builtins))


def notebook(*cells):
    made = nbformat.v4.new_notebook()
    for source, *tags in cells:
        made.cells.append(nbformat.v4.new_code_cell(source, metadata={"tags": tags}))
    return made


def test_unseen_cells_come_along_only_if_a_slide_needs_them():
    deck = slides.deck(
        notebook(
            ("import math as m",),
            ("def f(x):\n    return m.sqrt(x)",),
            ("y = 2",),
            ("print(y)",),
            ("f(1)", "slide"),
            ("f(3)",),
        )
    )
    *cells, keys = deck.cells
    assert [(cell.source, kind(cell)) for cell in cells] == [
        ("import math as m", "skip"),
        ("def f(x):\n    return m.sqrt(x)", "skip"),
        ("f(1)", "slide"),
    ]
    assert kind(keys) == "skip"
    assert "application/javascript" in keys.outputs[0].data
