"""Claim 3, live: where the decay tails off, when, and how the neurons leave saturation."""

from dataclasses import dataclass, replace
from operator import attrgetter
from types import SimpleNamespace

import numpy as np

from experiments import histories
from experiments.histories import SLOPE_EDGES, Z_EDGES
from experiments.runs import SEED, from_here_on
from explorers.canvas import SIDE_BY_SIDE, Canvas, Levels, Marks
from explorers.controls import NEXT_EPOCH, POOLS, VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.formats import moved, moves, percent, power, powers, rounded, ticks
from explorers.inits import INITS, NEW, OLD, curves, rows
from explorers.style import GREEN, INK, SMALL
from nn_core import Network, load_mnist, train
from nn_core.data import N_TRAIN

EPOCHS = 120
MOST_IMAGES = min(10_000, N_TRAIN)  # the browser edition has fewer
ARRIVED = 1.1  # sizes less than 10 % apart have met
LOWEST = (2e-3, 1e-4, 1e-6, 1e-9, 1e-15)  # lower ends for the axis of sizes
HIGHEST = (1.2, 12, 120)  # and upper ones
HIGHEST_BARS = (0.1, 0.2, 0.4, 0.6, 1)  # upper ends for an axis of shares


@dataclass(frozen=True)
class TailOffResult:
    """Hidden-layer sizes and neurons, index k after k epochs, for "old" and "new"."""

    m: int
    n_train: int
    fan_in: int
    n_weights: int
    x_squared: float  # mean over the training images of the squared length of an input
    settings: tuple  # (eta, lmbda) of each epoch
    sizes: dict
    everywhere: dict  # sizes over all weights of the network
    neurons: dict
    ledgers: dict  # of the hidden layer, index k of epoch k + 1
    accuracy: dict

    @property
    def epochs(self):
        return len(self.settings)

    @property
    def scales(self):
        """The candidate sizes for the tail-off, by name."""
        return {
            "1/√N_w": self.n_weights**-0.5,
            "1/√fan_in": self.fan_in**-0.5,
            "1/√⟨|x|²⟩": self.x_squared**-0.5,
        }

    @property
    def balance(self):
        """lambda ||w||^2 / n_train of the new network's hidden weights: where they have settled,
        what the data give back to decay, gain and heat together (see experiments/scaling_fit.py).
        """
        squared_size = self.ledgers["new"][-1].size_after
        return self.settings[-1][1] * squared_size / self.n_train

    @property
    def arrived(self):
        """The first epoch from which the old weights are within 10 % of the new, or None."""
        return from_here_on(self.sizes["old"], self.sizes["new"], ARRIVED)

    @property
    def expected(self):
        """The epoch in which the old weights' memory is down to the size where the new ones are.

        None if decay does not lead there, or if eta or lambda has been moved on the way.
        """
        if len(set(self.settings)) != 1:
            return None
        eta, lmbda = self.settings[0]
        ratio = self.sizes["old"][0] / self.sizes["new"][-1]
        if lmbda == 0 or ratio < 1:
            return None
        return self.m / (eta * lmbda) * np.log(ratio)


def compute(*, current, m, n_train, hidden, fan_in):
    """Yield sizes, neurons and ledgers so far after each epoch, both networks on equal data."""
    yield from followed(INITS, current, m, n_train, hidden, fan_in)


def followed(inits, current, m, n_train, hidden, fan_in):
    """Yield what `compute` does, of the networks with these initializations alone."""
    images = load_mnist(n_train, pool=POOLS[fan_in]).train
    x, y = images.pixels, images.y
    sizes = [x.shape[1], hidden, 10]
    nets = {init: Network(sizes, init=init, seed=SEED) for init in inits}
    shuffling = {init: np.random.default_rng(SEED + 1) for init in inits}
    n_weights = next(iter(nets.values())).n_weights
    result = TailOffResult(
        m, n_train, sizes[0], n_weights, float((images.x**2).sum(axis=1).mean()), (),
        sizes={init: (net.weight_rms()[0],) for init, net in nets.items()},
        everywhere={
            init: ((net.squared_size() / n_weights) ** 0.5,) for init, net in nets.items()
        },
        neurons={init: (histories.neurons(net, x),) for init, net in nets.items()},
        ledgers={init: () for init in inits},
        accuracy={init: (net.accuracy(x, y),) for init, net in nets.items()},
    )  # fmt: skip
    yield result
    for _ in range(EPOCHS):
        eta, lmbda = current.eta, current.lmbda
        epochs = {
            init: histories.Epoch(
                next(train(net, x, y, epochs=1, m=m, eta=eta, lmbda=lmbda,
                           seed=shuffling[init], ledger=True)),
                histories.neurons(net, x),
            )
            for init, net in nets.items()
        }  # fmt: skip
        result = _longer(result, (eta, lmbda), epochs)
        yield result


def stored(*, eta, lmbda, m, n_train, hidden, fan_in):
    """Return the last result that `compute` yields, if both networks are stored, or None."""
    return stored_of(INITS, eta, lmbda, m, n_train, hidden, fan_in)


def stored_of(inits, eta, lmbda, m, n_train, hidden, fan_in):
    """Return what `stored` does, of the networks with these initializations alone."""
    run = histories.Run(eta=eta, lmbda=lmbda, m=m, n_train=n_train, hidden=hidden,
                        pool=POOLS[fan_in], epochs=EPOCHS)  # fmt: skip
    found = [histories.find(replace(run, init=init)) for init in inits]
    if None in found:
        return None
    result = next(followed(inits, SimpleNamespace(), m, n_train, hidden, fan_in))
    for epochs in zip(*found):
        result = _longer(result, (eta, lmbda), dict(zip(inits, epochs)))
    return result


def _longer(result, setting, epochs):
    """Return the result with one more epoch of each network, {init: Epoch}."""
    return replace(
        result,
        settings=(*result.settings, setting),
        sizes=_extended(result.sizes, epochs, lambda e: e.record.weight_rms[0]),
        everywhere=_extended(result.everywhere, epochs, lambda e: _everywhere(e, result.n_weights)),
        neurons=_extended(result.neurons, epochs, lambda e: e.neurons),
        ledgers=_extended(result.ledgers, epochs, lambda e: e.record.ledger.layers[0]),
        accuracy=_extended(result.accuracy, epochs, lambda e: e.record.accuracy),
    )


def _extended(series, epochs, value):
    return {init: (*series[init], value(epoch)) for init, epoch in epochs.items()}


def _everywhere(epoch, n_weights):
    return (sum(layer.size_after for layer in epoch.record.ledger.layers) / n_weights) ** 0.5


def progress(result):
    return result.epochs, EPOCHS


def describe(result, *, epoch):
    old, new = (result.sizes[init][-1] for init in INITS)
    saturation = _saturation(result.neurons["old"], min(epoch, result.epochs))
    if not result.epochs:
        return f"Nothing is trained yet. {saturation}"
    if result.arrived is not None:
        ratios = ", ".join(f"{rounded(old / s, 2)} × {n}" for n, s in result.scales.items())
        where = (
            f"From epoch {result.arrived} on the old weights are within 10 % of the new, at "
            f"{rounded(old, 2)} = {ratios}."
        )
    else:
        where = (
            f"After epoch {result.epochs} the old weights are at {rounded(old)}, the new at "
            f"{rounded(new)}: they are more than 10 % apart."
        )
    said = [where, *_expectation(result), saturation, _learning(result), moved(result.settings)]
    return " ".join(said).rstrip()


def _saturation(neurons, shown):
    later = f", and {percent(neurons[shown].saturated)} after epoch {shown}" if shown else ""
    return (
        f"Of the old network's hidden neurons {percent(neurons[0].saturated)} are saturated at "
        f"first{later} (where z has a root mean square of {rounded(neurons[shown].z_rms, 2)})."
    )


def _expectation(result):
    if result.expected is not None:
        epochs = rounded(result.expected, 2)
        return [f"After {epochs} epochs the memory is as short as the message of the new."]
    if moves(result.settings):
        return []  # the formula knows one eta and one lambda
    if result.settings[-1][1] == 0:
        return ["λ = 0: there is no decay."]
    return ["The new weights have grown beyond the start of the old: decay does not lead there."]


def _learning(result):
    accuracy = result.accuracy["old"][-1]
    if accuracy < 0.3:
        return (
            f"But it has learned little: it gets {percent(accuracy)} of its training images right."
        )
    return f"It now gets {percent(accuracy)} of its training images right."


def tabulate(result, *, epoch):
    names = {"old": "hidden layer, old initialization", "new": "hidden layer, new"}
    rows = [(f"{name}, start", rounded(result.sizes[init][0])) for init, name in names.items()]
    rows += [(f"{name}, now", rounded(result.sizes[init][-1])) for init, name in names.items()]
    rows.append(("all weights, new, now", rounded(result.everywhere["new"][-1])))
    rows += [(name, rounded(scale)) for name, scale in result.scales.items()]
    rows.append(("mean squared length of an input, ⟨|x|²⟩", rounded(result.x_squared)))
    if result.epochs:
        one = result.ledgers["old"][-1]
        rows += [
            (
                "last epoch: decay, of the sum of squares (old)",
                percent(one.decay / one.size_before),
            ),
            ("last epoch: pull", percent(one.pull / one.size_before)),
            ("last epoch: kick", percent(one.kick / one.size_before)),
            ("gain and heat at balance, λ‖w‖²/n_train (new)", rounded(result.balance)),
        ]
    shown = result.neurons["old"][min(epoch, result.epochs)]
    rows += [
        ("epoch of the bars", str(min(epoch, result.epochs))),
        ("there: root mean square of z (old)", rounded(shown.z_rms)),
        ("there: saturated, σ′(z) below 0.02 (old)", percent(shown.saturated)),
        ("epochs trained", str(result.epochs)),
    ]
    return rows


def columns(result):
    table = {"epoch": range(result.epochs + 1)}
    for init in INITS:
        table[f"{init}_rms"] = result.sizes[init]
        table[f"{init}_rms_of_all"] = result.everywhere[init]
        table[f"{init}_z_rms"] = [n.z_rms for n in result.neurons[init]]
        table[f"{init}_saturated"] = [n.saturated for n in result.neurons[init]]
        table[f"{init}_accuracy"] = result.accuracy[init]
    return table


def _bars(panel, edges):
    """Add an empty histogram of each initialization to a panel, with its key."""
    looks = {OLD: {"fill": True, "alpha": 0.55}, NEW: {"ls": "--", "lw": 1.8}}
    bars = {
        init.name: panel.moving.stairs(np.zeros(len(edges) - 1), edges, color=init.colour, **look)
        for init, look in looks.items()
    }
    panel.key(*rows(bars))
    return bars


class Picture:
    """Left: sizes and the candidate scales. Right: z and sigma'(z) after the epoch shown."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        self._build_sizes()
        self._build_neurons()

    def _build_sizes(self):
        self.sizes = panel = self.canvas.panel(
            "Size of the hidden weights", "epoch", yscale="log", reserve=[power(-15)],
            xlim=(0, EPOCHS), xticks=ticks(range(0, EPOCHS + 1, 30)),
        )  # fmt: skip
        self.scales = Levels(panel, "1/√N_w", "1/√fan_in", "1/√⟨|x|²⟩")
        self.curves = curves(panel, marked_end=True)
        self.expected = panel.moving.axvline(0, color=GREEN, lw=1.5, ls="-.")
        self.cursor = panel.moving.axvline(0, color=INK, lw=1)
        self.marks = Marks(panel)
        panel.key(*rows(self.curves, formula=True), (self.expected, "memory as short as message"))

    def _build_neurons(self):
        # Beside the sizes both must be low, with a key each; below them there is room.
        share = 0.35 if self.canvas.width >= SIDE_BY_SIDE else 0.5
        shares = {"share": share, "reserve": ["0.5"]}
        self.z = self.canvas.panel(
            "Neurons by z, share per bar", "z", xscale="asinh", xlim=tuple(Z_EDGES[[0, -1]]),
            xticks=ticks((-30, -5, 0, 5, 30)), **shares,
        )  # fmt: skip
        self.slope = self.canvas.panel(
            "Neurons by σ′(z), share per bar", "σ′(z): 0 saturated, 0.25 free", below=True,
            xlim=(0, 0.25), xticks=ticks((0, 0.1, 0.2)), **shares,
        )  # fmt: skip
        self.z_bars, self.slope_bars = _bars(self.z, Z_EDGES), _bars(self.slope, SLOPE_EDGES)
        self.when = self.z.moving.text(0, 0, "", fontsize=SMALL, color=INK, ha="right",
                                       transform=self.z.units)  # fmt: skip

    def draw(self, result, *, epoch):
        shown = min(epoch, result.epochs)
        for init, curve in self.curves.items():
            curve.set_data(np.arange(len(result.sizes[init])), result.sizes[init])
        self._frame(np.concatenate(list(result.sizes.values())))
        self.scales.draw(*result.scales.values())
        self.marks.draw(moves(result.settings))
        arrival = result.expected
        self.expected.set_visible(arrival is not None and arrival <= EPOCHS)
        if self.expected.get_visible():
            self.expected.set_xdata([arrival, arrival])
        self.cursor.set_xdata([shown, shown])
        # z has one axis for all epochs: bars that move are seen to move. Of the slopes, most are in
        # one bar at first, beside which all later ones would be flat.
        every = range(result.epochs + 1)
        self._draw_bars(self.z, self.z_bars, result, shown, attrgetter("z_share"), every)
        self._draw_bars(
            self.slope, self.slope_bars, result, shown, attrgetter("slope_share"), [shown]
        )
        self.when.set_text("before training" if shown == 0 else f"after epoch {shown}")
        self.when.set_position(self.z.over_the_right())

    def _draw_bars(self, panel, bars, result, shown, share_of, epochs):
        """Show the bars of an epoch, on an axis that holds those of `epochs`."""
        for init, outline in bars.items():
            outline.set_data(values=share_of(result.neurons[init][shown]))
        highest = max(share_of(run[k]).max() for run in result.neurons.values() for k in epochs)
        top = next(top for top in HIGHEST_BARS if highest <= top)
        panel.frame(ylim=(0, top), yticks=ticks((0, top / 2, top)))

    def _frame(self, sizes):
        low = next((low for low in LOWEST if low < sizes.min()), LOWEST[-1])
        high = next((high for high in HIGHEST if high > sizes.max()), HIGHEST[-1])
        decades = range(int(np.ceil(np.log10(low))), int(np.log10(high)) + 1)
        self.sizes.frame(ylim=(low, high), yticks=powers(decades))


class TailOff(Figure, parts=globals()):
    """Claim 3: both initializations arrive at one size; where it lies, and when they arrive."""

    name = "tail-off"
    title = "Where the decay tails off, and how the neurons leave saturation"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 2.0), 0.1, NEXT_EPOCH),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 500.0)), 5.0, NEXT_EPOCH),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "images", log_stops(100, MOST_IMAGES), 1000),
        Control("hidden", "hidden", "neurons", log_stops(5, 100, 30), 30),
        Control("fan_in", "fan_in", "pixels", tuple(POOLS), "784"),
        Control("epoch", "epoch", "of the bars", tuple(range(EPOCHS + 1)), EPOCHS, VIEW),
    )
    presets = (
        ("small images", "fan_in=49"),
        ("without decay", "lmbda=0"),
        ("λ too large", "lmbda=200"),
    )
    quick = "n_train=100 m=30 hidden=5"
