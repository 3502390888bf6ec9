"""Three scales for the tail-off, from stored runs: which of them does the settled size follow?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.scaling import Run, load, series
from experiments.tables import Table
from explorers.canvas import Canvas
from explorers.controls import VIEW, Control
from explorers.figure import Figure
from explorers.formats import rounded, ticks, trimmed
from explorers.inits import points, rows
from explorers.style import GREEN, INK, PURPLE


@dataclass(frozen=True)
class Point:
    """Where one run has come to rest."""

    run: Run
    squares: tuple[float, float]  # sums of squares of the two layers' weights
    x_squared: float  # mean squared length of an input

    def size(self, weights):
        """Return the size of "hidden layer" or of "all weights"."""
        if weights == HIDDEN:
            return (self.squares[0] / (self.run.fan_in * self.run.hidden)) ** 0.5
        return (sum(self.squares) / self.run.n_weights) ** 0.5


@dataclass(frozen=True)
class Varied:
    """What is changed from run to run: the series of runs, and its axis."""

    series: str
    x: Callable
    xlabel: str


HIDDEN, ALL = "hidden layer", "all weights"
VARIED = {
    "hidden width": Varied("width", lambda run: run.hidden, "hidden neurons"),
    "fan_in": Varied("fan-in", lambda run: run.fan_in, "fan_in"),
    "λ": Varied("lambda", lambda run: run.lmbda, "λ"),
}
SCALES = {
    "1/√N_w": lambda point: point.run.n_weights**-0.5,
    "1/√fan_in": lambda point: point.run.fan_in**-0.5,
    "1/√⟨|x|²⟩": lambda point: point.x_squared**-0.5,
}


@dataclass(frozen=True)
class WhichScaleResult:
    """The settled runs of each choice, {what is varied: points}."""

    points: dict

    def course(self, varied, weights):
        """Return (xs, mean sizes, {scale: its values}), in the order of x."""
        x, found = VARIED[varied].x, {}
        for point in self.points[varied]:
            found.setdefault(x(point.run), []).append(point)
        xs = sorted(found)
        sizes = np.array([np.mean([one.size(weights) for one in found[x]]) for x in xs])
        scales = {name: np.array([of(found[x][0]) for x in xs]) for name, of in SCALES.items()}
        return np.array(xs), sizes, scales


def compute():
    stored = load()
    yield WhichScaleResult({name: tuple(_point(run, stored[run]) for run in series()[one.series])
                            for name, one in VARIED.items()})  # fmt: skip


def _point(run, columns):
    squares = tuple(float(one) for one in columns["squared_size"])
    return Point(run, squares, float(columns["mean_squared_length"]))


def describe(result, *, varied, weights):
    xs, sizes, scales = result.course(varied, weights)
    changes = ", ".join(f"{name} by {rounded(_factor(one), 2)}" for name, one in scales.items())
    *multiples, last = (
        f"from {rounded(sizes[0] / one[0])} to {rounded(sizes[-1] / one[-1])}"
        for one in scales.values()
    )
    return (
        f"From {trimmed(xs[0])} to {trimmed(xs[-1])} on the axis, the size ({weights}) changes by "
        f"a factor of {rounded(_factor(sizes), 2)}; {changes}. In multiples of these three the "
        f"size goes {', '.join(multiples)} and {last}."
    )


def _factor(values):
    return max(values[0], values[-1]) / min(values[0], values[-1])


def table_of_courses():
    """Return what the figure shows of each choice, in a line: the multiples at both ends."""
    (result,), found = compute(), []
    for varied in VARIED:
        xs, sizes, scales = result.course(varied, HIDDEN)
        _, everywhere, _ = result.course(varied, ALL)
        multiples = [sizes / one for one in scales.values()] + [everywhere / scales["1/√N_w"]]
        ends = (f"{rounded(one[0])} to {rounded(one[-1])}" for one in multiples)
        found.append([f"{VARIED[varied].xlabel}, {trimmed(xs[0])} to {trimmed(xs[-1])}", *ends])
    header = ["varied", *(f"hidden layer, in\nmultiples of {scale}" for scale in SCALES),
              "all weights, in\nmultiples of 1/√N_w"]  # fmt: skip
    return Table(header, found, words=["varied"], fold="Guessed? What came out")


def tabulate(result, *, varied, weights):
    xs, sizes, scales = result.course(varied, weights)
    label = VARIED[varied].xlabel
    return [
        (
            f"{label} = {trimmed(x)}: size, in multiples of {', '.join(scales)}",
            ", ".join(rounded(one) for one in (size, *(size / v[i] for v in scales.values()))),
        )
        for i, (x, size) in enumerate(zip(xs, sizes))
    ]


def columns(result, *, varied):
    found = result.points[varied]
    return {
        VARIED[varied].xlabel: [VARIED[varied].x(one.run) for one in found],
        "init": [one.run.init for one in found],
        "seed": [one.run.seed for one in found],
        **{f"size, {weights}": [one.size(weights) for one in found] for weights in (HIDDEN, ALL)},
        **{name: [of(one) for one in found] for name, of in SCALES.items()},
    }


class Picture:
    """Left: the settled size, and how each scale would have it. Right: its multiples of each."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        logarithmic = {"xscale": "log", "yscale": "log"}
        longest = max((one.xlabel for one in VARIED.values()), key=len)
        # The same heights for each choice: an axis that fits would give the answer away.
        self.sizes = c.panel(
            "Size at the tail-off", longest, ylim=(0.018, 1.1),
            yticks=ticks((0.02, 0.05, 0.1, 0.2, 0.5, 1)), **logarithmic,
        )  # fmt: skip
        self.multiples = c.panel(
            "In multiples of each scale", longest, ylim=(0.15, 80),
            yticks=ticks((0.2, 0.5, 1, 2, 5, 10, 20, 50)), **logarithmic,
        )  # fmt: skip
        # Scales that coincide still show: the lines grow thinner, and lie one on the other.
        looks = {"1/√N_w": ("-", INK, 1.3, "^"), "1/√fan_in": ("--", PURPLE, 2.4, "D"),
                 "1/√⟨|x|²⟩": (":", GREEN, 4, "v")}  # fmt: skip
        self.laws, self.courses = (
            {
                name: panel.curve(line, colour, lw=lw, zorder=5 - lw, marker=mark if marked else "")
                for name, (line, colour, lw, mark) in looks.items()
            }
            for panel, marked in ((self.sizes, False), (self.multiples, True))
        )
        self.points = points(self.sizes)
        laws = ((line, f"∝ {name}") for name, line in self.laws.items())
        self.sizes.key(*rows(self.points), *laws)
        self.multiples.key(*((line, name) for name, line in self.courses.items()))

    def draw(self, result, *, varied, weights):
        xs, sizes, scales = result.course(varied, weights)
        for panel in (self.sizes, self.multiples):
            panel.relabel(VARIED[varied].xlabel)
            panel.frame(xlim=(xs[0] / 1.3, xs[-1] * 1.3), xticks=ticks(xs.tolist()))
        base = int(np.flatnonzero(xs == VARIED[varied].x(Run()))[0])
        for name, values in scales.items():
            self.laws[name].set_data(xs, sizes[base] * values / values[base])
            self.courses[name].set_data(xs, sizes / values)
        for init, marks in self.points.items():
            of = [one for one in result.points[varied] if one.run.init == init]
            at = [VARIED[varied].x(one.run) for one in of]
            marks.set_data(at, [one.size(weights) for one in of])


class WhichScale(Figure, parts=globals()):
    """The sweeps over width, fan-in and λ, as `experiments/scaling.py` has stored them."""

    name = "which-scale"
    title = "Which of three scales the tail-off follows"
    controls = (
        Control("varied", "varied", "alone", tuple(VARIED), "hidden width",
                VIEW, own_help="What differs from run to run."),
        Control("weights", "weights", "shown", (HIDDEN, ALL), HIDDEN, VIEW,
                own_help="The size of one layer's weights, or of all in the network."),
    )  # fmt: skip
    presets = (
        ("smaller images", "varied=fan_in"),
        ("all weights", "weights=all_weights"),
    )
