"""Where Adam and AdamW let the weights settle, and what a random walk would forecast for AdamW.

    python -m experiments.adam                      all runs, about three minutes on one core
    python -m experiments.adam --quick --out FILE    a small version, for a test

Adam (Kingma and Ba 2015) divides each weight's gradient by the root of its mean square, so that
every weight moves by about eta in a step. There are two ways to regularize it, with kappa =
lmbda/n_train in both. *Adam* with L2 has kappa w in the gradient, and so the same cost as SGD.
*AdamW* (Loshchilov and Hutter 2019) multiplies the weights by 1 - eta kappa beside the step, as
equation (93) does.

If AdamW's gradients were nothing but noise, independent and with mean 0, each would in the end have
moved its weight by eta times a number of mean square 1. In a step a mean square w^2 would gain
eta^2 and lose 2 eta kappa of itself, and come to rest at

    root mean square of w  =  sqrt(eta/(2 kappa)),

with neither the width nor the data in it (Kosson, Messmer and Jaggi, *Rotational Equilibrium*,
2024; they derive it for such a random walk, and measure it where normalization makes the length of
a neuron's weights irrelevant to what it computes). Here the length matters, and it can fail.
"""

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from experiments import relu, scaling, scaling_fit, store, sweep
from experiments.tables import Table
from nn_core import load_mnist, theory
from nn_core.cost import CrossEntropyCost

FILE = store.RESULTS / "adam.npz"
BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8  # as in both papers
SPREAD = 0.04  # between quarters of the last epochs, of the squared size of a layer at rest
MOST_EPOCHS = 300


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    optimizer: str = "adamw"  # or "adam", with L2 in the gradient
    hidden: int = 30
    n_train: int = 5000
    lmbda: float = 500.0
    eta: float = 0.01
    m: int = 10
    activation: str = "sigmoid"  # of the hidden layer, or "relu"
    init: str = "new"
    seed: int = 0

    @property
    def kappa(self):
        """lmbda/n_train, the strength of decay in the cost or beside it."""
        return self.lmbda / self.n_train

    @property
    def random_walk(self):
        """What sqrt(eta/(2 kappa)) forecasts for AdamW."""
        return (self.eta / (2 * self.kappa)) ** 0.5

    @property
    def quarter(self):
        """The epochs in a quarter of the window in which the weights have to be at rest.

        For AdamW a decay time. With L2 in the gradient a weight decays as fast as its gradients are
        small, and ten epochs have to do for all.
        """
        if self.optimizer == "adam":
            return 10
        steps = -1 / math.log1p(-self.eta * self.kappa)
        epochs = math.ceil(steps / theory.steps_per_epoch(self.n_train, self.m))
        return max(scaling.FEWEST_EPOCHS, epochs)

    @property
    def work(self):
        return self.quarter * self.n_train * (20 + self.hidden)


def series():
    """Return {name: runs}: what is changed, and the runs that change it."""
    adam = Run("adam", lmbda=5.0, eta=0.001)
    changes = {
        "AdamW, width": (Run(), [{"hidden": hidden} for hidden in (8, 30, 256)]),
        "AdamW, eta": (Run(), [{"eta": eta} for eta in (0.001, 0.003, 0.01, 0.03)]),
        "AdamW, lambda": (Run(), [{"lmbda": lmbda} for lmbda in (50.0, 500.0, 1500.0)]),
        "AdamW, ReLU": (Run(activation="relu"), [{}]),
        "Adam, width": (adam, [{"hidden": hidden} for hidden in (8, 30, 256)]),
        "Adam, lambda": (adam, [{"lmbda": lmbda} for lmbda in (5.0, 50.0)]),
    }
    return {
        name: [replace(base, **change) for change in changed]
        for name, (base, changed) in changes.items()
    }


def all_runs():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def quick_runs():
    return [Run(optimizer, hidden=8, n_train=500, lmbda=lmbda)
            for optimizer, lmbda in (("adamw", 200.0), ("adam", 5.0))]  # fmt: skip


class Adam:
    """What Adam knows of the gradients of some arrays, and its step, which moves them in place.

    `kappas` says how strong the L2 of each array is, 0 for biases. It goes into the gradient, or,
    if `decoupled`, beside the step: AdamW.
    """

    def __init__(self, arrays, kappas, eta, *, decoupled):
        self.arrays, self.kappas, self.eta, self.decoupled = arrays, kappas, eta, decoupled
        self.means, self.squares = ([np.zeros_like(array) for array in arrays] for _ in range(2))
        self.steps = 0

    def step(self, gradients):
        self.steps += 1
        # Both moments begin at 0, and are too small at first, by these factors.
        of_mean, of_square = 1 - BETA_1**self.steps, 1 - BETA_2**self.steps
        for w, g, kappa, mean, square in zip(
            self.arrays, gradients, self.kappas, self.means, self.squares
        ):
            if kappa and self.decoupled:
                w *= 1 - self.eta * kappa
            elif kappa:
                g = g + kappa * w
            mean += (1 - BETA_1) * (g - mean)
            square += (1 - BETA_2) * (g * g - square)
            w -= self.eta / of_mean * mean / (np.sqrt(square / of_square) + EPSILON)


def epoch(run, optimizer, x, y, order):
    """Take an epoch of the optimizer's steps on mini-batches of the images in this order."""
    weights, biases = optimizer.arrays[:2], optimizer.arrays[2:]
    for first in range(0, run.n_train, run.m):
        rows = order[first : first + run.m]
        errors, fed = relu.backward(weights, biases, x[rows], y[rows], run.activation)
        optimizer.step(
            [error.T @ inputs / len(rows) for error, inputs in zip(errors, fed)]
            + [error.mean(axis=0) for error in errors]
        )


def at_rest(totals, run):
    """Return whether both layers have come to rest, from their squared sizes after each epoch.

    The means over the four quarters of the last epochs have to agree. Single epochs need not: at a
    large eta their sizes go up and down.
    """
    if len(totals) < 4 * run.quarter:
        return False
    means = np.reshape(totals[-4 * run.quarter :], (4, run.quarter, -1)).mean(axis=1)
    return bool(np.all(means.max(axis=0) <= (1 + SPREAD) * means.min(axis=0)))


def compute(run):
    """Train until the weights have settled; return the results.

    Over the four quarters that were looked at: `by_pixel` (784,) and `output` () are mean squared
    sizes, of the weights from each pixel and of the output layer; `lasting` (layers,) are squared
    sizes of the mean weights, in which noise has cancelled. One number each: `epochs` trained,
    whether the run has `settled`, `cost` without its L2 term and `accuracy` on the training images.
    """
    images = load_mnist(run.n_train).train
    x, y = images.x.astype(relu.DTYPE), images.y.astype(relu.DTYPE)
    *parameters, shuffling = relu.start(run)
    weights, biases = ([array.astype(relu.DTYPE) for array in arrays] for arrays in parameters)
    optimizer = Adam(
        [*weights, *biases], [run.kappa] * 2 + [0] * 2, run.eta, decoupled=run.optimizer == "adamw"
    )
    totals, seen = [], deque(maxlen=4 * run.quarter)
    while len(totals) < MOST_EPOCHS and not at_rest(totals, run):
        epoch(run, optimizer, x, y, shuffling.permutation(run.n_train))
        seen.append([w.copy() for w in weights])
        totals.append([float(np.square(w).sum(dtype=np.float64)) for w in weights])
    hidden, output = (np.array(layer, np.float64) for layer in zip(*seen))
    z = relu.forward(weights, biases, x, run.activation)[1]
    return {
        "by_pixel": np.square(hidden).sum(axis=1).mean(axis=0),
        "output": np.square(output).sum() / len(seen),
        "lasting": np.array([np.square(one.mean(axis=0)).sum() for one in (hidden, output)]),
        "epochs": np.array(len(totals)),
        "settled": np.array(at_rest(totals, run)),
        "cost": CrossEntropyCost.per_example(z, y).mean(dtype=np.float64),
        "accuracy": (z.argmax(axis=1) == images.labels).mean(),
    }


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.adam")


# Forecasts beside measurements.


def sizes(run, found):
    """Return (size, noise), each an array with a number for each layer.

    The size is the rms of the weights, in the hidden layer of those from pixels that are lit in
    some image: from the others no gradient comes. The noise is the rms of what is left of them when
    each weight's mean over the last epochs is taken off. It is a little too small, because these
    epochs are only four decay times.
    """
    lit = load_mnist(run.n_train).train.pixels.any(axis=0)
    squared = np.array([found["by_pixel"][lit].sum(), found["output"]])
    n_weights = run.hidden * np.array([lit.sum(), 10])
    rest = np.maximum(squared - found["lasting"], 0)
    return np.sqrt(squared / n_weights), np.sqrt(rest / n_weights)


def table_of_random_walk(stored, *names):
    """Return the size that sqrt(eta/(2 kappa)) forecasts, and what was measured in both layers."""
    rows = []
    for run in dict.fromkeys(run for name in names for run in series()[name]):
        (hidden, output), (noise, _) = sizes(run, stored[run])
        setting = (f"{run.hidden} {run.activation} neurons, η = {run.eta:g}, "
                   f"λ/n_train = {run.kappa:g}")  # fmt: skip
        told = (run.random_walk, hidden, noise, output)
        rows.append((setting, *(f"{one:.4f}" for one in told)))
    return Table(
        ("network", "random walk:\nforecast", "hidden layer:\nsize", "hidden layer:\nits noise",
         "output layer:\nsize"),
        rows,
        words=("network",),
    )  # fmt: skip


def table_beside_sgd(stored, of_sgd, *names):
    """Return the squared sizes of both layers, and those of SGD from the scaling sweep."""
    rows = []
    for run in dict.fromkeys(run for name in names for run in series()[name]):
        here = squared_sizes(stored[run])
        there = scaling_fit.measured(of_sgd, scaling.Run(hidden=run.hidden, lmbda=run.lmbda))
        pairs = zip([*there, there.sum()], [*here, here.sum()])
        rows.append(
            (run.hidden, f"{run.lmbda:g}", *(f"{one:.1f}" for pair in pairs for one in pair))
        )
    groups = [f"{what}:\n{which}" for what in ("hidden layer", "output layer", "all weights")
              for which in ("plain", "Adam")]  # fmt: skip
    return Table(("hidden\nneurons", "λ", *groups), rows, title="Sums of squares")


def squared_sizes(found):
    """Return ||W1||^2 and ||W2||^2."""
    return np.array([found["by_pixel"].sum(), found["output"]])


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
