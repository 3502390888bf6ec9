"""When old and new weights meet, in a dozen settings, beside a forecast that no run was asked for.

    python -m experiments.arrival                   all runs, about three minutes on two cores
    python -m experiments.arrival --quick --out FILE    a small version, for a test

The memory of the old weights fades by a known factor per step, and the message ends at the length
D that a convex problem says (nn_core/linear_limit.py). So all is known before anything is trained:
the whole curve, sqrt(s^2t w_0^2 + D^2), and the epoch in which it is down to a tenth above D. Here
are the runs to hold against that. Interrupt it whenever you like: finished runs are kept.
"""

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from experiments import book_figures, linear_limit, store, sweep
from experiments.runs import from_here_on
from experiments.tables import Table
from nn_core import Network, Setting, load_mnist, memory, theory, train
from nn_core.network import INITS

FILE = store.RESULTS / "arrival.npz"
WITHIN = 1.1  # old and new have met when they differ by less than this factor
DECAY_TIMES = 4.5  # that a run lasts: the forecasts are below 3.8
INPUTS = 784
BOOK = "the book's networks"  # whose runs are those of the graphs


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int = 30
    n_train: int = 5000
    lmbda: float = 5.0
    eta: float = 0.1
    m: int = 10
    init: str = "old"
    seed: int = 0

    @property
    def setting(self):
        return Setting(self.eta, self.lmbda, self.m, self.n_train)

    @property
    def epochs(self):
        return math.ceil(DECAY_TIMES * self.setting.decay_time) + 2

    @property
    def work(self):
        return self.epochs * self.n_train * (30 + self.hidden) / self.m


def series():
    """Return {name: settings}: what is changed, as runs of the first initialization."""
    base = Run()
    return {
        "lambda": [replace(base, lmbda=lmbda) for lmbda in (1.5, 5.0, 15.0, 50.0)],
        "width": [replace(base, hidden=hidden) for hidden in (8, 30, 100)],
        "eta and m": [
            *(replace(base, eta=eta) for eta in (0.05, 0.1, 0.5, 2.0)), replace(base, m=20),
        ],
        "1,000 images": [replace(base, n_train=1000, lmbda=lmbda) for lmbda in (1.0, 5.0)],
    }  # fmt: skip


def settings():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def all_runs():
    return [replace(run, init=init) for run in settings() for init in INITS]


def quick_runs():
    return [Run(hidden=5, n_train=200, lmbda=10.0, eta=1.0, init=init) for init in INITS]


def compute(run):
    """Return the length of a layer's weights after each epoch, `weights` (epochs, layers)."""
    images = load_mnist(run.n_train).train
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([INPUTS, run.hidden, 10], init=run.init, seed=weights)
    records = train(
        net, images.pixels, images.y, epochs=run.epochs, m=run.m, eta=run.eta, lmbda=run.lmbda,
        seed=shuffling, evaluate=False,
    )  # fmt: skip
    return {"weights": np.array([[np.linalg.norm(w) for w in net.weights] for _ in records])}


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.arrival")


# Forecasts, from images, targets and the setting alone.


@dataclass(frozen=True)
class Forecast:
    """What is said of a setting's hidden layer before anything is trained."""

    length: float  # D, of the message in the end
    epochs: float  # after which the old weights are within a tenth of D
    curve: np.ndarray  # length of the old weights after each epoch


def forecast(run, solved, epochs):
    """Return the `Forecast` for a run, over so many epochs."""
    length = linear_limit.squared_size(solved, linear_limit.Run(run.n_train, run.lmbda)) ** 0.5
    start = (INPUTS * run.hidden) ** 0.5  # of weights from N(0, 1)
    fading = run.setting.factor_per_epoch ** np.arange(1.0, epochs + 1)
    left = length * (WITHIN**2 - 1) ** 0.5  # a memory of this length makes D a tenth longer
    return Forecast(
        length,
        theory.epochs_to_shrink(start, left, **asdict(run.setting)),
        np.array([memory.length_forecast(start, length, kept) for kept in fading]),
    )


def met(old, new):
    """Return the epoch from which on the lengths `old` and `new` stay within a tenth, or None."""
    first = from_here_on(old, new, WITHIN)
    return None if first is None else first + 1  # index 0 is after epoch 1


def measured(stored, name):
    """Return {run: (old, new)} of a series, lengths of the hidden layer by epoch."""
    if name == BOOK:
        return dict(map(_of_the_book, (30, 100)))
    return {
        run: tuple(stored[replace(run, init=init)]["weights"][:, 0] for init in INITS)
        for run in series()[name]
    }


def _of_the_book(hidden):
    tables = (book_figures.load()[hidden, init][0] for init in INITS)
    lengths = tuple((INPUTS * hidden) ** 0.5 * table["weight_rms"][:, 0] for table in tables)
    return Run(hidden, n_train=50_000), lengths


def table_of_arrivals(stored, solved, *names):
    """Return when old and new weights of these series meet, forecast and measured."""
    found = {run: both for name in names for run, both in measured(stored, name).items()}
    rows = []
    for run, (old, new) in found.items():
        said = forecast(run, solved, len(old))
        setting = (f"{run.hidden} neurons, {run.n_train:,} images, λ = {run.lmbda:g}, "
                   f"η = {run.eta:g}, m = {run.m}")  # fmt: skip
        rows.append([setting, f"{said.epochs:.1f}", met(old, new), f"{said.length / new[-1]:.2f}",
                     f"{np.abs(said.curve / old - 1).max():.0%}"])  # fmt: skip
    return Table(
        ("network", "epoch of meeting:\nforecast", "measured", "D: ratio",
         "whole curve:\noff at most"),
        rows,
        words=("network",),
    )  # fmt: skip


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
