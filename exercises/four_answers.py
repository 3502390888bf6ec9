"""Measurements and exercises on the four answers. Their steps are in weighing.py."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from exercises.exercise import Exercise, Wrong, as_number, ask, draws, refuse
from experiments import runs
from nn_core import Network, load_mnist, sgd_step


def slip_costs(steps: int = 10) -> list[float]:
    """Return the cost on 1,000 images after each step with n/m where eta/m belongs.

    That is equation (93) with eta = n_train in the data step, and a lambda that leaves the decay as
    it was. Starts with the cost before the first step.
    """
    images = load_mnist(1000).train
    x, y = images.pixels, images.y
    net = Network([784, 30, 10], init="old", seed=runs.SEED)
    order = np.random.default_rng(runs.SEED + 1).permutation(len(x))
    costs = [net.total_cost(x, y)]
    for step in range(steps):
        batch = order[10 * step : 10 * step + 10]
        sgd_step(net, x[batch], y[batch], eta=1000, lmbda=0.1 * 5.0 / 1000, n_train=1000)
        costs.append(net.total_cost(x, y))
    return costs


def penalty_at(k: float, n: int, lmbda: float) -> float:
    """Return (lmbda/2n) sum w^2 if n weights have the size n^k, and n images are in the penalty.

    That both n are one number is the third answer's assumption.
    """
    return lmbda / 2 * float(n) ** (2 * k)


def _judge_chalkboard(answer: Any) -> str:
    if not callable(answer):
        raise Wrong("Hand over the function itself: repaired_chalkboard.check(size), no brackets.")
    # A share of 0.5 would not tell a missing 2 from a share outside the root, nor share from rest.
    _judge_chalkboard_once(answer, 1.2, 0.4, 5.0, 1000, 23_820)
    rng = draws()
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


_N, _K, _LAMBDA = 4000, -1 / 4, 5.0  # of the third answer's second note


def _judge_penalty(answer: Any) -> str:
    value = as_number(answer, "the penalty")
    right = penalty_at(_K, _N, _LAMBDA)
    if math.isclose(value, right, rel_tol=0.02):  # a rounded 0.04 is right
        return f"It is {right:.4f}, well below 0.1. A zero was lost: 0.025 λ belongs to n = 400."
    w = float(_N) ** _K
    slips = [
        (penalty_at(_K, 400, _LAMBDA), "That is 0.025·λ, what the note says. Put n = 4,000 in."),
        (right / _LAMBDA, "That is the penalty over λ, with which the note begins. λ is 5."),
        (2 * right, "The penalty has a 2 in its denominator: (λ/2n) Σw²."),
        (_LAMBDA / 2 * w, "The penalty has w *squared*, and the square of n^(-1/4) is n^(-1/2)."),
        (_LAMBDA / 2 * _N * w**2, "Either the n below λ is lost, or the minus sign in n^(-1/4)."),
        (_LAMBDA / (2 * _N) * w**2, "That is the penalty of one weight. There are n of them."),
        (_LAMBDA / (2 * 50_000) * _N * w**2,
         "You have kept the two n apart, as one should. The note has one letter for both: do as it "
         "does, to find its slip."),
    ]  # fmt: skip
    refuse(
        value,
        slips,
        "It does not fit. Put w = n^(-1/4) into (λ/2n)·n·w², and n = 4,000 into what is left.",
        rel_tol=0.02,
    )


third_slip = Exercise(
    question="The third answer says, in its second note: with n = 4,000 and k = -1/4 the penalty "
    "is 0.025·λ, so above 0.1 at λ = 5. Find the slip: how large is the penalty (λ/2n) Σw² at λ = "
    "5, if 4,000 weights have the size n^(-1/4), and both n are 4,000?",
    hints=(
        "All n weights are of one size. What is the sum of their squares?",
        "It is n·w², and the n cancels against the one below λ: the penalty is (λ/2)·w².",
        "The square of n^(-1/4) is 1/√n. Which n would give the answer's 0.025?",
    ),
    solution="n, lmbda = 4000, 5.0\n"
    "w = n ** (-1 / 4)\n"
    "my_penalty = lmbda / (2 * n) * n * w**2  # 0.0079 for each unit of lmbda, not 0.025",
    judge=_judge_penalty,
)
