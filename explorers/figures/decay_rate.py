"""Claim 2, live: the weights shrink by exp(-eta*lambda/m) per epoch, if eta*lambda << n_train."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from explorers.canvas import BLUE, GREEN, GREY, INK, TEXT, VERMILLION, Canvas
from explorers.controls import Control, log_stops
from explorers.formats import full, percent, power, rounded, trimmed
from explorers.widget import Explorer
from nn_core import Network, load_mnist, theory, train
from nn_core.data import N_TRAIN

EPOCHS = 30  # as many as the book's graphs have
SIZES = [784, 30, 10]
SEED = 3  # of the weights; the shuffling has the next one


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
    net = Network(SIZES, init="large", seed=SEED)
    start = _sizes(net, black)
    run = train(net, images, targets, epochs=EPOCHS, m=m, eta=eta, lmbda=lmbda, seed=SEED + 1,
                evaluate=False)  # fmt: skip
    for _ in run:
        control, layer = (now / then for now, then in zip(_sizes(net, black), start))
        result = replace(result, control=(*result.control, control), layer=(*result.layer, layer))
        yield result


@cache
def _training_data(n_train):
    mnist = load_mnist(n_train)
    return mnist.train.pixels, mnist.train.y, mnist.always_black


def _sizes(net, black):
    """Return the rms of the control group and of the whole hidden layer."""
    rms = [float(np.sqrt(np.mean(w**2))) for w in (net.weights[0][:, black], net.weights[0])]
    return rms


def describe(result):
    """Return the finding in plain words."""
    r = result
    if r.lmbda == 0:
        decay = "λ = 0: there is no weight decay, and both factors are exactly 1."
    else:
        decay = (
            f"With ηλ/n_train = {trimmed(r.shrink)}, {r.regime.value}. "
            f"One epoch multiplies a weight without gradient by {rounded(r.factor, 6)}; "
            f"the limit exp(−ηλ/m) = {rounded(r.limit, 6)} is off by {_how_far(r.error)}."
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


def _how_far(error):
    return percent(abs(error)) if abs(error) <= 1 else "more than itself"


def _measured(r):
    group = f"the control group ({r.n_black} always-black pixels, {r.n_black * SIZES[1]:,} weights)"
    digits, epochs = _agreeing_digits(r.control_deviation), len(r.layer) - 1
    alone = abs(r.factor) ** epochs
    left = "less than 10⁻³⁰⁰" if alone < 1e-300 and r.factor else rounded(alone)
    return (
        f"Measured: {group} follows the exact factor to {digits} digits; the whole hidden layer "
        f"went to {rounded(r.layer[1])} of its size in the first "
        f"epoch, and stands at {rounded(r.layer[-1])} after {epochs}, where decay alone would "
        f"leave {left}."
    )


def _agreeing_digits(deviation):
    """Return to how many digits two numbers agree; beyond 12 it is rounding's business."""
    return 12 if deviation < 1e-12 else int(-np.log10(deviation))


def tabulate(result):
    r = result
    return [
        ("ηλ/n_train, the share a weight loses in a step", trimmed(r.shrink, 6)),
        ("steps per epoch, ⌈n_train/m⌉", full(theory.steps_per_epoch(r.n_train, r.m))),
        ("exact factor per epoch, (1 − ηλ/n_train)^⌈n_train/m⌉", rounded(r.factor, 8)),
        ("limit, exp(−ηλ/m)", rounded(r.limit, 8)),
        ("relative error of the limit", rounded(r.error)),
        ("its leading term", rounded(r.leading)),
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
        "exact_factor": exact,
        "exponential_limit": result.limit**epochs,
        "control_group": result.control,
        "hidden_layer": result.layer,
    }


class Picture:
    """Left: sizes over epochs. Right: the error of the limit over eta*lambda/n_train."""

    TOPS = (1.5, 3, 6, 15, 60)  # upper ends for the axis of sizes
    SHRINKS = np.concatenate(  # dense on both sides of 1, never at 1, where the logarithm ends
        [np.logspace(-8, -0.001, 200), 1 + np.logspace(-3, 0, 40), np.logspace(0.31, 2, 40)]
    )

    def __init__(self, width):
        self.canvas = Canvas(width)
        self._build_sizes()
        self._build_errors()

    def _build_sizes(self):
        c = self.canvas
        self.sizes = c.panel(
            [0.07, 0.16, 0.4, 0.7],
            title="Weight size (start = 1)",
            xlabel="epoch",
            xlim=(0, EPOCHS), ylim=(0, self.TOPS[0]),
            xticks={0: "0", 10: "10", 20: "20", 30: "30"},
            yticks={size: trimmed(size) for size in (0, 0.5, 1, 5, 10, 50)},
        )  # fmt: skip
        draw = self.sizes.moving.plot
        (self.limit,) = draw([], [], "--", color=VERMILLION, lw=2.5, zorder=3)
        (self.exact,) = draw([], [], "-", color=BLUE, lw=2.5)
        (self.control,) = draw([], [], "o", color=INK, ms=5, mfc="white", zorder=4)
        (self.layer,) = draw([], [], "-s", color=GREEN, ms=4, lw=1.5)
        rows = [
            ("—", "exact factor, equation (93)", BLUE),
            ("- -", "limit exp(−ηλ/m)", VERMILLION),
            ("○", "measured: always-black pixels", INK),
            ("■", "measured: whole hidden layer", GREEN),
        ]
        self.sizes.key(rows, left=1 - 0.57, top=0.985, size=10.5)

    def _build_errors(self):
        c = self.canvas
        decades = range(-8, 3, 2)
        self.errors = c.panel(
            [0.57, 0.16, 0.41, 0.7],
            title="Relative error of the limit",
            xlabel="ηλ/n_train, the share lost in a step",
            xscale="log", yscale="log",
            xlim=(1e-8, 1e2), ylim=(1e-14, 1e2),
            xticks={10.0**e: power(e) for e in decades},
            yticks={10.0**e: power(e) for e in range(-14, 3, 4)},
        )  # fmt: skip
        still = self.errors.still
        for start, end, shade in [(0.1, 1, 0.93), (1, 2, 0.84), (2, 100, 0.74)]:
            still.axvspan(start, end, color=str(shade), lw=0)
        for at, text in [(0.075, "gentle"), (0.33, "abrupt"), (1.45, "flips"), (18, "grows")]:
            align = "right" if text == "gentle" else "center"
            turn = 90 if text in ("abrupt", "flips") else 0
            still.text(at, 2e-14, text, fontsize=10.5, color=INK, ha=align, va="bottom",
                       rotation=turn)  # fmt: skip
        draw = self.errors.moving.plot
        (self.leading,) = draw([], [], ":", color=GREY, lw=2)
        (self.curve,) = draw([], [], "-", color=BLUE, lw=2)
        (self.point,) = draw([], [], "o", color=VERMILLION, ms=10, zorder=5)
        self.value = self.errors.moving.text(
            0, 0, "", fontsize=12, color=TEXT[VERMILLION], ha="right", va="bottom"
        )

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
        left = x < 1e-5  # no room on that side
        self.value.set_position((x * 3 if left else x / 2, error * (0.3 if left else 1.5)))
        self.value.set(ha="left" if left else "right", va="top" if left else "bottom")
        self.value.set_text(percent(abs(result.error)) if there else "")


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


class DecayRate(Explorer):
    """Claim 2: the exact factor, its exponential limit, and both measured on a real network."""

    name = "decay-rate"
    title = "Decay per epoch: exact factor, exponential limit, and measured"
    controls = (
        Control("eta", "η", "learning rate", log_stops(0.01, 10.0), 0.1),
        Control("lmbda", "λ", "regularization", (0.0, *log_stops(0.1, 1000.0)), 5.0),
        Control("m", "m", "mini-batch size", log_stops(1, 100), 10),
        Control("n_train", "n_train", "training images", log_stops(100, N_TRAIN), 1000),
    )
    Picture = Picture
    compute = staticmethod(compute)
    describe = staticmethod(describe)
    tabulate = staticmethod(tabulate)
    columns = staticmethod(columns)
