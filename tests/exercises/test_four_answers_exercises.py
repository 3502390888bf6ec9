"""On the four answers: what the slip of the pen would do, and each slip of a reader told apart."""

import math
import re

import numpy as np
import pytest

from exercises.exercise import OPEN
from exercises.four_answers import penalty_at, repaired_chalkboard, slip_costs, third_slip
from nn_core import Network, load_mnist


def root(squared):
    return math.sqrt(squared) if squared >= 0 else math.nan


SLIPS = {
    "no share": lambda c, s, lm, n, w: root(2 * n * c / (lm * w)),
    "share outside the root": lambda c, s, lm, n, w: s * root(2 * n * c / (lm * w)),
    "divided by the share": lambda c, s, lm, n, w: root(2 * n * c / (s * lm * w)),
    "no root": lambda c, s, lm, n, w: 2 * n * s * c / (lm * w),
    "no 2": lambda c, s, lm, n, w: root(n * s * c / (lm * w)),
    "the two n swapped": lambda c, s, lm, n, w: root(2 * w * s * c / (lm * n)),
    "the two n equal": lambda c, s, lm, n, w: root(2 * s * c / lm),
    "lambda above": lambda c, s, lm, n, w: root(2 * n * s * c * lm / w),
    "the rest of the cost": lambda c, s, lm, n, w: root(2 * n * (1 - s) * c / (lm * w)),
}
OTHERS = [
    lambda *_: 0.1,
    lambda c, s, lm, n, w: root(2 * n * s * s * c / (lm * w)) * 3,
    lambda c, s, lm, n, w: 1.001 * root(2 * n * s * c / (lm * w)),
]
ODD = [None, ..., "a text", "", 0, -1, math.nan, math.inf, [], {}, object(), print, lambda: 1,
       lambda *_: None, lambda *_: "0.1", lambda *_: math.nan, lambda *_: math.inf,
       lambda *_: -math.inf, lambda *_: 1 / 0, lambda c, s: 1, lambda *_: 1j, lambda *_: [0.1],
       lambda *_: np.array([0.1, 0.2])]  # fmt: skip


def costs_by_hand(steps, eta_over_m, seed=3, order_seed=4):
    """Step by step, image by image: the bracket as in (93), and any factor before the sum."""
    images = load_mnist(1000).train
    x, y = images.pixels / 256, images.y
    net = Network([784, 30, 10], init="old", seed=seed)
    (w1, w2), (b1, b2) = net.weights, net.biases
    order = np.random.default_rng(order_seed).permutation(1000)

    def cost():
        z = (1 / (1 + np.exp(-np.clip(x @ w1.T + b1, -700, 700)))) @ w2.T + b2
        return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-abs(z)))).sum() / 1000

    costs = [cost()]
    for start in range(0, 10 * steps, 10):
        sums = [0, 0, 0, 0]
        for i in order[start : start + 10]:
            a1 = 1 / (1 + np.exp(-np.clip(w1 @ x[i] + b1, -700, 700)))
            error = 1 / (1 + np.exp(-np.clip(w2 @ a1 + b2, -700, 700))) - y[i]
            back = (w2.T @ error) * a1 * (1 - a1)
            parts = np.outer(back, x[i]), back, np.outer(error, a1), error
            sums = [total + part for total, part in zip(sums, parts)]
        bracket = 1 - 0.1 * 5.0 / 1000
        w1, w2 = bracket * w1 - eta_over_m * sums[0], bracket * w2 - eta_over_m * sums[2]
        b1, b2 = b1 - eta_over_m * sums[1], b2 - eta_over_m * sums[3]
        costs.append(cost())
    return costs


def test_the_slip_is_n_over_m_before_the_sum_and_nothing_else():
    np.testing.assert_allclose(slip_costs(3), costs_by_hand(3, 1000 / 10), rtol=1e-6)
    assert len(slip_costs(0)) == 1


@pytest.mark.parametrize("seed", [3, 10, 11])
def test_the_slip_throws_the_cost_up_a_hundredfold_at_once(seed):
    """Whatever the draws; and with eta/m, as it should be, nothing of the kind happens."""
    before, *after = costs_by_hand(5, 1000 / 10, seed, seed + 1)
    assert min(after) > 100 * before
    before, *after = costs_by_hand(5, 0.1 / 10, seed, seed + 1)
    assert max(after) < 2 * before


# The exercises.


def solved():
    names = {}
    exec(repaired_chalkboard.solution, names)
    return names["size"]


def test_the_solution_passes_and_gives_the_rms_of_a_network():
    size = solved()
    for _ in range(5):
        assert repaired_chalkboard.verdict(size).startswith("Right.")
    images = load_mnist(100).train
    net = Network([784, 10, 10], seed=1)
    cost = net.total_cost(images.pixels, images.y, 5.0)
    penalty = cost - net.total_cost(images.pixels, images.y)
    squares = sum((w**2).sum() for w in net.weights)
    rms = math.sqrt(squares / net.n_weights)
    assert size(cost, penalty / cost, 5.0, 100, net.n_weights) == pytest.approx(rms, rel=1e-12)


def test_another_way_to_write_it_passes():
    def other(cost, share, lmbda, n_train, n_weights):
        return np.sqrt(np.float64(share * cost) / (lmbda / 2 / n_train) / n_weights)

    assert repaired_chalkboard.verdict(other).startswith("Right.")


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_found(name):
    for _ in range(5):
        verdict = repaired_chalkboard.verdict(SLIPS[name])
        assert verdict.startswith("Not yet.") and "does not fit" not in verdict


def test_each_slip_has_words_of_its_own_that_fit():
    verdicts = {name: repaired_chalkboard.verdict(slip) for name, slip in SLIPS.items()}
    assert len(set(verdicts.values())) == len(SLIPS)
    for name, word in {
        "no share": "takes all of the cost", "share outside the root": "under the root",
        "divided by the share": "divide by the share", "no root": "Take the root",
        "no 2": "has a 2", "the two n swapped": "mixed up", "the two n equal": "cancelled",
        "lambda above": "smaller", "the rest of the cost": "rest",
    }.items():  # fmt: skip
        assert word in verdicts[name], name


def test_the_first_numbers_tell_all_slips_apart():
    """With a share of one half, a missing 2 looked like a share outside the root."""
    asked = []
    repaired_chalkboard.verdict(lambda *numbers: asked.append(numbers) or 0)
    values = [slip(*asked[0]) for slip in (*SLIPS.values(), solved())]
    for i, one in enumerate(values):
        assert not any(math.isclose(one, other, rel_tol=1e-3) for other in values[:i])


@pytest.mark.parametrize("answer", OTHERS, ids=range(len(OTHERS)))
def test_any_other_wrong_answer_is_wrong_and_gets_a_direction(answer):
    verdicts = {repaired_chalkboard.verdict(answer) for _ in range(5)}
    (verdict,) = verdicts  # the same words each time
    assert verdict.startswith("Not yet. It does not fit.") and "solve for w" in verdict


@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
def test_odd_answers_get_words(answer):
    verdict = repaired_chalkboard.verdict(answer)
    assert verdict.startswith(("Not yet.", OPEN)) and len(verdict) < 400
    assert "must be real" not in verdict  # that would be the checker's own error


def test_a_number_instead_of_a_function_and_no_answer_at_all():
    assert "function itself" in repaired_chalkboard.verdict(0.1)
    assert "missing" in repaired_chalkboard.verdict(lambda *_: ...)  # as the notebook has it


def test_an_endless_answer_ends(monkeypatch):
    monkeypatch.setattr("exercises.exercise.SECONDS", 0.1)

    def endless(cost, share, lmbda, n_train, n_weights):
        while True:
            cost += 1

    assert "endless" in repaired_chalkboard.verdict(endless)


def test_no_verdict_and_no_hint_gives_the_answer_away():
    giveaway = re.compile(r"\*\* ?0\.5|sqrt\(|2 ?\*? ?n_train ?\*? ?share|√\(2")
    words = [repaired_chalkboard.verdict(one) for one in (*SLIPS.values(), *OTHERS, *ODD)]
    assert not [word for word in (*words, *repaired_chalkboard.hints) if giveaway.search(word)]
    assert len(repaired_chalkboard.hints) == 3


# The slip in the third answer.

RIGHT = 5.0 / (2 * 4000) * sum([4000**-0.5] * 4000)

PENALTIES = {
    "as the note has it": (0.125, "what the note says"),
    "for lambda 1": (RIGHT / 5, "λ is 5"),
    "no 2": (2 * RIGHT, "has a 2"),
    "not squared": (2.5 * 4000**-0.25, "*squared*"),
    "n not divided by": (2.5 * 4000**0.5, "n below λ is lost"),
    "one weight": (5.0 / 8000 * 4000**-0.5, "of one weight"),
    "n apart": (5.0 / 100_000 * 4000**0.5, "kept the two n apart"),
}


def test_the_penalty_is_a_sum_of_squares():
    assert penalty_at(-1 / 4, 4000, 5.0) == pytest.approx(RIGHT, rel=1e-12)
    assert penalty_at(0, 123, 5.0) == 2.5


@pytest.mark.parametrize("answer", [RIGHT, 0.0395, 0.04, np.float64(RIGHT)])
def test_the_penalty_may_be_rounded(answer):
    verdict = third_slip.verdict(answer)
    assert verdict.startswith("Right.") and "0.0395" in verdict and "n = 400" in verdict


def test_the_third_answers_solution_passes():
    names = {}
    exec(third_slip.solution, names)
    assert third_slip.verdict(names["my_penalty"]).startswith("Right.")


@pytest.mark.parametrize("name", PENALTIES)
def test_each_slip_in_the_penalty_is_found(name):
    value, words = PENALTIES[name]
    verdict = third_slip.verdict(value)
    assert verdict.startswith("Not yet.") and words in verdict and "0.0395" not in verdict


@pytest.mark.parametrize(
    "answer", [None, ..., "0.04", 0, -1, 0.1, 1e9, math.nan, math.inf, [], {}, print, 1j]
)
def test_any_other_penalty_gets_words(answer):
    verdict = third_slip.verdict(answer)
    assert verdict.startswith(("Not yet.", OPEN)) and len(verdict) < 300


def test_hints_give_no_penalty_away():
    assert not any("0.039" in hint or "0.04" in hint for hint in third_slip.hints)
