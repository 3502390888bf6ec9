"""Small networks followed from epoch to epoch: the runs with which figures open, and their like.

    python -m experiments.histories                 all runs, half a minute on two cores
    python -m experiments.histories --quick --out FILE    a small version, for a test

They are those that a notebook shows before its reader has moved anything, so that it need not train
them anew each time. Where a slider, Play or Step asks for more, figures train it live.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import NamedTuple

import numpy as np

from experiments import runs, store, sweep
from nn_core import Network, load_mnist, train
from nn_core.cost import COSTS, CrossEntropyCost, sigmoid, sigmoid_prime
from nn_core.sgd import EpochRecord

FILE = store.RESULTS / "histories.npz"
N_VALIDATION = 2000  # of the 10,000: the measuring must not take longer than the training
SAMPLE = 100  # images whose weighted inputs are looked at
SATURATED = 0.02  # sigma' below this, |z| above 3.9: under a tenth of its largest value, 0.25

# Bins of z that are narrow near 0 and wide far out: of equal width on an asinh scale.
Z_EDGES = np.sinh(np.linspace(-np.arcsinh(60), np.arcsinh(60), 42))
SLOPE_EDGES = np.linspace(0, 0.25, 26)


@dataclass(frozen=True)
class Run(sweep.Named):
    """One network, trained for so many epochs. The shuffling has the seed after its own."""

    hidden: int = 30
    second: int = 0  # neurons of a second hidden layer, if there is one
    init: str = "old"
    cost: str = CrossEntropyCost.__name__
    eta: float = runs.ETA
    lmbda: float = 5.0
    m: int = runs.M
    n_train: int = runs.N_TRAIN
    pool: int = 1  # blocks of pool x pool pixels are averaged: fan_in = 784, 196 or 49
    seed: int = runs.SEED
    epochs: int = runs.EPOCHS

    @property
    def sizes(self) -> list[int]:
        return [784 // self.pool**2, self.hidden, *filter(None, [self.second]), 10]

    @property
    def work(self) -> int:
        return self.epochs * (self.n_train + N_VALIDATION) * self.hidden


@dataclass(frozen=True, eq=False)
class Neurons:
    """How the first hidden layer of a network stands after an epoch, on a sample of images."""

    z_share: np.ndarray  # share of the sample in each bin of Z_EDGES
    slope_share: np.ndarray  # ... and of SLOPE_EDGES
    z_rms: float
    saturated: float  # share with sigma'(z) below SATURATED


class Epoch(NamedTuple):
    """What is known of a run after an epoch."""

    record: EpochRecord
    neurons: Neurons


def neurons(net: Network, x: np.ndarray) -> Neurons:
    """Return how the first hidden layer of `net` stands on the first images of `x`."""
    z = net.weighted_inputs(x[:SAMPLE])[0]
    slope = sigmoid_prime(sigmoid(z))
    return Neurons(
        z_share=np.histogram(np.clip(z, Z_EDGES[0], Z_EDGES[-1]), Z_EDGES)[0] / z.size,
        slope_share=np.histogram(slope, SLOPE_EDGES)[0] / slope.size,
        z_rms=float(np.sqrt(np.mean(z**2))),
        saturated=float(np.mean(slope < SATURATED)),
    )


def all_runs() -> list[Run]:
    base, few = Run(), Run(n_train=200)
    return [
        *(replace(base, init=init) for init in ("old", "new")),
        Run(init="new", lmbda=8.0),
        # With which the first epochs are watched.
        replace(base, n_train=5000, epochs=30),
        # What the playground's notebook shows.
        *(replace(base, lmbda=lmbda, epochs=20) for lmbda in (0.0, 1000.0)),
        replace(base, lmbda=200.0, epochs=60),
        replace(base, eta=50.0, lmbda=0.01, epochs=60),
        replace(base, n_train=100),
        replace(base, n_train=100, lmbda=0.5, init="new"),
        *(replace(few, init=init) for init in ("old", "new")),
        replace(few, second=30),
    ]


def quick_runs() -> list[Run]:
    small = Run(hidden=5, n_train=100, m=30, epochs=3)
    return [small, replace(small, second=5, init="new", pool=4)]


def compute(run: Run) -> dict[str, np.ndarray]:
    """Train, and return `store.table` of the records, and each number of `Neurons`, by epochs."""
    data = load_mnist(run.n_train, pool=run.pool)
    net = Network(run.sizes, cost=COSTS[run.cost], init=run.init, seed=run.seed)
    x, y = data.train.pixels, data.train.y
    seen = data.validation.pixels[:N_VALIDATION], data.validation.y[:N_VALIDATION]
    training = train(net, x, y, epochs=run.epochs, m=run.m, eta=run.eta, lmbda=run.lmbda,
                     seed=run.seed + 1, validation=seen, ledger=True)  # fmt: skip
    epochs = [Epoch(record, neurons(net, x)) for record in training]
    return store.table([epoch.record for epoch in epochs]) | {
        field.name: np.array([getattr(epoch.neurons, field.name) for epoch in epochs])
        for field in fields(Neurons)
    }


def find(wanted: Run) -> tuple[Epoch, ...] | None:
    """Return the epochs of a run that is stored, or is the beginning of one that is, or None."""
    for run, epochs in load().items():
        if replace(run, epochs=wanted.epochs) == wanted and wanted.epochs <= run.epochs:
            return epochs[: wanted.epochs]
    return None


def settled_sizes(
    init: str = "new", hidden: int = 30, lmbda: float = 5.0, n_train: int = runs.N_TRAIN
) -> tuple[float, ...]:
    """Return the size of each layer's weights after `runs.EPOCHS` epochs, stored or trained now."""
    if epochs := find(Run(init=init, hidden=hidden, lmbda=lmbda, n_train=n_train)):
        return epochs[-1].record.weight_rms
    net = runs.settled(init=init, hidden=hidden, lmbda=lmbda, n_train=n_train)
    return tuple(net.weight_rms())


@cache
def load(path=FILE) -> dict[Run, tuple[Epoch, ...]]:
    """Return the stored results. Raises FileNotFoundError with what to do if there are none."""
    found = store.by_run(Run, path, "experiments.histories")
    return {run: tuple(_epochs(columns)) for run, columns in found.items()}


def _epochs(columns: dict[str, np.ndarray]) -> Iterator[Epoch]:
    of_neurons = zip(*(columns[field.name] for field in fields(Neurons)))
    for record, (z, slope, rms, saturated) in zip(store.records(columns), of_neurons):
        yield Epoch(record, Neurons(z, slope, float(rms), float(saturated)))


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
