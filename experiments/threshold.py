"""From which lmbda on decay dominates the first epoch: measured, and estimated beforehand.

    python -m experiments.threshold                 all runs, about two minutes on one core
    python -m experiments.threshold --quick --out FILE    a small version, for a test

The old initialization, hidden layer, first epoch. The threshold is the one of notebook 01: the
lmbda at which decay has half of the ledger, |decay| = |pull| + |kick|. Two estimates stand beside
it: by the length of the message, as if it pointed anywhere, and by the cost of the network before
any training. Interrupt it whenever you like: finished runs are kept, and the next call goes on with
those that are missing.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from experiments import store, sweep
from experiments.tables import Table
from nn_core import Network, load_mnist, theory, train
from nn_core.cost import sigmoid, sigmoid_prime

FILE = store.RESULTS / "threshold.npz"
HIDDEN = 0  # the layer that claim 1 is about
CLOSE = 0.05  # to decay's share of one half: the last step to it is then exact to some 0.1 %
MOST_TRIES = 20
BATCHES = 100  # at most, whose steps are looked at before training


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one search. The weights and the shuffling have seeds of their own."""

    hidden: int = 30
    n_train: int = 5000
    eta: float = 0.1
    m: int = 10
    seed: int = 0

    @property
    def n_weights(self):
        """The weights of the hidden layer."""
        return 784 * self.hidden

    @property
    def work(self):
        return self.n_train * (30 + self.hidden)


def all_runs():
    return [Run(hidden=hidden, n_train=n_train, eta=eta, seed=seed)
            for n_train in (5000, 50_000) for hidden in (30, 100) for eta in (0.02, 0.1, 0.5)
            for seed in range(3)]  # fmt: skip


def quick_runs():
    return [Run(hidden=5, n_train=200, eta=eta) for eta in (0.1, 0.5)]


def untrained(run):
    """Return the network of a run before training, and the generator of its shuffling."""
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    return Network([784, run.hidden, 10], init="old", seed=weights), shuffling


def first_epoch(run, lmbda):
    """Return the hidden layer's ledger of the first epoch, and how the data have moved it."""
    (net, shuffling), images = untrained(run), load_mnist(run.n_train).train
    start = net.weights[HIDDEN].copy()
    record = next(train(net, images.pixels, images.y, epochs=1, m=run.m, eta=run.eta, lmbda=lmbda,
                        seed=shuffling, ledger=True, evaluate=False))  # fmt: skip
    kept = theory.epoch_factor(run.eta, lmbda, run.n_train, run.m)
    return record.ledger.layers[HIDDEN], net.weights[HIDDEN] - kept * start


def search(run, lmbda):
    """Return (threshold, ledger, message), the last two from a first epoch close to it.

    Decay is nearly proportional to lmbda, and pull and kick hardly depend on it: the next lmbda is
    the one at which that would be exact. Raises RuntimeError if that leads nowhere.
    """
    for _ in range(MOST_TRIES):
        one, message = first_epoch(run, lmbda)
        close = abs(one.decay_share - 0.5) <= CLOSE
        lmbda *= (abs(one.pull) + abs(one.kick)) / -one.decay
        if close:
            return lmbda, one, message
    raise RuntimeError(f"{run.name}: no threshold near lambda = {lmbda:g}")


def step_cosines(run):
    """Return the cosines of the weights with the data steps that the first mini-batches would make.

    Before any training, each on its own; an array, one for each mini-batch.
    """
    (net, _), images = untrained(run), load_mnist(run.n_train).train
    w, cosines = net.weights[HIDDEN], []
    x, y = (rows[: BATCHES * run.m] for rows in (images.pixels, images.y))
    for first in range(0, len(x), run.m):
        batch = slice(first, first + run.m)
        cosines.append(_cosine(w, -net.backprop(x[batch], y[batch])[0][HIDDEN]))
    return np.array(cosines)


def along(run):
    """Return how far images lie along the weights of hidden neurons before training: (all, heard).

    The root mean squares of <w, x>, over a thousand images and all neurons, and with each neuron
    counted by sigma'(z)^2. An image moves the weights of a neuron along x, by an error with a
    factor sigma'(z): the second number is of those that it moves.
    """
    (net, _), images = untrained(run), load_mnist(run.n_train).train
    z = net.weighted_inputs(images.pixels[:1000])[HIDDEN]
    squares, heard = np.square(z - net.biases[HIDDEN]), np.square(sigmoid_prime(sigmoid(z)))
    return float(squares.mean() ** 0.5), float(np.average(squares, weights=heard) ** 0.5)


def _cosine(a, b):
    return float(np.vdot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def compute(run):
    """Search the threshold, and return what is found, one number each.

    `threshold` is the lmbda at which decay has half of the ledger. From the first epoch close to
    it: `pull` and `kick`, the lengths of the `message` and of the
    `data_path`, and the `cosine` of weights and message. Before training: the `cost`, the length
    of the weights, `start`, and `step_cosine`, the root mean square over single data steps.
    """
    (net, _), images = untrained(run), load_mnist(run.n_train).train
    start = net.weights[HIDDEN]
    cost, _ = net.evaluate(images.pixels, images.y)
    length = float(np.linalg.norm(start))
    threshold, one, message = search(run, estimates(run, cost, 0.0, length)[1])
    found = {
        "threshold": threshold,
        "pull": one.pull,
        "kick": one.kick,
        "message": one.data_displacement,
        "data_path": one.data_path,
        "cosine": _cosine(start, message),
        "cost": cost,
        "start": length,
        "step_cosine": np.sqrt(np.mean(np.square(step_cosines(run)))),
    }
    return {name: np.array(value) for name, value in found.items()}


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.threshold")


# Estimated beforehand, beside what was measured.


def estimates(run, cost, message, start):
    """Return two estimates of the threshold: by the message, and by the cost before training.

    In the second the longest message that the cost can pay for takes the place of the message.
    """
    longest = theory.longest_message(cost, eta=run.eta, m=run.m, n_train=run.n_train)
    return tuple(
        theory.threshold_estimate(length, start, run.n_weights, eta=run.eta, m=run.m)
        for length in (message, longest)
    )


def settings(stored):
    """Return {Run with seed 0: {column: mean over the seeds}}, in order, with three more columns:
    the two estimates, and `of pull`, the lmbda at which decay takes as much as the pull alone."""
    groups = defaultdict(list)
    for run, found in stored.items():
        told = {name: float(value) for name, value in found.items()}
        by_message, by_cost = estimates(run, *(told[of] for of in ("cost", "message", "start")))
        data = abs(told["pull"]) + abs(told["kick"])
        told["of pull"] = told["threshold"] * abs(told["pull"]) / data
        groups[replace(run, seed=0)].append(told | {"by message": by_message, "by cost": by_cost})
    return {
        run: {name: float(np.mean([one[name] for one in alike])) for name in alike[0]}
        for run, alike in sorted(groups.items(), key=lambda item: _order(item[0]))
    }


def _order(run):
    return run.n_train, run.hidden, run.eta, run.m


def table_of_thresholds(stored):
    """Return the measured thresholds, and the two estimates as multiples of them."""
    rows = [
        (*_told(run), *(f"{one[what]:.3f}" for what in ("threshold", "of pull")),
         *(f"{one[estimate] / one['threshold']:.2f}" for estimate in ("by cost", "by message")))
        for run, one in settings(stored).items()
    ]  # fmt: skip
    return Table(
        ("n_train", "hidden", "η", "threshold", "if only pull\nwere there", "estimate by cost,\n"
         "of threshold", "estimate by message,\nof threshold"),
        rows,
    )  # fmt: skip


def table_of_right_angles(stored):
    """Return how far from a right angle to the weights the data move one network, with words."""
    one = settings(stored)[Run()]
    turned = -one["message"] / (2 * one["start"])
    rows = [
        ("two directions drawn at random (rms)", f"{Run().n_weights ** -0.5:.4f}"),
        ("the weights and a single data step (rms)", f"{one['step_cosine']:.4f}"),
        ("the weights and the first epoch's message", f"{one['cosine']:+.4f}"),
        ("... if it turned the weights, and no more", f"{turned:+.4f}"),
    ]
    return Table(("between", "cosine of the angle"), rows, words=["between"])


def table_of_angles(stored):
    """Return, for each setting, how far from a right angle to the weights the data move them.

    Beside the cosines of a single step and of the epoch's message stand those of a direction drawn
    at random, 1/sqrt(N), and of a message that turns the weights and keeps their length,
    -message/(2 start).
    """
    rows = [
        (*_told(run), f"{run.n_weights**-0.5:.4f}", f"{one['step_cosine']:.4f}",
         f"{one['cosine']:+.4f}", f"{-one['message'] / (2 * one['start']):+.4f}")
        for run, one in settings(stored).items()
    ]  # fmt: skip
    return Table(
        ("n_train", "hidden", "η", "drawn at\nrandom", "single\nstep", "first\nepoch",
         "if only\nturned"),
        rows,
        title="Cosine with the weights at the start",
        note="With η = 0.5 the message points back less than it would if it only turned the "
        "weights: the kick makes them longer.",
        fold="The same for other widths and learning rates",
    )  # fmt: skip


def _told(run):
    return f"{run.n_train:,}", run.hidden, f"{run.eta:g}"


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two searches on 200 images"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
