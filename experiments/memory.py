"""Memory and message of many networks, epoch by epoch, and what each is worth with less memory.

    python -m experiments.memory                    all runs, about twenty minutes on two cores
    python -m experiments.memory --quick --out FILE    a small version, for a test

The book's two networks with all 50,000 images, old and new initialization, five seeds, 30 epochs;
and around [784, 30, 10] with 5,000 images the width, lmbda and eta, to find where the picture of a
message that soon has its length and stands at right angles holds, and where it fails. Interrupt it
whenever you like: finished runs are kept, and the next call goes on with those that are missing.
"""

from dataclasses import asdict, dataclass, replace

import numpy as np

from experiments import store, sweep
from experiments.tables import Table
from nn_core import Network, load_mnist, memory, sgd_step, theory, train
from nn_core.network import INITS
from nn_core.setting import Setting

FILE = store.RESULTS / "memory.npz"
KEEPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # what is kept of the memory by hand


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int = 30
    n_train: int = 5000
    lmbda: float = 5.0
    eta: float = 0.1
    m: int = 10
    epochs: int = 60
    init: str = "old"
    seed: int = 0

    @property
    def setting(self):
        return Setting(self.eta, self.lmbda, self.m, self.n_train)

    @property
    def work(self):
        return self.epochs * (self.n_train + 20_000) * (30 + self.hidden)


def series():
    """Return {name: runs}: what is changed, and the runs that change it."""
    book = Run(n_train=50_000, epochs=30)
    changes = {
        "the book's networks": (book, range(5), [{"hidden": hidden} for hidden in (30, 100)]),
        "lambda": (Run(), range(2), [{"lmbda": lmbda} for lmbda in (0.5, 1.5, 5.0, 15.0, 50.0)]),
        "width": (Run(), range(2), [{"hidden": hidden} for hidden in (8, 30, 100, 300)]),
        "eta": (Run(), range(2), [{"eta": eta} for eta in (0.02, 0.1, 0.5, 2.0)]),
    }
    return {
        name: [
            replace(base, **change, init=init, seed=seed)
            for change in changed for init in INITS for seed in seeds
        ]
        for name, (base, seeds, changed) in changes.items()
    }  # fmt: skip


def all_runs():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def quick_runs():
    return [Run(hidden=5, n_train=200, epochs=2, init=init, seed=seed)
            for init in INITS for seed in (0, 1)]  # fmt: skip


class Dimmer:
    """A network with one hidden layer, on the same images again and again, with its memory dimmed.

    The weighted inputs of the hidden layer are linear in its memory: with what the start makes of
    the images at hand, each new amount of memory costs no more than the output layer. In single
    precision, which can change the answer to an image or two where two outputs are all but equal.
    """

    def __init__(self, start, x, labels):
        self.start, self.x, self.labels = start, x.astype(np.float32, copy=False), labels
        self.of_start = self.x @ start[0].T.astype(np.float32)

    def accuracies(self, kept, messages, biases, keeps, *, both):
        """Return the share of images that are recognized, an array: one for each of `keeps`.

        Parameters
        ----------
        kept : how much of the start is left, by decay alone
        messages, biases : those of the two layers
        keeps : how much of that memory is kept by hand, 0 (none) to 1 (all of it), each
        both : whether the output layer's memory is dimmed too, or the hidden layer's alone
        """
        hidden, output = (message.astype(np.float32) for message in messages)
        of_message = self.x @ hidden.T + biases[0].astype(np.float32)
        right, a = [], np.empty_like(of_message)
        for keep in keeps:
            np.multiply(self.of_start, np.float32(keep * kept), out=a)
            a += of_message
            _to_sigmoid(a)
            left = kept * (keep if both else 1)
            z = a @ (output + left * self.start[1]).T.astype(np.float32) + biases[1]
            right.append(np.mean(z.argmax(axis=1) == self.labels))
        return np.array(right)


def _to_sigmoid(z):
    """Turn weighted inputs into activations in place: new arrays would take longer than that."""
    np.negative(z, out=z)
    with np.errstate(over="ignore"):
        np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def compute(run):
    """Train, and return what is found after each epoch; index k is of epoch k + 1.

    `start` (layers,) is the length of the weights before training; `memory`, `message`, `weights`
    and `cosine` (epochs, layers) are lengths and the angle between the first two. `dimmed_hidden`
    and `dimmed_both` (epochs, keeps) are accuracies on the validation images with KEEPS of the
    memory. `kept` (epochs,) is what decay alone leaves of the start.
    """
    mnist = load_mnist(run.n_train)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([784, run.hidden, 10], init=run.init, seed=weights)
    start = [w.copy() for w in net.weights]
    dimmer = Dimmer(start, mnist.validation.x, mnist.validation.labels)
    records = train(
        net, mnist.train.pixels, mnist.train.y, epochs=run.epochs, m=run.m, eta=run.eta,
        lmbda=run.lmbda, seed=shuffling, evaluate=False,
    )  # fmt: skip
    rows = [_after_an_epoch(run, net, start, dimmer, record.epoch) for record in records]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return columns | {"start": np.array([np.linalg.norm(w) for w in start])}


def _after_an_epoch(run, net, start, dimmer, epoch):
    kept = memory.kept([run.setting] * epoch)
    parts = memory.parts(start, net.weights, kept)
    now = kept, [part.message for part in parts], net.biases, KEEPS
    lengths = zip(*(part.lengths for part in parts))
    return {
        **dict(zip(("memory", "message", "weights"), lengths)),
        "cosine": [part.cosine for part in parts],
        "kept": kept,
        "dimmed_hidden": dimmer.accuracies(*now, both=False),
        "dimmed_both": dimmer.accuracies(*now, both=True),
    }


def added_up(*, eta, lmbda, m, n_train, seed=0):
    """Train the old network for an epoch, and add its message up beside it, step by step.

    Returns (start, message, weights), each with all weights of the network in a row. The message
    comes from the gradients alone, not from the weights.
    """
    images, net = load_mnist(n_train).train, Network([784, 30, 10], init="old", seed=seed)
    s, message, start = theory.step_factor(eta, lmbda, n_train), 0.0, _in_a_row(net.weights)
    for first in range(0, n_train, m):
        x, y = images.x[first : first + m], images.y[first : first + m]
        message = s * message - eta / len(x) * _in_a_row(net.backprop(x, y)[0])
        sgd_step(net, x, y, eta=eta, lmbda=lmbda, n_train=n_train)
    return start, message, _in_a_row(net.weights)


def _in_a_row(arrays):
    return np.concatenate([array.ravel() for array in arrays])


def load(path=FILE):
    """Return the stored results, {Run: {column: array}}.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.memory")


# What the lengths say: when the memory is down to the message, and the whole curve of the weights.


@dataclass(frozen=True)
class Crossing:
    """One layer of one run: what its message's last length D forecasts, and what was measured."""

    length: float  # D
    cosine: float  # of memory and message, in the end
    forecast: float  # epochs in which decay alone takes the start down to D
    measured: int | None  # first epoch after which the memory is no longer than the message
    largest_error: float  # of sqrt(memory^2 + D^2) over all epochs, relative to the weights


def crossing(run, found, layer=0):
    """Return the `Crossing` of a stored run."""
    message, start = found["message"][:, layer], found["start"][layer]
    crossed = first_crossing(found["memory"][:, layer], message)
    curve = forecast(run, found, run.epochs, layer)
    return Crossing(
        length=float(message[-1]),
        cosine=float(found["cosine"][-1, layer]),
        forecast=theory.epochs_to_shrink(start, message[-1], **asdict(run.setting)),
        measured=None if crossed is None else crossed + 1,  # index 0 is epoch 1
        largest_error=float(np.abs(curve / found["weights"][:, layer] - 1).max()),
    )


def first_crossing(memory, message):
    """Return the first index at which the memory is no longer than the message, or None."""
    below = np.flatnonzero(np.asarray(memory) <= np.asarray(message))
    return int(below[0]) if len(below) else None


def forecast(run, found, epochs, layer=0):
    """Return the length of the weights after each of so many epochs, with the last message's."""
    start, message = found["start"][layer], found["message"][-1, layer]
    one = run.setting.factor_per_epoch
    return np.array([memory.length_forecast(start, message, one**k) for k in range(1, epochs + 1)])


def table_of_crossings(stored, *names):
    """Return when memory and message cross in the hidden layer of the old networks of these
    series: of the first seed, once for each run that gets so far."""
    rows = []
    for run in dict.fromkeys(r for name in names for r in series()[name]):
        one = crossing(run, stored[run])
        if (run.init, run.seed) == ("old", 0) and one.measured is not None:
            rows.append((run.hidden, f"{run.lmbda:g}", f"{one.forecast:.1f}", one.measured,
                         f"{one.largest_error:.0%}"))  # fmt: skip
    return Table(
        ("hidden\nneurons", "λ", "crossing,\nforecast epoch", "crossing,\nmeasured epoch",
         "whole curve\noff at most"),
        rows,
    )  # fmt: skip


def table_of_limits(stored):
    """Return where that picture fails: of one network, both layers and both initializations."""
    rows = []
    for layer, init in ((layer, init) for layer in (0, 1) for init in INITS):
        run = Run(init=init)
        one = crossing(run, stored[run], layer)
        forecast = f"{one.forecast:.1f}" if one.forecast > 0 else "at once"
        rows.append((("hidden", "output")[layer], init, forecast,
                     one.measured, f"{one.largest_error:.0%}", f"{one.cosine:+.2f}"))  # fmt: skip
    return Table(
        ("layer", "start", "crossing,\nforecast epoch", "crossing,\nmeasured epoch",
         "whole curve\noff at most", "cosine of memory\nand message, at the end"),
        rows,
        words=("layer", "start"),
        fold="Where the picture fails",
    )  # fmt: skip


def dimmed(stored, hidden, init="old", epoch=1):
    """Return the mean accuracy over the book's seeds after an epoch: {share of memory kept: it}."""
    runs = [r for r in series()["the book's networks"] if (r.hidden, r.init) == (hidden, init)]
    return dict(zip(KEEPS, np.mean([stored[r]["dimmed_hidden"][epoch - 1] for r in runs], axis=0)))


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two epochs on 200 images"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
