"""Claim 3's law, live: the settled size over the width, point by point, and its balance."""

from dataclasses import dataclass

import numpy as np

from experiments import scaling, width_law
from experiments.scaling_fit import apart, averaged, settled
from explorers.canvas import Canvas
from explorers.controls import POOLS, Control, log_stops
from explorers.figure import Figure
from explorers.figures.scaling_laws import CHANGES, how_it_goes, log_ticks, power_law
from explorers.formats import full, percent, rounded, ticks
from explorers.inits import points, rows
from explorers.run import grown
from explorers.style import GREEN, INK, PURPLE

WIDTH = CHANGES["hidden width"]
GIVEN_UP = 0.3  # training accuracy below which a network has all but given up


@dataclass(frozen=True)
class WidthLawResult:
    """The runs that have settled so far, widest last, the old initialization before the new."""

    runs: tuple  # all that are to be made
    settled: tuple = ()

    def of(self, init):
        return [one for one in self.settled if one.run.init == init]

    @property
    def is_complete(self):
        return len(self.settled) == len(self.runs)


_finished = {}  # Run -> Settled


def _settling(run):
    """Yield None after each epoch, so that a page without threads stays alive, and then Settled.

    What is stored comes at once.
    """
    if run in width_law.load():
        _finished[run] = settled(run, width_law.load()[run])
    if run not in _finished:
        for results in scaling.training(run):
            if results is None:
                yield None
        _finished[run] = settled(run, results)
    yield _finished[run]


def compute(*, eta, lmbda, m, n_train, fan_in):
    """Yield after each epoch; with each run that settles the result grows."""
    runs = width_law.over_widths(n_train=n_train, lmbda=lmbda, eta=eta, m=m, pool=POOLS[fan_in])
    result = WidthLawResult(tuple(runs))
    yield result
    for run in runs:
        for one in _settling(run):
            if one is not None:
                result = grown(result, settled=one)
            yield result


def describe(result):
    if not result.is_complete:
        return f"Settled so far: {len(result.settled)} of {len(result.runs)} networks …"
    last = result.settled[-1]
    at, sizes, *_ = averaged(result.settled, WIDTH.x)
    said = [
        how_it_goes(WIDTH, result.settled, "widths"),
        f"As multiples of 1/√N_w the sizes go from {rounded(sizes[0] * at[0] ** 0.5)} to "
        f"{rounded(sizes[-1] * at[-1] ** 0.5)}.",
        f"Old and new settle within {percent(apart(result.settled))} of each other.",
    ]
    if rough := [
        f"{one.run.hidden} ({one.run.init})" for one in result.settled if not one.has_settled
    ]:
        said.append(
            f"Not at rest even after {scaling.MOST_DECAY_TIMES} decay times: the networks with "
            f"{', '.join(rough)} neurons."
        )
    if last.accuracy < GIVEN_UP:
        said.append(
            f"But the widest network gets only {percent(last.accuracy)} of its training images "
            "right: λ is too large, and there is nothing to hold the weights up."
        )
    return " ".join(said)


def tabulate(result):
    return [
        (
            f"{one.run.hidden} neurons, {one.run.init}: size, times √N_w, gain, heat, accuracy",
            f"{rounded(one.size)}, {rounded(one.size * one.n_weights**0.5)}, {rounded(one.gain)}, "
            f"{rounded(one.heat)}, {percent(one.accuracy)}",
        )
        for one in result.settled
    ]


def columns(result):
    names = ("n_weights", "size", "gain", "heat", "accuracy")
    return {
        "hidden": [one.run.hidden for one in result.settled],
        "init": [one.run.init for one in result.settled],
        **{name: [getattr(one, name) for one in result.settled] for name in names},
    }


def progress(result):
    return len(result.settled), len(result.runs)


def _taken(one):
    """What decay takes, and gain and heat have to give: (lmbda/n_train) ||w||^2."""
    return one.kappa * one.norm**2


class Picture:
    """Left: settled size over N_w, with a line of slope -1/2. Right: gain and heat over N_w."""

    def __init__(self, width):
        c = self.canvas = Canvas(width)
        self.sizes = c.panel(
            "Settled size, hidden layer", "N_w", xscale="log", yscale="log", reserve=["0.005"]
        )
        self.balance = c.panel("Balance of the new networks", "N_w", xscale="log", reserve=["0.05"])
        self.law = self.sizes.curve("--", INK, lw=1.5)
        self.points = points(self.sizes)
        self.parts = {
            name: self.balance.curve(style, colour)
            for name, style, colour in [("taken", "-", INK), ("gain", "-^", GREEN),
                                        ("heat", "--v", PURPLE)]
        }  # fmt: skip
        self.sizes.key(*rows(self.points), (self.law, "slope −½, for comparison"))
        names = "λ‖w‖²/n_train", "gain", "heat, from the kicks"
        self.balance.key(*zip(self.parts.values(), names))

    def _frame(self, result):
        ends = [run.n_weights for run in result.runs]
        for panel in (self.sizes, self.balance):
            panel.frame(xlim=(ends[0] / 1.5, ends[-1] * 1.5), xticks=ticks(sorted(set(ends)), full))
        sizes = [one.size for one in result.settled] or [0.05, 0.2]
        # In steps of a third of a decade, so that not each new point moves the axis.
        low = 10 ** (np.floor(3 * np.log10(min(sizes) / 1.2)) / 3)
        high = 10 ** (np.ceil(3 * np.log10(max(sizes) * 1.2)) / 3)
        while len(numbers := log_ticks(low, high)) < 2:  # one alone tells of no scale
            high *= 10 ** (1 / 3)
        self.sizes.frame(ylim=(low, high), yticks=numbers)
        whole = [_taken(one) for one in result.settled] or [0.5]
        top = float(np.ceil(2.1 * max(whole)) / 2)  # whole halves
        self.balance.frame(ylim=(0, top), yticks=ticks(np.linspace(0, top, 6)))

    def draw(self, result):
        self._frame(result)
        for init, dots in self.points.items():
            settled = result.of(init)
            dots.set_data([s.n_weights for s in settled], [s.size for s in settled])
        new = result.of("new")
        at = [one.n_weights for one in new]
        self.parts["taken"].set_data(at, [_taken(one) for one in new])
        self.parts["gain"].set_data(at, [one.gain for one in new])
        self.parts["heat"].set_data(at, [one.heat for one in new])
        if result.is_complete:
            x = [s.n_weights for s in result.settled]
            self.law.set_data(power_law(x, [s.size for s in result.settled], WIDTH.law))
        else:
            self.law.set_data([], [])


class WidthLaw(Figure, parts=globals()):
    """Networks of five widths, old and new, each trained until it has settled."""

    name = "width-law"
    title = "The hidden layer's settled size over the width"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.05, 1.0), 0.1),
        Control("lmbda", "λ", "regularization", log_stops(2.0, 200.0), 5.0),
        Control("m", "m", "mini-batch size", log_stops(2, 50), 10),
        Control("n_train", "n_train", "images", log_stops(500, 2000), 1000),
        Control("fan_in", "fan_in", "pixels", tuple(POOLS), "784"),
    )
    presets = (
        ("more heat", "eta=1"),
        ("strong decay", "lmbda=50"),
        ("small images", "fan_in=49"),
    )
    quick = "n_train=500 eta=1 lmbda=20 fan_in=49"
