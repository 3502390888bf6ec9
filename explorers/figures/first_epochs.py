"""Claim 1, live: who moves the weights in the first epochs, by three rulers and layer by layer."""

from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from experiments import histories
from experiments.runs import SEED
from explorers.canvas import Canvas, Marks
from explorers.controls import NEXT_EPOCH, VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.formats import moved, moves, percent, rounded, ticks, trimmed
from explorers.inits import INITS
from explorers.ledger_panel import NUMBERS, LedgerStack
from explorers.run import grown
from explorers.style import BLUE, GREY, INK, VERMILLION
from nn_core import Network, load_mnist, theory, train
from nn_core.data import N_TRAIN

EPOCHS = 30
LAYERS = ("hidden", "output")

# Each ruler measures decay and data by lengths or sums of its own, and gives decay's share in both.
RULERS = {
    "ledger of the sum of squares": attrgetter("decay_share"),
    "length of a single step": attrgetter("step_share"),
    "displacement over the epoch": attrgetter("displacement_share"),
}


@dataclass(frozen=True)
class FirstEpochsResult:
    """`ledgers[k]` is the ledger of epoch k + 1."""

    init: str
    n_train: int
    settings: tuple = ()  # (eta, lmbda) of each epoch
    ledgers: tuple = ()
    accuracy: tuple = ()

    def layer(self, name):
        """Return one layer's ledgers, epoch by epoch."""
        return [ledger.layers[LAYERS.index(name)] for ledger in self.ledgers]

    def shares(self, layer, ruler):
        """Return decay's share in each epoch, 0 to 1."""
        return [RULERS[ruler](one) for one in self.layer(layer)]

    def lost(self, layer, ruler):
        """Return the first epoch in which decay's share is below one half, or None."""
        shares = enumerate(self.shares(layer, ruler), 1)
        return next((epoch for epoch, share in shares if share < 0.5), None)


def compute(*, current, m, n_train, hidden, init):
    """Yield the ledgers so far after each epoch; eta and lmbda may change from epoch to epoch."""
    images = load_mnist(n_train).train
    x, y = images.pixels, images.y
    net = Network([784, hidden, 10], init=init, seed=SEED)
    shuffling = np.random.default_rng(SEED + 1)
    result = FirstEpochsResult(init, n_train)
    yield result
    for _ in range(EPOCHS):
        eta, lmbda = current.eta, current.lmbda
        run = train(net, x, y, epochs=1, m=m, eta=eta, lmbda=lmbda, seed=shuffling, ledger=True)
        result = _longer(result, (eta, lmbda), next(run))
        yield result


def stored(*, eta, lmbda, m, n_train, hidden, init):
    """Return the last result that `compute` yields, if the network is stored, or None."""
    found = histories.find(
        histories.Run(hidden=hidden, init=init, eta=eta, lmbda=lmbda, m=m,
                      n_train=n_train, epochs=EPOCHS)
    )  # fmt: skip
    if found is None:
        return None
    result = FirstEpochsResult(init, n_train)
    for epoch in found:
        result = _longer(result, (eta, lmbda), epoch.record)
    return result


def _longer(result, setting, record):
    return grown(result, settings=setting, ledgers=record.ledger, accuracy=record.accuracy)


def progress(result):
    return len(result.ledgers), EPOCHS


def describe(result, *, layer):
    if not result.ledgers:
        return "Nothing is trained yet. Press Play, or Step for a single epoch."
    shares = {ruler: result.shares(layer, ruler) for ruler in RULERS}
    first = ", ".join(f"{percent(values[0], 3)} by the {name}" for name, values in shares.items())
    return (
        f"{layer.capitalize()} layer, {result.init} initialization. Decay's "
        f"share in the first epoch: {first}. {_until(result, layer)} "
        f"{_cancelled(result.layer(layer)[0])} {moved(result.settings)}"
    ).rstrip()


def _cancelled(one):
    if one.steps == 1:
        return "With m = n_train an epoch is a single step, and nothing can cancel."
    return (
        f"In the first epoch {percent(one.cancellation)} of the data steps' path is left as "
        f"displacement; {percent(1 - one.cancellation)} cancels."
    )


def _until(result, layer):
    epochs = len(result.ledgers)
    lost = result.lost(layer, "ledger of the sum of squares")
    if lost is None:
        so_far = "the first epoch" if epochs == 1 else f"all {epochs} epochs so far"
        return f"Decay has at least half of the ledger in {so_far}."
    if lost == 1:
        return "Decay has less than half of the ledger even in the first epoch."
    return (
        f"Decay has at least half of the ledger until epoch {lost - 1}, and less in epoch {lost}."
    )


def tabulate(result, *, layer):
    if not result.ledgers:
        return [("epochs trained", "0")]
    eta, lmbda = result.settings[0]
    one, ledger = result.layer(layer)[0], result.ledgers[0]
    rows = [
        ("ηλ/n_train in the first epoch", trimmed(theory.shrink(eta, lmbda, result.n_train))),
        ("first epoch: decay, of the sum of squares", percent(one.decay / one.size_before, 3)),
        ("first epoch: pull", percent(one.pull / one.size_before, 3)),
        ("first epoch: kick", percent(one.kick / one.size_before, 3)),
        ("first epoch: change, measured on the weights", percent(one.change / one.size_before, 3)),
        ("first epoch: mean length of a decay step", rounded(one.decay_step)),
        ("first epoch: mean length of a data step", rounded(one.data_step)),
        ("first epoch: displacement by decay", rounded(one.decay_displacement)),
        ("first epoch: displacement by data", rounded(one.data_displacement)),
        ("first epoch: mean of σ′(z), hidden neurons", rounded(ledger.slope)),
    ]
    for ruler in RULERS:
        share = percent(result.shares(layer, ruler)[0], 3)
        rows.append((f"first epoch: decay's share by the {ruler}", share))
    for ruler in RULERS:
        lost = result.lost(layer, ruler)
        rows.append((f"first epoch below one half, {ruler}", "none" if lost is None else str(lost)))
    rows.append(("epochs trained", str(len(result.ledgers))))
    rows.append(("accuracy on the training images", percent(result.accuracy[-1], 3)))
    return rows


def columns(result):
    table = {"epoch": range(1, len(result.ledgers) + 1)}
    for layer in LAYERS:
        ledgers = result.layer(layer)
        for field in ("decay", "pull", "kick", "decay_step", "data_step",
                      "decay_displacement", "data_displacement"):  # fmt: skip
            table[f"{layer}_{field}"] = [getattr(one, field) for one in ledgers]
    return table


class Picture:
    """Left: the ledger, stacked, epoch by epoch. Right: decay's share by each ruler."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        epochs = {"xlim": (0.5, EPOCHS + 0.5), "xticks": ticks((1, 10, 20, 30))}
        self.ledger = c.panel("Ledger, of the sum of squares", "epoch", reserve=NUMBERS, **epochs)
        self.stack = LedgerStack(self.ledger, EPOCHS)
        self.ledger.key(*self.stack.key)
        self.marks = Marks(self.ledger)
        self.rulers = c.panel(
            "Decay's share, by three rulers", "epoch", ylim=(-0.03, 1.03),
            yticks={0: "0 %", 0.5: "50 %", 1: "100 %"}, **epochs,
        )  # fmt: skip
        self.rulers.still.axhline(0.5, color=GREY, lw=1, ls=":")
        styles = [("-o", BLUE), ("--s", VERMILLION), (":^", INK)]
        self.lines = {
            ruler: self.rulers.curve(*style, ms=4.5) for ruler, style in zip(RULERS, styles)
        }
        self.rulers.key(*((line, ruler) for ruler, line in self.lines.items()))

    def draw(self, result, *, layer):
        self.stack.draw(result.layer(layer))
        self.marks.draw([(epoch + 0.5, words) for epoch, words in moves(result.settings)])
        epochs = np.arange(1, len(result.ledgers) + 1)
        for ruler, line in self.lines.items():
            line.set_data(epochs, result.shares(layer, ruler))


class FirstEpochs(Figure, parts=globals()):
    """Claim 1: the ledger of each epoch, and what three rulers make of it."""

    name = "first-epochs"
    title = "Who moves the weights: weight decay or the data"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 2.0), 0.1, NEXT_EPOCH),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.001, 100.0)), 5.0, NEXT_EPOCH),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "images", log_stops(100, N_TRAIN), 5000),
        Control("hidden", "hidden", "neurons", log_stops(5, 100, 30), 30),
        Control("init", "init", "initialization", tuple(INITS), "old"),
        Control("layer", "layer", "shown", LAYERS, "hidden", VIEW),
    )
    presets = (
        ("the output layer", "layer=output"),
        ("the new initialization", "init=new"),
        ("below the threshold", "lmbda=0.02"),
    )
    quick = "n_train=100 m=30 hidden=5"
