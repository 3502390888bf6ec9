"""The puzzle in one picture: from both initializations the weights arrive at the same size."""

from dataclasses import dataclass

import numpy as np

from experiments import histories
from experiments.runs import SEED, M, from_here_on
from explorers.canvas import Canvas, Levels
from explorers.controls import Control, log_stops
from explorers.figure import Figure
from explorers.formats import rounded, ticks
from explorers.inits import INITS, curves, rows
from explorers.run import grown
from nn_core import Network, load_mnist, train

EPOCHS = 120
N_TRAIN, SIZES = 1000, [784, 30, 10]
MET = 1.05  # closer than 5 %: the sizes have met


@dataclass(frozen=True)
class PuzzleResult:
    """Rms of the hidden layer's weights; index k of an array is after k epochs."""

    n_weights: int
    old: tuple
    new: tuple

    @property
    def met(self):
        """The first epoch from which on the two sizes differ by less than 5 %, or None."""
        return from_here_on(self.old, self.new, MET)


def _apart(one, other):
    """Return the factor between two sizes, at least 1."""
    return np.maximum(one / other, other / one)


def compute(*, eta, lmbda):
    """Yield the weight sizes of two networks after each epoch, trained on the same mini-batches."""
    images = load_mnist(N_TRAIN).train
    x, y = images.pixels, images.y
    nets = [Network(SIZES, init=init, seed=SEED) for init in INITS]
    runs = [
        train(net, x, y, epochs=EPOCHS, m=M, eta=eta, lmbda=lmbda, seed=SEED + 1, evaluate=False)
        for net in nets
    ]
    old, new = ((net.weight_rms()[0],) for net in nets)
    result = PuzzleResult(nets[0].n_weights, old, new)
    yield result
    for one, other in zip(*runs):
        result = _longer(result, one, other)
        yield result


def stored(*, eta, lmbda):
    """Return the last result that `compute` yields, if both networks are stored, or None."""
    runs = (histories.Run(init=init, eta=eta, lmbda=lmbda) for init in INITS)
    old, new = map(histories.find, runs)
    if old is None or new is None:
        return None
    result = next(compute(eta=eta, lmbda=lmbda))
    for one, other in zip(old, new):
        result = _longer(result, one.record, other.record)
    return result


def _longer(result, one, other):
    """Return the result with the records of one more epoch, of the old and the new network."""
    return grown(result, old=one.weight_rms[0], new=other.weight_rms[0])


def describe(result):
    old, new = result.old, result.new
    start = (
        f"The weights start at {rounded(old[0])} (old) and {rounded(new[0])} (new), "
        f"a factor of {rounded(old[0] / new[0], 2)} apart."
    )
    if result.met is None:
        gap = rounded(_apart(old[-1], new[-1]), 2)
        return f"{start} After epoch {len(old) - 1} they are a factor of {gap} apart."
    ratio = new[-1] * np.sqrt(result.n_weights)
    return (
        f"{start} From epoch {result.met} on they are less than 5 % apart, and after "
        f"epoch {len(old) - 1} both stand at {rounded(new[-1], 2)}: "
        f"{rounded(ratio, 2)} times 1/√N_w."
    )


def tabulate(result):
    n_weights = result.n_weights
    return [
        ("hidden layer, old initialization, start", rounded(result.old[0])),
        ("hidden layer, new initialization, start", rounded(result.new[0])),
        ("old, now", rounded(result.old[-1])),
        ("new, now", rounded(result.new[-1])),
        ("epochs", str(len(result.old) - 1)),
        ("less than 5 % apart from epoch", "not yet" if result.met is None else str(result.met)),
        ("N_w, weights in the network", f"{n_weights:,}"),
        ("1/√N_w", rounded(n_weights**-0.5)),
        ("1/√fan_in", rounded(SIZES[0] ** -0.5)),
    ]


def columns(result):
    return {
        "epoch": np.arange(len(result.old)),
        "old_initialization": result.old,
        "new_initialization": result.new,
    }


class Picture:
    """Weight size over epochs, and the sizes that the book's claim names."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        self.panel = self.canvas.panel(
            "Size (rms) of the hidden layer's weights", "epoch", yscale="log",
            xlim=(0, EPOCHS), ylim=(4e-3, 1.6), xticks=ticks(range(0, EPOCHS + 1, 30)),
            yticks=ticks((0.01, 0.1, 1)),
        )  # fmt: skip
        self.levels = Levels(self.panel, "1/√N_w", "1/√fan_in")
        self.curves = curves(self.panel)
        self.panel.key(*rows(self.curves, formula=True))

    def draw(self, result):
        self.levels.draw(result.n_weights**-0.5, SIZES[0] ** -0.5)
        for name, curve in self.curves.items():
            sizes = getattr(result, name)
            curve.set_data(np.arange(len(sizes)), sizes)


class Puzzle(Figure, parts=globals()):
    """Old and new initialization trained side by side on the first 1,000 images."""

    name = "puzzle"
    title = "Weight size over epochs, old and new initialization side by side"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 1.0), 0.1),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 100.0)), 5.0),
    )
    presets = (
        ("in half the time", "lmbda=10"),
        ("without decay", "lmbda=0"),
    )
