"""A table shows each cell, in a page that no style sheet of ours reaches and as text."""

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from experiments.tables import NO, YES, Table


class Page(HTMLParser):
    """The cells of a table in HTML, row by row, with the style of each; and the lines beside it."""

    def __init__(self, table):
        super().__init__()
        self.rows, self.styles, self.lines, self.open = [], [], [], []
        self.feed(table._repr_html_())
        assert self.open == []  # every tag is closed

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
            self.styles.append(dict(attributes)["style"])
        elif tag == "p":
            self.lines.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"th", "td"} & set(self.open):
            self.rows[-1][-1] += data
        elif "p" in self.open:
            self.lines[-1] += data


TABLE = Table(
    ["λ", "size\nof all", "what <x> is", "holds"],
    [["5", "0.1070", "a < b & c", True], [12, "1,234.5 ± 6", "d", False]],
    words=["what <x> is"],
    title="Sizes & more",
    note="goes like N_w to the power <-0.50>",
)


def test_the_page_has_every_cell_as_it_was_given():
    page = Page(TABLE)
    assert page.rows == [
        list(TABLE.header),
        ["5", "0.1070", "a < b & c", YES],
        ["12", "1,234.5 ± 6", "d", NO],
    ]
    assert page.lines == [TABLE.title, TABLE.note]


def test_what_is_to_be_guessed_first_is_folded():
    folded = TABLE.folded("Guessed? What came out")
    assert folded == dataclasses.replace(TABLE, fold="Guessed? What came out")
    html = folded._repr_html_()
    assert html.startswith("<details><summary") and html.endswith("</details>")
    assert Page(folded).rows == Page(TABLE).rows
    assert repr(folded).splitlines()[0] == folded.fold
    assert "<details" not in TABLE._repr_html_()


def test_the_text_has_every_cell_too():
    title, *header, rule, first, second, note = str(TABLE).splitlines()
    assert repr(TABLE) == str(TABLE)
    assert (title, note) == (TABLE.title, TABLE.note)
    assert " ".join(header).split() == ["λ", "size", "what", "<x>", "is", "holds", "of", "all"]
    assert set(rule) == {"-", " "}
    assert re.split("  +", first.strip()) == ["5", "0.1070", "a < b & c", YES]
    assert re.split("  +", second.strip()) == ["12", "1,234.5 ± 6", "d", NO]


def test_numbers_stand_to_the_right_and_never_fold_and_words_to_the_left():
    *_, number, size, words, holds = Page(TABLE).styles
    for style in (number, size):
        assert "text-align: right" in style and "white-space: nowrap" in style
    for style in (words, holds):
        assert "text-align: left" in style
    assert 'style="overflow-x: auto"><p>' in TABLE._repr_html_()  # a box of its own scrolls


def test_words_fold_between_words_only():
    page = Page(Table(["what"], [["goes as 1/√N_w"]], words=["what"]))
    assert page.rows[1] == ["goes as 1/\u2060√N_w"]  # the word joiner, which is not seen


def test_a_table_without_rows_has_its_header():
    assert Page(Table(["λ", "size"], [])).rows == [["λ", "size"]]


def test_a_verdict_is_a_mark_and_a_word_that_does_not_fold():
    for mark, word in ((YES, "yes"), (NO, "no")):
        assert re.fullmatch(rf"\W {word}", mark)
        assert re.search(rf'<span style="white-space: nowrap;[^"]*">{mark}</span>', html())


def html():
    return TABLE._repr_html_()


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


THEMES = {"light": ("#ffffff", "#1a1a1a"), "dark": ("#111111", "#e0e0e0")}  # ground, ink


def over(tint, ground):
    """Return what is seen where a tint (r, g, b, opacity) lies on a ground."""
    *colour, opacity = tint
    below = (int(ground[i : i + 2], 16) for i in (1, 3, 5))
    mixed = (opacity * one + (1 - opacity) * other for one, other in zip(colour, below))
    return "#" + "".join(f"{round(one):02x}" for one in mixed)


@pytest.mark.parametrize("theme", THEMES)
def test_a_verdict_can_be_read_in_any_theme_and_told_from_the_other(theme):
    tints = {tuple(map(float, one.split(","))) for one in re.findall(r"rgba\(([^)]*)\)", html())}
    ground, ink = THEMES[theme]
    seen = [over(tint, ground) for tint in tints]
    assert len(set(seen)) == 2 and ground not in seen
    assert all(contrast(one, ink) > 4.5 for one in seen)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"A row needs 2 cells, as the header, got \['1'\]"):
        Table(["a", "b"], [["1", "2"], ["1"]])


def test_words_in_no_column_are_refused():
    with pytest.raises(ValueError, match="words must be columns of"):
        Table(["a", "b"], [], words=["c"])
