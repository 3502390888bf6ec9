"""What linear neurons forecast for the settings of the scaling sweep: a convex problem for each.

    python -m experiments.linear_limit              all, about ten minutes on two cores
    python -m experiments.linear_limit --quick --out FILE    a small version, for a test

No network is trained and no number is fitted: only images, targets and lmbda/n_train go in (see
nn_core/linear_limit.py). The measurements to compare them with are those of experiments/scaling.py.
"""

from dataclasses import dataclass

import numpy as np

from experiments import scaling, store, sweep
from experiments.scaling_fit import distinct, lines, measured
from experiments.tables import Table
from nn_core import linear_limit, load_mnist

FILE = store.RESULTS / "linear_limit.npz"
TOLERANCE = 0.01  # of the conditions of a minimum
OTHERS = ((5000, 1.5), (5000, 15.0), (1000, 5.0))  # (n_train, lmbda) for experiments/arrival.py
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
    solvable = [run for run in every if run.lmbda / run.n_train >= WEAKEST]
    return [*solvable, *(Run(n_train, lmbda) for n_train, lmbda in OTHERS)]


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


def squared_size(solved, problem):
    """Return ||W1||^2, which is ||W2||^2, in the stored solution of a problem."""
    return 4 * float(solved[problem]["nuclear_norm"])


# Forecasts beside measurements. Nothing in the first was fitted to the second.

BESIDE = (*(f"hidden layer:\n{what}" for what in ("forecast", "measured", "ratio")),
          "output layer:\nratio")  # fmt: skip


def table_of_brightness(stored):
    """Return the sizes with brighter images, forecast from what was measured at other lambdas.

    Straight neurons do with inputs times c and weights over c what they did before. So brightness c
    is the same problem with lambda/c, and the weights are those of that problem over sqrt(c).
    Between the measured lambdas of the series the squares are interpolated, as powers.
    """
    known, rows = lines(stored, "lambda"), []
    at = np.log([line.lmbda for line in known])
    for run in distinct("brightness"):
        squared = np.array([
            np.exp(np.interp(np.log(run.lmbda / run.brightness), at, np.log(squares)))
            for squares in zip(*(line.squares for line in known))
        ])  # fmt: skip
        rows.append((f"{run.brightness:g}", *_beside(stored, run, squared / run.brightness)))
    return Table(("brightness c", *BESIDE), rows)


def table_of_sizes(solved, stored, *names):
    """Return the sizes in series of the scaling sweep, forecast and measured.

    Settings whose decay is weaker than WEAKEST have no forecast, and are left out.
    """
    runs = dict.fromkeys(run for name in names for run in distinct(name) if of(run) in solved)
    rows = [
        (run.hidden, f"{run.n_train:,}", f"{run.lmbda:g}",
         *_beside(stored, run, squared_size(solved, of(run))))
        for run in runs
    ]  # fmt: skip
    return Table(("hidden", "n_train", "λ", *BESIDE), rows)


def table_of_sums(solved, stored, name):
    """Return the sums of all squares over a series of widths, forecast and measured."""
    rows = [
        (line.hidden, f"{forecast:.0f}", f"{line.total:.0f}", f"{forecast / line.total:.2f}")
        for line in lines(stored, name)
        for forecast in [2 * squared_size(solved, Run(line.n_train, line.lmbda))]
    ]
    return Table(("neurons", "sum of all squares:\nforecast", "measured", "ratio"), rows)


def _beside(stored, run, squared):
    """Return the hidden layer's size, forecast and measured, and for both layers the ratio.

    `squared` are the forecast sums of squares, one for each layer or one for both.
    """
    n_weights = run.hidden * np.array([run.fan_in, 10])
    forecast, found = (np.sqrt(one / n_weights) for one in (squared, measured(stored, run)))
    hidden, output = (f"{one:.2f}" for one in forecast / found)
    return f"{forecast[0]:.4f}", f"{found[0]:.4f}", hidden, output


def table_of_misses(solved, points, formula):
    """Return by how much forecast and fitted formula miss ||w|| of the hidden layer, over all runs
    whose problem has been solved. `points` are `scaling_fit.settled` of each stored run."""
    forecast, fitted = [], []
    for point in points:
        if point.run.pool == 1 and (problem := of(point.run)) in solved:
            forecast.append(np.log(squared_size(solved, problem) ** 0.5 / point.norm))
            fitted.append(np.log(formula.norm(point) / point.norm))
    return Table(
        ("", "misses ‖w‖ by\n(root mean square)", "at most"),
        [
            (name, f"{np.sqrt(np.mean(np.square(missed))):.0%}",
             f"{np.max(np.abs(np.expm1(missed))):.0%}")
            for name, missed in (("forecast, nothing fitted", forecast),
                                 ("formula, six numbers", fitted))
        ],
        words=("",),
        note=f"over {len(forecast)} runs of {len(points)}: the others have no forecast",
    )  # fmt: skip


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small problems"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
