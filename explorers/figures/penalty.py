"""The third answer, live: what the penalty (lmbda/2n) sum w^2 costs if all weights are N_w^k."""

from dataclasses import dataclass

import numpy as np

from explorers.canvas import Canvas, Levels
from explorers.controls import Control, log_stops
from explorers.figure import Figure
from explorers.formats import power, powers, rounded, trimmed
from explorers.style import BLUE, VERMILLION

POWERS = {1.0: "1", 0.5: "1/2", 0.0: "0", -0.25: "−1/4", -0.5: "−1/2"}


@dataclass(frozen=True)
class PenaltyResult:
    n_weights: int
    n_train: int
    lmbda: float

    def apart(self, k):
        """Return the penalty for weights of size N_w^k: lmbda N_w^(1 + 2k) / (2 n_train)."""
        return self.lmbda * float(self.n_weights) ** (1 + 2 * k) / (2 * self.n_train)

    def equal(self, k):
        """Return what the answer reckons, who sets n_train = N_w: lmbda N_w^(2k) / 2."""
        return self.lmbda * float(self.n_weights) ** (2 * k) / 2

    @property
    def size_at_one(self):
        """The weight size at which the penalty is 1."""
        return (2 * self.n_train / (self.lmbda * self.n_weights)) ** 0.5

    @property
    def power_at_one(self):
        """... as a power k of N_w, and the same if both n were equal."""
        log = np.log(self.n_weights)
        return np.log(self.size_at_one) / log, np.log(2 / self.lmbda) / (2 * log)


def compute(*, n_weights, n_train, lmbda):
    yield PenaltyResult(n_weights, n_train, lmbda)


def describe(result):
    r = result
    apart, equal = (round(power, 6) for power in r.power_at_one)  # 0 where it is 0 but for rounding
    return (
        f"With weights of size 1/√N_w the penalty is λ/(2·n_train) = {rounded(r.apart(-0.5), 2)}, "
        f"whatever N_w is. It is 1 at the size {rounded(r.size_at_one, 2)}, which is N_w to the "
        f"power {trimmed(apart, 2)}. With both n set equal, as the answer has it, the power would "
        f"be {trimmed(equal, 2)}. The book's power is −1/2."
    )


def tabulate(result):
    rows = []
    for k, text in POWERS.items():
        size = rounded(float(result.n_weights) ** k)
        rows.append((f"k = {text}, w = {size}: penalty", rounded(result.apart(k))))
        rows.append((f"k = {text}: with n_train set to N_w", rounded(result.equal(k))))
    return rows


def columns(result):
    return {
        "k": list(POWERS),
        "penalty": [result.apart(k) for k in POWERS],
        "penalty_with_equal_n": [result.equal(k) for k in POWERS],
    }


class Picture:
    """The penalty over k, both ways, and the height 1 up to which the answer calls it small."""

    K = np.linspace(-0.6, 1.05, 60)
    LOWEST, HIGHEST = (1e-8, 1e-12), (1e12, 1e18, 1e23)

    def __init__(self, width):
        self.canvas = Canvas(width)
        self.panel = panel = self.canvas.panel(
            "Penalty (λ/2n_train)·Σw² for w = N_w^k", "k", yscale="log",
            xlim=(self.K[0], self.K[-1]), xticks=POWERS, reserve=[power(-12)],
        )  # fmt: skip
        self.level = Levels(panel, "penalty 1")
        self.apart, self.equal = panel.curve("-", BLUE), panel.curve("--", VERMILLION)
        self.apart_points, self.equal_points = panel.curve("o", BLUE), panel.curve("s", VERMILLION)
        panel.key((self.apart_points, "n_train and N_w as they are"),
                  (self.equal_points, "both n equal"))  # fmt: skip

    def draw(self, result):
        ends = [penalty(k) for penalty in (result.apart, result.equal) for k in self.K[[0, -1]]]
        low = next((low for low in self.LOWEST if low < min(ends)), self.LOWEST[-1])
        high = next(high for high in self.HIGHEST if max(ends) < high)
        self.panel.frame(ylim=(low, high), yticks=powers(range(-12, 23, 4)))
        self.level.draw(1)
        for line, points, penalty in [
            (self.apart, self.apart_points, result.apart),
            (self.equal, self.equal_points, result.equal),
        ]:
            line.set_data(self.K, [penalty(k) for k in self.K])
            points.set_data(list(POWERS), [penalty(k) for k in POWERS])


class Penalty(Figure, parts=globals()):
    """The penalty in the cost for weights of several powers of N_w, with the two n apart."""

    name = "penalty"
    title = "The penalty in the cost, for weights of size N_w to the power k"
    controls = (
        Control("n_weights", "N_w", "weights", log_stops(1000, 10_000_000, 23_820), 23_820,
                own_help="More weights are more squares to add up."),
        Control("n_train", "n_train", "images", log_stops(100, 10_000_000), 50_000,
                own_help="More images divide the penalty by more."),
        Control("lmbda", "λ", "regularization", log_stops(0.01, 1000.0), 5.0,
                own_help="More multiplies the penalty."),
    )  # fmt: skip
    presets = (
        ("both n equal", "n_weights=50000 n_train=50000"),
        ("hardly any decay", "lmbda=0.01"),
    )
