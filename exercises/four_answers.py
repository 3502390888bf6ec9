"""Predictions and an exercise on the four answers."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from exercises.exercise import Exercise, Wrong, as_number, ask, refuse
from exercises.prediction import Choice
from experiments import runs
from nn_core import Network, load_mnist, sgd_step

_BLOWS_UP = "it goes up a hundredfold"


def slip_costs(steps: int = 10) -> list[float]:
    """Return the cost on 1,000 images after each step with n/m where eta/m belongs.

    That is equation (93) with eta = n_train in the data step, and a lambda that leaves the decay as
    it was. Starts with the cost before the first step.
    """
    images = load_mnist(1000).train
    x, y = images.pixels, images.y
    net = Network([784, 30, 10], init="large", seed=runs.SEED)
    order = np.random.default_rng(runs.SEED + 1).permutation(len(x))
    costs = [net.total_cost(x, y)]
    for step in range(steps):
        batch = order[10 * step : 10 * step + 10]
        sgd_step(net, x[batch], y[batch], eta=1000, lmbda=0.1 * 5.0 / 1000, n_train=1000)
        costs.append(net.total_cost(x, y))
    return costs


def predict_slip() -> Choice:
    """Ask what a step with n/m in front of the gradient does."""

    def result() -> str:
        costs = slip_costs(1)
        return f"From {costs[0]:.0f} to {costs[1]:,.0f} in a single step."

    return Choice(
        "The question writes the update with n/m before the sum, where (93) has η/m. If training "
        "did that, on 1,000 images: what would become of the cost?",
        ["it goes down faster", "it goes down as before", "it goes up a little", _BLOWS_UP],
        result,
        right=_BLOWS_UP,
    )


@cache
def penalty_share() -> float:
    """Return the penalty's share of the cost of [784, 30, 10], settled at lambda = 5."""
    images, net = load_mnist(runs.N_TRAIN).train, runs.settled()
    cost = net.total_cost(images.pixels, images.y, 5.0)
    return 5.0 / (2 * runs.N_TRAIN) * net.squared_size() / cost


def predict_share() -> Choice:
    """Ask for the one assumption of the chalkboard."""
    half = "about half of it"
    return Choice(
        "The chalkboard takes the whole cost to be the penalty. At the tail-off with λ = 5 and "
        "1,000 images, how much of the cost really is?",
        ["nearly all of it", half, "hardly any of it"],
        lambda: (
            f"It is {penalty_share():.0%} with 30 hidden neurons. The figure below says "
            "when that changes."
        ),
        right=half,
    )


def _judge_chalkboard(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: repaired_chalkboard.check(size), no brackets.")
    # A share of 0.5 would not tell a missing 2 from a share outside the root, nor share from rest.
    _judge_chalkboard_once(answer, 1.2, 0.4, 5.0, 1000, 23_820)
    rng = np.random.default_rng()
    for _ in range(20):
        cost, share = rng.uniform(0.1, 5), rng.uniform(0.1, 0.9)
        lmbda = rng.uniform(0.5, 50)
        n_train, n_weights = int(rng.integers(500, 50_000)), int(rng.integers(1000, 100_000))
        _judge_chalkboard_once(answer, float(cost), float(share), float(lmbda), n_train, n_weights)
    return (
        "With the share in it the chalkboard is an identity, true for any weights. It becomes a "
        "law only where the product of cost and share stays the same."
    )


def _judge_chalkboard_once(
    answer: Callable, cost: float, share: float, lmbda: float, n_train: int, n_weights: int
) -> None:
    value = as_number(ask(answer, cost, share, lmbda, n_train, n_weights), "what it returns")
    penalty = share * cost
    right = math.sqrt(2 * n_train * penalty / (lmbda * n_weights))
    slips = [
        (math.sqrt(2 * n_train * cost / (lmbda * n_weights)),
         "That is the chalkboard as it stands: it takes all of the cost for penalty."),
        (share * math.sqrt(2 * n_train * cost / (lmbda * n_weights)),
         "The share belongs to the cost, under the root."),
        (math.sqrt(2 * n_train * cost / share / (lmbda * n_weights)),
         "You divide by the share. A smaller penalty means *smaller* weights."),
        (right**2, "That is the mean *square* of a weight. Take the root."),
        (math.sqrt(n_train * penalty / (lmbda * n_weights)),
         "The penalty has a 2 in its denominator: (λ/2n_train) Σw²."),
        (math.sqrt(2 * n_weights * penalty / (lmbda * n_train)),
         "You have mixed up the two n: n_train stands under λ in the penalty, N_w counts weights."),
        (math.sqrt(2 * penalty / lmbda),
         "You have cancelled n_train against N_w. They are different numbers."),
        (math.sqrt(2 * n_train * penalty * lmbda / n_weights),
         "A larger λ must make the weights smaller."),
        (math.sqrt(2 * n_train * (1 - share) * cost / (lmbda * n_weights)),
         "That is the rest of the cost, the part which is *not* penalty."),
    ]  # fmt: skip
    if math.isclose(value, right, rel_tol=1e-9):
        return
    refuse(
        value,
        slips,
        "It does not fit. Set (λ/2n_train)·N_w·w² equal to the part of the cost that is penalty, "
        "and solve for w.",
        rel_tol=1e-9,
    )


repaired_chalkboard = Exercise(
    question="Repair the chalkboard: write size(cost, share, lmbda, n_train, n_weights), the rms "
    "of the weights if the penalty is `share` (0 to 1) of the cost.",
    hints=(
        "Which part of the cost does the chalkboard's second line leave out?",
        "The penalty is share·cost, and it is (λ/2n_train) times the sum of all squared weights.",
        "The sum of all squared weights is N_w·w². Solve for w.",
    ),
    solution="def size(cost, share, lmbda, n_train, n_weights):\n"
    "    return (2 * n_train * share * cost / (lmbda * n_weights)) ** 0.5",
    judge=_judge_chalkboard,
)
