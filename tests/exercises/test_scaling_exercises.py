"""The scaling laws: predictions that the stored runs bear out, and a word for each slip."""

import math
import re

import numpy as np
import pytest

from exercises import scaling as questions
from exercises.exercise import OPEN
from exercises.scaling import KNOWS_NOTHING, forecast, sizes, upper_bound
from experiments import scaling, store
from nn_core import CrossEntropyCost, Network, load_mnist


@pytest.fixture(scope="module")
def raw():
    """Return measured(**changes): the mean size over the stored runs with just these changes."""
    runs = list(store.read(scaling.FILE).values())
    base = {"hidden": 30, "n_train": 5000, "lmbda": 5.0, "eta": 0.1, "m": 10, "pool": 1,
            "brightness": 1.0}  # fmt: skip

    def measured(**changes):
        wanted = base | changes
        found = [c["squared_size"][0] / (784 * p["hidden"]) for p, c in runs
                 if all(p[key] == value for key, value in wanted.items())]  # fmt: skip
        assert len(found) == 6  # two initializations, three seeds
        return float(np.mean(np.sqrt(found)))

    return measured


@pytest.mark.parametrize(
    "series, of", [("brightness", "brightness"), ("lambda", "lmbda"), ("eta", "eta"),
                   ("width", "hidden")],
)  # fmt: skip
def test_sizes_are_means_over_the_stored_runs(raw, series, of):
    for value, size in sizes(series, of).items():
        assert size == pytest.approx(raw(**{of: value}))


# Predictions.


def outcome(prediction, guess):
    prediction.commit(guess)
    return prediction.outcome


def verdict(prediction, guess):
    prediction.commit(guess)
    return prediction.verdict


def bears_out(ask, option):
    """Which option the prediction takes for right."""
    return [one for one in ask().options if verdict(ask(), one) == "right"] == [option]


def test_what_lambda_does_is_what_the_numbers_say(raw):
    values = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
    powers = np.diff(np.log([raw(lmbda=v) for v in values])) / np.diff(np.log(values))
    assert -0.25 < powers[0] < -0.1 and powers[-1] < -0.5  # flatter than -1/2, and steeper
    assert powers[-1] == min(powers) and powers[0] == max(powers)
    (bends,) = (one for one in questions.predict_lambda_law().options if "no single" in one)
    assert bears_out(questions.predict_lambda_law, bends)
    said = outcome(questions.predict_lambda_law(), bends)
    assert f" is {powers[0]:.2f}," in said and f" is {powers[-1]:.2f}." in said


def test_what_eta_does_is_what_the_numbers_say(raw):
    small, base, large = (raw(eta=eta) for eta in (0.02, 0.1, 1.0))
    seeds = 0.01  # by which runs with other seeds differ, at most
    assert large / base > 1.2 and small / base < 1 - seeds
    assert bears_out(questions.predict_eta, "it grows")
    said = outcome(questions.predict_eta(), "it shrinks")
    assert all(f" {size:.4f}" in said for size in (small, base, large))


def test_what_brightness_does_is_what_the_numbers_say(raw):
    ratio = raw(brightness=0.5) / raw(brightness=2.0)
    assert 1.05 < ratio < 1.5
    assert bears_out(questions.predict_brightness, "it falls, but by less than a third")
    assert f" {ratio:.2f}." in outcome(questions.predict_brightness(), "it grows")


ASKED = [questions.predict_lambda_law, questions.predict_eta, questions.predict_brightness]


@pytest.mark.parametrize("ask", ASKED)
def test_nothing_is_known_of_the_result_before_a_guess(ask):
    prediction = ask()
    assert prediction.outcome == "" and len(prediction.options) >= 3
    assert not re.search(r"0\.\d{2}", repr(prediction))
    prediction.show()
    assert re.search(r"\d\.\d{2}", prediction.outcome) and "You said" not in prediction.outcome


# The ceiling.


def bound(lmbda, n_train, n_weights):
    return math.sqrt(2 * n_train * KNOWS_NOTHING / lmbda / n_weights)


BOUND_SLIPS = {
    "no 2": (lambda *s: bound(*s) / 2**0.5, "2 in its denominator"),
    "no root": (lambda *s: bound(*s) ** 2, "root"),
    "outputs of 1/2": (lambda c, n, w: (20 * n * math.log(2) / c / w) ** 0.5, "1/2"),
    "ln 10": (lambda c, n, w: (2 * n * math.log(10) / c / w) ** 0.5, "nine wrong"),
    "the two n": (lambda c, n, w: bound(c, w, n), "two n"),
    "lambda upside down": (lambda c, n, w: bound(1 / c, n, w), "larger λ"),
    "all together": (lambda c, n, w: bound(c, n, 1), "share"),
}  # fmt: skip
GENERAL = "It does not fit"


def run(text):
    """Run a solution's text; return what it defines last."""
    names = {}
    exec(text, names)
    return list(names.values())[-1]


def test_a_network_without_weights_costs_what_the_bound_starts_from():
    """By the project's own cost, biases at the logit of 1/10: every image costs the same."""
    net = Network([784, 30, 10], seed=0)
    for w in net.weights:
        w[:] = 0
    net.biases[1][:] = math.log(0.1 / 0.9)
    images = load_mnist(1000).train
    cost = net.total_cost(images.x, images.y)
    assert net.cost is CrossEntropyCost and cost == pytest.approx(KNOWS_NOTHING)
    assert f"{KNOWS_NOTHING:.2f}" == "3.25"
    for other in (0.05, 0.2):
        net.biases[1][:] = math.log(other / (1 - other))
        assert net.total_cost(images.x, images.y) > cost  # the best that all outputs alike can do


def test_the_bound_is_where_the_penalty_alone_costs_as_much():
    w = run(upper_bound.solution)(5.0, 5000, 23_820)
    assert 5.0 / (2 * 5000) * 23_820 * w**2 == pytest.approx(KNOWS_NOTHING)


def test_no_stored_run_exceeds_the_bound():
    """All layers together, as the praise says."""
    for parameters, columns in store.read(scaling.FILE).values():
        n_weights = (784 // parameters["pool"] ** 2 + 10) * parameters["hidden"]
        largest = bound(parameters["lmbda"], parameters["n_train"], n_weights)
        assert (columns["squared_size"].sum() / n_weights) ** 0.5 < largest


def test_the_solution_of_the_bound_passes(raw):
    for _ in range(5):  # the check draws its numbers
        verdict = upper_bound.verdict(run(upper_bound.solution))
        assert verdict.startswith("Right. ")
    said = [float(number) for number in re.findall(r"\d\.\d+", verdict)]
    assert said == pytest.approx([bound(5.0, 5000, 794 * 512), raw(hidden=512)], abs=5e-5)
    assert said[0] > said[1]


def test_the_rounded_cost_will_do():
    def rounded(lmbda, n_train, n_weights):
        return (6.5 * n_train / lmbda / n_weights) ** 0.5

    assert upper_bound.verdict(rounded).startswith("Right. ")


@pytest.mark.parametrize("off", [1.01, 0.99])
def test_a_bound_that_is_nearly_right_is_not(off):
    assert GENERAL in upper_bound.verdict(lambda *s: bound(*s) * off)


@pytest.mark.parametrize("name", BOUND_SLIPS)
def test_each_slip_in_the_bound_has_its_own_words(name):
    slip, words = BOUND_SLIPS[name]
    for _ in range(5):
        verdict = upper_bound.verdict(slip)
        assert verdict.startswith("Not yet. ") and words in verdict and GENERAL not in verdict
    assert sum(words in upper_bound.verdict(other) for other, _ in BOUND_SLIPS.values()) == 1


@pytest.mark.parametrize(
    "answer, words",
    [(None, "function itself"), (0.5, "function itself"), (lambda *_: None, "missing"),
     (lambda *_: ..., "missing"), (lambda *_: "1", "without quotes"), (lambda *_: 1j, "number"),
     (lambda lmbda: 1, "TypeError"), (lambda *_: math.nan, GENERAL), (lambda *_: 0, GENERAL),
     (lambda *_: -1.0, GENERAL), (lambda *_: 1 / 0, "ZeroDivisionError")],
)  # fmt: skip
def test_whatever_else_comes_for_the_bound_gets_words(answer, words):
    verdict = upper_bound.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ")
    assert words in verdict and len(verdict) < 250


# The forecast.


def forecast_slips(raw):
    narrow = raw()
    return {
        "upside down": (narrow * (512 / 30) ** 0.5, "turn the ratio"),
        "no root": (narrow * 30 / 512, "root"),
        "unchanged": (narrow, "N_w is not"),
        "measured": (raw(hidden=512), "measured"),
        "the book's 1/√N_w": ((794 * 512) ** -0.5, "1/√N_w itself"),
    }


def test_the_solution_of_the_forecast_passes(raw):
    value = run(forecast.solution)
    assert value == pytest.approx(raw() * (23_820 / (794 * 512)) ** 0.5)
    verdict = forecast.verdict(value)
    assert verdict.startswith("Right. ")
    measured = raw(hidden=512)
    assert f"{measured:.4f}" in verdict and f"{measured / value:.2f} times" in verdict


def test_the_law_holds_better_between_wide_networks(raw):
    """What the praise says, and that the measured size is above the forecast."""
    widths = (8, 16, 30, 64, 128, 256, 512)
    powers = np.diff(np.log([raw(hidden=w) for w in widths])) / np.diff(np.log(widths))
    assert (np.diff(powers) < 0).all() and powers[-1] > -0.5


def test_each_slip_in_the_forecast_has_its_own_words(raw):
    verdicts = {name: forecast.verdict(value) for name, (value, _) in forecast_slips(raw).items()}
    assert len(set(verdicts.values())) == 5
    for name, (_, words) in forecast_slips(raw).items():
        assert verdicts[name].startswith("Not yet. ") and words in verdicts[name]
        assert "Multiply" not in verdicts[name]


def test_a_size_read_from_the_figure_will_do(raw):
    """Its table says it to three digits."""
    read = float(f"{raw():.3g}")
    assert forecast.verdict(read * (30 / 512) ** 0.5).startswith("Right. ")


@pytest.mark.parametrize(
    "off, words",
    [(1.004, "Right. "), (0.996, "Right. "), (1.02, "Not yet. Close"), (0.98, "Not yet. Close"),
     (1.06, "Not yet. Multiply"), (0.94, "Not yet. Multiply")],
)  # fmt: skip
def test_how_exact_the_forecast_has_to_be(raw, off, words):
    verdict = forecast.verdict(off * raw() * (30 / 512) ** 0.5)
    assert verdict.startswith(words)


@pytest.mark.parametrize(
    "answer, words",
    [(None, "missing"), (..., "missing"), ("0.02", "without quotes"), (math.nan, "Multiply"),
     (math.inf, "Multiply"), (0, "Multiply"), (-1, "Multiply"), (1j, "number"), ([1], "number"),
     (lambda: 1, "number")],
)  # fmt: skip
def test_whatever_else_comes_for_the_forecast_gets_words(answer, words):
    verdict = forecast.verdict(answer)
    assert verdict.startswith(OPEN if "missing" in words else "Not yet. ")
    assert words in verdict and len(verdict) < 250


def test_nothing_gives_the_right_number_away(raw):
    right = raw() * (30 / 512) ** 0.5
    answers = {f"{right:.{digits}g}" for digits in (2, 3, 4)}
    texts = [forecast.question, *forecast.hints, forecast.solution]
    texts += [forecast.verdict(value) for value, _ in forecast_slips(raw).values()]
    texts += [forecast.verdict(value) for value in (None, 0, "x", 1.02 * right)]
    assert not any(answer in text for answer in answers for text in texts)
    for slip, _ in BOUND_SLIPS.values():
        assert "0.4" not in upper_bound.verdict(slip) and "6.5" not in upper_bound.verdict(slip)
    assert "def" not in "".join((upper_bound.question, *upper_bound.hints))
