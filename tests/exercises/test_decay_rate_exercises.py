"""All solutions pass, odd answers get words; and on claim 2 each slip is told apart."""

import importlib
import math
import pkgutil
import re

import pytest

import exercises
from exercises import decay_rate
from exercises.decay_rate import epochs_to_new, exact_factor
from exercises.exercise import OPEN, Exercise, Wrong

FACTOR_SLIPS = {
    "one step": lambda eta, lmbda, n, m: 1 - eta * lmbda / n,
    "the limit": lambda eta, lmbda, n, m: math.exp(-eta * lmbda / m),
    "m in the bracket": lambda eta, lmbda, n, m: (1 - eta * lmbda / m) ** math.ceil(n / m),
    "parts of steps": lambda eta, lmbda, n, m: _real((1 - eta * lmbda / n) ** (n / m)),
    "last one left out": lambda eta, lmbda, n, m: (1 - eta * lmbda / n) ** (n // m),
    "a step an image": lambda eta, lmbda, n, m: (1 - eta * lmbda / n) ** n,
    "the inverse": lambda eta, lmbda, n, m: (1 - eta * lmbda / n) ** -math.ceil(n / m),
    "not compounded": lambda eta, lmbda, n, m: 1 - math.ceil(n / m) * eta * lmbda / n,
}
EPOCHS = 20 * math.log(28)
EPOCHS_SLIPS = {
    "log10": 20 * math.log10(28),
    "1/784 instead of 1/28": 20 * math.log(784),
    "steps": 100_000 * math.log(28),
    "times instead of divided": 0.05 * math.log(28),
    "no logarithm": 20 * 28,
    "the sign": -EPOCHS,
}
ODD = [None, ..., "a text", "", 0, -1, math.nan, math.inf, [], {}, object(), print, lambda: 1,
       lambda *_: None, lambda *_: "x", lambda *_: math.nan, lambda *_: math.inf,
       lambda *_: 1 / 0, lambda eta, lmbda, n_train: 1, lambda *_: 1j]  # fmt: skip
MODULES = [
    importlib.import_module(f"exercises.{module.name}")
    for module in pkgutil.iter_modules(exercises.__path__)
]
ALL = [
    value for module in MODULES for value in vars(module).values() if isinstance(value, Exercise)
]


def _real(value):
    return value.real if isinstance(value, complex) else value


def solved(one):
    """Run a solution's text; return what it defines last."""
    names = {}
    exec(one.solution, names)
    return [value for name, value in names.items() if name not in ("__builtins__", "math")][-1]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.question[:20])
def test_the_solution_passes(one):
    for _ in range(5):  # the checks draw their numbers
        assert one.verdict(solved(one)).startswith("Right.")


@pytest.mark.parametrize("name", FACTOR_SLIPS)
def test_each_slip_in_the_factor_is_found(name):
    for _ in range(5):
        verdict = exact_factor.verdict(FACTOR_SLIPS[name])
        assert verdict.startswith("Not yet.") and "does not fit" not in verdict


def test_each_slip_in_the_factor_has_its_own_words():
    verdicts = {exact_factor.verdict(slip) for slip in FACTOR_SLIPS.values()}
    assert len(verdicts) == len(FACTOR_SLIPS)


@pytest.mark.parametrize("name", EPOCHS_SLIPS)
def test_each_slip_in_the_epochs_is_found(name):
    verdict = epochs_to_new.verdict(EPOCHS_SLIPS[name])
    assert verdict.startswith("Not yet.") and "do not fit" not in verdict


def test_each_slip_in_the_epochs_has_its_own_words():
    verdicts = {epochs_to_new.verdict(slip) for slip in EPOCHS_SLIPS.values()}
    assert len(verdicts) == len(EPOCHS_SLIPS)


def test_steps_are_told_from_other_slips():
    assert "step" in epochs_to_new.verdict(EPOCHS_SLIPS["steps"])


@pytest.mark.parametrize("value", [EPOCHS, 66.6, 67, 66.64])
def test_a_rounded_number_of_epochs_is_right(value):
    assert epochs_to_new.verdict(value).startswith("Right.")


@pytest.mark.parametrize("value", [64, 70, 30, 60.5])
def test_a_number_that_only_looks_right_is_not(value):
    assert epochs_to_new.verdict(value).startswith("Not yet.")


@pytest.mark.parametrize("off", [1e-6, -1e-6])
def test_a_factor_that_is_nearly_right_is_not(off):
    def nearly(eta, lmbda, n_train, m):
        return (1 - eta * lmbda / n_train) ** math.ceil(n_train / m) * (1 + off)

    assert exact_factor.verdict(nearly).startswith("Not yet.")


@pytest.mark.parametrize("answer", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("one", ALL, ids=lambda one: one.question[:20])
def test_odd_answers_get_words(one, answer):
    verdict = one.verdict(answer)
    assert verdict.startswith(("Not yet.", OPEN)) and len(verdict) < 400
    assert "Error: must be real" not in verdict  # that would be the checker's own error


def test_a_function_that_is_called_too_early_is_named():
    assert "function itself" in exact_factor.verdict(0.95)


def test_the_wrong_number_of_arguments_is_the_readers_to_mend():
    verdict = exact_factor.verdict(lambda eta, lmbda: 1)
    assert "TypeError" in verdict and "argument" in verdict


def test_a_slip_is_told_apart_however_strong_the_decay():
    """A base below zero to a broken power is complex: no number to compare with."""
    with pytest.raises(Wrong):
        decay_rate._judge_factor_once(lambda *_: 0.123, 2.0, 20.0, 15, 2)


class Extreme:
    """Draws the end of each range that makes decay strongest, or weakest."""

    def __init__(self, end):
        self.end = end

    def integers(self, low, high):
        return low if self.end == "strong" else high - 1

    def uniform(self, low, high):
        return high if self.end == "strong" else low


@pytest.mark.parametrize("end", ["strong", "weak"])
@pytest.mark.parametrize("m_divides", [True, False])
def test_no_drawn_setting_lets_the_check_itself_overflow(end, m_divides):
    setting = decay_rate._random_setting(Extreme(end), m_divides)
    decay_rate._judge_factor_once(solved(exact_factor), *setting)
    for answer in FACTOR_SLIPS.values():
        answer(*setting)


def test_no_verdict_gives_the_answer_away():
    giveaways = re.compile(r"-\(-|ceil|// m\)|\b66\.|\b67\b|ln ?28|log\(28")
    slips = [slip for slip in EPOCHS_SLIPS.values() if slip != -EPOCHS]
    verdicts = [exact_factor.verdict(answer) for answer in [*FACTOR_SLIPS.values(), *ODD]]
    verdicts += [epochs_to_new.verdict(answer) for answer in [*slips, 1, *ODD]]
    assert not [verdict for verdict in verdicts if giveaways.search(verdict)]


def test_the_same_wrong_answer_gets_the_same_words_each_time():
    """A notebook that shows a verdict is compared word for word."""
    verdicts = {exact_factor.verdict(lambda *_: 0.5) for _ in range(5)}
    assert len(verdicts) == 1


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.question[:20])
def test_hints_lead_and_do_not_solve(one):
    assert len(one.hints) >= 3
    for hint in one.hints:
        assert one.solution.splitlines()[-1].strip() not in hint
    assert one.question.rstrip()[-1] in ".?)"


def test_endless_answers_end(monkeypatch):
    monkeypatch.setattr("exercises.exercise.SECONDS", 0.1)

    def endless(eta, lmbda, n_train, m):
        while n_train:
            n_train += 1

    assert "endless" in exact_factor.verdict(endless)
