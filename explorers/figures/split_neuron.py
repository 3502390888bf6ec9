"""Why the width cannot matter once neurons are straight: one neuron split into k."""

import math
from dataclasses import dataclass

import numpy as np

from explorers.canvas import Canvas
from explorers.controls import Control, log_stops
from explorers.figure import Figure
from explorers.formats import percent, rounded, ticks
from explorers.style import BLUE, GREY, INK, VERMILLION
from nn_core.cost import sigmoid

X = np.linspace(-1, 1, 101)  # the input


@dataclass(frozen=True)
class SplitResult:
    """A neuron with input weight w and output weight a, and its k copies of (w, a)/sqrt(k)."""

    k: int
    w: float
    a: float

    def passed_on(self, k, x=X):
        """Return what k copies add to the output, beyond their constant part.

        That part, k (a/sqrt(k))/2, is a bias: no decay touches it, and the data set it as they
        please.
        """
        each_w, each_a = self.w / math.sqrt(k), self.a / math.sqrt(k)
        return k * each_a * (sigmoid(each_w * x) - 0.5)

    def straight(self, x=X):
        """Return what a neuron with the straight line z/4 for a sigmoid would pass on."""
        return self.a * self.w * x / 4

    @property
    def squares(self):
        """The sum of the squares of all weights: k ((w^2 + a^2)/k)."""
        return self.k * ((self.w / math.sqrt(self.k)) ** 2 + (self.a / math.sqrt(self.k)) ** 2)

    @property
    def missing(self):
        """What the copies lack of the straight line at x = 1, as a share of it."""
        return 1 - float(self.passed_on(self.k, 1.0) / self.straight(1.0))


def compute(*, k, w, a):
    yield SplitResult(k, w, a)


def describe(result):
    r = result
    who = "Unsplit" if r.k == 1 else f"Split into {r.k}, with weights over √{r.k}"
    passed_on, straight = float(r.passed_on(r.k, 1.0)), rounded(r.straight(1.0))
    return (
        f"{who}, the neuron passes on {percent(1 - r.missing)} of what the straight line has at "
        f"x = 1: {rounded(passed_on)} of {straight}. The sum of all squares is "
        f"{rounded(r.squares)}, for any number of copies."
    )


def tabulate(result):
    rows = [(f"passed on at x = 1 by {k}", rounded(float(result.passed_on(k, 1.0))))
            for k in sorted({1, 4, 16, 64, result.k})]  # fmt: skip
    return [
        *rows,
        ("... by straight lines, a w/4", rounded(result.straight(1.0))),
        ("sum of all squares", rounded(result.squares)),
        ("input weight of each copy", rounded(result.w / math.sqrt(result.k))),
        ("output weight of each copy", rounded(result.a / math.sqrt(result.k))),
    ]


def columns(result):
    return {
        "x": X,
        "one": result.passed_on(1),
        "copies": result.passed_on(result.k),
        "straight": result.straight(),
    }


class Picture:
    """What is passed on over the input, as shares of the straight line's end."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        self.panel = panel = self.canvas.panel(
            "Passed on, as shares of the line's end", "input x", xlim=(-1, 1), ylim=(-1.05, 1.05),
            xticks=ticks((-1, -0.5, 0, 0.5, 1)), yticks=ticks((-1, -0.5, 0, 0.5, 1)),
        )  # fmt: skip
        self.straight = panel.curve("--", GREY)
        self.one = panel.curve("-", VERMILLION, lw=1.5)
        self.copies = panel.curve("-", BLUE, lw=3, marker="o", markevery=[25, 75], ms=7)
        self.zero = panel.still.axhline(0, color=INK, lw=0.6)
        panel.key((self.one, "one neuron"), (self.copies, "k copies"),
                  (self.straight, "straight line"))  # fmt: skip

    def draw(self, result):
        whole = result.straight(1.0)
        self.straight.set_data(X, result.straight() / whole)
        self.one.set_data(X, result.passed_on(1) / whole)
        self.copies.set_data(X, result.passed_on(result.k) / whole)


class SplitNeuron(Figure, parts=globals()):
    """k copies of (w, a)/sqrt(k): the same sum of squares, and a straighter neuron."""

    name = "split-neuron"
    title = "One neuron split into k, with the same sum of squares"
    controls = (
        Control("k", "k", "copies", (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64), 4,
                own_help="More copies, each with smaller weights: closer to a straight line."),
        Control("w", "w", "input weight", log_stops(0.5, 20.0), 8.0,
                own_help="More bends the curve sooner."),
        Control("a", "a", "output weight", log_stops(0.5, 20.0), 8.0,
                own_help="More makes the output steeper."),
    )  # fmt: skip
    presets = (
        ("64 copies", "k=64"),
        ("a softer bend", "w=4 a=4"),
    )
