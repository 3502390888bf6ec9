"""What the runs of `scaling` say: the settled size, who holds it up, and the exponents.

A layer at rest has a balance in its ledger. Divided by 2 eta and the number of steps, decay is
(lmbda/n_train) ||w||^2, up to a part eta*lmbda/(2 n_train) of itself, and what gives it back is

    (lmbda/n_train) ||w||^2  =  gain  +  heat.

The *gain* comes from the pull: what the cost would drop if the layer's weights all grew by the same
factor, per unit of relative growth. The *heat* comes from the kicks, the steps sideways of single
mini-batches, and would vanish with eta/m.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from experiments.scaling import Run

HIDDEN = 0  # the layer that claim 3 is about


@dataclass(frozen=True)
class Settled:
    """Where one run has come to rest. Sizes are those of the hidden layer's weights."""

    run: Run
    has_settled: bool
    size: float  # root mean square
    gain: float
    heat: float
    mean_squared_length: float  # of an input
    cost: float
    accuracy: float  # on the training images

    @property
    def n_weights(self):
        """The number of weights in the whole network, N_w."""
        return self.n_hidden_weights + 10 * self.run.hidden

    @property
    def n_hidden_weights(self):
        return self.run.fan_in * self.run.hidden

    @property
    def kappa(self):
        """lmbda/n_train, the strength of decay in the cost."""
        return self.run.lmbda / self.run.n_train

    @property
    def norm(self):
        """||w|| of the hidden layer."""
        return self.size * self.n_hidden_weights**0.5


def settled(run, columns):
    """Return where a run has come to rest, from its stored results."""
    shrink = run.eta * run.lmbda / run.n_train
    per_step = 2 * run.eta * columns["steps_seen"]
    return Settled(
        run=run,
        has_settled=bool(columns["settled"]),
        size=float((columns["squared_size"][HIDDEN] / (run.fan_in * run.hidden)) ** 0.5),
        gain=float(columns["pull"][HIDDEN] / (1 - shrink) / per_step),
        heat=float(columns["kick"][HIDDEN] / per_step),
        mean_squared_length=float(columns["mean_squared_length"]),
        cost=float(columns["cost"]),
        accuracy=float(columns["accuracy"]),
    )


@dataclass(frozen=True)
class Fit:
    """A power law through points: size = factor * x**exponent."""

    exponent: float
    error: float  # standard error of the exponent, from the scatter of the points about the line
    factor: float

    def __call__(self, x):
        return self.factor * np.asarray(x) ** self.exponent


def fit(xs, sizes):
    """Return the straight line through log(size) over log(x), by least squares.

    A curve that only looks straight has an exponent too: see `local_exponents`. Raises ValueError
    for fewer than three different x, whose scatter would say nothing.
    """
    x, y = np.log(xs), np.log(sizes)
    if len(np.unique(x)) < 3:
        raise ValueError(f"An exponent with its error needs three different x, got {set(xs)}.")
    (slope, intercept), covariance = np.polyfit(x, y, 1, cov=True)
    return Fit(float(slope), float(np.sqrt(covariance[0, 0])), float(np.exp(intercept)))


def local_exponents(xs, sizes):
    """Return the slopes between neighbours: pairs (geometric mean of two x, exponent there)."""
    x, y = np.log(xs), np.log(sizes)
    return list(zip(np.exp((x[1:] + x[:-1]) / 2).tolist(), (np.diff(y) / np.diff(x)).tolist()))


def averaged(points, x):
    """Return (xs, mean sizes, lowest, highest) over the runs with equal `x(point)`, in order."""
    groups = defaultdict(list)
    for point in points:
        groups[x(point)].append(point.size)
    xs = sorted(groups)
    return (
        np.array(xs),
        *(np.array([of(groups[x]) for x in xs]) for of in (np.mean, np.min, np.max)),
    )
