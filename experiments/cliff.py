"""Where weights give up: networks trained on both sides of the lambda that is forecast for it.

    python -m experiments.cliff                     all runs, about three minutes on two cores
    python -m experiments.cliff --quick --out FILE    a small version, for a test

From lmbda_c = n_train sigma_max/4 on, sigma_max the largest singular value of the covariance of
targets and inputs, a network of straight neurons is best off with no weights at all
(`critical_kappa` in nn_core/linear_limit.py). Nothing in that is fitted, and no network is trained
for it.
"""

import math
from dataclasses import dataclass

import numpy as np

from experiments import store, sweep
from experiments.tables import Table
from nn_core import Network, load_mnist, train
from nn_core.cost import sigmoid, sigmoid_prime
from nn_core.linear_limit import critical_kappa

FILE = store.RESULTS / "cliff.npz"
STEPS = 8000  # decay alone leaves e^-50 or less of a weight: what there is then, is held up
IMAGES, SHARES, SEEDS = (500, 1000, 5000, 50_000), (0.5, 0.8, 0.95, 1.05, 1.25), range(3)
SHOWN = (0.5, 1.05)  # in the table


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    n_train: int
    share: float  # lambda, as a share of the forecast
    seed: int = 0
    hidden: int = 30
    eta: float = 0.1
    m: int = 10
    steps: int = STEPS

    @property
    def work(self):
        return self.steps


def all_runs():
    return [Run(n_train, share, seed) for n_train in IMAGES for share in SHARES for seed in SEEDS]


def quick_runs():
    return [Run(200, share, steps=400) for share in (0.5, 2.0)]


def compute(run):
    """Train from the new initialization; return what is left.

    One number each: the forecast `critical` lambda, the `hidden_rms`, the `accuracy` on the
    training images, and of the neurons' slopes at their biases, sigma'(b), the `mean_slope` and
    the `largest_slope`.
    """
    images = load_mnist(run.n_train).train
    critical = run.n_train * critical_kappa(images.x.astype(np.float32), images.y)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init="new", seed=weights)
    epochs = math.ceil(run.steps * run.m / run.n_train)
    list(train(net, images.pixels, images.y, epochs=epochs, m=run.m, eta=run.eta,
               lmbda=run.share * critical, seed=shuffling, evaluate=False))  # fmt: skip
    slopes = sigmoid_prime(sigmoid(net.biases[0]))
    return {
        "critical": np.array(critical),
        "hidden_rms": np.array(net.weight_rms()[0]),
        "accuracy": np.array(net.accuracy(images.pixels, images.y)),
        "mean_slope": slopes.mean(),
        "largest_slope": slopes.max(),
    }


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.cliff")


def mean(stored, n_train, share, column):
    """Return the mean of a column over the seeds."""
    return float(np.mean([found[column] for run, found in stored.items()
                          if (run.n_train, run.share) == (n_train, share)]))  # fmt: skip


def measured(stored, n_train):
    """Return the lambda at which no weights are left: the squared size, which falls like a straight
    line near it, extended from the first two shares down to 0. Below that there is only noise."""
    far, near = (mean(stored, n_train, share, "hidden_rms") ** 2 for share in SHARES[:2])
    share = SHARES[1] + (SHARES[1] - SHARES[0]) * near / (far - near)
    return share * mean(stored, n_train, SHARES[0], "critical")


def table_of_cliffs(stored):
    """Return the lambda at which weights give up, forecast and measured; and below and beyond it,
    for each n_train, the training images that are right."""
    rows = []
    for n_train in IMAGES:
        forecast, found = mean(stored, n_train, SHARES[0], "critical"), measured(stored, n_train)
        row = [f"{n_train:,}", f"{forecast:.0f}", f"{found:.0f}", f"{forecast / found:.2f}"]
        rows.append(row + [f"{mean(stored, n_train, share, 'accuracy'):.0%}" for share in SHOWN])
    slope, steepest = (
        np.mean([mean(stored, n_train, SHARES[1], f"{which}_slope") for n_train in IMAGES])
        for which in ("mean", "largest")
    )
    return Table(
        ("n_train", "λ:\nforecast", "λ:\nmeasured", "ratio",
         *(f"images right at\n{share:.0%} of forecast" for share in SHOWN)),
        rows,
        note=f"at {SHARES[1]:.0%} of the forecast λ, σ′ at the neurons' biases: mean {slope:.3f}, "
        f"which is {4 * slope:.2f} of 1/4; largest {steepest:.3f}",
    )  # fmt: skip


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two runs of 400 steps"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
