"""One run of the playground: any network, trained as far as it goes, with its books kept."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np

from experiments import histories
from experiments.histories import N_VALIDATION
from explorers.controls import POOLS
from explorers.formats import trimmed
from explorers.run import grown
from nn_core import DivergenceError, Network, load_mnist, theory, train
from nn_core.cost import CrossEntropyCost, QuadraticCost
from nn_core.data import N_VALIDATION as AT_HAND

MOST_EPOCHS = 120
LAYERS = ("first hidden", "second hidden", "output")
COSTS = {"cross-entropy": CrossEntropyCost, "quadratic": QuadraticCost}


@dataclass(frozen=True)
class PlaygroundResult:
    """One run. Index k of sizes, costs, accuracies is after k epochs; of ledgers, epoch k + 1."""

    sizes: tuple  # neurons, layer by layer, input first
    init: str
    cost: str
    n_train: int
    n_weights: int
    epochs: int  # asked for
    weight_rms: tuple  # of (size of each layer's weights)
    costs: tuple  # of (training images, validation images, L2 term); the first two without it
    accuracy: tuple  # of (training images, validation images)
    settings: tuple = ()  # (eta, lmbda) of each epoch
    ledgers: tuple = ()
    trouble: str = ""  # why training stopped before its time, in words

    @property
    def trained(self):
        """The number of epochs done."""
        return len(self.ledgers)

    @property
    def layers(self):
        """The names of the layers of weights there are."""
        return LAYERS if len(self.sizes) == 4 else (LAYERS[0], LAYERS[-1])

    def present(self, layer):
        """Return the layer to show: without a second hidden layer, the first."""
        return layer if layer in self.layers else LAYERS[0]

    def rms(self, layer):
        """Return the size of one layer's weights, before training and after each epoch."""
        return [sizes[self.layers.index(layer)] for sizes in self.weight_rms]

    def ledger(self, layer):
        """Return one layer's ledgers, epoch by epoch."""
        return [ledger.layers[self.layers.index(layer)] for ledger in self.ledgers]

    def shares(self, layer):
        """Return decay's share of the layer's ledger in each epoch, 0 to 1."""
        return [one.decay_share for one in self.ledger(layer)]

    def lost(self, layer):
        """Return the first epoch in which decay's share is below one half, or None."""
        return next((k for k, share in enumerate(self.shares(layer), 1) if share < 0.5), None)

    @property
    def scale(self):
        """The size that claim 3 names, 1/sqrt(N_w)."""
        return self.n_weights**-0.5


@dataclass(frozen=True)
class Kept:
    """A run kept for comparison. `differs` says in which settings from the run that is shown."""

    result: PlaygroundResult
    preset: str
    differs: str


def compute(*, current, hidden, second, init, cost, m, n_train, fan_in, seed, epochs):
    """Yield the run so far after each epoch; eta and lmbda may change from epoch to epoch."""
    data = load_mnist(n_train, pool=POOLS[fan_in])
    x, y = data.train.pixels, data.train.y
    seen = data.validation.pixels[:N_VALIDATION], data.validation.y[:N_VALIDATION]
    sizes = [x.shape[1], hidden, *([] if second == "none" else [int(second)]), 10]
    net = Network(sizes, cost=COSTS[cost], init=init, seed=seed)
    shuffling = np.random.default_rng(seed + 1)
    before = net.evaluate(x, y), net.evaluate(*seen)
    result = PlaygroundResult(
        tuple(sizes), init, cost, n_train, net.n_weights, epochs,
        weight_rms=(tuple(net.weight_rms()),),
        costs=((before[0][0], before[1][0], _penalty(net.squared_size(), current.lmbda, n_train)),),
        accuracy=((before[0][1], before[1][1]),),
    )  # fmt: skip
    yield result
    for epoch in range(1, epochs + 1):
        eta, lmbda = current.eta, current.lmbda
        try:
            record = next(train(net, x, y, epochs=1, m=m, eta=eta, lmbda=lmbda, seed=shuffling,
                                validation=seen, ledger=True))  # fmt: skip
        except DivergenceError:
            yield replace(result, trouble=_trouble(epoch, eta, lmbda, n_train))
            return
        result = _longer(result, record, eta, lmbda)
        yield result


def stored(*, eta, lmbda, hidden, second, init, cost, m, n_train, fan_in, seed, epochs):
    """Return the last result that `compute` yields, if the run is stored, or None."""
    if AT_HAND < N_VALIDATION:  # the browser edition measures on fewer images
        return None
    neurons = 0 if second == "none" else int(second)
    found = histories.find(
        histories.Run(hidden, neurons, init, COSTS[cost].__name__, eta, lmbda, m,
                      n_train, POOLS[fan_in], seed, epochs)
    )  # fmt: skip
    if found is None:
        return None
    result = next(
        compute(current=SimpleNamespace(eta=eta, lmbda=lmbda), hidden=hidden, second=second,
                init=init, cost=cost, m=m, n_train=n_train, fan_in=fan_in, seed=seed, epochs=epochs)
    )  # fmt: skip
    for epoch in found:
        result = _longer(result, epoch.record, eta, lmbda)
    return result


def _longer(result, record, eta, lmbda):
    squared_size = sum(layer.size_after for layer in record.ledger.layers)
    penalty = _penalty(squared_size, lmbda, result.n_train)
    costs = record.cost - penalty, record.validation_cost - penalty, penalty
    accuracy = record.accuracy, record.validation_accuracy
    return grown(result, weight_rms=record.weight_rms, costs=costs, accuracy=accuracy,
                 settings=(eta, lmbda), ledgers=record.ledger)  # fmt: skip


def _penalty(squared_size, lmbda, n_train):
    return lmbda / (2 * n_train) * squared_size


def _trouble(epoch, eta, lmbda, n_train):
    shrink = theory.shrink(eta, lmbda, n_train)
    if shrink >= 2:
        return (
            f"Training stopped before epoch {epoch}: ηλ/n_train = {trimmed(shrink)}, and from 2 "
            f"on decay no longer shrinks anything. Each step would multiply every weight by "
            f"{trimmed(1 - shrink)}. Lower λ or η, or take more images."
        )
    return (
        f"Training stopped in epoch {epoch}: with η = {trimmed(eta)} the data steps are so large "
        "that the weights left the finite numbers. Lower η. What is shown is the state before "
        "that epoch."
    )


def progress(result):
    return result.trained, result.epochs
