"""What a figure tells, read back: its file, its table, its key; and its first results."""

import csv
import io
import re
from itertools import islice
from types import SimpleNamespace

import pytest

from explorers.controls import ANEW, NEXT_EPOCH

# A number in a sentence, to be read by `number_in`.
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def number_in(text):
    """Return the number that a text of `formats` shows: "1,230", "−0.5", "1.2·10⁻⁷", "3 %"."""
    text, percent, rest = text.partition(" %")
    assert not rest
    mantissa, times, power = text.replace(",", "").translate(_DIGITS).partition("·10")
    value = float(mantissa) * 10.0 ** (int(power) if times else 0)
    return value / 100 if percent else value


def numbers_in(text, pattern):
    """Return the numbers in the groups of a pattern that all of the text has to match."""
    return list(map(number_in, re.fullmatch(pattern, text).groups()))


def stops_of(figure):
    return {control.name: control.stops for control in figure.controls}


def stages(figure, epochs, moved=None, **state):
    """Return a figure's results before training and after each epoch, and train no further.

    Settings may be `moved` on the way, {epoch: those that are new in it}.
    """
    state = figure.defaults() | state
    arguments = {name: state[name] for name in figure.that_act(ANEW)}
    current = SimpleNamespace(**{name: state[name] for name in figure.that_act(NEXT_EPOCH)})
    if figure.is_playable:
        arguments["current"] = current
    found = []
    for result in islice(figure.compute(**arguments), 1 + epochs):
        found.append(result)
        vars(current).update((moved or {}).get(len(found), {}))
    return found


def rows(figure):
    """Return the rows of its CSV file, each {column: text}."""
    return list(csv.DictReader(io.StringIO(figure.csv())))


def row(figure, start):
    """Return the value in the table whose name starts so."""
    (text,) = [text for what, text in figure.table if what.startswith(start)]
    return text


def column(figure, name):
    """Return the numbers in a column of its CSV file, without empty cells."""
    return [float(line[name]) for line in rows(figure) if line[name]]


def assert_told(figure, wanted, rel):
    """The row of its table that begins with each of these words has this number."""
    for start, value in wanted.items():
        assert number_in(row(figure, start)) == pytest.approx(value, rel=rel), start


def shown(figure):
    """Return its picture, drawn as things stand."""
    figure.drawn()
    return figure.picture()


def laid_out(figure, width=720):
    """Return a fresh picture of a figure's class."""
    picture = figure.Picture(width)
    picture.canvas.lay_out()
    return picture


def key(panel):
    """Return the words of a panel's key."""
    return [text.get_text() for text in panel.still.texts]


def marks(picture):
    """Return (place, note) of the moves in mid-run that a picture marks."""
    both = zip(picture.marks.lines, picture.marks.notes)
    return [(line.get_xdata()[0], note.get_text()) for line, note in both if line.get_visible()]


def inside(panel, values):
    """Return whether all values lie on a panel's y-axis."""
    low, high = panel.moving.get_ylim()
    return all(low <= value <= high for value in values)
