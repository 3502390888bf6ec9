"""Decks are slides and what they need, and nothing else."""

import builtins
import symtable
from itertools import pairwise

import nbformat
import pytest

from classroom import slides
from classroom.notebooks import paths

PATHS = paths()


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
