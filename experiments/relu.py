"""Where the weights of a ReLU network settle, and how its two layers share the squared size.

    python -m experiments.relu                      all runs, about eight minutes on one core
    python -m experiments.relu --quick --out FILE    a small version, for a test

The network of the book, with max(0, z) in the place of sigma(z) in the hidden layer. A hidden
neuron with the input weights w, the bias b and the output weights a then computes the same if w and
b grow by a factor and a shrinks by it. So the cost C of any mini-batch does not change to first
order,

    w dC/dw + b dC/db  =  a dC/da,

and a step of SGD, which multiplies weights by s = 1 - eta*lmbda/n_train and biases by nothing,
changes ||w||^2 - ||a||^2 by -(1 - s^2) of itself, by 2 s eta b dC/db, and by the difference of the
kicks. At rest b^2 does not change on average either, 2 b dC/db = eta (dC/db)^2, and what is left is

    ||w||^2 - ||a||^2  =  eta^2/(1 - s^2) * mean of  ||dC/dw||^2 + s (dC/db)^2 - ||dC/da||^2.

Without the noise of mini-batches every derivative is at rest as well, the right side is about 0,
and each neuron is balanced: ||w|| = ||a||, with a bias as without. (Du, Hu and Lee, *Algorithmic
Regularization in Learning Deep Homogeneous Models*, 2018, have this for gradient flow without
decay and biases, where the difference stays what it was at the start.)
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from experiments import scaling, store, sweep
from experiments.scaling_fit import fit, overall_sizes, totals
from experiments.tables import Table
from nn_core import Network, Setting, blas, load_mnist
from nn_core.cost import CrossEntropyCost, sigmoid, sigmoid_prime

FILE = store.RESULTS / "relu.npz"
WIDTHS, SEEDS = (8, 16, 30, 64, 128, 256, 512), range(2)
# Takes half the time. It rounds 1 - eta*lmbda/n_train by up to 3e-8, and decay by a part in 3,000.
DTYPE = np.float32


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int = 30
    n_train: int = 5000
    lmbda: float = 5.0
    eta: float = 0.1
    m: int = 10
    activation: str = "relu"  # of the hidden layer, or "sigmoid"
    init: str = "new"
    seed: int = 0

    @property
    def setting(self):
        return Setting(self.eta, self.lmbda, self.m, self.n_train)

    @property
    def work(self):
        steps = self.setting.decay_time * self.setting.steps_per_epoch
        return steps * (50 + self.hidden) * (10 + self.m)


def series():
    """Return {name: runs}: what is changed, and the runs that change it."""
    changes = {
        "width": [{"hidden": hidden, "seed": seed} for hidden in WIDTHS for seed in SEEDS],
        "width, less noise": [{"hidden": hidden, "m": 50} for hidden in (8, 30, 128)],
        "start": [{"init": init} for init in ("old", "new")],
        "sigmoid": [{"activation": "sigmoid"}],
    }  # fmt: skip
    return {
        name: [replace(Run(), **change) for change in changed] for name, changed in changes.items()
    }


def all_runs():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def quick_runs():
    return [Run(hidden=8, n_train=200, lmbda=10.0, activation=activation)
            for activation in ("relu", "sigmoid")]  # fmt: skip


# The network: a list of two weights and one of two biases.


def start(run):
    """Return (weights, biases, generator): the book's start, and what shuffles the images.

    ReLU neurons begin without biases. With the book's, from N(0, 1), about a third of them would
    never fire, and learn nothing.
    """
    shuffling, seed = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init=run.init, seed=seed)
    if run.activation == "relu":
        net.biases[0][:] = 0
    return net.weights, net.biases, shuffling


def forward(weights, biases, x, activation):
    """Return (a, z): the hidden layer's activations and the output layer's weighted inputs."""
    z = x @ weights[0].T + biases[0]
    a = np.maximum(z, 0) if activation == "relu" else sigmoid(z)
    return a, a @ weights[1].T + biases[1]


def backward(weights, biases, x, y, activation):
    """Return (errors, fed): dC/dz of both layers, a row for each image, and what they were fed."""
    a, z = forward(weights, biases, x, activation)
    output = sigmoid(z) - y
    slope = a > 0 if activation == "relu" else sigmoid_prime(a)
    return (output @ weights[1] * slope, output), (x, a)


def epoch(run, weights, biases, x, y, order):
    """Take an epoch of steps of equation (93), in place; return the squared gradients.

    They are sums over the steps, for each hidden neuron, of ||dC/dw||^2, (dC/db)^2 and
    ||dC/da||^2: shape (3, hidden).
    """
    squares, gemm = np.zeros((3, run.hidden)), blas.products(weights[0].dtype).gemm
    left = 1 - run.setting.shrink
    for first in range(0, run.n_train, run.m):
        rows = order[first : first + run.m]
        errors, fed = backward(weights, biases, x[rows], y[rows], run.activation)
        squares += _squared_gradients(errors, fed) / len(rows) ** 2
        rate = run.eta / len(rows)
        for w, b, error, inputs in zip(weights, biases, errors, fed):
            gemm(-rate, inputs.T, error.T, left, w.T, 0, 1, 1)  # decay and step at once
            b -= rate * error.sum(axis=0)
    return squares


def _squared_gradients(errors, fed):
    """With few images, the inner products between them cost less than the gradient itself."""
    (hidden, output), (x, a) = errors, fed
    return np.array([
        (hidden * (x @ x.T @ hidden)).sum(axis=0),
        hidden.sum(axis=0) ** 2,
        (a * (output @ output.T @ a)).sum(axis=0),
    ])  # fmt: skip


def squared_sizes(weights):
    """Return ||w||^2 and ||a||^2 of each hidden neuron, shape (2, hidden)."""
    return np.array([np.square(weights[0]).sum(axis=1), np.square(weights[1]).sum(axis=0)])


def at_rest(sizes, run):
    """Return whether both layers have come to rest, from their squared sizes after each epoch.

    It is the criterion of `scaling.has_settled`, asked of both layers: in each half of the last
    four decay times a squared size changes by at most 1 % of what decay took from it.
    """
    half, setting = scaling.half_window(run.setting.decay_time), run.setting
    if len(sizes) <= 2 * half:
        return False
    last = np.array(sizes[-2 * half - 1 :])
    taken = setting.steps_per_epoch * setting.shrink * (2 - setting.shrink)
    return all(
        np.all(abs(part[-1] - part[0]) <= scaling.DRIFT * taken * part[1:].sum(axis=0))
        for part in (last[: half + 1], last[half:])
    )


def compute(run):
    """Train until the weights have settled; return the results.

    Means over the last two decay times, for each hidden neuron: `squared_size` (2, hidden), of its
    input and its output weights; `squared_gradient` (3, hidden), of w, b and a. In the end: the
    share of the training images for which it is `firing` (hidden,), and one number each: `epochs`
    trained, whether the run has `settled`, `cost` without its L2 term and `accuracy` on the
    training images.
    """
    images = load_mnist(run.n_train).train
    x, y = images.x.astype(DTYPE), images.y.astype(DTYPE)
    *parameters, shuffling = start(run)
    weights, biases = ([array.astype(DTYPE) for array in arrays] for arrays in parameters)
    of_neurons, squares, totals = [], [], [squared_sizes(weights).sum(axis=1)]
    most = math.ceil(scaling.MOST_DECAY_TIMES * run.setting.decay_time) + 2 * scaling.FEWEST_EPOCHS
    while len(squares) < most and not at_rest(totals, run):
        order = shuffling.permutation(run.n_train)
        squares.append(epoch(run, weights, biases, x, y, order))
        of_neurons.append(squared_sizes(weights))
        totals.append(of_neurons[-1].sum(axis=1, dtype=np.float64))
    seen = slice(-scaling.half_window(run.setting.decay_time), None)
    a, z = forward(weights, biases, x, run.activation)
    return {
        "squared_size": np.mean(of_neurons[seen], axis=0, dtype=np.float64),
        "squared_gradient": np.mean(squares[seen], axis=0) / run.setting.steps_per_epoch,
        "firing": (a > 0).mean(axis=0),
        "epochs": np.array(len(squares)),
        "settled": np.array(at_rest(totals, run)),
        "cost": CrossEntropyCost.per_example(z, y).mean(dtype=np.float64),
        "accuracy": (z.argmax(axis=1) == images.labels).mean(),
    }


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.relu")


# What the runs say: the total, the balance of layers and neurons, and what noise does to it.


@dataclass(frozen=True)
class Rest:
    """Where the runs of a setting have settled, their means over the seeds."""

    squared: np.ndarray  # ||W1||^2 and ||W2||^2
    imbalance: float  # ||W1||^2 - ||W2||^2 as the squared gradients forecast it
    off: float  # median over the neurons that fire of | ||w||^2/||a||^2 - 1 |
    left: float  # what is left of that if the forecast is added to ||a||^2
    silent: float  # neurons that fire for no training image

    @property
    def ratio(self):
        return self.squared[0] / self.squared[1]


def rest(stored, run):
    """Return the `Rest` of a run's setting, from all of its seeds that have settled."""
    alike = [(other, found) for other, found in stored.items()
             if replace(other, seed=run.seed) == run and found["settled"]]  # fmt: skip
    neurons = [(*found["squared_size"], imbalance(other, found)) for other, found in alike]
    firing = [found["firing"] > 0 for _, found in alike]
    return Rest(
        squared=np.mean([(w.sum(), a.sum()) for w, a, _ in neurons], axis=0),
        imbalance=float(np.mean([forecast.sum() for _, _, forecast in neurons])),
        off=_off((w[on] / a[on] for (w, a, _), on in zip(neurons, firing))),
        left=_off((w[on] / (a + forecast)[on] for (w, a, forecast), on in zip(neurons, firing))),
        silent=float(np.mean([np.sum(~on) for on in firing])),
    )


def _off(ratios):
    """Return the median distance from 1, the mean over the seeds."""
    return float(np.mean([np.median(abs(ratio - 1)) for ratio in ratios]))


def imbalance(run, found):
    """Return the ||w||^2 - ||a||^2 that the noise forecasts for each hidden neuron."""
    of_w, of_b, of_a = found["squared_gradient"]
    part = run.setting.shrink
    lost = part * (2 - part)  # 1 - s^2
    return run.eta**2 / lost * (of_w + (1 - part) * of_b - of_a)


def table_of_totals(stored, name):
    """Return the squared sizes of a series over the width, and the power of N_w that the size of
    all weights follows."""
    found = [(run.hidden, 794 * run.hidden, rest(stored, run).squared) for run in _distinct(name)]
    sizes = overall_sizes(found)
    note = (
        f"over all weights the size goes like N_w to the power {power(sizes):.2f}, "
        f"without the two narrowest {power(sizes[2:]):.2f}"
    )
    return totals(found, note)


def power(sizes):
    """Return the power of n_weights that sizes, pairs (n_weights, size), follow."""
    return fit(*zip(*sizes)).exponent


def table_of_balance(stored, *names):
    """Return how well layers and neurons are balanced, and the difference that noise forecasts.

    A single neuron is off balance by | ||w||^2/||a||^2 - 1 |. The last column adds to ||a||^2 what
    the noise has given to ||w||^2. Said is the median over the neurons that fire.
    """
    rows = []
    for run in dict.fromkeys(run for name in names for run in _distinct(name)):
        one = rest(stored, run)
        difference = one.squared[0] - one.squared[1]
        rows.append((run.hidden, run.m, f"{one.ratio:.2f}", f"{difference:.1f}",
                     f"{one.imbalance:.1f}", f"{one.off:.1%}", f"{one.left:.1%}"))  # fmt: skip
    return Table(
        ("hidden\nneurons", "m", "sums of squares,\nhidden/output", "difference:\nmeasured",
         "difference:\nby the noise", "middle neuron:\noff balance",
         "noise's part\ntaken away"),
        rows,
    )  # fmt: skip


def _distinct(name):
    return list(dict.fromkeys(replace(run, seed=0) for run in series()[name]))


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
