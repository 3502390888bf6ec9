"""What a figure tells, read back: its file, its table, its key; and its first results."""

import csv
import io
from itertools import islice
from types import SimpleNamespace

from explorers.controls import ANEW, NEXT_EPOCH

# A number in a sentence, to be read by the fixture `number_in`.
NUMBER = r"[−-]?\d[\d,]*(?:\.\d+)?(?:·10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?"


def stops_of(figure):
    return {control.name: control.stops for control in figure.controls}


def stages(figure, epochs, **state):
    """Return a figure's results before training and after each epoch, and train no further."""
    state = figure.defaults() | state
    arguments = {name: state[name] for name in figure.that_act(ANEW)}
    if figure.is_playable:
        current = {name: state[name] for name in figure.that_act(NEXT_EPOCH)}
        arguments["current"] = SimpleNamespace(**current)
    return list(islice(figure.compute(**arguments), 1 + epochs))


def rows(figure):
    """Return the rows of its CSV file, each {column: text}."""
    return list(csv.DictReader(io.StringIO(figure.csv())))


def row(figure, start):
    """Return the value in the table whose name starts so."""
    (text,) = [text for what, text in figure.table if what.startswith(start)]
    return text


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
