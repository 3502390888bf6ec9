"""Predictions and exercises on the scaling laws, judged by the stored sweep."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from exercises.exercise import Exercise, Wrong, as_number, ask, draws, refuse
from exercises.prediction import Choice
from experiments import scaling
from experiments.scaling_fit import averaged, settled


@cache
def sizes(series: str, of: str) -> dict[float, float]:
    """Return (values, mean settled sizes) of a series; `of` names the parameter that changes."""
    stored = scaling.load()
    points = [settled(run, stored[run]) for run in scaling.series()[series]]
    xs, means, _, _ = averaged(points, lambda point: getattr(point.run, of))
    return dict(zip(xs.tolist(), means.tolist()))


def predict_lambda_law() -> Choice:
    """Ask for the exponent in lambda."""
    bends = "no single power: the curve bends, flatter for small λ, steeper for large"

    def result() -> str:
        found = sizes("lambda", "lmbda")
        weak, strong = (
            math.log(found[a] / found[b]) / math.log(a / b) for a, b in ((0.5, 1.0), (100.0, 200.0))
        )
        return f"From λ = 0.5 to 1 the exponent is {weak:.2f}, from 100 to 200 it is {strong:.2f}."

    return Choice(
        "With 5,000 images, λ from 0.5 to 200. As which power of λ does the settled size of the "
        "hidden weights go?",
        ["λ to the −1/2", "λ to the 0: it does not matter", bends],
        result,
        right=bends,
    )


def predict_eta() -> Choice:
    """Ask for the effect of the learning rate on where the weights settle."""
    up = "it grows"

    def result() -> str:
        found = sizes("eta", "eta")
        return (
            f"From η = 0.1 to 1 it goes from {found[0.1]:.4f} to {found[1.0]:.4f}; from 0.1 down "
            f"to 0.02, to {found[0.02]:.4f}."
        )

    return Choice(
        "η stands in front of the decay and of the data step alike, and cancels from their "
        "balance. Ten times the learning rate: what becomes of the settled size?",
        ["it stays the same", up, "it shrinks"],
        result,
        right=up,
    )


def predict_brightness() -> Choice:
    """Ask for the effect of brighter images: what the saturation argument stands or falls with."""
    little = "it falls, but by less than a third"

    def result() -> str:
        found = sizes("brightness", "brightness")
        dark, bright = found[0.5], found[2.0]
        return (
            f"From brightness 0.5 to 2 it goes from {dark:.4f} to {bright:.4f}, a ratio of "
            f"{dark / bright:.2f}. To keep z as it was, a ratio of 4 would be needed."
        )

    return Choice(
        "Every image four times as bright. To bring z = Σ w x to the same value, weights of a "
        "quarter would do. What becomes of the size at which the hidden weights settle?",
        ["it falls to a quarter", "it falls to a half", little, "it grows"],
        result,
        right=little,
    )


KNOWS_NOTHING = 10 * (-0.1 * math.log(0.1) - 0.9 * math.log(0.9))  # ten outputs of 1/10 each


def _judge_bound(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: upper_bound.check(bound), no brackets.")
    _judge_bound_once(answer, 5.0, 5000, 23_820)  # the same each time, for the same words
    rng = draws()
    for _ in range(20):
        lmbda = float(rng.uniform(0.5, 200))
        n_train, n_weights = int(rng.integers(500, 50_000)), int(rng.integers(1000, 500_000))
        _judge_bound_once(answer, lmbda, n_train, n_weights)
    measured = sizes("width", "hidden")[512]
    n_weights = 794 * 512
    bound = math.sqrt(2 * 5000 * KNOWS_NOTHING / (5.0 * n_weights))
    return (
        "No network of any width can do better than nothing and have larger weights, all layers "
        f"taken together. At 512 neurons the bound is {bound:.4f}; the hidden weights settle at "
        f"{measured:.4f}."
    )


def _judge_bound_once(answer: Callable, lmbda: float, n_train: int, n_weights: int) -> None:
    value = as_number(ask(answer, lmbda, n_train, n_weights), "what it returns")
    right = math.sqrt(2 * n_train * KNOWS_NOTHING / (lmbda * n_weights))
    if math.isclose(value, right, rel_tol=2e-3):  # 3.25 for the cost is exact enough
        return
    slips = [
        (right / math.sqrt(2), "The penalty has a 2 in its denominator: (λ/2n_train) Σw²."),
        (right**2, "That is the mean *square* of a weight. Take the root."),
        (right * math.sqrt(math.log(2) * 10 / KNOWS_NOTHING),
         "That is for outputs of 1/2. A network that knows nothing still knows that one digit in "
         "ten is right: its outputs are 1/10."),
        (right * math.sqrt(math.log(10) / KNOWS_NOTHING),
         "ln 10 is what the right output costs. The nine wrong ones cost something too."),
        (math.sqrt(2 * n_weights * KNOWS_NOTHING / (lmbda * n_train)),
         "You have mixed up the two n: n_train stands under λ in the penalty, N_w counts weights."),
        (math.sqrt(2 * n_train * KNOWS_NOTHING * lmbda / n_weights),
         "A larger λ must make the weights smaller."),
        (math.sqrt(2 * n_train * KNOWS_NOTHING / lmbda),
         "That is the length of all weights together. For the size of one, share it out over N_w."),
    ]  # fmt: skip
    refuse(
        value,
        slips,
        "It does not fit. The penalty (λ/2n_train)·N_w·w² alone must not cost more than knowing "
        "nothing.",
        rel_tol=2e-3,
    )


upper_bound = Exercise(
    question="A network that knows nothing: all weights 0, and biases that give 1/10 at each "
    "output. Another network costs no more, its penalty included. Write bound(lmbda, n_train, "
    "n_weights): the largest size that its N_w weights can have.",
    hints=(
        "Cost = (a part that is never negative) + (λ/2n_train)·N_w·w².",
        "Ten outputs of 1/10 cost 10·h, h = −0.1·ln 0.1 − 0.9·ln 0.9, about 3.25 together.",
        "Set (λ/2n_train)·N_w·w² equal to it and solve for w.",
    ),
    solution="import math\n"
    "def bound(lmbda, n_train, n_weights):\n"
    "    nothing = 10 * (-0.1 * math.log(0.1) - 0.9 * math.log(0.9))\n"
    "    return (2 * n_train * nothing / (lmbda * n_weights)) ** 0.5",
    judge=_judge_bound,
)


def _judge_forecast(answer: Any) -> str:
    value = as_number(answer, "the forecast")
    found = sizes("width", "hidden")
    narrow, measured = found[30], found[512]
    right = narrow * math.sqrt(30 / 512)
    slips = [
        (narrow * math.sqrt(512 / 30), "More weights are smaller weights: turn the ratio over."),
        (narrow * 30 / 512, "The law has a root: 1/√N_w."),
        (narrow, "The fan-in is the same, N_w is not."),
        (measured, "That is the measured size. Asked is the law's forecast."),
        ((794 * 512) ** -0.5, "That is 1/√N_w itself. Take the law from the run with 30 neurons."),
    ]
    if math.isclose(value, right, rel_tol=5e-3):
        return (
            f"Measured is {measured:.4f}: {measured / right:.2f} times the forecast. The law holds "
            "better the wider the networks are that you take it between."
        )
    if math.isclose(value, right, rel_tol=0.05):
        raise Wrong(
            "Close: is it the law? Then take the size at 30 neurons from the figure's Numbers, "
            "with all its digits."
        )
    refuse(
        value,
        slips,
        "Multiply the size at 30 neurons by √(N_w of 30 / N_w of 512).",
        rel_tol=5e-3,
    )


forecast = Exercise(
    question="The hidden layer of [784, 30, 10] has its settled size among the Numbers of the "
    "figure with the stored runs. Apply the book's law 1/√N_w to it: what size does the law "
    "forecast for the hidden layer of [784, 512, 10]?",
    hints=(
        "By the law, size · √N_w is the same for both.",
        "N_w is 794 times the number of hidden neurons in both.",
        "size(512) = size(30) · √(30/512).",
    ),
    solution="from exercises.scaling import sizes\n"
    "size_512 = sizes('width', 'hidden')[30] * (30 / 512) ** 0.5",
    judge=_judge_forecast,
)
