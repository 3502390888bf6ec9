"""What linear neurons forecast for the settings of the scaling sweep: a convex problem for each.

    python -m experiments.linear_limit              all, about ten minutes on two cores
    python -m experiments.linear_limit --quick --out FILE    a small version, for a test

No network is trained and no number is fitted: only images, targets and lmbda/n_train go in (see
nn_core/linear_limit.py). The measurements to compare them with are those of experiments/scaling.py.
"""

from dataclasses import dataclass, replace

import numpy as np

from experiments import scaling, store, sweep
from nn_core import linear_limit, load_mnist

FILE = store.RESULTS / "linear_limit.npz"
TOLERANCE = 0.01  # of the conditions of a minimum
WEAKEST = 1e-4  # lambda/n_train, the book's: with less the bowl is so flat that it takes hours


@dataclass(frozen=True)
class Run(sweep.Named):
    """One problem. Of a network's parameters only these occur in it."""

    n_train: int = 5000
    lmbda: float = 5.0
    brightness: float = 1.0

    @property
    def work(self):
        return self.n_train * (self.n_train / self.lmbda) ** 0.5


def of(run):
    """Return the problem that belongs to a run of the scaling sweep with full images."""
    return Run(run.n_train, run.lmbda, run.brightness)


def all_runs():
    every = dict.fromkeys(of(run) for run in scaling.all_runs() if run.pool == 1)
    return [run for run in every if run.lmbda / run.n_train >= WEAKEST]


def quick_runs():
    return [Run(n_train=200, lmbda=lmbda) for lmbda in (10.0, 20.0)]


def compute(run):
    """Solve it: the sum and the number of A's singular values, the cost, and what is missed."""
    images = load_mnist(run.n_train).train
    x = (images.x * run.brightness).astype(np.float32)
    found = linear_limit.solve(x, images.y, run.lmbda / run.n_train, tolerance=TOLERANCE)
    return {
        "nuclear_norm": np.array(found.nuclear_norm),
        "rank": np.linalg.matrix_rank(found.A, tol=1e-6),
        "cost": np.array(found.cost),
        "optimality": np.array(found.optimality),
    }


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.linear_limit")


# Forecasts beside measurements. Nothing in the first was fitted to the second.


def measured(stored, run):
    """Return the squared sizes of the layers where a setting's runs have settled, their mean."""
    alike = [columns["squared_size"] for other, columns in stored.items()
             if (other.hidden, of(other), other.eta, other.m, other.pool)
             == (run.hidden, of(run), run.eta, run.m, run.pool) and columns["settled"]]  # fmt: skip
    return np.mean(alike, axis=0)


def show_forecasts(solved, stored, name):
    """Print hidden and output sizes of a series of the scaling sweep, forecast and measured.

    Settings whose decay is weaker than WEAKEST have no forecast, and are left out.
    """
    print(f"{'hidden layer':>50}{'output layer':>27}")
    print(
        f"{'hidden':>6}{'n_train':>9}{'λ':>7}" + f"{'forecast':>12}{'measured':>10}{'ratio':>7}" * 2
    )
    for run in _distinct(name):
        if of(run) not in solved:
            continue
        squared = 4 * float(solved[of(run)]["nuclear_norm"])
        line = f"{run.hidden:>6}{run.n_train:>9,}{run.lmbda:>7g}"
        for size, fan_in in zip(measured(stored, run), (run.fan_in, 10)):
            forecast, found = ((one / (run.hidden * fan_in)) ** 0.5 for one in (squared, size))
            line += f"{forecast:>12.4f}{found:>10.4f}{_ratio(forecast, found):>7}"
        print(line)


def show_totals(stored, name):
    """Print the squared sizes of a series over the width, and the power of N_w that the size of
    all weights follows."""
    print(f"{'hidden':>6}{'N_w':>9}{'‖W1‖²':>10}{'‖W2‖²':>10}{'sum':>10}{'rms of all weights':>22}")
    sizes = []
    for run in _distinct(name):
        squared, n_weights = measured(stored, run), (run.fan_in + 10) * run.hidden
        sizes.append((n_weights, (squared.sum() / n_weights) ** 0.5))
        print(f"{run.hidden:>6}{n_weights:>9,}{squared[0]:>10.1f}{squared[1]:>10.1f}"
              f"{squared.sum():>10.1f}{sizes[-1][1]:>22.4f}")  # fmt: skip
    power, _ = np.polyfit(*np.log(np.array(sizes)).T, 1)
    print(f"λ = {run.lmbda:g}: over all weights the size goes like N_w to the power {power:.2f}")


def _distinct(name):
    return list(dict.fromkeys(replace(run, init="large", seed=0) for run in scaling.series()[name]))


def _ratio(forecast, found):
    return f"{forecast / found:.2f}" if found > 1e-6 else "-"


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small problems"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
