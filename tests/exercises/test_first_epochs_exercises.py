"""Claim 1: predictions that the numbers bear out, and a word of its own for each slip."""

import math

import numpy as np
import pytest

from exercises import first_epochs
from exercises.exercise import OPEN
from exercises.first_epochs import first_epoch, lambda_threshold, ledger_entry
from nn_core import Network, load_mnist, train


def entry(w, G, eta, lmbda, m, n_train):
    s = 1 - eta * lmbda / n_train
    data = eta / m * G
    after = s * w - data
    decay = np.sum((s * w) ** 2) - np.sum(w**2)
    kick = np.sum(data**2)
    return decay, np.sum(after**2) - np.sum(w**2) - decay - kick, kick


def slip(change):
    """Return the right function with one thing wrong: change(terms, s, rate, w, G, eta, ...)."""

    def answer(w, G, eta, lmbda, m, n_train):
        terms = dict(zip(("decay", "pull", "kick"), entry(w, G, eta, lmbda, m, n_train)))
        s, rate = 1 - eta * lmbda / n_train, eta / m
        terms |= change(s=s, rate=rate, w=w, G=G, eta=eta, **terms)
        return terms["decay"], terms["pull"], terms["kick"]

    return answer


SLIPS = {
    "decay grows": slip(lambda decay, **_: {"decay": -decay}),
    "decay of the length": slip(lambda s, w, **_: {"decay": -(1 - s) * np.vdot(w, w)}),
    "decay to leading order": slip(lambda s, w, **_: {"decay": -2 * (1 - s) * np.vdot(w, w)}),
    "decay times the length": slip(
        lambda s, w, **_: {"decay": -(1 - s**2) * math.sqrt(np.vdot(w, w))}
    ),
    "pull with the wrong sign": slip(lambda pull, **_: {"pull": -pull}),
    "pull without s": slip(lambda rate, w, G, **_: {"pull": -2 * rate * np.vdot(w, G)}),
    "pull once": slip(lambda pull, **_: {"pull": pull / 2}),
    "pull of the sum": slip(lambda s, w, G, eta, **_: {"pull": -2 * s * eta * np.vdot(w, G)}),
    "kick with the wrong sign": slip(lambda kick, **_: {"kick": -kick}),
    "kick not squared": slip(lambda rate, G, **_: {"kick": rate * np.vdot(G, G)}),
    "kick of the sum": slip(lambda eta, G, **_: {"kick": eta**2 * np.vdot(G, G)}),
    "kick by the length": slip(lambda rate, G, **_: {"kick": rate**2 * np.linalg.norm(G)}),
}
# Not what one thinks of first, but no less wrong; each is led to the term that does not fit.
ELSE = {
    "decay": slip(lambda decay, **_: {"decay": 1.01 * decay}),
    "pull": slip(lambda pull, **_: {"pull": pull + 1e-3}),
    "kick": slip(lambda kick, **_: {"kick": 0.0}),
}


def test_another_way_to_write_it_is_right():
    for _ in range(5):
        assert ledger_entry.verdict(entry).startswith("Right.")


def test_lists_and_arrays_of_three_are_welcome():
    assert ledger_entry.verdict(lambda *given: list(entry(*given))).startswith("Right.")
    assert ledger_entry.verdict(lambda *given: np.array(entry(*given))).startswith("Right.")


@pytest.mark.parametrize("name", SLIPS)
def test_each_slip_is_found(name):
    for _ in range(5):
        verdict = ledger_entry.verdict(SLIPS[name])
        assert verdict.startswith(f"Not yet. Look at {name.split()[0]}: ")


def test_each_slip_has_its_own_words():
    assert len({ledger_entry.verdict(answer) for answer in SLIPS.values()}) == len(SLIPS)


@pytest.mark.parametrize("term", ELSE)
def test_any_other_term_is_named(term):
    assert f"Your {term} does not fit" in ledger_entry.verdict(ELSE[term])


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "function itself"),
        ("entry", "function itself"),
        ((1.0, 2.0, 3.0), "function itself"),
        (math.nan, "function itself"),
        (lambda w, G: (1, 2, 3), "argument"),
        (lambda: (1, 2, 3), "argument"),
        (lambda *_: None, "Return three numbers"),
        (lambda *_: 1.0, "Return three numbers"),
        (lambda *_: (1.0, 2.0), "Return three numbers"),
        (lambda *_: (1.0, 2.0, 3.0, 4.0), "Return three numbers"),
        (lambda w, *_: w, "Return three numbers"),
        (lambda *_: (None, 1, 1), "The term decay is missing"),
        (lambda *_: "abc", "The term decay should be a number, without quotes: 'a'"),
        (lambda *given: (str(entry(*given)[0]), 0, 0), "without quotes"),
        (lambda *_: (math.nan,) * 3, "Your decay does not fit"),
        (lambda *_: (math.inf,) * 3, "Your decay does not fit"),
        (lambda w, G, *_: (w**2, w * G, G**2), "array of shape (4, 6), and should be one number"),
        (lambda *_: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_whatever_else_comes_gets_words(answer, words):
    verdict = ledger_entry.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ") and words in verdict
    assert len(verdict) < 300 and "\n" not in verdict and "nan" not in verdict


def test_an_answer_that_changes_its_arguments_hurts_nobody():
    def careless(w, G, eta, lmbda, m, n_train):
        terms = entry(w, G, eta, lmbda, m, n_train)
        w *= 0
        G += 1
        return terms

    assert ledger_entry.verdict(careless).startswith("Right.")


# The threshold.


def share(lmbda):
    """Decay's share in the hidden layer's first epoch, by a direct `train`."""
    images = load_mnist(5000).train
    net = Network([784, 30, 10], init="old", seed=3)
    run = train(net, images.x, images.y, epochs=1, m=10, eta=0.1, lmbda=lmbda,
                seed=np.random.default_rng(4), ledger=True)  # fmt: skip
    one = next(run).ledger.layers[0]
    return abs(one.decay) / (abs(one.decay) + abs(one.pull) + abs(one.kick))


def threshold():
    one = first_epoch(5.0)
    return 5.0 * (abs(one.pull) + abs(one.kick)) / abs(one.decay)


def test_at_the_threshold_decay_has_half():
    assert share(threshold()) == pytest.approx(0.5, abs=0.05)
    assert lambda_threshold.verdict(threshold()).startswith("Right. ")


def test_the_praise_says_the_measured_share():
    assert f"{share(threshold()):.2f}" in lambda_threshold.verdict(threshold())


@pytest.mark.parametrize("off", [0.95, 1.05])
def test_what_a_slider_can_show_is_exact_enough(off):
    assert lambda_threshold.verdict(off * threshold()).startswith("Right. ")


WRONG = {
    "the book's": 5.0, "none": 0.0, "far too large": 200.0, "negative": -1.0,
    "twice": 2, "too large": 1.0, "half": 0.5, "too small": 1e-3, "nan": math.nan,
}  # fmt: skip
OWN = {
    "the book's": "book's value", "none": "positive number", "far too large": "far beyond",
    "negative": "positive number", "nan": "positive number",
    "too large": "more than one half", "too small": "much less than one half",
}  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_each_wrong_threshold_is_told_what_to_look_at(name):
    verdict = lambda_threshold.verdict(WRONG[name])
    assert verdict.startswith("Not yet. ") and OWN[name] in verdict


def test_wrong_thresholds_have_words_of_their_own():
    answers = (5.0, 0.0, 200.0, 0.5, 1e-3, 2 * threshold(), threshold() / 2, None, "0.02")
    verdicts = {lambda_threshold.verdict(answer) for answer in answers}
    assert len(verdicts) == len(answers)
    (unanswered,) = (verdict for verdict in verdicts if not verdict.startswith("Not yet. "))
    assert unanswered == lambda_threshold.verdict(None) and unanswered.startswith(OPEN)


@pytest.mark.parametrize("factor, side", [(2, "more than"), (0.5, "less than")])
def test_near_misses_are_told_their_side_and_the_measured_share(factor, side):
    lmbda = factor * threshold()
    verdict = lambda_threshold.verdict(lmbda)
    assert verdict.startswith("Not yet. ") and side in verdict and "much" not in verdict
    assert f"{share(lmbda):.2f}" in verdict


@pytest.mark.parametrize(
    "answer, words",
    [(None, "missing"), (..., "missing"), ("0.02", "without quotes"), ([0.02, 0.03], "number"),
     (math.inf, "positive number"), (share, "number"), (lambda: 0.02, "number"), (1j, "number")],
)  # fmt: skip
def test_whatever_is_no_number_gets_words(answer, words):
    verdict = lambda_threshold.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ")
    assert words in verdict and len(verdict) < 200


def test_no_verdict_gives_the_threshold_away():
    text = f"{threshold():.1g}".rstrip("0")
    for answer in WRONG.values():
        assert text not in lambda_threshold.verdict(answer).replace(f"λ = {answer:g}", "")


# The predictions.


@pytest.mark.parametrize(
    "ask, ratio, right",
    [
        (first_epochs.predict_sum_of_squares,
         lambda one: -one.decay / (abs(one.pull) + one.kick), first_epochs._DECAY),
        (first_epochs.predict_step_length,
         lambda one: one.decay_step / one.data_step, first_epochs._DATA),
        (first_epochs.predict_displacement,
         lambda one: one.decay_displacement / one.data_displacement, first_epochs._BOTH),
    ],
)  # fmt: skip
def test_the_numbers_bear_the_right_option_out(ask, ratio, right):
    share = ratio(first_epoch(5.0)) / (1 + ratio(first_epoch(5.0)))
    found = {share > 0.6: first_epochs._DECAY, share < 0.4: first_epochs._DATA}
    assert found.get(True, first_epochs._BOTH) == right
    prediction = ask()
    prediction.commit(right)
    assert prediction.verdict == "right"
    other = ask()
    other.commit(next(option for option in other.options if option != right))
    assert other.verdict == "wrong"


def test_the_outcomes_say_the_measured_numbers():
    one = first_epoch(5.0)
    for ask, numbers in [
        (first_epochs.predict_sum_of_squares,
         [f"{one.decay_share:.1%}", f"{-one.decay:,.0f}", f"{abs(one.pull) + one.kick:,.0f}"]),
        (first_epochs.predict_step_length,
         [f"{one.data_step:.3f}", f"{one.decay_step:.3f}",
          f"{one.data_step / one.decay_step:.1f} times"]),
        (first_epochs.predict_displacement,
         [f"{one.decay_displacement:.1f}", f"{one.data_displacement:.1f}"]),
    ]:  # fmt: skip
        prediction = ask()
        assert prediction.outcome == ""
        prediction.show()
        assert all(number in prediction.outcome for number in numbers)
