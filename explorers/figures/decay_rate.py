"""Claim 2, live: the weights shrink by exp(-eta*lambda/m) per epoch, if eta*lambda << n_train."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from experiments.runs import SEED
from explorers.canvas import AIR, Canvas
from explorers.controls import Control, log_stops
from explorers.figure import Figure
from explorers.formats import full, percent, power, powers, rounded, ticks, trimmed
from explorers.run import grown
from explorers.style import BLUE, GREEN, GREY, INK, LABEL, LINE, TEXT, VERMILLION, width_of
from nn_core import Network, load_mnist, theory, train
from nn_core.data import N_TRAIN

EPOCHS = 30  # as many as the book's graphs have
MOST_STEPS = 150_000  # as many as it has in them: some seconds, where m = 1 would take a minute
SIZES = [784, 30, 10]


@dataclass(frozen=True)
class DecayRateResult:
    """Sizes are relative to the size at the start; index k of an array is after k epochs."""

    eta: float
    lmbda: float
    m: int
    n_train: int
    factor: float
    limit: float
    error: float
    leading: float
    regime: theory.Regime
    n_black: int  # always-black pixels
    control: tuple = (1.0,)  # measured rms of the weights from always-black pixels
    layer: tuple = (1.0,)  # measured rms of the whole hidden layer

    @property
    def shrink(self):
        return theory.shrink(self.eta, self.lmbda, self.n_train)

    @property
    def diverges(self):
        return self.regime is theory.Regime.GROWING

    @property
    def control_deviation(self):
        """The largest relative deviation of the control group from the exact factor."""
        expected = np.abs(self.factor) ** np.arange(len(self.control))
        # The squares in an rms run out of floats at 1e-308: smaller sizes can't be compared.
        seen = expected > 1e-150
        return float(np.max(np.abs(np.array(self.control)[seen] / expected[seen] - 1)))


def compute(*, eta, lmbda, m, n_train):
    """Yield the closed forms at once, then the measurement after each epoch of training."""
    images, targets, black = _training_data(n_train)
    result = DecayRateResult(
        eta, lmbda, m, n_train,
        factor=theory.epoch_factor(eta, lmbda, n_train, m),
        limit=theory.exponential_limit(eta, lmbda, m),
        error=theory.limit_error(eta, lmbda, n_train, m),
        leading=theory.limit_error_leading(eta, lmbda, n_train, m),
        regime=theory.regime(eta, lmbda, n_train),
        n_black=int(black.sum()),
    )  # fmt: skip
    yield result
    if result.diverges:
        return  # `train` would refuse, and the sentence says so
    net = Network(SIZES, init="old", seed=SEED)
    start = _sizes(net, black)
    run = train(net, images, targets, epochs=measured_epochs(n_train, m), m=m, eta=eta,
                lmbda=lmbda, seed=SEED + 1, evaluate=False)  # fmt: skip
    for _ in run:
        control, layer = (now / then for now, then in zip(_sizes(net, black), start))
        result = grown(result, control=control, layer=layer)
        yield result


def measured_epochs(n_train, m):
    """Return how many epochs are measured: all 30, or fewer where these would take too long."""
    return min(EPOCHS, MOST_STEPS // theory.steps_per_epoch(n_train, m))


@cache
def _training_data(n_train):
    mnist = load_mnist(n_train)
    return mnist.train.pixels, mnist.train.y, mnist.always_black


def _sizes(net, black):
    """Return the rms of the control group and of the whole hidden layer."""
    return [float(np.sqrt(np.mean(w**2))) for w in (net.weights[0][:, black], net.weights[0])]


def describe(result):
    """Return the finding in plain words."""
    r = result
    if r.lmbda == 0:
        decay = "λ = 0: there is no weight decay, and both factors are exactly 1."
    else:
        decay = (
            f"With ηλ/n_train = {trimmed(r.shrink)}, {r.regime.value}. "
            f"One epoch multiplies a weight without gradient by {_factor(r, 6)}; "
            f"the limit exp(−ηλ/m) {_is(r.limit, 6)} is off by {_how_far(r.error)}."
        )
    if r.n_train % r.m and not r.diverges:
        decay += " (m does not divide n_train: the last, smaller mini-batch is a whole step too.)"
    if r.diverges:
        return (
            decay + " Training is refused here: it would diverge. Lower λ or η, or raise n_train."
        )
    if len(r.layer) == 1:
        return decay + " The network is being trained …"
    return f"{decay} {_measured(r)}"


def _size(size, digits=3):
    """Return a size that is neither 0 nor infinite, though a float may have no room for it."""
    if 1e-300 < abs(size) < 1e300:
        return rounded(size, digits)
    return f"less than {power(-300)}" if abs(size) < 1 else f"more than {power(300)}"


def _is(size, digits):
    return f"= {rounded(size, digits)}" if size > 1e-300 else f"(< {power(-300)})"


def _factor(r, digits):
    return "0" if r.shrink == 1 else _size(r.factor, digits)


def _how_far(error):
    return percent(abs(error)) if abs(error) <= 1 else "more than itself"


def _measured(r):
    group = f"the control group ({r.n_black} always-black pixels, {r.n_black * SIZES[1]:,} weights)"
    digits, epochs = _agreeing_digits(r.control_deviation), len(r.layer) - 1
    left = "0" if r.shrink == 1 else _size(abs(r.factor) ** epochs)
    return (
        f"Measured: {group} follows the exact factor to {digits} digits; the whole hidden layer "
        f"went to {rounded(r.layer[1])} of its size in the first "
        f"epoch, and stands at {rounded(r.layer[-1])} after {epochs}, where decay alone would "
        f"leave {left}.{_why_no_more(r, epochs)}"
    )


def _why_no_more(r, epochs):
    if epochs == EPOCHS or epochs < measured_epochs(r.n_train, r.m):
        return ""
    steps = full(theory.steps_per_epoch(r.n_train, r.m))
    return f" (No more is measured here, as an epoch has {steps} steps; the curves go on.)"


def _agreeing_digits(deviation):
    """Return to how many digits two numbers agree; beyond 12 it is rounding's business."""
    return 12 if deviation < 1e-12 else int(-np.log10(deviation))


def tabulate(result):
    r = result
    return [
        ("ηλ/n_train, the share a weight loses in a step", trimmed(r.shrink, 6)),
        ("steps per epoch, ⌈n_train/m⌉", full(theory.steps_per_epoch(r.n_train, r.m))),
        ("exact factor per epoch, (1 − ηλ/n_train)^⌈n_train/m⌉", _factor(r, 8)),
        ("limit, exp(−ηλ/m)", _size(r.limit, 8)),
        ("relative error of the limit", _size(r.error) if r.error else "0"),
        ("... forecast, for small steps", rounded(r.leading)),
        ("epochs measured", str(len(r.layer) - 1)),
        ("control group, start = 1", rounded(r.control[-1], 6)),
        ("whole hidden layer, start = 1", rounded(r.layer[-1], 4)),
    ]


def columns(result):
    epochs = np.arange(EPOCHS + 1)
    with np.errstate(over="ignore"):  # where decay grows without bound
        exact = np.abs(result.factor) ** epochs
    return {
        "epoch": epochs,
        "exact_factor": exact[np.isfinite(exact)],
        "exponential_limit": result.limit**epochs,
        "control_group": result.control,
        "hidden_layer": result.layer,
    }


class Picture:
    """Left: sizes over epochs. Right: the error of the limit over eta*lambda/n_train."""

    TOPS = (1.1, 2, 5, 10, 50)  # upper ends for the axis of sizes
    SHRINKS = np.concatenate(  # dense on both sides of 1, never at 1, where the logarithm ends
        [np.logspace(-8, -0.001, 200), 1 + np.logspace(-3, 0, 40), np.logspace(0.31, 2, 40)]
    )

    def __init__(self, width):
        self.canvas = Canvas(width)
        self._build_sizes()
        self._build_errors()

    def _build_sizes(self):
        self.sizes = panel = self.canvas.panel(
            "Weight size (start = 1)", "epoch", xlim=(0, EPOCHS), ylim=(0, self.TOPS[0]),
            xticks=ticks((0, 10, 20, 30)), yticks=ticks((0, 0.5, 1, 2, 5, 10, 20, 50)),
        )  # fmt: skip
        self.limit = panel.curve("--", VERMILLION, zorder=3)
        self.exact = panel.curve("-", BLUE, lw=2.5)
        self.control = panel.curve("o", INK, ms=5, mfc="white", zorder=4)
        self.layer = panel.curve("-s", GREEN, ms=4, lw=1.5)
        panel.key((self.exact, "exact factor"), (self.limit, "limit exp(−ηλ/m)"),
                  (self.control, "measured: black pixels"),
                  (self.layer, "measured: layer"))  # fmt: skip

    def _build_errors(self):
        self.errors = panel = self.canvas.panel(
            "Relative error of the limit", "ηλ/n_train, the share lost in a step",
            xscale="log", yscale="log", xlim=(1e-8, 1e2), ylim=(1e-17, 1e2),
            xticks=powers(range(-8, 3, 2)), yticks=powers(range(-14, 3, 4)),
        )  # fmt: skip
        regimes = [(0.1, 1, 0.93, "abrupt"), (1, 2, 0.84, "flips"), (2, 100, 0.74, "grows")]
        bands = [
            (panel.still.axvspan(start, end, fc=str(shade), lw=0), word)
            for start, end, shade, word in regimes
        ]
        self.leading, self.curve = panel.curve(":", GREY), panel.curve("-", BLUE)
        self.point = panel.curve("o", VERMILLION, ms=10, zorder=5)
        self.value = panel.moving.text(
            0, 0, "", fontsize=LABEL, color=TEXT[VERMILLION], zorder=4,
            bbox={"fc": "white", "lw": 0, "pad": 0.5}, transform=panel.units,
        )  # fmt: skip
        panel.key((self.curve, "at this ηλ/m"), (self.leading, "second term alone"), *bands)

    def draw(self, result):
        self._draw_sizes(result)
        self._draw_errors(result)

    def _draw_sizes(self, result):
        epochs = np.arange(EPOCHS + 1)
        with np.errstate(over="ignore"):
            self.exact.set_data(epochs, np.minimum(np.abs(result.factor) ** epochs, 1e6))
        self.limit.set_data(epochs, result.limit**epochs)
        self.control.set_data(epochs[: len(result.control)], result.control)
        self.layer.set_data(epochs[: len(result.layer)], result.layer)
        highest = max(result.layer)
        self.sizes.frame(ylim=(0, next((top for top in self.TOPS if highest < top), highest)))

    def _draw_errors(self, result):
        exponent = result.eta * result.lmbda / result.m
        self.curve.set_data(self.SHRINKS, _error_curve(exponent, self.SHRINKS))
        self.leading.set_data(
            self.SHRINKS, np.where(exponent < self.SHRINKS, np.nan, exponent * self.SHRINKS / 2)
        )
        there = result.error != 0 and np.isfinite(result.error)
        error = np.clip(abs(result.error), 2e-14, 5e1) if there else 1.0
        x = max(result.shrink, 1e-8)
        self.point.set_data([x], [error])
        self.point.set_visible(there)
        # The curve rises: there is room above it on the left, and below it on the right.
        words, (right, up) = percent(abs(result.error)) if there else "", self.errors.at(x, error)
        left = right - self.errors.x > width_of(words, LABEL) + AIR
        side = -1 if left else 1
        below_key = self.errors.y + self.errors.height + AIR - LABEL * LINE
        up = min(up - side * AIR / 2, below_key)
        self.value.set(text=words, x=right + side * AIR, y=up,
                       ha="right" if left else "left", va="bottom" if left else "top")  # fmt: skip


def _error_curve(exponent, shrinks):
    """Return |relative error of the limit| over eta*lmbda/n_train, at fixed eta*lmbda/m.

    For m dividing n_train. It ends where n_train is down to m: an epoch has at least one step, so
    shrink <= eta*lmbda/m.
    """
    with np.errstate(over="ignore"):
        log_size = np.where(shrinks < 0.5, np.log1p(-np.minimum(shrinks, 0.5)),
                            np.log(np.abs(1 - shrinks)))  # fmt: skip
        error = np.abs(np.expm1(exponent * (log_size / shrinks + 1)))
    return np.where(shrinks <= exponent, error, np.nan)


class DecayRate(Figure, parts=globals()):
    """Claim 2: the exact factor, its exponential limit, and both measured on a real network."""

    name = "decay-rate"
    title = "Decay per epoch: exact factor, exponential limit, and measured"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 10.0), 0.1),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 1000.0)), 5.0),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "images", log_stops(100, N_TRAIN), 1000),
    )
    presets = (
        ("the curves come apart", "lmbda=500 n_train=100"),
        ("signs flip", "eta=0.2 lmbda=700 n_train=100"),
        ("it would diverge", "eta=1 lmbda=1000 n_train=100"),
    )
    quick = "n_train=100"
