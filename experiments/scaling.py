"""How the tail-off scales: the settled size of the weights over everything that could change it.

    python -m experiments.scaling                   all runs, about half an hour on two cores
    python -m experiments.scaling --dask ADDRESS    the same on a Dask cluster
    python -m experiments.scaling --quick --out FILE    a small version, for a test

Around one setting (`Run()`: 30 hidden neurons, 5,000 images, eta = 0.1, lmbda = 5, m = 10) each
series changes one thing, for the old and the new initialization and three seeds. A run ends when it
has settled, by the criterion of `has_settled`. Interrupt it whenever you like: finished runs are
kept, and the next call goes on with those that are missing.
"""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from experiments import store, sweep
from nn_core import Network, Setting, load_mnist, train
from nn_core.network import INITS

FILE = store.RESULTS / "scaling.npz"
SEEDS = range(3)
DRIFT = 0.01
FEWEST_EPOCHS = 4  # in half a window, where a decay time is shorter than an epoch
MOST_DECAY_TIMES = 60  # after which a run counts as not settling
# The brightness that gives pooled images the mean squared length of the full ones.
RESTORING = {2: 2.1632, 4: 5.0418}


@dataclass(frozen=True)
class Run(sweep.Named):
    """The parameters of one training run. The weights and the shuffling have seeds of their own."""

    hidden: int = 30
    n_train: int = 5000
    lmbda: float = 5.0
    eta: float = 0.1
    m: int = 10
    pool: int = 1  # blocks of pool x pool pixels are averaged: fan_in = 784, 196 or 49
    brightness: float = 1.0  # every input is multiplied by it
    init: str = "old"
    seed: int = 0

    @property
    def fan_in(self):
        return 784 // self.pool**2

    @property
    def n_weights(self):
        """The number of weights in the whole network, N_w."""
        return (self.fan_in + 10) * self.hidden

    @property
    def setting(self):
        return Setting(self.eta, self.lmbda, self.m, self.n_train)

    @property
    def work(self):
        """The multiplications of a decay time, and as many as fit into a step's other business."""
        steps = self.setting.decay_time * self.setting.steps_per_epoch
        return steps * (200_000 + self.m * self.fan_in * self.hidden)


def series():
    """Return {name: runs}: what is changed, and the runs that change it. Many share a base run."""
    base, widths = Run(), (8, 16, 30, 64, 128, 256, 512)
    changes = {
        "width": [{"hidden": hidden} for hidden in widths],
        "width, weak decay": [{"hidden": hidden, "lmbda": 1.0} for hidden in widths[:-1:2]],
        "width, strong decay": [{"hidden": hidden, "lmbda": 50.0} for hidden in widths[:-1:2]],
        "lambda": [
            {"lmbda": lmbda} for lmbda in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
        ],
        "lambda, all images": [
            {"lmbda": lmbda, "n_train": 50_000} for lmbda in (2.0, 5.0, 20.0, 50.0, 200.0)
        ],
        "the book's networks": [{"hidden": hidden, "n_train": 50_000} for hidden in (30, 100)],
        "n_train at fixed lambda/n_train": [
            {"n_train": n_train, "lmbda": n_train / 1000}
            for n_train in (500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
        ],
        "fan-in": [{"pool": pool} for pool in (1, 2, 4)],
        "fan-in at fixed length": [{}] + [
            {"pool": pool, "brightness": factor} for pool, factor in RESTORING.items()
        ],
        "brightness": [{"brightness": factor} for factor in (0.25, 0.5, 1.0, 2.0, 4.0)],
        "eta": [{"eta": eta} for eta in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)],
        "m": [{"m": m} for m in (1, 2, 5, 10, 20, 50)],
    }  # fmt: skip
    return {
        name: [
            replace(base, **change, init=init, seed=seed)
            for change in changed for init in INITS for seed in SEEDS
        ]
        for name, changed in changes.items()
    }  # fmt: skip


def all_runs():
    return list(dict.fromkeys(run for runs in series().values() for run in runs))


def quick_runs():
    return [
        Run(hidden=hidden, n_train=200, lmbda=10.0, eta=0.5, pool=4, init=init)
        for hidden in (4, 16)
        for init in INITS
    ]


def has_settled(ledgers, decay_time):
    """Return whether the weights have come to rest in the last epochs, by their ledgers.

    The last four decay times are looked at in two halves. In each, the sum of squares of the hidden
    layer has to change by at most 1 % of what decay took from it. One half alone would call the
    turning point of a size that rises and falls a rest.
    """
    half = half_window(decay_time)
    if len(ledgers) < 2 * half:
        return False
    hidden = [ledger.layers[0] for ledger in ledgers[-2 * half :]]
    return all(
        abs(part[-1].size_after - part[0].size_before) <= DRIFT * -sum(e.decay for e in part)
        for part in (hidden[:half], hidden[half:])
    )


def half_window(decay_time):
    """Return two decay times, in whole epochs."""
    return max(FEWEST_EPOCHS, math.ceil(2 * decay_time))


def compute(run):
    """Train until the weights have settled; return the results."""
    *_, results = training(run)
    return results


def training(run):
    """Train until the weights have settled: yield None after each epoch, and the results at last.

    Per layer: `squared_size`, the mean of ||w||^2 at the ends of the window's later epochs, and
    the sums of `decay`, `pull` and `kick` over these epochs. One number each: `epochs` and `steps`
    trained, whether the run has `settled`, `steps_seen` in the half window, `cost` and `accuracy`
    on the training images, `slope`, and the `mean_squared_length` of an input.
    """
    images = load_mnist(run.n_train, pool=run.pool).train
    x = images.pixels if run.brightness == 1 else images.x * run.brightness
    shuffling, weights = np.random.default_rng(run.seed).spawn(2)
    net = Network([run.fan_in, run.hidden, 10], init=run.init, seed=weights)
    decay_time = run.setting.decay_time
    records = train(
        net, x, images.y, epochs=math.ceil(MOST_DECAY_TIMES * decay_time) + 2 * FEWEST_EPOCHS,
        m=run.m, eta=run.eta, lmbda=run.lmbda, seed=shuffling, ledger=True, evaluate=False,
    )  # fmt: skip
    ledgers = []
    for record in records:
        ledgers.append(record.ledger)
        yield None
        if settled := has_settled(ledgers, decay_time):
            break
    seen = ledgers[-half_window(decay_time) :]
    layers = list(zip(*(ledger.layers for ledger in seen)))
    cost, accuracy = net.evaluate(x, images.y, run.lmbda)
    numbers = {
        "epochs": record.epoch,
        "steps": record.steps,
        "settled": settled,
        "steps_seen": sum(epoch.steps for epoch in layers[0]),
        "cost": cost,
        "accuracy": accuracy,
        "slope": np.mean([ledger.slope for ledger in seen]),
        "mean_squared_length": run.brightness**2 * np.square(images.x).sum(axis=1).mean(),
    }
    of_layers = {
        "squared_size": [np.mean([epoch.size_after for epoch in layer]) for layer in layers],
        "decay": [sum(epoch.decay for epoch in layer) for layer in layers],
        "pull": [sum(epoch.pull for epoch in layer) for layer in layers],
        "kick": [sum(epoch.kick for epoch in layer) for layer in layers],
    }
    yield {name: np.array(value) for name, value in (numbers | of_layers).items()}


@cache
def load(path=FILE):
    """Return the stored results, {Run: {column: array}}, read once for all who ask.

    Raises FileNotFoundError with what to do if there are none.
    """
    return store.by_run(Run, path, "experiments.scaling")


def main(arguments=None):
    runs = {"all_runs": all_runs, "quick_runs": quick_runs, "quick": "four small runs"}
    sweep.main(arguments, about=__doc__, file=FILE, compute=compute, **runs)


if __name__ == "__main__":
    main()
