"""The runs behind the graphs in the book's section on weight initialization, with their ledgers.

    python -m experiments.book_figures            all runs, about ten minutes on two cores
    python -m experiments.book_figures --quick --out FILE    a small version, for a test

[784, 30, 10] and [784, 100, 10], old and new initialization, eta = 0.1, lmbda = 5.0, m = 10, all
50,000 training images, 30 epochs, five seeds; the first seed goes on to 150 epochs, to show where
the weights end up. Interrupt it whenever you like: finished runs are kept, and the next call goes
on with those that are missing.
"""

from dataclasses import dataclass

import numpy as np

from experiments import store, sweep
from nn_core import Network, load_mnist, train
from nn_core.data import N_TRAIN

FILE = store.RESULTS / "book_figures.npz"


@dataclass(frozen=True)
class Run:
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int
    init: str
    seed: int
    epochs: int
    n_train: int = 50_000
    eta: float = 0.1
    lmbda: float = 5.0
    m: int = 10

    @property
    def name(self):
        return f"{self.hidden}-{self.init}-{self.seed}"

    @property
    def work(self):
        return self.epochs * self.hidden


def all_runs():
    return [
        Run(hidden, init, seed, epochs=150 if seed == 0 else 30)
        for hidden in (30, 100)
        for init in ("old", "new")
        for seed in range(5)
    ]


def quick_runs():
    return [
        Run(30, init, seed, epochs=2, n_train=500) for init in ("old", "new") for seed in (0, 1)
    ]


def records(run):
    """Return the iterator of one run's epochs, as `train` yields them."""
    mnist = load_mnist(run.n_train)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init=run.init, seed=weights)
    return train(
        net, mnist.train.pixels, mnist.train.y,
        epochs=run.epochs, m=run.m, eta=run.eta, lmbda=run.lmbda, seed=shuffling,
        validation=(mnist.validation.pixels, mnist.validation.y), ledger=True,
    )  # fmt: skip


def compute(run):
    """Return a run's table of results, a row an epoch."""
    return store.table(list(records(run)))


def load(path=FILE):
    """Return the stored results, {(hidden, init): [table of each seed]}.

    Raises FileNotFoundError with what to do if there are none.
    """
    runs = store.stored(path, "experiments.book_figures")
    grouped = {}
    for parameters, columns in runs.values():
        grouped.setdefault((parameters["hidden"], parameters["init"]), []).append(columns)
    return grouped


def repeat_first_epoch(stored):
    """Train the first epoch of the first run anew, and print whether it gives what is stored."""
    run = all_runs()[0]
    print(f"[784, {run.hidden}, 10], old initialization, seed {run.seed}, first epoch:")
    if run.n_train > N_TRAIN:
        print(f"Left out: it takes {run.n_train:,} images, and here there are {N_TRAIN:,}.")
        return
    live, kept = next(records(run)), stored[run.hidden, run.init][run.seed]
    sizes = zip(live.weight_rms, kept["weight_rms"][0])
    print("weight sizes within a thousandth of the stored ones:",
          all(abs(now / then - 1) < 1e-3 for now, then in sizes))  # fmt: skip
    print("validation accuracy within one percent of the stored one:",
          abs(live.validation_accuracy - kept["validation_accuracy"][0]) < 0.01)  # fmt: skip


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two epochs on 500 images"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
