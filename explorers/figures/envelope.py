"""Why wider networks share one sum of squares: the least cost as the least of straight lines."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from experiments import scaling
from experiments.scaling_fit import Line, lines
from explorers.canvas import Canvas
from explorers.controls import VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.formats import rounded, ticks, trimmed
from explorers.style import BLUE, GREEN, GREY, INK, VERMILLION

WINDOWS = {5: 0.8, 50: 2, 500: 4}  # how far the left side goes: λ, cost
WIDTHS = {"1": "width, weak decay", "5": "width", "50": "width, strong decay"}  # by their λ


@dataclass(frozen=True)
class EnvelopeResult:
    """Settled networks from stored runs: nine with another λ each, and some with another width."""

    decays: tuple[Line, ...]
    widths: tuple[Line, ...]

    def cheapest(self, lmbda):
        """Return which of the nine costs least at this λ."""
        return min(self.decays, key=lambda line: line.cost(lmbda))


@cache
def _lines(series):
    return tuple(lines(scaling.load(), series))


def compute(*, decay):
    yield EnvelopeResult(_lines("lambda"), _lines(WIDTHS[decay]))


def describe(result, *, lmbda):
    best = result.cheapest(lmbda)
    narrow, *_, wide = result.widths
    return (
        f"At λ = {trimmed(lmbda)} the cheapest of nine networks is the one trained with λ = "
        f"{trimmed(best.lmbda)}: it costs {rounded(best.cost(lmbda))}. Its line rises by half "
        f"its sum of squares, {rounded(best.total / 2)}, per unit of λ/n_train. From "
        f"{narrow.hidden} to {wide.hidden} neurons, with λ = {trimmed(wide.lmbda)}, the sum "
        f"of all squares goes from {rounded(narrow.total)} to {rounded(wide.total)}."
    )


def tabulate(result, *, lmbda):
    rows = [
        (
            f"trained with λ = {trimmed(line.lmbda)}: cost at λ = {trimmed(lmbda)}, "
            "without penalty, sum of squares",
            f"{rounded(line.cost(lmbda))}, {rounded(line.cost(0))}, {rounded(line.total)}",
        )
        for line in result.decays
    ]
    return rows + [
        (
            f"{line.hidden} neurons: hidden, output, all squares; least cost",
            f"{', '.join(rounded(one) for one in (*line.squares, line.total))}; "
            f"{rounded(line.cost(line.lmbda))}",
        )
        for line in result.widths
    ]


def columns(result):
    every = (*result.decays, *result.widths)
    return {
        "lmbda": [line.lmbda for line in every],
        "hidden": [line.hidden for line in every],
        "n_train": [line.n_train for line in every],
        "cost_without_penalty": [line.cost(0) for line in every],
        "squares_hidden": [line.squares[0] for line in every],
        "squares_output": [line.squares[1] for line in every],
    }


class Picture:
    """Left: each network's cost over λ, a straight line, and the least of them. Right: squares."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        self.costs = costs = self.canvas.panel(
            "Cost of nine networks of 30 neurons", "λ", yticks=ticks((0, 1, 2)), reserve=["0.8"]
        )
        self.others = [costs.curve("-", GREY, lw=1) for _ in _lines("lambda")]
        self.tangent = costs.curve("-", VERMILLION, lw=2.5, zorder=3)
        self.least = costs.curve("--", INK, lw=2, zorder=4)
        self.here = costs.curve("o", VERMILLION, ms=9, mec="white", zorder=5)
        costs.key((self.tangent, "cheapest here"), (self.least, "the least"),
                  (self.others[0], "the others"))  # fmt: skip
        self.squares = squares = self.canvas.panel(
            "Sum of squares, by width", "hidden neurons", xscale="log", xlim=(7, 600),
            xticks=ticks((8, 30, 128, 512)), reserve=["2,500"],
        )  # fmt: skip
        self.curves = {
            "all": squares.curve("-o", INK, lw=2.5),
            "hidden": squares.curve("--s", BLUE),
            "output": squares.curve(":^", GREEN),
        }
        squares.key(*((curve, name) for name, curve in self.curves.items()))

    def draw(self, result, *, lmbda):
        reach = next(reach for reach in WINDOWS if lmbda <= 0.6 * reach)
        top = WINDOWS[reach]
        self.costs.frame(xlim=(0, reach), xticks=ticks(np.linspace(0, reach, 6)),
                         ylim=(0, top), yticks=ticks(np.linspace(0, top, 5)))  # fmt: skip
        ends, best = np.array([0.0, reach]), result.cheapest(lmbda)
        for curve, line in zip(self.others, result.decays):
            curve.set_data(ends, line.cost(ends))
        self.tangent.set_data(ends, best.cost(ends))
        at = np.linspace(0, reach, 101)
        self.least.set_data(at, np.min([line.cost(at) for line in result.decays], axis=0))
        self.here.set_data([lmbda], [best.cost(lmbda)])
        hidden = [line.hidden for line in result.widths]
        sums = zip(*((line.total, *line.squares) for line in result.widths))
        for curve, values in zip(self.curves.values(), sums):  # all, hidden, output
            curve.set_data(hidden, values)
        most = max(line.total for line in result.widths)
        step = next(step for step in (50, 250, 1000) if 3 * step > most)
        self.squares.frame(ylim=(0, 3 * step), yticks=ticks((0, step, 2 * step, 3 * step)))


class Envelope(Figure, parts=globals()):
    """The least cost over λ is the least of straight lines, whose slopes are sums of squares."""

    name = "envelope"
    title = "The least cost, a line for each network, and the sums of squares"
    controls = (
        Control("lmbda", "λ", "of the costs", log_stops(0.5, 200.0), 5.0, VIEW,
                own_help="Moves along the axis: which network is the cheapest there?"),
        Control("decay", "λ", "in training", tuple(WIDTHS), "5",
                own_help="The λ with which the networks of all widths were trained."),
    )  # fmt: skip
    presets = (
        ("strong decay", "lmbda=50 decay=50"),
        ("weak decay", "lmbda=1 decay=1"),
    )
