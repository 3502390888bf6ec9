"""How all pictures look: colours and letters, and how much room words take."""

from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

# Okabe and Ito's colours, which stay apart in the common kinds of colour blindness. `TEXT` has
# them darkened to a contrast of at least 4.5:1 on white, for words in the colour of their curve.
INK, GREY = "#1a1a1a", "#5f6368"
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY = "#E69F00", "#56B4E9"
TEXT = {
    BLUE: "#0072B2",
    VERMILLION: "#B84F00",
    GREEN: "#007A59",
    PURPLE: "#A8457C",
    ORANGE: "#8F6300",
    SKY: "#1F77A8",
    INK: INK,
    GREY: GREY,
}

FONT = "DejaVu Sans"
TITLE, LABEL, SMALL = 13, 12, 11  # sizes of letters
LINE = 1.36  # from one line of words to the next, in sizes of its letters


@cache
def width_of(words, size):
    """Return how wide a line of words is."""
    font = FontProperties(family=FONT, size=size)
    return text_to_path.get_text_width_height_descent(words, font, ismath=False)[0]


def wrapped(words, size, room):
    """Return words in as many lines as they need."""
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width_of(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)
