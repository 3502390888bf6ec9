"""Predictions and exercises on claim 1: who dominates the first epochs."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from exercises.exercise import Exercise, Wrong, as_number, ask, draws, refuse, shown
from exercises.prediction import Choice
from experiments.runs import ETA, SEED, M
from nn_core import LayerLedger, Network, load_mnist, train

N_TRAIN = 5000
_DECAY, _DATA, _BOTH = "weight decay", "the data", "neither: they are about equal"


def first_epoch(lmbda: float, init: str = "old", layer: int = 0) -> LayerLedger:
    """Return a layer's ledger of the first epoch, 0 the hidden one: [784, 30, 10] on 5,000 images.

    Trained once for all who ask.
    """
    return _layers(lmbda, init)[layer]


@cache
def _layers(lmbda: float, init: str) -> Sequence[LayerLedger]:
    images = load_mnist(N_TRAIN).train
    net = Network([784, 30, 10], init=init, seed=SEED)
    run = train(net, images.pixels, images.y, epochs=1, m=M, eta=ETA, lmbda=lmbda,
                seed=SEED + 1, ledger=True)  # fmt: skip
    ledger = next(run).ledger
    assert ledger is not None  # it was asked for
    return ledger.layers


def predict_sum_of_squares() -> Choice:
    """Ask for the first ruler."""
    return Choice(
        "First ruler: the sum of squares of the hidden weights, ‖w‖². Decay takes something away "
        "from it, and the data steps take away or add. Add up all that is taken and given in the "
        "first epoch. Who has more than 60 % of it?",
        [_DECAY, _DATA, _BOTH],
        lambda: (
            f"Decay has {first_epoch(5.0).decay_share:.1%}: it takes "
            f"{-first_epoch(5.0).decay:,.0f}, and what the data take and add is "
            f"{abs(first_epoch(5.0).pull) + first_epoch(5.0).kick:,.0f} in all."
        ),
        right=_DECAY,
    )


def predict_step_length() -> Choice:
    """Ask for the second ruler."""
    return Choice(
        "Second ruler: a single step. It is a decay step and a data step. Add the mean lengths of "
        "both. Who has more than 60 % of it?",
        [_DECAY, _DATA, _BOTH],
        lambda: (
            f"The mean data step is {first_epoch(5.0).data_step:.3f} long, the mean decay step "
            f"{first_epoch(5.0).decay_step:.3f}: the data step is "
            f"{first_epoch(5.0).data_step / first_epoch(5.0).decay_step:.1f} times as long."
        ),
        right=_DATA,
    )


def predict_displacement() -> Choice:
    """Ask for the third ruler."""
    return Choice(
        "Third ruler: the whole epoch. All its decay steps together carry the weights some "
        "distance, and so do all its data steps together. Add both distances. Who has more than "
        "60 % of it?",
        [_DECAY, _DATA, _BOTH],
        lambda: (
            f"Decay carries them {first_epoch(5.0).decay_displacement:.1f}, the data "
            f"{first_epoch(5.0).data_displacement:.1f}."
        ),
        right=_BOTH,
    )


def _judge_ledger(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: ledger_entry.check(entry), no brackets.")
    rng = draws()
    for _ in range(20):
        w, G = rng.standard_normal((2, 4, 6))
        eta, lmbda = float(rng.uniform(0.1, 1)), float(rng.uniform(1, 20))
        m, n_train = int(rng.integers(2, 20)), int(rng.integers(100, 1000))
        _judge_ledger_once(answer, w, G, eta, lmbda, m, n_train)
    return "Your three terms are exact, and they add up to the change of ‖w‖²."


def _judge_ledger_once(
    answer: Callable,
    w: np.ndarray,
    G: np.ndarray,
    eta: float,
    lmbda: float,
    m: int,
    n_train: int,
) -> None:
    returned = ask(answer, w.copy(), G.copy(), eta, lmbda, m, n_train)
    try:
        decay, pull, kick = returned
    except (TypeError, ValueError):
        raise Wrong(
            f"Return three numbers, decay, pull and kick; what yours returns is {shown(returned)}."
        ) from None
    s, rate = 1 - eta * lmbda / n_train, eta / m
    size, along, square = np.vdot(w, w), np.vdot(w, G), np.vdot(G, G)
    _compare("decay", decay, -(1 - s**2) * size, [
        ((1 - s**2) * size, "decay takes from ‖w‖², so its sign is negative."),
        (-(1 - s) * size, "(1 - s)||w||² is the step's length times ||w||. Decay takes ||w||² "
                          "to s²||w||²."),
        (-2 * (1 - s) * size, "2(1 - s) is only nearly 1 - s². Keep it exact."),
        (-(1 - s**2) * math.sqrt(size), "the ledger is about ||w||², not ||w||."),
    ])  # fmt: skip
    _compare("pull", pull, -2 * s * rate * along, [
        (2 * s * rate * along, "the step is *minus* the gradient: the sign of your pull."),
        (-2 * rate * along, "the data step meets weights that have decayed already: a factor s."),
        (-s * rate * along, "expand (s w - g)²: the mixed term comes twice."),
        (-2 * s * eta * along, "G is summed over the mini-batch; the step takes eta/m of it."),
    ])  # fmt: skip
    _compare("kick", kick, rate**2 * square, [
        (-(rate**2) * square, "a square is never negative: the sign of your kick."),
        (rate * square, "the step is (eta/m) G, and all of it is squared."),
        (eta**2 * square, "G is summed over the mini-batch; the step takes eta/m of it."),
        (rate**2 * math.sqrt(square), "the square of G's length belongs here, not the length."),
    ])  # fmt: skip


def _compare(term: str, value: Any, right: float, slips: Sequence[tuple[float, str]]) -> None:
    if isinstance(value, np.ndarray) and value.ndim:
        raise Wrong(
            f"Your {term} is an array of shape {value.shape}, and should be one number: the sum "
            "over all weights, such as np.vdot(w, G) or np.sum(w * G)."
        )
    number = as_number(value, f"the term {term}")
    if math.isclose(number, right, rel_tol=1e-9, abs_tol=1e-12):
        return
    refuse(
        number,
        [(slip, f"Look at {term}: {message}") for slip, message in slips],
        f"Your {term} does not fit. Multiply out ||s w - (eta/m) G||² and see what stands with it.",
        rel_tol=1e-9,
        abs_tol=1e-12,
    )


ledger_entry = Exercise(
    question="Write entry(w, G, eta, lmbda, m, n_train) that returns (decay, pull, kick) of one "
    "step: w are a layer's weights, G is the gradient summed over the mini-batch.",
    hints=(
        "One step takes w to s w - (eta/m) G with s = 1 - eta*lmbda/n_train. What is its square?",
        "(a - b)² = a² - 2ab + b², and the same for matrices with np.vdot(w, G) as the product.",
        "Take ||w||² away from s²||w||² for the decay. The other two terms stand there already.",
    ),
    solution="import numpy as np\n\n\n"
    "def entry(w, G, eta, lmbda, m, n_train):\n"
    "    s = 1 - eta * lmbda / n_train\n"
    "    decay = -(1 - s**2) * np.vdot(w, w)\n"
    "    pull = -2 * s * (eta / m) * np.vdot(w, G)\n"
    "    kick = (eta / m) ** 2 * np.vdot(G, G)\n"
    "    return decay, pull, kick",
    judge=_judge_ledger,
)


def _judge_threshold(answer: Any) -> str:
    lmbda = as_number(answer, "the threshold")
    if not lmbda > 0 or not math.isfinite(lmbda):
        raise Wrong("λ is a positive number here. With λ = 0 there is no decay at all.")
    if lmbda > 100:
        raise Wrong("That is far beyond. Weights would be gone within the epoch.")
    share = first_epoch(lmbda).decay_share
    if 0.45 <= share <= 0.55:
        book = 5.0 / lmbda
        return f"Decay's share there is {share:.2f}. λ = 5 is {book:.0f} times as large."
    if math.isclose(lmbda, 5.0):
        raise Wrong("λ = 5 is the book's value, where decay clearly dominates. Go down.")
    if math.isclose(lmbda, 0.24, rel_tol=0.05):
        raise Wrong("That is the threshold for 50,000 images. Here it is 5,000.")
    side = "more" if share > 0.5 else "less"
    far = "much " if not 0.2 <= share <= 0.8 else ""
    raise Wrong(f"With λ = {lmbda:g}, decay's share is {share:.2f}: {far}{side} than one half.")


lambda_threshold = Exercise(
    question="Below which λ does decay have less than half of the hidden layer's ledger in the "
    "first epoch? ([784, 30, 10], old initialization, η = 0.1, m = 10, n_train = 5,000)",
    hints=(
        "Move the λ slider of the figure down, and watch the first point of the blue line.",
        "Or reckon: pull and kick of the first epoch hardly depend on λ, and decay is nearly "
        "proportional to it.",
        "So take decay, pull and kick from the numbers at λ = 5, and find the λ at which "
        "|decay| = |pull| + |kick|.",
    ),
    solution="# decay is proportional to lmbda, pull and kick do not depend on it\n"
    "from exercises.first_epochs import first_epoch\n"
    "one = first_epoch(5.0)\n"
    "threshold = 5.0 * (abs(one.pull) + abs(one.kick)) / abs(one.decay)",
    judge=_judge_threshold,
)
