"""Exercises on claim 2: the factor by which weight decay shrinks weights in an epoch."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from exercises.exercise import Exercise, Wrong, as_number, ask, draws, refuse
from exercises.prediction import Choice, Guess
from nn_core import theory

_BOOK: dict[str, Any] = {"eta": 0.1, "lmbda": 5.0, "n_train": 50_000, "m": 10}
EPOCHS = 30  # of the book's graphs


def predict_step() -> Choice:
    """Ask what a single step takes."""
    return Choice(
        "How much of itself does a weight lose in a single step, with η = 0.1, λ = 5 and "
        "50,000 images?",
        ["about a tenth", "about a thousandth", "about a hundred-thousandth"],
        lambda: f"ηλ/n_train = {theory.shrink(0.1, 5.0, 50_000):.5f}.",
        right="about a hundred-thousandth",
    )


def predict_epochs() -> Guess:
    """Ask what as many epochs leave as the book trains for."""
    return Guess(
        f"And after {EPOCHS} epochs, with mini-batches of 10: what percentage of the weight is "
        "left? (A guess will do.)",
        lambda: (
            f"An epoch takes a twentieth, in {theory.steps_per_epoch(50_000, 10):,} steps. "
            f"{EPOCHS} times a twentieth would be more than all; but each takes a twentieth of "
            "what is left."
        ),
        value=lambda: 100 * theory.epoch_factor(**_BOOK) ** EPOCHS,
        close=5,
        unit="percent",
    )


_CLOSE = 1e-9


def _judge_factor(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: exact_factor.check(factor), no brackets.")
    _judge_factor_once(answer, 0.5, 5.0, 1000, 20)  # the same each time, for the same words
    rng = draws()
    for m_divides in (True, False):
        for _ in range(20):
            _judge_factor_once(answer, *_random_setting(rng, m_divides))
    return "Your factor is exact, also when the last mini-batch is smaller than the others."


def _random_setting(rng: np.random.Generator, m_divides: bool) -> tuple[float, float, int, int]:
    m = int(rng.integers(2, 40))
    n_train = m * int(rng.integers(60, 300)) + (0 if m_divides else int(rng.integers(1, m)))
    lmbda = float(rng.uniform(1, 20))
    eta = float(rng.uniform(0.05, min(2, 1.9 * m / lmbda)))  # so that no wrong answer overflows
    return eta, lmbda, n_train, m


def _judge_factor_once(answer: Callable, eta: float, lmbda: float, n_train: int, m: int) -> None:
    value = as_number(ask(answer, eta, lmbda, n_train, m), "what your function returns")
    steps, step = theory.steps_per_epoch(n_train, m), 1 - eta * lmbda / n_train
    slips = [
        (step, "That is the factor of one *step*. How many steps has an epoch?"),
        (
            math.exp(-eta * lmbda / m),
            "That is the book's limit for large n_train. Asked is the exact factor.",
        ),
        (
            (1 - eta * lmbda / m) ** steps,
            "You divide by m inside the bracket. Equation (93) divides the decay by n_train.",
        ),
        (
            (step ** (n_train / m)).real,  # of a negative step it is complex
            "Your factor ignores that steps come whole: a last, smaller mini-batch is one too.",
        ),
        (
            step ** (n_train // m),
            "Your factor leaves out the last, smaller mini-batch, which is a step like any other.",
        ),
        (step**n_train, "You count a step for every image. A step takes a whole mini-batch."),
        (1 / step**steps, "That is the inverse: your weights would grow."),
        (
            1 - steps * eta * lmbda / n_train,
            "You subtract the same amount at each step. Each step takes a share of what is left.",
        ),
    ]
    if math.isclose(value, step**steps, rel_tol=_CLOSE):
        return
    refuse(
        value,
        slips,
        f"For eta={eta:.3g}, lmbda={lmbda:.3g}, n_train={n_train}, m={m} your function returns "
        f"{value:.6g}, and that does not fit. Start with one step, then count the steps.",
        rel_tol=_CLOSE,
    )


exact_factor = Exercise(
    question="Write factor(eta, lmbda, n_train, m): what one epoch of weight decay multiplies "
    "a weight by, exactly, if its gradient is zero.",
    hints=(
        "Put a zero gradient into equation (93). What is left of the right-hand side?",
        "One step multiplies by 1 - eta*lmbda/n_train, the same each time. How often in an epoch?",
        "1,000 images in mini-batches of 30: 33 full ones, and one with the last 10 images. "
        "-(-n_train // m) rounds up in Python, and math.ceil(n_train / m) does too.",
    ),
    solution="def factor(eta, lmbda, n_train, m):\n"
    "    steps = -(-n_train // m)\n"
    "    return (1 - eta * lmbda / n_train) ** steps",
    judge=_judge_factor,
)


def _judge_epochs(answer: Any) -> str:
    value = as_number(answer, "the number of epochs")
    eta, lmbda, m, ratio = 0.1, 5.0, 10, math.sqrt(784)
    right = m / (eta * lmbda) * math.log(ratio)
    slips = [
        (m / (eta * lmbda) * math.log10(ratio), "Take the natural logarithm, ln, not log10."),
        (
            m / (eta * lmbda) * math.log(ratio) * 2,
            "That is the time for the *squares* of the weights, or for a shrink to 1/784. "
            "The old weights are √784 = 28 times as large as the new ones.",
        ),
        (right * 5000, "That is a number of steps. Asked is the number of epochs."),
        (eta * lmbda / m * math.log(ratio), "You multiply by ηλ/m where you should divide by it."),
        (ratio * m / (eta * lmbda), "Shrinking by a factor takes the logarithm of that factor."),
        (ratio, "28 is the factor by which they shrink. Asked is the time that takes."),
        (-right, "The sign: the epochs lie in the future, since the weights have to shrink."),
    ]
    if math.isclose(value, right, rel_tol=0.02):
        return "That is long after the book's 30 epochs: decay alone has not finished there."
    refuse(
        value,
        slips,
        f"{value:g} epochs do not fit. Solve exp(-(ηλ/m)·epochs) = (size at the end)/(size at the "
        "start) for the epochs.",
        rel_tol=0.02,
    )


epochs_to_new = Exercise(
    question="With the book's eta = 0.1, lmbda = 5.0 and m = 10: after how many epochs has decay "
    "alone brought weights of size 1 (old) to the size 1/sqrt(784) (new)?",
    hints=(
        "By which factor must the weights shrink? The fan_in is 784.",
        "Each epoch multiplies by exp(-eta*lmbda/m) = exp(-0.05). How often, to reach 1/28?",
        "Take the natural logarithm of both sides: 0.05 times epochs = ln 28.",
    ),
    solution="import math\nepochs = 10 / (0.1 * 5.0) * math.log(math.sqrt(784))",
    judge=_judge_epochs,
)
