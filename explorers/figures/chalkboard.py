"""The chalkboard answer, live: W = sqrt(2 n_train C / lmbda) / sqrt(N_w), an identity or a law?"""

from dataclasses import dataclass

import numpy as np

from experiments.chalkboard import LAMBDAS, WIDTHS, stored_or_settling
from experiments.scaling_fit import fit
from explorers.canvas import Canvas
from explorers.controls import Control, log_stops
from explorers.figure import Figure
from explorers.formats import percent, rounded, ticks, trimmed
from explorers.run import grown
from explorers.style import BLUE, INK, VERMILLION


@dataclass(frozen=True)
class ChalkboardResult:
    hidden: int  # of the sweep over lmbda
    lmbda: float  # of the sweep over widths
    widths: tuple = ()  # of Measured
    lambdas: tuple = ()


def compute(*, hidden, lmbda, n_train):
    """Yield after each epoch. With each network that settles the result grows.

    First come the widths at `lmbda`, then the lambdas. What is stored is there at once.
    """
    result = ChalkboardResult(hidden, lmbda)
    yield result
    sweeps = [("widths", width, lmbda) for width in WIDTHS]
    sweeps += [("lambdas", hidden, one) for one in LAMBDAS]
    for name, width, strength in sweeps:
        for one in stored_or_settling(width, strength, n_train):
            if one is not None:
                result = grown(result, **{name: one})
            yield result


def describe(result):
    if len(result.lambdas) < len(LAMBDAS):
        done = len(result.widths) + len(result.lambdas)
        return f"Settled so far: {done} of {len(WIDTHS) + len(LAMBDAS)} networks …"
    w, v = result.widths, result.lambdas
    by_width = fit([s.n_weights for s in w], [s.size for s in w]).exponent
    by_lambda = fit(LAMBDAS, [s.size for s in v]).exponent
    return (
        f"Over N_w the settled size goes like N_w to the power {trimmed(by_width, 2)}; the "
        f"chalkboard says −0.5. Over λ it goes like λ to the power {trimmed(by_lambda, 2)}; with "
        f"C fixed the chalkboard says −0.5. The penalty's share of the cost, which it takes to be "
        f"100 %, is {percent(w[0].share)} to {percent(w[-1].share)} from {WIDTHS[0]} to "
        f"{WIDTHS[-1]} neurons, and {percent(v[0].share)} to {percent(v[-1].share)} from "
        f"λ = {trimmed(LAMBDAS[0])} to {trimmed(LAMBDAS[-1])}, while the cost goes from "
        f"{rounded(v[0].cost, 2)} to {rounded(v[-1].cost, 2)}."
    )


def tabulate(result):
    return [
        (
            f"{one.hidden} neurons, λ = {trimmed(one.lmbda)}: size, chalkboard, cost, share",
            f"{rounded(one.size)}, {rounded(one.chalkboard)}, {rounded(one.cost)}, "
            f"{percent(one.share)}",
        )
        for one in (*result.widths, *result.lambdas)
    ]


def columns(result):
    settled = (*result.widths, *result.lambdas)
    names = ("hidden", "lmbda", "n_weights", "size", "chalkboard", "cost", "penalty", "share")
    return {name: [getattr(one, name) for one in settled] for name in names}


class Picture:
    """Settled size against N_w, and against lambda. Both with the chalkboard's two readings."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        sizes = {"yscale": "log", "xscale": "log", "ylim": (0.015, 0.6),
                 "yticks": ticks((0.02, 0.05, 0.1, 0.2, 0.5))}  # fmt: skip
        self.widths = self.canvas.panel(
            "Settled size against N_w", "N_w", xlim=(5e3, 1.2e5),
            xticks=ticks((7940, 23_820, 71_460)), **sizes,
        )  # fmt: skip
        self.lambdas = self.canvas.panel(
            "Settled size against λ", "λ", xlim=(1.5, 70), xticks=ticks((2, 5, 10, 20, 50)), **sizes
        )
        self.lines = [self._curves(panel) for panel in (self.widths, self.lambdas)]

    def _curves(self, panel):
        measured, chalkboard = panel.curve("-o", BLUE), panel.curve("s", VERMILLION)
        law, anchor = panel.curve("--", INK), panel.curve("o", INK, mfc="white")
        panel.key((measured, "measured"), (chalkboard, "chalkboard, C as measured"),
                  (law, "chalkboard, C fixed, through ○"))  # fmt: skip
        return measured, chalkboard, law, anchor

    def draw(self, result):
        self._sweep(self.lines[0], "n_weights", result.widths, [7e3, 8e4])
        self._sweep(self.lines[1], "lmbda", result.lambdas, [1.9, 55])

    def _sweep(self, artists, name, settled, ends):
        measured, chalkboard, law, anchor = artists
        x = np.array([getattr(one, name) for one in settled])
        size = np.array([one.size for one in settled])
        measured.set_data(x, size)
        chalkboard.set_data(x, [one.chalkboard for one in settled])
        if len(settled) > 1:  # the line of slope -1/2 through the second measured point
            law.set_data(ends, size[1] * (np.array(ends) / x[1]) ** -0.5)
            anchor.set_data(x[1:2], size[1:2])
        else:
            law.set_data([], [])
            anchor.set_data([], [])


class Chalkboard(Figure, parts=globals()):
    """The settled size over N_w and over lambda, beside the chalkboard's formula."""

    name = "chalkboard"
    title = "The chalkboard's formula beside the measured tail-off"
    controls = (
        Control("lmbda", "λ", "as N_w varies", log_stops(2.0, 50.0), 5.0,
                own_help="More decay for each network of the sweep over N_w."),
        Control("hidden", "hidden", "as λ varies", log_stops(10, 100, 30), 30,
                own_help="Larger networks in the sweep over λ."),
        Control("n_train", "n_train", "images", log_stops(1000, 2000), 1000),
    )  # fmt: skip
    presets = (
        ("weak decay", "lmbda=2"),
        ("strong decay", "lmbda=20"),
    )
    quick = "n_train=1000 lmbda=50 hidden=10"
