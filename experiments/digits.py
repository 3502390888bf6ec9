"""A second set of images: do the claims carry over to digits of 8 x 8 pixels?

    python -m experiments.digits                    all runs, a minute on two cores
    python -m experiments.digits --quick --out FILE    a small version, for a test

scikit-learn ships 1,797 of them: E. Alpaydin and C. Kaynak, *Optical Recognition of Handwritten
Digits*, UCI Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49, CC BY 4.0 (of its
two parts the one for tests). Networks [64, hidden, 10] are trained on the first 1,000, and beside
them [784, hidden, 10] on the first 1,000 of MNIST, by the same program: eta, lmbda, m and n_train
are the same, so that the factor of an epoch is, and nothing but the images differs.
"""

import math
from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np

from experiments import store, sweep
from experiments.memory import first_crossing
from experiments.runs import ETA, N_TRAIN, M
from experiments.tables import Table
from nn_core import Network, linear_limit, load_mnist, memory, theory, train
from nn_core.data import one_hot
from nn_core.network import INITS
from nn_core.setting import Setting

FILE = store.RESULTS / "digits.npz"
SETS = ("MNIST", "digits")
NAMES = ("MNIST", "8 × 8 digits")  # on the page
WIDTHS, SEEDS = (8, 30, 128), range(3)
LAMBDAS = (1.0, 5.0, 20.0, 40.0, 60.0)  # the last one is beyond the lmbda where weights give up
LEVELS = 16  # of grey, above black


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    images: str = "digits"  # or "MNIST"
    hidden: int = 30
    lmbda: float = 5.0
    init: str = "old"
    seed: int = 0

    @property
    def setting(self):
        return Setting(ETA, self.lmbda, M, N_TRAIN)

    @property
    def epochs(self):
        """Six decay times. Near the lmbda where weights give up they are slower than decay."""
        return max(60, round(6 * M / (ETA * self.lmbda)))

    @property
    def fan_in(self):
        return 64 if self.images == "digits" else 784

    @property
    def n_weights(self):
        return (self.fan_in + 10) * self.hidden

    @property
    def work(self):
        return self.epochs * (500 + self.fan_in) * (10 + self.hidden)


def series():
    """Return {name: runs}: what is changed, and the runs that change it."""
    changes = {
        "width": [{"images": images, "hidden": hidden, "init": init}
                  for images in SETS for hidden in WIDTHS for init in INITS],
        "lambda": [{"lmbda": lmbda, "init": "new"} for lmbda in LAMBDAS],
    }  # fmt: skip
    return {
        name: [Run(**change, seed=seed) for change in changed for seed in SEEDS]
        for name, changed in changes.items()
    }


def all_runs():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def quick_runs():
    return [Run(hidden=4, lmbda=60.0, init=init) for init in INITS]


@cache
def load_images(name):
    """Return ((x, y), (x, y)): the N_TRAIN images to train on, and others to see what was learned.

    Inputs have the shape (n, fan_in), targets (n, 10). Grey levels k of the small digits become
    k/16, from 0 to 1, as those of MNIST become k/256.
    """
    if name == "MNIST":
        mnist = load_mnist(N_TRAIN)
        return (mnist.train.x, mnist.train.y), (mnist.validation.x, mnist.validation.y)
    from sklearn.datasets import load_digits  # to make results; who reads them can do without

    pixels, labels = load_digits(return_X_y=True)
    x, y = pixels / LEVELS, one_hot(labels)
    return (x[:N_TRAIN], y[:N_TRAIN]), (x[N_TRAIN:], y[N_TRAIN:])


@cache
def straight_length(images, lmbda):
    """Return how long each layer is by the forecast of `nn_core.linear_limit`, before training."""
    (x, y), _ = load_images(images)
    return linear_limit.solve(x, y, lmbda / N_TRAIN).squared_size ** 0.5


@cache
def critical_lambda(images):
    """Return the lmbda from which on that forecast sees all weights at 0."""
    (x, y), _ = load_images(images)
    return N_TRAIN * linear_limit.critical_kappa(x, y)


def compute(run):
    """Train, and return what was found.

    Lengths: `start` (layers,) before training, `message` and `weights` (epochs, layers) after each
    epoch, `straight` () as forecast for each layer; it is 0 from the lmbda `critical` () on. The
    first epoch's ledger: `decay`, `pull`, `kick` (layers,). `control` (epochs + 1,) is the size of
    the weights from pixels that are black in all training images, before training and after each
    epoch; `always_black` are the numbers of these pixels. One number each: the
    `mean_squared_length` of an input, and the share of images that are right in the end,
    `accuracy` and, of others, `accuracy_on_others`.
    """
    (x, y), others = load_images(run.images)
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([run.fan_in, run.hidden, 10], init=run.init, seed=weights)
    start, black = [w.copy() for w in net.weights], np.flatnonzero(~x.any(axis=0))
    records = train(net, x, y, epochs=run.epochs, m=M, eta=ETA, lmbda=run.lmbda, seed=shuffling,
                    ledger=True, evaluate=False)  # fmt: skip
    lengths, ledgers = [], []
    for record in records:
        kept = memory.kept([run.setting] * record.epoch)
        lengths.append([part.lengths for part in memory.parts(start, net.weights, kept)])
        ledgers.append(record.ledger)
    _, message, length = np.moveaxis(lengths, 2, 0)
    control = np.sqrt(np.mean(start[0][:, black] ** 2)), *(one.control_rms for one in ledgers)
    terms = {
        term: [getattr(layer, term) for layer in ledgers[0].layers]
        for term in ("decay", "pull", "kick")
    }
    return {name: np.array(value) for name, value in terms.items()} | {
        "start": np.array([np.linalg.norm(w) for w in start]),
        "message": message,
        "weights": length,
        "straight": np.array(straight_length(run.images, run.lmbda)),
        "critical": np.array(critical_lambda(run.images)),
        "control": np.array(control),
        "always_black": black,
        "mean_squared_length": np.square(x).sum(axis=1).mean(),
        "accuracy": np.array(net.accuracy(x, y)),
        "accuracy_on_others": np.array(net.accuracy(*others)),
    }


@cache
def load(path=FILE):
    """Return the stored results, {Run: {column: array}}, read once for all who ask.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.digits")


# What the runs say.


def crossing(run, found):
    """Return the first epoch after which the hidden layer's memory is no longer than its message.

    Or None, if there is none.
    """
    kept = run.setting.factor_per_epoch ** np.arange(1, run.epochs + 1)
    first = first_crossing(found["start"][0] * kept, found["message"][:, 0])
    return None if first is None else first + 1  # index 0 is epoch 1


def forecast_crossing(run, found):
    """Return when decay alone takes the hidden layer's start down to the message's last length."""
    start, message = found["start"][0], found["message"][-1, 0]
    return theory.epochs_to_shrink(start, message, **asdict(run.setting))


def decay_share(found):
    """Return decay's share of the hidden layer's ledger in the first epoch."""
    parts = [abs(found[term][0]) for term in ("decay", "pull", "kick")]
    return parts[0] / sum(parts)


def factor_per_epoch(found):
    """Return what an epoch multiplies the weights from always black pixels by."""
    control = found["control"]
    return (control[-1] / control[0]) ** (1 / (len(control) - 1))


def settled_length(found):
    """Return the length of all weights in the end."""
    return float(np.linalg.norm(found["weights"][-1]))


def hidden_size(run, found):
    """Return the size of the hidden weights in the end."""
    return found["weights"][-1, 0] / math.sqrt(run.fan_in * run.hidden)


def over_seeds(stored, run, tell):
    """Return what `tell(run, results)` says of a run and of those that differ in the seed alone."""
    return [tell(one, stored[one]) for seed in SEEDS if (one := replace(run, seed=seed)) in stored]


def crossings(stored, images):
    """Return the epochs at which memory and message cross, from each start with old weights."""
    return over_seeds(stored, Run(images=images), crossing)


def mean_hidden_size(stored, images):
    """Return the mean size at which old hidden weights settle."""
    return float(np.mean(over_seeds(stored, Run(images=images), hidden_size)))


def mean_squared_length(stored, images):
    """Return the mean over the training images of the squared length of an input."""
    return float(stored[Run(images=images)]["mean_squared_length"])


def longer_than_on_mnist(stored):
    """Return (forecast, measured): by which part the small digits' hidden weights are longer."""
    forecasts, measured = np.transpose([
        np.mean([(it["straight"], it["weights"][-1, 0]) for it in
                 over_seeds(stored, Run(images=images), lambda _, it: it)], axis=0)
        for images in ("digits", "MNIST")
    ])  # fmt: skip
    return tuple(float(here / there) - 1 for here, there in (forecasts, measured))


def table_of_scales(stored):
    """Return what is known of both sets of images before training on the second one."""
    runs = [Run(images=images) for images in SETS]
    rows = [
        ("weights into a hidden neuron", *(run.fan_in for run in runs)),
        ("weights of the hidden layer", *(f"{run.fan_in * run.hidden:,}" for run in runs)),
        ("N_w, all weights", *(f"{run.n_weights:,}" for run in runs)),
        ("⟨|x|²⟩, the mean squared length of an image",
         *(f"{mean_squared_length(stored, run.images):.1f}" for run in runs)),
        ("the hidden weights settle at the size", f"{mean_hidden_size(stored, SETS[0]):.4f}", "?"),
    ]  # fmt: skip
    return Table(("known before", *NAMES), rows, words=("known before",))


def table_of_claims(stored):
    """Return what became of the three claims on both sets of images: means of the old networks."""
    runs = [Run(images=images) for images in SETS]

    def row(words, form, tell):
        return (words, *(form(over_seeds(stored, run, tell)) for run in runs))

    def mean(digits):
        return lambda values: f"{np.mean(values):{digits}}"

    def at_the_crossing(run, found):
        return found["message"][crossing(run, found) - 1, 0]

    def by_light(run, found):
        return hidden_size(run, found) * found["mean_squared_length"] ** 0.5

    def from_to(values):
        first, last = min(values), max(values)
        return f"{first}" if first == last else f"{first} to {last}"

    def of_width(hidden):
        ends = (replace(run, hidden=hidden) for run in runs)
        return (mean(".1f")(over_seeds(stored, end, lambda _, it: settled_length(it)))
                for end in ends)  # fmt: skip

    rows = [
        row("claim 1: decay's share of the hidden layer's ledger in the first epoch",
            mean(".1%"), lambda _, it: decay_share(it)),
        row("pixels that are black in all images", from_to, lambda _, it: len(it["always_black"])),
        row("claim 2: the factor of an epoch, measured on weights from these",
            mean(".5f"), lambda _, it: factor_per_epoch(it)),
        row("claim 3: memory as short as the message, epoch", from_to, crossing),
        row("... forecast from the message's last length, epoch", mean(".1f"), forecast_crossing),
        row("length of the message where they cross", mean(".1f"), at_the_crossing),
        row("length of the message in the end", mean(".1f"), lambda _, it: it["message"][-1, 0]),
        row("size of all weights, in multiples of 1/√N_w", mean(".1f"),
            lambda _, it: settled_length(it)),
        (f"... with {WIDTHS[0]} hidden neurons", *of_width(WIDTHS[0])),
        (f"... with {WIDTHS[-1]}", *of_width(WIDTHS[-1])),
        row("size of the hidden weights, in multiples of 1/√⟨|x|²⟩", mean(".2f"), by_light),
        row("other images right in the end", mean(".1%"), lambda _, it: it["accuracy_on_others"]),
    ]  # fmt: skip
    return Table(("measured", *NAMES), rows, words=("measured",))


def table_of_forecasts(stored):
    """Return how large the hidden weights were forecast on the small digits, and how large they
    became."""
    rows = []
    for lmbda in LAMBDAS:
        run = Run(lmbda=lmbda, init="new")
        found = over_seeds(stored, run, lambda _, it: it)
        forecast = found[0]["straight"] / math.sqrt(run.fan_in * run.hidden)
        measured = np.mean(over_seeds(stored, run, hidden_size))
        right = np.mean([it["accuracy"] for it in found])
        rows.append((f"{lmbda:g}", f"{lmbda / N_TRAIN:g}", f"{forecast:.4f}", f"{measured:.4f}",
                     f"{forecast / measured:.2f}", f"{right:.0%}"))  # fmt: skip
    return Table(
        ("λ", "λ/n_train", "hidden layer:\nforecast", "hidden layer:\nmeasured",
         "hidden layer:\nratio", "training\nimages right"),
        rows,
        note=f"By the forecast, weights give up from λ = {found[0]['critical']:.0f} on.",
    )  # fmt: skip


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "two small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
