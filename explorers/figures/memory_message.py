"""All three claims in one picture: the weights are a fading memory plus a message from the data."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from experiments.memory import Dimmer, first_crossing
from experiments.runs import SEED
from explorers.canvas import SIDE_BY_SIDE, SLIDE, Canvas, Marks
from explorers.controls import NEXT_EPOCH, VIEW, Control, log_stops
from explorers.figure import Figure
from explorers.formats import moved, moves, percent, powers, rounded, ticks, trimmed
from explorers.inits import INITS
from explorers.run import grown
from explorers.style import BLUE, GREEN, GREY, INK, PURPLE, SMALL, VERMILLION
from nn_core import Network, Setting, load_mnist, memory, theory, train
from nn_core.data import N_TRAIN
from nn_core.network import as_input

EPOCHS = 120
WHEN_WIDE = 30  # epochs that the words "epoch 30" are wide, beside a curve
HIDDEN = 30
VALIDATED = 5000  # images: half of them, so that the handle can be moved without waiting
LAYERS = ("hidden", "output")
DIMMED = ("hidden layer", "both layers")
# Rows and columns of the neurons' pictures, by how many are asked for: in a wide picture, in a
# narrow one, where each would become too small, and in that of a slide, which is low.
WIDE, NARROW = {"some": (2, 9), "all": (3, 13)}, {"some": (2, 4), "all": (4, 8)}
LOW = {"some": (1, 9), "all": (2, 15)}
SCALES = ("one for all three", "each its own", "that of the start")
KEEPS = tuple(round(0.1 * k, 1) for k in range(11))
STEPS = np.array([m * 10.0**e for e in range(-12, 4) for m in (1, 2, 5)])  # ends of a colour scale
# White is 0; no weight at all, between the pictures, is grey.
COLOURS = LinearSegmentedColormap.from_list("weights", [BLUE, "white", VERMILLION])
COLOURS = COLOURS.with_extremes(bad="#c4c8ce")


@dataclass(frozen=True, eq=False)
class Moment:
    """How the network stands after an epoch. Sizes are root mean squares over a layer."""

    kept: float  # how much decay alone leaves of the start
    messages: tuple  # of each layer, in single precision
    biases: tuple
    sizes: tuple  # of each layer: (memory, message, weights)
    cosines: tuple  # ... and of the angle between the first two


@dataclass(frozen=True, eq=False)
class MemoryResult:
    m: int
    n_train: int
    dimmer: Dimmer  # which has the weights at the start
    settings: tuple  # (eta, lmbda) of each epoch
    moments: tuple  # index k after k epochs

    @property
    def epochs(self):
        return len(self.settings)

    def shown(self, epoch):
        """Return the epoch that can be shown where `epoch` is asked for."""
        return min(epoch, self.epochs)

    def sizes(self, layer):
        """Return memory, message and weights over the epochs, an array of shape (3, epochs + 1)."""
        return np.array([moment.sizes[LAYERS.index(layer)] for moment in self.moments]).T

    # Each move asks for it twice. That a few results stay in memory is no loss.
    @lru_cache(maxsize=8)  # noqa: B019
    def forecast(self, layer):
        """Return the size over the epochs by the message's newest size alone, at right angles."""
        (start, *_), (*_, message), _ = self.sizes(layer)
        return [memory.length_forecast(start, message, moment.kept) for moment in self.moments]

    def crossing(self, layer):
        """Return the first epoch after which the memory is no larger than the message, or None."""
        old, new, _ = self.sizes(layer)
        return first_crossing(old, new)

    def crossing_forecast(self, layer):
        """Return the epoch in which decay alone brings the start down to the newest message.

        None if it doesn't, or if eta or lambda has been moved on the way.
        """
        (start, *_), (*_, message), _ = self.sizes(layer)
        if len(set(self.settings)) != 1 or not 0 < message < start or self.settings[0][1] == 0:
            return None
        setting = Setting(*self.settings[0], self.m, self.n_train)
        return theory.epochs_to_shrink(start, message, **asdict(setting))


def compute(*, current, m, n_train, init):
    """Yield the network before training, and after each epoch."""
    images, rng = load_mnist(n_train).train, np.random.default_rng(SEED + 1)
    net = Network([784, HIDDEN, 10], init=init, seed=SEED)
    x, y = images.pixels, images.y
    start = tuple(w.copy() for w in net.weights)
    dimmer = Dimmer(start, *_validation())
    result = MemoryResult(m, n_train, dimmer, (), (_moment(net, start, 1.0),))
    yield result
    for _ in range(EPOCHS):
        eta, lmbda = current.eta, current.lmbda
        next(train(net, x, y, epochs=1, m=m, eta=eta, lmbda=lmbda, seed=rng, evaluate=False))
        kept = result.moments[-1].kept * Setting(eta, lmbda, m, n_train).factor_per_epoch
        result = grown(result, settings=(eta, lmbda), moments=_moment(net, start, kept))
        yield result


def _moment(net, start, kept):
    parts = memory.parts(start, net.weights, kept)
    return Moment(
        kept,
        messages=tuple(part.message.astype(np.float32) for part in parts),
        biases=tuple(b.copy() for b in net.biases),
        sizes=tuple(
            tuple(length / math.sqrt(part.message.size) for length in part.lengths)
            for part in parts
        ),
        cosines=tuple(part.cosine for part in parts),
    )


def progress(result):
    return result.epochs, EPOCHS


# The network with its memory dimmed by hand.


@lru_cache(maxsize=256)
def _accuracies(dimmer, moment, dimmed, keeps=KEEPS):
    """Return {keep: accuracy on the validation images}; computed when it is looked at."""
    now = moment.kept, moment.messages, moment.biases
    return dict(zip(keeps, dimmer.accuracies(*now, keeps, both=dimmed == DIMMED[1])))


def _accuracy(result, shown, dimmed, keep):
    """Return the accuracy with an amount of memory that need not be among KEEPS."""
    where = result.dimmer, result.moments[shown], dimmed
    return (_accuracies(*where) if keep in KEEPS else _accuracies(*where, (keep,)))[keep]


def _validation():
    images = load_mnist(1).validation
    return as_input(images.pixels[:VALIDATED], np.float32), images.labels[:VALIDATED]


def describe(result, *, epoch, layer, dimmed, keep):
    shown = result.shown(epoch)
    said = [_parts(result, shown, layer), *_crossing(result, layer)]
    said += [_recognized(result, shown, dimmed, keep), moved(result.settings)]
    return " ".join(said).rstrip()


def _parts(result, shown, layer):
    if shown == 0:
        return "Before training the weights are all memory, and there is no message."
    moment, index = result.moments[shown], LAYERS.index(layer)
    old, new, both = moment.sizes[index]
    return (
        f"After epoch {shown} the {layer} layer remembers {percent(abs(moment.kept))} of its start."
        f" Memory {rounded(old)} and message {rounded(new)} make weights of {rounded(both)} "
        f"(at right angles {rounded(math.hypot(old, new))}; the cosine is "
        f"{rounded(moment.cosines[index], 2)})."
    )


def _crossing(result, layer):
    if result.epochs == 0:
        return []
    epoch, forecast = result.crossing(layer), result.crossing_forecast(layer)
    if epoch is None:
        said = "The memory is still the larger part"
    else:
        said = f"From epoch {epoch} on the message is the larger part"
    if forecast is None:
        return [f"{said}."]
    return [
        f"{said}; decay alone takes {rounded(forecast)} epochs from the start down to the "
        "message's newest size."
    ]


def _recognized(result, shown, dimmed, keep):
    right = _accuracies(result.dimmer, result.moments[shown], dimmed)
    best = max(KEEPS, key=right.get)
    memory_of = "its memory" if dimmed == DIMMED[0] else "both layers' memory"
    said = (
        f"It gets {percent(right[1], 3)} of {len(result.dimmer.labels):,} validation images right "
        f"with all of {memory_of}, "
    )
    if 0 < keep < 1:
        said += f"with {_amount(keep)} of it {percent(_accuracy(result, shown, dimmed, keep), 3)}, "
    said += f"with none {percent(right[0], 3)}"
    if right[best] > right[1]:
        said += f"; best is {_amount(best)}, with {percent(right[best], 3)}"
    return f"{said}."


def _amount(keep):
    return f"{trimmed(100 * keep, 3)} %"


def tabulate(result, *, epoch, layer, dimmed):
    shown, index = result.shown(epoch), LAYERS.index(layer)
    moment = result.moments[shown]
    old, new, both = moment.sizes[index]
    forecast, crossing = result.crossing_forecast(layer), result.crossing(layer)
    rows = [
        ("epoch shown", str(shown)),
        ("memory, share of the start", rounded(moment.kept, 6)),
        ("size of the memory", rounded(old)),
        ("size of the message", rounded(new)),
        ("size of the weights", rounded(both)),
        ("... by the last message alone", rounded(result.forecast(layer)[shown])),
        ("cosine of memory and message", rounded(moment.cosines[index])),
        ("first epoch with memory ≤ message", "none yet" if crossing is None else str(crossing)),
        (
            "... by decay alone, (m/ηλ)·ln(w₀/D)",
            "no forecast" if forecast is None else rounded(forecast),
        ),
    ]
    right = _accuracies(result.dimmer, moment, dimmed)
    rows += [
        (f"accuracy with {_amount(keep)} of the memory", percent(right[keep], 3)) for keep in KEEPS
    ]
    return rows


def columns(result, *, epoch, layer, dimmed):
    old, new, both = result.sizes(layer)
    right = _accuracies(result.dimmer, result.moments[result.shown(epoch)], dimmed)
    return {
        "epoch": range(result.epochs + 1),
        "memory": old,
        "message": new,
        "weights": both,
        "forecast": result.forecast(layer),
        "cosine": [moment.cosines[LAYERS.index(layer)] for moment in result.moments],
        "memory_kept_by_hand": KEEPS,
        "accuracy": [right[keep] for keep in KEEPS],
    }


def mosaic(weights, rows, columns):
    """Return the first neurons' weights as pictures beside each other, nan between them.

    A neuron's weights fill a square line by line: of the hidden layer, a weight for each pixel.
    """
    side = math.ceil(math.sqrt(weights.shape[1]))
    tiles = np.full((rows * columns, side * side), np.nan)
    chosen = weights[: rows * columns]
    tiles[: len(chosen), : weights.shape[1]] = chosen
    gap = max(1, side // 14)
    framed = np.full((rows, columns, side + gap, side + gap), np.nan)
    framed[:, :, :side, :side] = tiles.reshape(rows, columns, side, side)
    whole = framed.transpose(0, 2, 1, 3).reshape(rows * (side + gap), columns * (side + gap))
    return whole[:-gap, :-gap]


class Picture:
    """Left: the weights, their memory and their message as pictures. Right: sizes, accuracy."""

    ROWS = (("Weights", "weights"), ("= memory", "memory"), ("+ message", "message"))
    LOWEST = (1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-15)
    HIGHEST = (2, 20, 200)

    def __init__(self, width):
        self.canvas = Canvas(width)
        self.grids = LOW if width == SLIDE else WIDE if width >= SIDE_BY_SIDE else NARROW
        self._build_pictures()
        self._build_sizes()
        self._build_accuracy()

    def _build_pictures(self):
        self.pictures, self.scales = {}, {}
        rows, columns = self.grids["some"]
        for number, (title, name) in enumerate(self.ROWS):
            panel = self.canvas.panel(title, aspect=rows / columns, below=number > 0)
            self.pictures[name] = panel, panel.image(COLOURS)
            self.scales[name] = panel.moving.text(
                0, 0, "", fontsize=SMALL, color=INK, ha="right", transform=panel.units
            )
        panel, _ = self.pictures["weights"]
        swatches = {"negative": BLUE, "0": "white", "positive": VERMILLION}
        panel.key(*(
            (Rectangle((0, 0), 1, 1, fc=colour, ec=GREY, lw=0.8), words)
            for words, colour in swatches.items()
        ))  # fmt: skip

    def _build_sizes(self):
        self.sizes = panel = self.canvas.panel(
            "Size of the layer", "epoch", share=0.56, yscale="log", xlim=(0, EPOCHS),
            xticks=ticks(range(0, EPOCHS + 1, 30)), yticks=powers(range(-2, 1)),
        )  # fmt: skip
        self.curves = {
            "memory": panel.curve("-", VERMILLION, lw=1.5),
            "message": panel.curve("--", BLUE),
            "weights": panel.curve("-", INK, lw=3),
            "forecast": panel.curve(":", GREEN, lw=2.2, zorder=3),
        }
        self.crossing = panel.curve("o", INK, ms=8, mfc="white", zorder=4, clip_on=False)
        self.cursor = panel.moving.axvline(0, color=GREY, lw=1)
        self.marks = Marks(panel)
        self.when = panel.moving.text(
            0, 0, "", fontsize=SMALL, color=INK, zorder=3,
            bbox={"fc": "white", "lw": 0, "pad": 0.5},
        )  # fmt: skip
        panel.key(*((curve, name) for name, curve in self.curves.items()))

    def _build_accuracy(self):
        self.accuracy = panel = self.canvas.panel(
            "Images recognized", "memory kept by hand", below=True, share=0.34,
            xlim=(0, 1), xticks=ticks((0, 0.25, 0.5, 0.75, 1)),
            ylim=(0, 1), yticks=ticks((0, 1)), reserve=["0.5"],
        )  # fmt: skip
        self.curve = panel.curve("-", INK)
        self.kept = panel.curve("o", PURPLE, ms=9, clip_on=False, zorder=4)

    def draw(self, result, *, epoch, layer, neurons, scale, dimmed, keep):
        shown = result.shown(epoch)
        self._draw_pictures(result, shown, layer, neurons, scale, dimmed, keep)
        self._draw_sizes(result, shown, layer)
        right = _accuracies(result.dimmer, result.moments[shown], dimmed)
        self.curve.set_data(KEEPS, [right[keep] for keep in KEEPS])
        self.kept.set_data([keep], [_accuracy(result, shown, dimmed, keep)])
        low, high = _tenths_around(right.values())
        self.accuracy.frame(ylim=(low, high), yticks=ticks((low, high)))

    def _draw_pictures(self, result, shown, layer, neurons, scale, dimmed, keep):
        index, moment = LAYERS.index(layer), result.moments[shown]
        left = keep if layer == "hidden" or dimmed == DIMMED[1] else 1
        old, new = left * moment.kept * result.dimmer.start[index], moment.messages[index]
        parts = {"weights": old + new, "memory": old, "message": new}
        ends = {name: _end(weights) for name, weights in parts.items()}
        if scale != "each its own":
            whole = _end(result.dimmer.start[index]) if scale == SCALES[-1] else max(ends.values())
            ends = dict.fromkeys(ends, whole)
        for name, weights in parts.items():
            panel, image = self.pictures[name]
            image.set_data(mosaic(weights / ends[name], *self.grids[neurons]))
            self.scales[name].set_text(f"up to ±{trimmed(ends[name])}" if weights.any() else "")
            self.scales[name].set_position(panel.over_the_right())

    def _draw_sizes(self, result, shown, layer):
        old, new, both = result.sizes(layer)
        epochs = np.arange(result.epochs + 1)
        self.curves["memory"].set_data(epochs, old)
        self.curves["message"].set_data(epochs[1:], new[1:])
        self.curves["weights"].set_data(epochs, both)
        self.curves["forecast"].set_data(epochs, result.forecast(layer))
        crossing = result.crossing(layer)
        self.crossing.set_visible(bool(crossing))
        self.when.set_visible(bool(crossing))
        if crossing:
            self.crossing.set_data([crossing], [new[crossing]])
            self.when.set(text=f"epoch {crossing}", **_free_place(crossing, shown, new, both))
        self.cursor.set_xdata([shown, shown])
        self.marks.draw(moves(result.settings))
        smallest = min([both.min(), *new[1:2]])
        low = next((low for low in self.LOWEST if low < smallest), self.LOWEST[-1])
        high = next((high for high in self.HIGHEST if high > both.max()), self.HIGHEST[-1])
        decades = range(round(math.log10(low)), math.floor(math.log10(high)) + 1)
        self.sizes.frame(ylim=(low, high), yticks=powers(decades))


def _tenths_around(shares):
    """Return the tenths between which these shares lie: what the handle changes may be little."""
    low, high = math.floor(10 * min(shares)), math.ceil(10 * max(shares))
    return low / 10, max(high, low + 1) / 10


def _free_place(crossing, shown, new, both):
    """Return a place for the crossing's epoch where nothing is drawn.

    That is below the message and left of the memory. If it is too narrow, or the line of the epoch
    shown runs through it: above all curves.
    """
    if crossing > WHEN_WIDE and not crossing - WHEN_WIDE <= shown < crossing:
        lowest = new[crossing - WHEN_WIDE : crossing].min()
        return {"x": crossing - 2, "y": lowest / 1.3, "ha": "right", "va": "top"}
    highest = both[crossing : crossing + WHEN_WIDE].max()
    return {"x": crossing + 2, "y": 1.3 * highest, "ha": "left", "va": "bottom"}


def _end(weights):
    """Return where a colour scale ends that shows all but the largest of these weights."""
    size = 2.5 * math.sqrt(np.mean(np.square(weights)))
    return float(STEPS[min(np.searchsorted(STEPS, size), len(STEPS) - 1)])


class MemoryMessage(Figure, parts=globals()):
    """What is left of the start, and what the data have written, of every weight."""

    name = "memory-message"
    title = "Weights = memory + message"
    controls = (
        Control("epoch", "epoch", "shown", tuple(range(EPOCHS + 1)), EPOCHS, VIEW),
        Control("keep", "keep", "of the memory", KEEPS, 1.0, VIEW,
                own_help="Less dims what is left of the start; the message stays."),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 500.0)), 5.0, NEXT_EPOCH),
        Control("init", "init", "initialization", tuple(INITS), "old"),
        Control("layer", "layer", "shown", LAYERS, "hidden", VIEW),
        Control("dimmed", "dimmed", "by hand", DIMMED, DIMMED[0], VIEW, group="More",
                own_help="Whose memory is kept in part."),
        Control("eta", "η", "learning rate", log_stops(0.01, 2.0), 0.1, NEXT_EPOCH, group="More"),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10, group="More"),
        Control("n_train", "n_train", "images", log_stops(100, N_TRAIN), 1000,
                group="More"),
        Control("neurons", "neurons", "pictured", tuple(WIDE), "some", VIEW, group="More",
                own_help="How many are pictured."),
        Control("scale", "colours", "scale", SCALES, SCALES[0], VIEW, group="More",
                own_help="For which weight the colours are full."),
    )  # fmt: skip
    presets = (
        ("after one epoch", "epoch=1"),
        ("without decay", "lmbda=0"),
        ("the new initialization", "init=new"),
    )
    quick = "n_train=100 m=30"
