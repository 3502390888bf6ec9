"""Everything movable: one network, live, and beside it a run that was kept for comparison."""

import math
from dataclasses import dataclass, replace

import numpy as np
from IPython.display import Markdown

from explorers.canvas import BLUE, GREEN, GREY, INK, VERMILLION, Canvas, Levels, Marks, powers
from explorers.controls import NEXT_EPOCH, POOLS, VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.formats import full, moved, moves, percent, power, rounded, trimmed
from explorers.inits import INITS
from explorers.ledger_panel import NUMBERS, PARTS, LedgerStack
from nn_core import CrossEntropyCost, DivergenceError, Network, QuadraticCost, load_mnist, train
from nn_core.data import N_TRAIN

MOST_EPOCHS = 120
N_VALIDATION = 2000  # of the 10,000: the measuring must not take longer than the training
LAYERS = ("first hidden", "second hidden", "output")
COSTS = {"cross-entropy": CrossEntropyCost, "quadratic": QuadraticCost}
MOST_IMAGES = min(10_000, N_TRAIN)  # the browser edition has fewer
GUESSING = 0.3  # a network with fewer of its training images right has learned next to nothing


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
    net = Network(sizes, cost=COSTS[cost], init=INITS[init].network, seed=seed)
    shuffling = np.random.default_rng(seed + 1)
    before = net.evaluate(x, y), net.evaluate(*seen)
    result = PlaygroundResult(
        tuple(sizes), init, cost, n_train, net.n_weights, epochs,
        weight_rms=(tuple(net.weight_rms()),),
        costs=((before[0][0], before[1][0], _penalty(net, current.lmbda, n_train)),),
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
        penalty = _penalty(net, lmbda, n_train)
        costs = record.cost - penalty, record.validation_cost - penalty, penalty
        result = replace(
            result,
            weight_rms=(*result.weight_rms, record.weight_rms),
            costs=(*result.costs, costs),
            accuracy=(*result.accuracy, (record.accuracy, record.validation_accuracy)),
            settings=(*result.settings, (eta, lmbda)),
            ledgers=(*result.ledgers, record.ledger),
        )
        yield result


def _penalty(net, lmbda, n_train):
    return lmbda / (2 * n_train) * net.squared_size()


def _trouble(epoch, eta, lmbda, n_train):
    shrink = eta * lmbda / n_train
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


def describe(result, *, layer, kept):
    said = [
        result.trouble,
        _story(result, layer),
        moved(moves(result.settings)),
        _beside(kept, layer),
    ]
    return " ".join(part for part in said if part)


def _story(result, layer):
    if not result.trained:
        untrained = "Nothing is trained yet. Press Play, or Step for a single epoch."
        return "" if result.trouble else untrained
    shown, (training, validation) = result.present(layer), result.accuracy[-1]
    absent = "" if shown == layer else "There is no second hidden layer. "
    guesses = " It has learned next to nothing." if training < GUESSING else ""
    return (
        f"{list(result.sizes)}, {result.init} initialization, {result.cost} cost, "
        f"{_epochs(result.trained)} on {result.n_train:,} images: {percent(validation, 3)} of the "
        f"validation images are right, {percent(training, 3)} of the training images.{guesses} "
        f"{absent}Weights of the {shown} layer: from {rounded(result.rms(shown)[0])} to "
        f"{_size(result, shown)}. {_decay(result, shown)}"
    )


def _beside(kept, layer):
    if kept is None:
        return ""
    result = kept.result
    preset = f"Its preset: {kept.preset}"
    if not result.trained:
        return f"Kept for comparison, {kept.differs}: an untrained run. {preset}"
    shown, (training, validation) = result.present(layer), result.accuracy[-1]
    return (
        f"Kept for comparison, {kept.differs}: {percent(validation, 3)} of the validation images "
        f"and {percent(training, 3)} of the training images after {_epochs(result.trained)}; "
        f"weights of the {shown} layer at {_size(result, shown)}. {_decay(result, shown)} {preset}"
    )


def _epochs(count):
    return "1 epoch" if count == 1 else f"{count} epochs"


def _size(result, layer):
    size = result.rms(layer)[-1]
    return f"{rounded(size)}, which is {rounded(size / result.scale)} × 1/√N_w"


def _decay(result, layer):
    if not any(lmbda for _, lmbda in result.settings):
        return "Without decay, λ = 0, it has no share of the ledger."
    first, lost = percent(result.shares(layer)[0], 3), result.lost(layer)
    if lost is None:
        return f"Decay's share of the ledger: {first} in the first epoch, and never below one half."
    if lost == 1:
        return f"Decay's share of the ledger: {first} in the first epoch, below one half already."
    return (
        f"Decay's share of the ledger: {first} in the first epoch, below one half for the first "
        f"time in epoch {lost}."
    )


def tabulate(result, *, layer, kept):
    rows = _rows(result, layer)
    if kept is not None:
        rows += [(f"kept: {what}", value) for what, value in _rows(kept.result, layer)]
        rows.append(("kept: preset", kept.preset))
    return rows


def _rows(result, layer):
    shown = result.present(layer)
    training, validation, penalty = result.costs[-1]
    rows = [
        ("epochs trained", str(result.trained)),
        ("accuracy, training images", percent(result.accuracy[-1][0], 3)),
        ("accuracy, validation images", percent(result.accuracy[-1][1], 3)),
        ("cost without L2 term, training images", rounded(training)),
        ("cost without L2 term, validation images", rounded(validation)),
        ("L2 term of the cost", rounded(penalty)),
        ("1/√N_w", rounded(result.scale)),
        (f"weight size at the start, {shown} layer", rounded(result.rms(shown)[0])),
    ]
    for name in result.layers:
        rows.append((f"weight size, {name} layer", rounded(result.rms(name)[-1])))
    for name in result.layers if result.trained else ():
        share, lost = result.shares(name)[0], result.lost(name)
        rows += [
            (f"decay's share, first epoch, {name} layer", percent(share, 3)),
            (f"first epoch below one half, {name} layer", str(lost or "none")),
        ]
    return rows


def columns(result, *, kept):
    """Return the run, and what was kept, as columns that begin before training."""
    runs = {"": result} if kept is None else {"": result, "kept_": kept.result}
    table = {"epoch": range(max(run.trained for run in runs.values()) + 1)}
    for prefix, run in runs.items():
        table |= _columns(run, prefix)
    return table


def _columns(result, prefix):
    """Return one run as columns; ledgers leave the cell before training empty."""
    table = {}
    for i, name in enumerate(("training", "validation")):
        table[f"{name}_accuracy"] = [pair[i] for pair in result.accuracy]
        table[f"{name}_cost"] = [costs[i] for costs in result.costs]
    table["l2_term"] = [costs[2] for costs in result.costs]
    for i, name in enumerate(("eta", "lmbda")):
        table[name] = ["", *(pair[i] for pair in result.settings)]
    for layer in result.layers:
        name = layer.replace(" ", "_")
        table[f"{name}_rms"] = result.rms(layer)
        table[f"{name}_decay_share"] = ["", *result.shares(layer)]
        for part in PARTS:
            table[f"{name}_{part}"] = ["", *(getattr(one, part) for one in result.ledger(layer))]
    return {prefix + name: values for name, values in table.items()}


def _accuracies(result, _):
    """Return [(name, first epoch, values), ...]: the curves of one choice for the right panel."""
    training, validation = zip(*result.accuracy)
    return [("training", 0, training), ("validation", 0, validation)]


def _costs(result, _):
    training, validation, penalty = zip(*result.costs)
    return [("training", 0, training), ("validation", 0, validation), ("L2 term", 0, penalty)]


def _shares(result, _):
    return [(name, 1, result.shares(name)) for name in result.layers]


# What can be plotted on the right: its title, and its curves.
RIGHT = {
    "accuracy": ("Accuracy", _accuracies),
    "cost": ("Cost, and its L2 term apart", _costs),
    "decay share": ("Decay's share of the ledger", _shares),
    "ledger": ("Ledger, of the squared size", lambda result, layer: []),
}


class Picture:
    """Left: the size of one layer's weights. Right: what was chosen. Broken grey lines: kept."""

    def __init__(self, width):
        self.canvas = c = Canvas(width)
        name = max(LAYERS, key=len)
        self.sizes = c.panel(f"Weight size, {name} layer", "epoch", yscale="log",
                             reserve=[power(-13)])  # fmt: skip
        title = max((title for title, _ in RIGHT.values()), key=len)
        self.right = c.panel(title, "epoch", reserve=NUMBERS, xticks=_ticks(MOST_EPOCHS))
        self._build_sizes(name)
        self._build_right()

    def _build_sizes(self, name):
        panel = self.sizes
        # Broken lines lie on top, so that one sees both where they agree.
        self.kept_size = panel.curve("--", GREY, zorder=3)
        self.size = panel.curve("-", VERMILLION, lw=2.5)
        self.end = panel.curve("o", VERMILLION, clip_on=False)
        self.scale = Levels(panel, "1/√N_w", colour=INK)
        self.marks = Marks(panel)
        panel.may_have((self.size, "now"), (self.kept_size, f"kept: {name}"))

    def _build_right(self):
        panel = self.right
        self.half = panel.moving.axhline(0.5, color=GREY, lw=1, ls=":")
        self.zero = panel.moving.axhline(0, color=GREY, lw=1)
        self.stack = LedgerStack(panel, MOST_EPOCHS)
        self.kept_decay = panel.curve("--", INK, lw=1.8, ds="steps-mid")
        self.kept = [panel.curve(style, GREY, zorder=3) for style in ("--", ":", "-.")]
        self.now = [
            panel.curve(style, colour, ms=5)
            for style, colour in [("-o", VERMILLION), ("-s", BLUE), ("-^", GREEN)]
        ]
        kept = zip(self.kept, ("kept: validation", "validation", "L2 term"))  # longer than it gets
        panel.may_have(*zip(self.now, LAYERS), *kept)

    def draw(self, result, *, right, layer, kept):
        runs = [result] if kept is None else [result, kept.result]
        epochs = max(run.epochs for run in runs)
        self._draw_sizes(runs, layer, epochs)
        is_ledger = right == "ledger"
        for artist in (*self.stack.areas.values(), self.stack.change, self.kept_decay, self.zero):
            artist.set_visible(is_ledger)
        self.half.set_visible(right == "decay share")
        for lines, run in zip([self.now, self.kept], [*runs, None]):
            self._draw_lines(lines, run, right, layer, epochs)
        if is_ledger:
            self._draw_ledger(runs, layer, epochs)
        else:
            self._frame_lines(runs, right, layer, epochs)

    def _draw_sizes(self, runs, layer, epochs):
        for curve, run in zip([self.size, self.kept_size], [*runs, None]):
            values = [] if run is None else run.rms(run.present(layer))
            curve.set_data(np.arange(len(values)), values)
        shown, scale = runs[0].present(layer), runs[0].scale
        self.end.set_data([runs[0].trained], [runs[0].rms(shown)[-1]])
        values = [value for run in runs for value in run.rms(run.present(layer))]
        ylim, yticks = _decades(min(scale, *values), max(1, *values))
        self.sizes.retitle(f"Weight size, {shown} layer")
        self.sizes.frame(xlim=(0, epochs), xticks=_ticks(epochs), ylim=ylim, yticks=yticks)
        self.scale.draw(scale)
        self.marks.draw(moves(runs[0].settings))
        others = [run.present(layer) for run in runs[1:]]
        kept = [(self.kept_size, "kept" if name == shown else f"kept: {name}") for name in others]
        self.sizes.key((self.size, "now"), *kept)

    def _draw_lines(self, lines, run, right, layer, epochs):
        curves = [] if run is None else RIGHT[right][1](run, layer)
        if lines is self.kept and right == "decay share":
            curves = [curve for curve in curves if curve[0] == run.present(layer)]
        every = max(1, epochs // 12)
        for i, line in enumerate(lines):
            start, values = curves[i][1:] if i < len(curves) else (0, ())
            line.set_data(np.arange(start, start + len(values)), values)
            line.set_markevery((i * every // 3, every))  # so that equal curves show all marks

    def _frame_lines(self, runs, right, layer, epochs):
        title, curves_of = RIGHT[right]
        curves = [curves_of(run, layer) for run in runs]
        values = np.concatenate([values for run in curves for _, _, values in run] or [[]])
        if right == "cost":
            positive = values[values > 0]
            scale, (ylim, yticks) = "log", _decades(max(positive.min(), 1e-6), positive.max())
        else:
            low = 0 if right == "decay share" else _lowest(runs)
            scale, ylim = "linear", (low - 0.03 * (1 - low), 1 + 0.03 * (1 - low))
            yticks = {v: f"{100 * v:g} %" for v in (low, (1 + low) / 2, 1)}
        self.right.retitle(title)
        self.right.frame(
            yscale=scale, xlim=(0, epochs), xticks=_ticks(epochs), ylim=ylim, yticks=yticks
        )
        kept = [name for run in curves[1:] for name, *_ in run]
        if kept and right == "decay share":
            kept = [runs[1].present(layer)]
        kept = [f"kept: {name}" if i == 0 else name for i, name in enumerate(kept)]
        now = [name for name, *_ in curves[0]]
        self.right.key(*zip(self.now, now), *zip(self.kept, kept))

    def _draw_ledger(self, runs, layer, epochs):
        ledgers = [run.ledger(run.present(layer)) for run in runs]
        decay = [one.decay / one.size_before for kept in ledgers[1:] for one in kept]
        self.kept_decay.set_data(np.arange(1, len(decay) + 1), decay)
        self.right.retitle(RIGHT["ledger"][0])
        self.right.frame(yscale="linear", xlim=(0.5, epochs + 0.5), xticks=_ticks(epochs))
        self.stack.draw(ledgers[0], also=decay)
        self.right.key(*self.stack.key, *[(self.kept_decay, "kept: decay")] * (len(runs) - 1))


def _ticks(epochs):
    step = next(step for step in (2, 5, 10, 20, 30) if epochs <= 5 * step)
    return {epoch: str(epoch) for epoch in range(0, epochs + 1, step)}


def _decades(low, high):
    """Return limits and ticks of a logarithmic axis that holds `low` to `high`."""
    bottom = math.floor(math.log10(max(low, 1e-12) * 0.9))
    top = max(bottom + 1, math.ceil(math.log10(high) - 0.3))
    return (10.0**bottom, 2 * 10.0**top), powers(range(bottom, top + 1))


def _lowest(runs):
    """Return where the axis of accuracies begins: the first epoch may lie below."""
    least = min((min(pair) for run in runs for pair in run.accuracy[1:]), default=0)
    return max(low for low in (0, 0.5, 0.8, 0.9) if low == 0 or least > low)


class Playground(Figure):
    """Everything movable. `keep` puts a run aside for comparison, `forget` drops what was kept."""

    name = "playground"
    title = "Playground"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.001, 100.0), 0.1, NEXT_EPOCH),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.001, 1000.0)), 5.0, NEXT_EPOCH),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "training images", log_stops(100, MOST_IMAGES), 1000),
        Control("hidden", "hidden", "neurons", log_stops(5, 100), 30),
        Control("second", "second", "hidden layer", ("none", "5", "10", "30", "100"), "none"),
        Control("init", "init", "initialization", tuple(INITS), "old"),
        Control("cost", "cost", "minimized", tuple(COSTS), "cross-entropy"),
        Control("fan_in", "fan_in", "pixels of an image", tuple(POOLS), "784"),
        Control("epochs", "epochs", "to train", (10, 20, 30, 60, MOST_EPOCHS), 60),
        Control("seed", "seed", "of all draws", tuple(range(21)), 3),
        Control("layer", "layer", "shown", LAYERS, LAYERS[0], VIEW),
        Control("right", "right", "side shows", tuple(RIGHT), "accuracy", VIEW),
    )
    buttons = (("keep", "Keep for comparison"), ("forget", "Forget the kept run"))
    also_viewed = ("kept",)
    quick = "n_train=100 m=30 hidden=5 epochs=10"
    Picture = Picture
    compute = staticmethod(compute)
    describe = staticmethod(describe)
    tabulate = staticmethod(tabulate)
    columns = staticmethod(columns)
    progress = staticmethod(progress)

    _kept = None  # (result, state, preset)

    def keep(self):
        """Keep the present run, as far as it has come, to compare later ones with it."""
        self._kept = (self.run.result, dict(self.state), self.preset)
        self.show()

    def forget(self):
        """Drop the run that was kept."""
        self._kept = None
        self.show()

    def view(self):
        return super().view() | {"kept": self._kept_and_how_it_differs()}

    def _kept_and_how_it_differs(self):
        if self._kept is None:
            return None
        result, state, preset = self._kept
        differs = ", ".join(
            f"{name} = {full(value)}"
            for name, value in state.items()
            if value != self.state[name] and name not in self.that_act(VIEW)
        )
        return Kept(result, preset, f"with {differs}" if differs else "with the same settings")


def _preset(**changes):
    """Return the preset string with all defaults but `changes`."""
    values = {control.name: control.default for control in Playground.controls} | changes
    texts = {k: v if isinstance(v, str) else f"{v:g}" for k, v in values.items()}
    return " ".join([Playground.name, *(f"{k}={v.replace(' ', '_')}" for k, v in texts.items())])


_BOOK = {"n_train": 5000, "epochs": 30}  # a tenth of the book's images; exp(-eta lmbda/m) is equal

# Name: what is not at its default, and what to look for.
_PRESETS = {
    "book, 30 neurons, old": (
        _BOOK, "The hidden weights fall along a straight line: the axis is logarithmic, so "
        "that is one factor for every epoch."),
    "book, 30 neurons, new": (
        _BOOK | {"init": "new"}, "The hidden weights grow. The validation accuracy is ahead from "
        "the first epoch on, and ends close to that of the old initialization."),
    "book, 100 neurons, old": (
        _BOOK | {"hidden": 100}, "Three times as many weights, and the same factor per epoch."),
    "book, 100 neurons, new": (
        _BOOK | {"hidden": 100, "init": "new"},
        "The hidden weights rise to a smaller size than with 30 neurons."),
    "quadratic cost": (
        {"cost": "quadratic", "layer": "output", "right": "decay share"},
        "Now the output layer has a factor σ′(z) too: decay's share of its first epoch."),
    "two hidden layers": (
        {"second": "30", "right": "decay share", "epochs": MOST_EPOCHS},
        "Decay loses its three layers one after the other, and the first hidden layer last."),
    "no decay": ({"lmbda": 0.0}, "The weights keep the size they were drawn with."),
    "lambda too large": (
        {"lmbda": 200.0}, "Old or new, the weights go to nearly nothing and the network guesses."),
    "lambda past the edge": (
        {"lmbda": 250.0, "eta": 1.0, "n_train": 100},
        "ηλ/n_train is above 2: decay itself would make the weights grow."),
    "eta too large": (
        {"eta": 50.0, "lmbda": 0.01, "right": "ledger"},
        "ηλ is that of the book, and so is the decay. The kick is not."),
    "tiny n_train": (
        {"n_train": 100, "epochs": 120}, "The gap between training and validation images."),
}  # fmt: skip
PRESETS = {name: _preset(**changes) for name, (changes, _) in _PRESETS.items()}
LOOK_FOR = {name: words for name, (_, words) in _PRESETS.items()}


def presets_table():
    """Return the presets as a table: name, what to look for, and the string itself."""
    rows = [f"| **{name}** | {LOOK_FOR[name]} | `{preset}` |" for name, preset in PRESETS.items()]
    return Markdown("\n".join(["| name | look for | preset |", "|:--|:--|:--|", *rows]))
