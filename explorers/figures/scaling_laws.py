"""The scaling laws of the tail-off, from stored runs: one quantity changed, and all of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from experiments.scaling import load, series
from experiments.scaling_fit import (
    Collapse,
    apart,
    averaged,
    collapse,
    fit,
    local_exponents,
    settled,
)
from experiments.tables import Table
from explorers.canvas import Canvas
from explorers.controls import VIEW, Control
from explorers.figure import Figure
from explorers.formats import percent, power, powers, rounded, ticks, trimmed
from explorers.inits import points, rows
from explorers.style import GREY, INK


@dataclass(frozen=True)
class Change:
    """One thing that is changed: the series of runs, the quantity on the axis, a law beside it."""

    series: str
    x: Callable
    xlabel: str
    law: float  # the exponent of the dashed line
    of_law: str  # whose it is


CHANGES = {
    "hidden width": Change("width", lambda s: s.n_weights, "N_w", -0.5, "the book's 1/√N_w"),
    "λ": Change("lambda", lambda s: s.run.lmbda, "λ", -0.5, "a fixed gain"),
    "λ, 50,000 images": Change(
        "lambda, all images", lambda s: s.run.lmbda, "λ", -0.5, "a fixed gain"
    ),
    "n_train, λ/n_train fixed": Change(
        "n_train at fixed lambda/n_train",
        lambda s: s.run.n_train,
        "n_train",
        0.0,
        "λ/n_train alone",
    ),
    "fan_in, by averaging": Change("fan-in", lambda s: s.run.fan_in, "fan_in", -0.5, "1/√fan_in"),
    "fan_in, ⟨|x|²⟩ fixed": Change(
        "fan-in at fixed length", lambda s: s.run.fan_in, "fan_in", -0.5, "1/√fan_in"
    ),
    "brightness": Change(
        "brightness", lambda s: s.mean_squared_length, "⟨|x|²⟩", -0.5, "saturation's 1/√⟨|x|²⟩"
    ),
    "η": Change("eta", lambda s: s.run.eta, "η", 0.0, "no effect"),
    "m": Change("m", lambda s: s.run.m, "m", 0.0, "no effect"),
}
MEASURED, COLLAPSED = "as measured", "collapsed"


@dataclass(frozen=True)
class ScalingLawsResult:
    """All settled runs, and those of the chosen change."""

    change: Change
    chosen: tuple
    everything: tuple
    formula: Collapse


@cache
def _stored():
    """Return ({run: Settled} of all stored runs, the formula for them)."""
    found = {run: settled(run, table) for run, table in load().items()}
    return found, collapse(list(found.values()))


def compute(*, changed):
    everything, formula = _stored()
    change = CHANGES[changed]
    chosen = tuple(everything[run] for run in series()[change.series])
    yield ScalingLawsResult(change, chosen, tuple(everything.values()), formula)


def how_it_goes(change, settled, points="points"):
    """Return in words how the settled size goes over what is changed, beside its law."""
    (low, high), (start, end), (slope, first, last) = _course(change, settled)
    return (
        f"Over {change.xlabel} from {low} to {high} the hidden layer's settled size goes from "
        f"{start} to {end}, in the mean of old and new. "
        f"On logarithmic axes the straight line that fits best has the slope {slope}, "
        f"against {trimmed(change.law)} for {change.of_law}; between the first two {points} the "
        f"slope is {first}, between the last two {last}."
    )


def _course(change, settled):
    """Return first and last x, first and last size, and three slopes: best, first and last."""
    law = fit([change.x(s) for s in settled], [s.size for s in settled])
    xs, sizes, *_ = averaged(settled, change.x)
    slopes = [slope for _, slope in local_exponents(xs, sizes)]
    return (
        [trimmed(x, 3) for x in (xs[0], xs[-1])],
        [rounded(size) for size in (sizes[0], sizes[-1])],
        [trimmed(slope, 2) for slope in (law.exponent, slopes[0], slopes[-1])],
    )


def table_of_changes():
    """Return what the figure says of each change: sizes and slopes."""
    rows = []
    for name, change in CHANGES.items():
        (result,) = compute(changed=name)
        ends, sizes, (slope, *slopes) = _course(change, result.chosen)
        rows.append([name, f"{change.xlabel} = {' … '.join(ends)}", " … ".join(sizes), slope,
                     " … ".join(slopes), f"{trimmed(change.law)}: {change.of_law}"])  # fmt: skip
    header = ["changed", "from … to", "settled size", "slope", "at both\nends", "an argument says"]
    return Table(header, rows, words=["changed", "from … to", "an argument says"])


def describe(result, *, right):
    said = (
        f"{how_it_goes(result.change, result.chosen)} "
        f"Old and new settle within {percent(apart(result.chosen))} of each other."
    )
    if restless := sum(not s.has_settled for s in result.chosen):
        said += f" {restless} of {len(result.chosen)} runs did not settle."
    if right == COLLAPSED:
        said += (
            f" The formula for all {len(result.everything)} runs misses ‖w‖ by "
            f"{percent(result.formula.scatter)} (root mean square)."
        )
    return said


def tabulate(result, *, right):
    x, rows = result.change.x, []
    for value in sorted({x(s) for s in result.chosen}):
        there = [s for s in result.chosen if x(s) == value]
        sizes = [s.size for s in there]
        mean = {name: np.mean([getattr(s, name) for s in there])
                for name in ("norm", "gain", "heat", "accuracy")}  # fmt: skip
        rows.append(
            (
                f"{result.change.xlabel} = {trimmed(value, 3)}: "
                "size (range), ‖w‖, gain, heat, accuracy",
                f"{rounded(np.mean(sizes))} ({rounded(min(sizes))} to {rounded(max(sizes))}), "
                f"{rounded(mean['norm'])}, {rounded(mean['gain'])}, {rounded(mean['heat'])}, "
                f"{percent(mean['accuracy'])}",
            )
        )
    return rows


def columns(result):
    chosen = result.chosen
    return {
        result.change.xlabel: [result.change.x(s) for s in chosen],
        "init": [s.run.init for s in chosen],
        "seed": [s.run.seed for s in chosen],
        **{
            name: [getattr(s, name) for s in chosen]
            for name in ("size", "n_weights", "kappa", "norm", "gain", "heat", "accuracy")
        },
    }


def log_ticks(low, high):
    """Return ticks {value: short text} between two numbers: 1, 2, 5, or over decades only 1."""
    ticks = {}
    for exponent in range(-8, 3):
        for first in (1, 2, 5) if high < 300 * low else (1,):
            value = first * 10.0**exponent
            short = (f"{first}·" if first > 1 else "") + power(exponent)
            if low < value < high:
                ticks[value] = trimmed(value) if exponent >= -3 else short
    return ticks


def power_law(xs, sizes, exponent):
    """Return the law of this exponent through the middle of the points, as far up as they go."""
    x = np.geomspace(min(xs), max(xs), 200)
    y = x**exponent * np.exp(np.mean(np.log(sizes)) - exponent * np.mean(np.log(xs)))
    near = (y > min(sizes) / 1.4) & (y < max(sizes) * 1.4)
    return x[near], y[near]


def grains(xs, ys):
    """Return a small mark at each point, all in one path: a page is slow at hundreds of marks.

    Seen on logarithmic axes they are diamonds.
    """
    x, y = np.asarray(xs, float), np.asarray(ys, float)
    corners = [(x, y * 1.06), (x * 1.16, y), (x, y / 1.06), (x / 1.16, y), (x, y * 1.06)]
    codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY]
    return Path(np.transpose(corners, (2, 0, 1)).reshape(-1, 2), codes * len(x))


class Picture:
    """Left: the settled size over what is changed. Right: ||w|| over lmbda/n_train, all runs."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        longest = max((change.xlabel for change in CHANGES.values()), key=len)
        self.sizes = c.panel("Settled size", longest, xscale="log", yscale="log", reserve=["0.005"])
        self.collapse = c.panel(
            "All runs: ‖w‖ = size · √weights", "λ/n_train", xscale="log", yscale="log",
            xlim=(1e-5, 1e-1), ylim=(2.5, 70), xticks=powers(range(-4, 0)),
            yticks=ticks((3, 10, 30)),
        )  # fmt: skip
        # All of it moves, though only the chosen runs do: a cover hides what moves, and they tell.
        self.formula = self.collapse.curve("-", INK, lw=1)
        self.all = PathPatch(grains([], []), fc=GREY, lw=0)
        self.collapse.moving.add_patch(self.all)
        self.law = self.sizes.curve("--", INK, lw=1.5)
        self.points, self.lit = points(self.sizes), points(self.collapse, ms=3.5)
        grain = Line2D([], [], color=GREY, marker="D", ms=4, ls="none")
        self.rows = [(grain, "all other runs"), (self.formula, "the formula")]
        self.collapse.may_have(*self.rows)
        for change in CHANGES.values():
            self.sizes.may_have(*self._key(change))

    def _key(self, change):
        law = f"slope {trimmed(change.law)}: {change.of_law}"
        return *rows(self.points), (self.law, law)

    def draw(self, result, *, right):
        x = result.change.x
        xs, sizes = [x(s) for s in result.chosen], [s.size for s in result.chosen]
        self._frame(result.change, xs, sizes)
        for init in self.points:
            of = [s for s in result.chosen if s.run.init == init]
            self.points[init].set_data([x(s) for s in of], [s.size for s in of])
            self.lit[init].set_data(self._norms(of, result.formula, right))
        self.all.set_path(grains(*self._norms(result.everything, result.formula, right)))
        self._draw_formula(result, right)
        self.law.set_data(power_law(xs, sizes, result.change.law))

    def _frame(self, change, xs, sizes):
        ylim = min(sizes) / 2, max(sizes) * 2
        self.sizes.relabel(change.xlabel)
        self.sizes.frame(
            xlim=(min(xs) / 1.4, max(xs) * 1.4), ylim=ylim, yticks=log_ticks(*ylim),
            xticks=ticks(sorted(set(xs)), lambda x: trimmed(x, 3)),
        )  # fmt: skip
        self.sizes.key(*self._key(change))

    def _norms(self, points, formula, right):
        of = formula.reduced if right == COLLAPSED else lambda point: point.norm
        return [point.kappa for point in points], [of(point) for point in points]

    def _draw_formula(self, result, right):
        if right == COLLAPSED:
            by_kappa = {s.kappa: result.formula.curve(s) for s in result.everything}
            self.formula.set_data(*zip(*sorted(by_kappa.items())))
            self.collapse.retitle("‖w‖ at one width, length and η/m")
            self.collapse.key(*self.rows)
        else:
            self.formula.set_data([], [])
            self.collapse.retitle("All runs: ‖w‖ = size · √weights")
            self.collapse.key(self.rows[0])


class ScalingLaws(Figure, parts=globals()):
    """The sweep, as `experiments/scaling.py` has stored it."""

    name = "scaling-laws"
    title = "What the settled size depends on"
    controls = (
        Control("changed", "changed", "alone", tuple(CHANGES), "hidden width",
                own_help="What differs from run to run."),
        Control("right", "‖w‖", "how it is shown", (MEASURED, COLLAPSED), MEASURED, VIEW,
                own_help="As measured, or brought to one width, input length and η/m."),
    )  # fmt: skip
    presets = (
        ("brighter images", "changed=brightness"),
        ("no single power", "changed=λ"),
        ("the collapse", "right=collapsed"),
    )
