"""The scaling laws of the tail-off, from stored runs: one quantity changed, and all of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from experiments.scaling import series
from experiments.scaling_fit import averaged, fit, local_exponents, settled
from explorers.canvas import BLUE, GREY, INK, VERMILLION, Canvas
from explorers.controls import Control
from explorers.formats import percent, power, rounded, trimmed
from explorers.widget import Explorer

INITS = {"large": ("old", VERMILLION, "o"), "scaled": ("new", BLUE, "s")}


@dataclass(frozen=True)
class Change:
    """One thing that is changed: the series of runs, the quantity on the axis, a law beside it."""

    series: str
    x: Callable
    xlabel: str
    law: float  # the exponent of the dashed line
    of_law: str  # whose it is


CHANGES = {
    "hidden width": Change(
        "width", lambda s: s.n_weights, "N_w", -0.5, "the book's 1/√N_w"
    ),
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
    "fan_in, by pooling": Change("fan-in", lambda s: s.run.fan_in, "fan_in", -0.5, "1/√N_w"),
    "fan_in, ⟨|x|²⟩ fixed": Change(
        "fan-in at fixed length", lambda s: s.run.fan_in, "fan_in", -0.5, "1/√N_w"
    ),
    "brightness": Change(
        "brightness", lambda s: s.mean_squared_length, "⟨|x|²⟩", -0.5, "saturation, 1/√⟨|x|²⟩"
    ),
    "η": Change("eta", lambda s: s.run.eta, "η", 0.0, "no effect"),
    "m": Change("m", lambda s: s.run.m, "m", 0.0, "no effect"),
}  # fmt: skip


@dataclass(frozen=True)
class ScalingLawsResult:
    """All settled runs, and those of the chosen change."""

    change: Change
    chosen: tuple
    everything: tuple

    @property
    def fit(self):
        return fit([self.change.x(s) for s in self.chosen], [s.size for s in self.chosen])

    @property
    def apart(self):
        """How far the means of old and new are apart, at most, as a ratio."""
        old, new = (
            averaged([s for s in self.chosen if s.run.init == init], self.change.x)[1]
            for init in INITS
        )
        ratios = old / new
        return float(np.maximum(ratios, 1 / ratios).max())


def describe(result):
    change, law = result.change, result.fit
    xs, sizes, _, _ = averaged(result.chosen, change.x)
    slopes = local_exponents(xs, sizes)
    said = (
        f"Over {change.xlabel} from {trimmed(xs[0])} to {trimmed(xs[-1])} the settled size goes "
        f"from {rounded(sizes[0])} to {rounded(sizes[-1])}. As one power, {change.xlabel} to the "
        f"{trimmed(law.exponent, 2)} ± {trimmed(law.error, 1)}; {change.of_law} would be "
        f"{trimmed(change.law)}. From point to point the exponent goes from "
        f"{trimmed(slopes[0][1], 2)} to {trimmed(slopes[-1][1], 2)}. Old and new settle within "
        f"{percent(result.apart - 1)} of each other."
    )
    restless = sum(not s.has_settled for s in result.chosen)
    return said + (f" {restless} of {len(result.chosen)} runs did not settle." if restless else "")


def tabulate(result):
    x, rows = result.change.x, []
    for value in sorted({x(s) for s in result.chosen}):
        there = [s for s in result.chosen if x(s) == value]
        sizes = [s.size for s in there]
        mean = {name: np.mean([getattr(s, name) for s in there])
                for name in ("norm", "gain", "heat", "accuracy")}  # fmt: skip
        rows.append(
            (
                f"{result.change.xlabel} = {trimmed(value)}: "
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


class Picture:
    """Left: the settled size over what is changed. Right: ||w|| over lmbda/n_train, all runs."""

    def __init__(self, scale):
        self.canvas = c = Canvas(scale=scale)
        self.sizes = c.panel(
            [0.08, 0.17, 0.4, 0.7], title="Settled size", xlabel=" ",
            xscale="log", yscale="log", xlim=(1, 10), ylim=(0.01, 1),
        )  # fmt: skip
        self.collapse = c.panel(
            [0.58, 0.17, 0.4, 0.7], title="All runs: ‖w‖ = size · √(weights)", xlabel="λ/n_train",
            xscale="log", yscale="log", xlim=(1e-5, 1e-1), ylim=(1, 100),
            xticks={10.0**e: power(e) for e in range(-5, 0)}, yticks={1: "1", 10: "10", 100: "100"},
        )  # fmt: skip
        (self.law,) = self.sizes.moving.plot([], [], "--", color=INK, lw=c.size(1.5))
        self.points, self.lit = {}, {}
        (self.all,) = self.collapse.moving.plot([], [], ".", color=GREY, ms=c.size(4), alpha=0.5)
        for init, (_, colour, mark) in INITS.items():
            style = {"color": colour, "mfc": colour if init == "large" else "none",
                     "mew": c.size(1.5), "ls": "none", "marker": mark}  # fmt: skip
            (self.points[init],) = self.sizes.moving.plot([], [], ms=c.size(7), **style)
            (self.lit[init],) = self.collapse.moving.plot([], [], ms=c.size(6), **style)

    def _frame(self, change, xs, sizes):
        c = self.canvas
        xlim = (min(xs) / 1.4, max(xs) * 1.4)
        ylim = (min(sizes) / 1.6, max(sizes) * 3.2)
        ticks = [t for e in range(-4, 2) for t in (10.0**e, 2 * 10.0**e, 5 * 10.0**e)]
        distinct = sorted(set(xs))
        shown = distinct[:: 1 + (len(distinct) - 1) // 4]
        self.sizes.still.set_xlabel(change.xlabel, fontsize=c.size(12), color=INK)
        self.sizes.frame(
            xlim=xlim, ylim=ylim, xticks={x: trimmed(x) for x in shown},
            yticks={t: trimmed(t) for t in ticks if ylim[0] < t < ylim[1]},
        )  # fmt: skip
        for text in list(self.sizes.still.texts):
            text.remove()
        rows = [("●", "old initialization", VERMILLION), ("□", "new", BLUE),
                ("- -", f"{change.of_law} (slope {trimmed(change.law)})", INK)]  # fmt: skip
        self.sizes.key(rows, left=1 - 0.62 * c.scale, top=1.0, size=c.size(10.5))

    def draw(self, result):
        x = result.change.x
        xs, sizes = [x(s) for s in result.chosen], [s.size for s in result.chosen]
        self._frame(result.change, xs, sizes)
        for init in INITS:
            of = [s for s in result.chosen if s.run.init == init]
            self.points[init].set_data([x(s) for s in of], [s.size for s in of])
            self.lit[init].set_data([s.kappa for s in of], [s.norm for s in of])
        everything = result.everything
        self.all.set_data([s.kappa for s in everything], [s.norm for s in everything])
        ends = np.array([min(xs), max(xs)])
        middle = np.exp(np.mean(np.log(sizes)) - result.change.law * np.mean(np.log(xs)))
        self.law.set_data(ends, middle * ends**result.change.law)


class ScalingLaws(Explorer):
    """The stored sweep. Give it the results: ScalingLaws(scaling.load())."""

    name = "scaling-laws"
    title = "What the settled size depends on"
    controls = (
        Control(
            "changed", "changed", "all else as in the base run", tuple(CHANGES), "hidden width"
        ),
    )
    Picture = Picture
    describe = staticmethod(describe)
    tabulate = staticmethod(tabulate)
    columns = staticmethod(columns)

    def __init__(self, stored, **state):
        self._settled = {run: settled(run, table) for run, table in stored.items()}
        self._series = series()
        super().__init__(**state)

    def compute(self, *, changed):
        change = CHANGES[changed]
        chosen = tuple(self._settled[run] for run in self._series[change.series])
        yield ScalingLawsResult(change, chosen, tuple(self._settled.values()))
