"""Why 1/sqrt(N_w): predictions that the numbers bear out, and a word of its own for each slip."""

import math

import numpy as np
import pytest

from exercises import derived
from exercises.derived import balance, critical_lambda, give_up, tell_apart, two_means
from experiments import cliff, scaling
from nn_core import load_mnist


def squares(**changes):
    """The hidden layer's squared size, the mean over the stored runs with just these changes."""
    alike = [scaling.Run(init=init, seed=seed, **changes)
             for init in ("old", "new") for seed in range(3)]  # fmt: skip
    return np.mean([scaling.load()[run]["squared_size"][0] for run in alike])


TOTALS = [  # with 8 and 512 neurons, from the stored columns themselves
    np.mean([columns["squared_size"].sum() for run, columns in scaling.load().items()
             if run in [scaling.Run(hidden=hidden, init=init, seed=seed)
                        for init in ("old", "new") for seed in range(3)]])
    for hidden in (8, 512)
]  # fmt: skip


def test_the_total_hardly_changes():
    assert TOTALS[1] / TOTALS[0] == pytest.approx(1, abs=0.1)


def test_weights_give_up_where_the_covariance_says():
    x, labels = load_mnist(2000).train.x, load_mnist(2000).train.labels
    by_class = [(labels == digit).mean() * (x[labels == digit].mean(axis=0) - x.mean(axis=0))
                for digit in range(10)]  # fmt: skip
    largest = math.sqrt(np.linalg.eigvalsh(np.array(by_class) @ np.array(by_class).T)[-1])
    assert critical_lambda() == pytest.approx(2000 * largest / 4, rel=1e-9)


@pytest.mark.parametrize(
    "exercise, right", [(two_means, 12), (give_up, critical_lambda()), (balance, 1.5)]
)
def test_the_right_answer_and_the_solution_are_right(exercise, right):
    assert exercise.verdict(right).startswith("Right. ")
    assert exercise.verdict(1.005 * right).startswith("Right. ")
    assert exercise.verdict(1.02 * right).startswith("Not yet. ")
    names = {}
    exec(exercise.solution, names)
    (found,) = (names[name] for name in ("least", "critical", "squared") if name in names)
    assert exercise.verdict(found).startswith("Right. ")


def test_a_balanced_neuron_passes_on_the_same_with_the_least_squares():
    """Of all factors, by trying them."""
    w, b, a = np.array([2.0, -1.0, 2.0]), -0.7, 0.5
    factors = np.geomspace(0.1, 10, 100_001)
    c = factors[np.argmin(factors**2 * (w @ w) + (a / factors) ** 2)]
    assert balance.verdict(c**2 * (w @ w)).startswith("Right. ")
    x = np.array([[1.0, 2.0, 0.4], [-1.0, 0.0, 0.2]])
    before, after = (a / k * np.maximum(x @ (k * w) + k * b, 0) for k in (1.0, c))
    np.testing.assert_allclose(before, after, atol=1e-12)
    assert before.max() > 0


@pytest.mark.parametrize(
    "exercise, slips",
    [(two_means, [6, 37, 13, math.sqrt(6), 2 * math.sqrt(6), 72]),
     (give_up, [4 * critical_lambda(), critical_lambda() / 2000, 16 * critical_lambda(),
                critical_lambda(1000)]),
     (balance, [9, 4.625, 2.25, 3, math.sqrt(1.5), 1 / 6, 1])],
    ids=["two means", "give up", "balance"],
)  # fmt: skip
def test_each_slip_has_its_own_words(exercise, slips):
    verdicts = {exercise.verdict(slip) for slip in [*slips, 1e6]}
    assert len(verdicts) == len(slips) + 1
    assert all(verdict.startswith("Not yet. ") and len(verdict) < 200 for verdict in verdicts)


@pytest.mark.parametrize("exercise", [two_means, give_up, balance])
@pytest.mark.parametrize("answer, words", [(..., "missing"), ("12", "without quotes")])
def test_what_is_no_number_is_told(exercise, answer, words):
    assert words in exercise.verdict(answer)


def test_the_results_of_the_predictions_have_the_measured_numbers():
    question = derived.predict_total()
    question.commit(question.options[0])  # a wrong one
    totals = [f"{total:.0f}" for total in TOTALS]
    assert all(total in question.outcome for total in totals) and question.verdict == "wrong"
    question = derived.predict_giving_up()
    question.show()
    assert f"λ = {cliff.measured(cliff.load(), 1000):.0f}." in question.outcome


@pytest.mark.parametrize(
    "change, by_number, by_light",
    [({"hidden": 512}, (30 / 512) ** 0.5, 1), ({"brightness": 4.0}, 1, 1 / 4),
     ({"brightness": 0.25}, 1, 4)],
)  # fmt: skip
def test_an_experiment_that_tells_scales_apart_is_answered_by_what_was_measured(
    change, by_number, by_light
):
    verdict = tell_apart.verdict(change)
    assert verdict.startswith("Right. ")
    assert f"factor of {by_number:.2f}," in verdict and f" by {by_light:.2f}." in verdict
    ratio = squares(**change) / squares() * 30 / change.get("hidden", 30)
    assert verdict.endswith(f"{ratio**0.5:.2f}.")


@pytest.mark.parametrize(
    "change, words",
    [({"hidden": 8}, "hard to tell apart"), ({"lmbda": 50.0}, "hard to tell apart"),
     ({"hidden": 31}, "not measured"), ({"pool": 4}, "not measured"), ({"colour": 1}, "nothing to"),
     (..., "missing"), (4.0, "Hand over what you change")],
)  # fmt: skip
def test_an_experiment_that_does_not_is_told_why(change, words):
    assert words in tell_apart.verdict(change)
