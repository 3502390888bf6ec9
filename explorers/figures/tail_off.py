"""Claim 3, live: where the decay tails off, when, and how the neurons leave saturation."""

from dataclasses import dataclass, replace

import numpy as np

from explorers.canvas import (
    BLUE,
    GREEN,
    GREY,
    INK,
    VERMILLION,
    Canvas,
    Marks,
    with_room_for_key,
)
from explorers.controls import NEXT_EPOCH, POOLS, VIEW, Control, log_stops
from explorers.formats import moved, moves, percent, power, rounded
from explorers.widget import Explorer
from nn_core import Network, load_mnist, train
from nn_core.cost import sigmoid, sigmoid_prime
from nn_core.data import N_TRAIN

EPOCHS, SEED = 120, 3
MOST_IMAGES = min(10_000, N_TRAIN)  # the browser edition has fewer
INITS = ("large", "scaled")
SAMPLE = 100  # images whose weighted inputs are looked at
ARRIVED = 1.1  # sizes less than 10 % apart have met
LOWEST = (2e-3, 1e-4, 1e-6, 1e-9, 1e-15)  # lower ends for the axis of sizes
HIGHEST = (1.2, 12, 120)  # and upper ones, below the key
SATURATED = 0.02  # sigma' below this, |z| above 3.9: under a tenth of its largest value, 0.25

# Bins of z that are narrow near 0 and wide far out: equal steps of asinh(z).
Z_EDGES = np.sinh(np.linspace(-np.arcsinh(60), np.arcsinh(60), 42))
SLOPE_EDGES = np.linspace(0, 0.25, 26)


@dataclass(frozen=True)
class Neurons:
    """How the hidden neurons of one network stand after an epoch, on a sample of images."""

    z_share: np.ndarray  # share of the sample in each bin of Z_EDGES
    slope_share: np.ndarray  # ... and of SLOPE_EDGES
    z_rms: float
    saturated: float  # share with sigma'(z) below SATURATED


@dataclass(frozen=True)
class TailOffResult:
    """Hidden-layer sizes and neurons, index k after k epochs, for "large" and "scaled"."""

    m: int
    n_train: int
    fan_in: int
    n_weights: int
    x_squared: float  # mean over the training images of the squared length of an input
    settings: tuple  # (eta, lmbda) of each epoch
    sizes: dict
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
    def gain(self):
        """The cost that the data would save if the new network's hidden weights grew, per unit of
        relative growth: lmbda ||w||^2 / n_train, which equals it where decay and pull balance."""
        squared_size = self.ledgers["scaled"][-1].size_after
        return self.settings[-1][1] * squared_size / self.n_train

    @property
    def arrived(self):
        """The first epoch from which the old weights are within 10 % of the new, or None."""
        ratio = np.array(self.sizes["large"]) / np.array(self.sizes["scaled"])
        last = np.flatnonzero(np.maximum(ratio, 1 / ratio) > ARRIVED)
        arrival = int(last[-1]) + 1 if len(last) else 0
        return arrival if arrival <= self.epochs else None

    @property
    def expected(self):
        """The epoch in which decay alone would bring the old weights to where the new ones are.

        None if decay does not lead there, or if eta or lambda has been moved on the way.
        """
        if len(set(self.settings)) != 1:
            return None
        eta, lmbda = self.settings[0]
        ratio = self.sizes["large"][0] / self.sizes["scaled"][-1]
        if lmbda == 0 or ratio < 1:
            return None
        return self.m / (eta * lmbda) * np.log(ratio)

    @property
    def changes(self):
        """The sliders that were moved in mid-run: (epochs done by then, what changed in words)."""
        return moves(self.settings)


def compute(*, current, m, n_train, hidden, fan_in):
    """Yield sizes, neurons and ledgers so far after each epoch, both networks on equal data."""
    images = load_mnist(n_train, pool=POOLS[fan_in]).train
    x, y = images.pixels, images.y
    sizes = [x.shape[1], hidden, 10]
    nets = {init: Network(sizes, init=init, seed=SEED) for init in INITS}
    shuffling = {init: np.random.default_rng(SEED + 1) for init in INITS}
    result = TailOffResult(
        m, n_train, sizes[0], nets["large"].n_weights, float((images.x**2).sum(axis=1).mean()), (),
        sizes={init: (net.weight_rms()[0],) for init, net in nets.items()},
        neurons={init: (_neurons(net, x),) for init, net in nets.items()},
        ledgers={init: () for init in INITS},
        accuracy={init: (net.accuracy(x, y),) for init, net in nets.items()},
    )  # fmt: skip
    yield result
    for _ in range(EPOCHS):
        eta, lmbda = current.eta, current.lmbda
        records = {
            init: next(train(net, x, y, epochs=1, m=m, eta=eta, lmbda=lmbda,
                             seed=shuffling[init], ledger=True))
            for init, net in nets.items()
        }  # fmt: skip
        result = replace(
            result,
            settings=(*result.settings, (eta, lmbda)),
            sizes=_extended(result.sizes, records, lambda _, r: r.weight_rms[0]),
            neurons=_extended(result.neurons, records, lambda init, _: _neurons(nets[init], x)),
            ledgers=_extended(result.ledgers, records, lambda _, r: r.ledger.layers[0]),
            accuracy=_extended(result.accuracy, records, lambda _, r: r.accuracy),
        )
        yield result


def _extended(series, records, value):
    return {init: (*series[init], value(init, record)) for init, record in records.items()}


def _neurons(net, x):
    z = net.weighted_inputs(x[:SAMPLE])[0]
    slope = sigmoid_prime(sigmoid(z))
    return Neurons(
        z_share=np.histogram(np.clip(z, Z_EDGES[0], Z_EDGES[-1]), Z_EDGES)[0] / z.size,
        slope_share=np.histogram(slope, SLOPE_EDGES)[0] / slope.size,
        z_rms=float(np.sqrt(np.mean(z**2))),
        saturated=float(np.mean(slope < SATURATED)),
    )


def progress(result):
    return result.epochs, EPOCHS


def describe(result, *, epoch):
    large, scaled = (result.sizes[init][-1] for init in INITS)
    saturation = _saturation(result.neurons["large"], min(epoch, result.epochs))
    if not result.epochs:
        return f"Nothing is trained yet. {saturation}"
    if result.arrived is not None:
        ratios = ", ".join(f"{rounded(large / s, 2)} × {n}" for n, s in result.scales.items())
        where = (
            f"From epoch {result.arrived} on the old weights are within 10 % of the new, at "
            f"{rounded(large, 2)} = {ratios}."
        )
    else:
        where = (
            f"After epoch {result.epochs} the old weights are at {rounded(large)}, the new at "
            f"{rounded(scaled)}: they are more than 10 % apart."
        )
    said = [where, *_expectation(result), saturation, _learning(result), moved(result.changes)]
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
        return [f"By (m/ηλ)·ln(w₀/w), decay alone would take {epochs} epochs."]
    if result.changes:
        return []  # the formula knows one eta and one lambda
    if result.settings[-1][1] == 0:
        return ["λ = 0: there is no decay."]
    return ["The new weights have grown beyond the start of the old: decay does not lead there."]


def _learning(result):
    accuracy = result.accuracy["large"][-1]
    if accuracy < 0.3:
        return (
            f"But it has learned little: it gets {percent(accuracy)} of its training images right."
        )
    return f"It now gets {percent(accuracy)} of its training images right."


def tabulate(result, *, epoch):
    rows = [(f"{init} start", rounded(result.sizes[key][0])) for key, init in _named()]
    rows += [(f"{init} now", rounded(result.sizes[key][-1])) for key, init in _named()]
    rows += [(name, rounded(scale)) for name, scale in result.scales.items()]
    rows.append(("mean squared length of an input, ⟨|x|²⟩", rounded(result.x_squared)))
    if result.epochs:
        one = result.ledgers["large"][-1]
        rows += [
            ("last epoch: decay, of the squared size (old)", percent(one.decay / one.size_before)),
            ("last epoch: pull", percent(one.pull / one.size_before)),
            ("last epoch: kick", percent(one.kick / one.size_before)),
            ("gain at balance, λ‖w‖²/n_train (new)", rounded(result.gain)),
        ]
    shown = result.neurons["large"][min(epoch, result.epochs)]
    rows += [
        ("epoch shown on the right", str(min(epoch, result.epochs))),
        ("there: root mean square of z (old)", rounded(shown.z_rms)),
        ("there: saturated, σ′(z) below 0.02 (old)", percent(shown.saturated)),
        ("epochs trained", str(result.epochs)),
    ]
    return rows


def _named():
    return [("large", "hidden layer, old initialization,"), ("scaled", "hidden layer, new,")]


def columns(result):
    table = {"epoch": range(result.epochs + 1)}
    for key, name in [("large", "old"), ("scaled", "new")]:
        table[f"{name}_rms"] = result.sizes[key]
        table[f"{name}_z_rms"] = [n.z_rms for n in result.neurons[key]]
        table[f"{name}_saturated"] = [n.saturated for n in result.neurons[key]]
        table[f"{name}_accuracy"] = result.accuracy[key]
    return table


class Picture:
    """Left: sizes and the candidate scales. Right: z and sigma'(z) after the epoch shown."""

    def __init__(self, width):
        self.canvas = Canvas(width)
        self._build_sizes()
        self._build_neurons()

    def _build_sizes(self):
        c = self.canvas
        self.sizes = c.panel(
            [0.07, 0.14, 0.4, 0.75], title="Size of the hidden layer's weights", xlabel="epoch",
            yscale="log", xlim=(0, EPOCHS), ylim=(LOWEST[0], HIGHEST[0]),
            xticks={e: str(e) for e in range(0, EPOCHS + 1, 30)},
        )  # fmt: skip
        axes = self.sizes.moving
        at_the_end = {"lw": 2.5, "ms": 6, "markevery": [-1], "clip_on": False}
        self.curves = {
            "large": axes.plot([], [], "-o", color=VERMILLION, **at_the_end)[0],
            "scaled": axes.plot([], [], "--s", color=BLUE, **at_the_end)[0],
        }
        self.scale_lines, self.scale_names = [], []
        for _ in range(3):
            self.scale_lines.append(axes.axhline(1, color=GREY, lw=1.2, ls=":"))
            self.scale_names.append(
                axes.text(EPOCHS * 1.02, 1, "", color=GREY, fontsize=11, va="center")
            )
        self.expected = axes.axvline(0, ymax=0.72, color=GREEN, lw=1.5, ls="-.")
        self.cursor = axes.axvline(0, ymax=0.72, color=INK, lw=1)
        self.marks = Marks(axes, c, foot=0.55)
        rows = [("—", "old, N(0, 1)", VERMILLION), ("- -", "new, N(0, 1/fan_in)", BLUE),
                ("-·-", "decay alone would arrive", GREEN)]  # fmt: skip
        self.sizes.key(rows, left=1 - 0.56, top=1.0, size=10.5)

    def _build_neurons(self):
        c = self.canvas
        at = np.arcsinh([-30, -5, -1, 0, 1, 5, 30])
        self.z = c.panel(
            [0.66, 0.57, 0.31, 0.32], title="Hidden neurons: z", xlabel="",
            xlim=tuple(np.arcsinh(Z_EDGES[[0, -1]])), ylim=(0, 0.3),
            xticks=dict(zip(at, ["−30", "−5", "−1", "0", "1", "5", "30"])), yticks={},
        )  # fmt: skip
        self.slope = c.panel(
            [0.66, 0.14, 0.31, 0.26], title="σ′(z)", xlabel="0: saturated · 0.25: free",
            xlim=(0, 0.25), ylim=(0, 0.7), xticks={0: "0", 0.125: "0.125", 0.25: "0.25"}, yticks={},
        )  # fmt: skip
        self.histograms = {}
        for init, colour, style in [("large", VERMILLION, {"fill": True, "alpha": 0.55}),
                                    ("scaled", BLUE, {"ls": "--", "lw": 1.8})]:  # fmt: skip
            self.histograms[init] = (
                self.z.moving.stairs(np.zeros(len(Z_EDGES) - 1), np.arcsinh(Z_EDGES),
                                     color=colour, **style),
                self.slope.moving.stairs(np.zeros(len(SLOPE_EDGES) - 1), SLOPE_EDGES,
                                         color=colour, **style),
            )  # fmt: skip
        self.when = self.z.moving.text(
            0.99, 0.97, "", transform=self.z.moving.transAxes, ha="right", va="top",
            fontsize=11, color=INK,
        )  # fmt: skip

    def _frame(self, sizes):
        low = next((low for low in LOWEST if low < sizes.min()), LOWEST[-1])
        high = next((high for high in HIGHEST if high > sizes.max()), HIGHEST[-1])
        ylim = with_room_for_key(low, high)
        if self.sizes.still.get_ylim() != ylim:
            decades = range(int(np.ceil(np.log10(low))), int(np.log10(high)) + 1)
            ticks = decades[:: 1 + len(decades) // 6]
            self.sizes.frame(ylim=ylim, yticks={10.0**e: power(e) for e in ticks})

    def draw(self, result, *, epoch):
        shown = min(epoch, result.epochs)
        for init, curve in self.curves.items():
            curve.set_data(np.arange(len(result.sizes[init])), result.sizes[init])
        marks = zip(self.scale_lines, self.scale_names, result.scales.items())
        for line, name, (text, value) in marks:
            line.set_ydata([value, value])
            name.set_position((EPOCHS * 1.02, value))
            name.set_text(text)
        self._frame(np.concatenate(list(result.sizes.values())))
        self.marks.draw(result.changes)
        arrival = result.expected
        self.expected.set_visible(arrival is not None and arrival <= EPOCHS)
        if self.expected.get_visible():
            self.expected.set_xdata([arrival, arrival])
        self.cursor.set_xdata([shown, shown])
        for init, (z, slope) in self.histograms.items():
            neurons = result.neurons[init][shown]
            z.set_data(values=np.minimum(neurons.z_share, 0.3))
            slope.set_data(values=np.minimum(neurons.slope_share, 0.7))
        self.when.set_text("before training" if shown == 0 else f"after epoch {shown}")


class TailOff(Explorer):
    """Claim 3: both initializations arrive at one size; where it lies, and when they arrive."""

    name = "tail-off"
    title = "Where the decay tails off, and how the neurons leave saturation"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 2.0), 0.1, NEXT_EPOCH),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 500.0)), 5.0, NEXT_EPOCH),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "training images", log_stops(100, MOST_IMAGES), 1000),
        Control("hidden", "hidden", "neurons", log_stops(5, 100), 30),
        Control("fan_in", "fan_in", "pixels of an image", tuple(POOLS), "784"),
        Control("epoch", "epoch", "shown on the right", tuple(range(EPOCHS + 1)), EPOCHS, VIEW),
    )
    Picture = Picture
    compute = staticmethod(compute)
    describe = staticmethod(describe)
    tabulate = staticmethod(tabulate)
    columns = staticmethod(columns)
    progress = staticmethod(progress)
