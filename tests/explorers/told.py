"""What a figure tells, read back: its file, its table, its key; and its first results."""

import csv
import io
import re
from itertools import islice

import pytest

# A number in a sentence, to be read by `number_in`.
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"

# How a settled size goes over what is changed, in words.
LAW = (
    "Over … from # to # the hidden layer's settled size goes from # to #, in the mean of old and "
    "new. On logarithmic axes the straight line that fits best has the slope #, against # for …; "
    "between the first two … the slope is #, between the last two #."
)

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def number_in(text):
    """Return the number that a text of `formats` shows: "1,230", "−0.5", "1.2·10⁻⁷", "3 %"."""
    text, percent, rest = text.partition(" %")
    assert not rest
    mantissa, times, power = text.replace(",", "").translate(_DIGITS).partition("·10")
    value = float(mantissa) * 10.0 ** (int(power) if times else 0)
    return value / 100 if percent else value


def assert_shows(text, value):
    """A text shows a number to its last digit."""
    mantissa = re.match(r"[−-]?[\d,.]+", text)[0]
    unit = text.replace(mantissa, re.sub(r"\d", "0", mantissa)[:-1] + "1", 1)  # 0.01 of 2.57
    half = 0.505 * abs(number_in(unit))
    assert number_in(text) == pytest.approx(value, rel=0, abs=half), text


def assert_says(text, template, *wanted):
    """A text is as its template, with these numbers for each # of it, and these words for each ….

    Where `...` is wanted, any will do.
    """
    pattern = re.escape(template).replace(r"\#\ %", f"({NUMBER} %)").replace(r"\#", f"({NUMBER})")
    found = re.fullmatch(pattern.replace("…", "(.*)"), text)
    assert found, text
    for said, value in zip(found.groups(), wanted, strict=True):
        if isinstance(value, str):
            assert said == value
        elif value is not ...:
            assert_shows(said, value)


def stops_of(figure):
    return {control.name: control.stops for control in figure.controls}


def stages(figure, epochs, moved=None, **state):
    """Return a figure's results before training and after each epoch, and train no further.

    Settings may be `moved` on the way, {epoch: those that are new in it}.
    """
    results, current = figure.computing(figure.defaults() | state)
    found = []
    for result in islice(results, 1 + epochs):
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


def assert_told(figure, wanted):
    """The row of its table that begins with each of these words shows this number."""
    for start, value in wanted.items():
        assert_shows(row(figure, start), value)


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
