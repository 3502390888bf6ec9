"""The closed forms against exact fractions, 60-digit decimals and plain repetition."""

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nn_core import Network, theory, train
from nn_core.theory import Regime

BOOK = {"eta": 0.1, "lmbda": 5.0, "n_train": 50_000, "m": 10}


def positive(least, most):
    """Positive numbers between two powers of ten, evenly spread over the powers."""
    return st.floats(least, most).map(lambda exponent: 10.0**exponent)


@st.composite
def parameters(draw, most_n_train=300):
    n_train = draw(st.integers(1, most_n_train))
    m = draw(st.integers(1, n_train))
    return {"eta": draw(positive(-4, 2)), "lmbda": draw(positive(-8, 3)),
            "n_train": n_train, "m": m}  # fmt: skip


def exact_shrink(eta, lmbda, n_train):
    return Fraction(eta) * Fraction(lmbda) / n_train


def exact_factor(eta, lmbda, n_train, m):
    """The exact power, as a fraction: one multiplication for each mini-batch."""
    return (1 - exact_shrink(eta, lmbda, n_train)) ** len(range(0, n_train, m))


def to_decimal(fraction):
    return Decimal(fraction.numerator) / Decimal(fraction.denominator)


def exact_limit_error(eta, lmbda, n_train, m, digits=60):
    with decimal.localcontext(prec=digits):
        factor = 1 - to_decimal(exact_shrink(eta, lmbda, n_train))
        power = factor ** math.ceil(Fraction(n_train, m))
        return power * (to_decimal(Fraction(eta) * Fraction(lmbda)) / m).exp() - 1


def rounding(eta, lmbda, n_train, m):
    """How far rounding alone can move the factor: shrink is a float, raised to a power."""
    part = float(exact_shrink(eta, lmbda, n_train))
    steps = len(range(0, n_train, m))
    return 1e-15 * (4 + 4 * steps * (part / abs(1 - part) + abs(math.log(abs(1 - part)))))


# The factor of an epoch


@settings(max_examples=150)
@given(parameters())
def test_epoch_factor_is_the_exact_power(p):
    exact = exact_factor(**p)
    assume(exact != 0 and abs(exact) < 10**300)
    assert theory.epoch_factor(**p) == pytest.approx(float(exact), rel=rounding(**p), abs=1e-300)


def test_epoch_factor_of_the_book():
    exact = float(exact_factor(**BOOK))
    assert theory.epoch_factor(**BOOK) == pytest.approx(exact, rel=1e-15, abs=0)
    assert f"{theory.epoch_factor(**BOOK):.6f}" == "0.951229"
    assert theory.shrink(0.1, 5.0, 50_000) == 1e-5
    assert theory.step_factor(0.1, 5.0, 50_000) == 0.99999


@pytest.mark.parametrize("part", [1e-17, 1e-12, 1e-9])
def test_a_tiny_shrink_is_not_rounded_off(part):
    # 1 - 1e-17 is 1 in floats, but 1e7 steps of it are not nothing.
    factor = theory.epoch_factor(1.0, part * 10**7, 10**7, 1)
    exponent = -(10**7) * part
    assert factor - 1 == pytest.approx(
        math.expm1(exponent), rel=1e-5, abs=2e-16
    )  # near 1 a float has 1e-16


@pytest.mark.parametrize(
    "part, steps, expected",
    [
        (0, 5, 1),
        (1, 5, 0),
        (1.5, 3, -0.125),
        (1.5, 4, 0.0625),
        (2, 3, -1),
        (2, 4, 1),
        (3, 3, -8),
        (1e10, 40, math.inf),
        (1e10, 41, -math.inf),
        (0.999, 2000, 0),
    ],
)
def test_epoch_factor_beyond_the_gentle_regime(part, steps, expected):
    assert theory.epoch_factor(1.0, part * steps, steps, 1) == pytest.approx(
        expected, rel=1e-13, abs=1e-300
    )


@pytest.mark.parametrize("n_train", range(1, 13))
def test_steps_per_epoch_counts_the_mini_batches(n_train):
    for m in range(1, n_train + 1):
        assert theory.steps_per_epoch(n_train, m) == len(list(range(0, n_train, m)))
    assert theory.steps_per_epoch(10**17 + 1, 10) == 10**16 + 1  # beyond the whole floats


# The limit and its error


@settings(max_examples=60)
@given(positive(-4, 2), positive(-4, 2), st.integers(1, 1000))
def test_exponential_limit(eta, lmbda, m):
    exact = (-to_decimal(Fraction(eta) * Fraction(lmbda)) / m).exp()
    tolerance = 1e-15 * (2 + 2 * eta * lmbda / m)
    limit = theory.exponential_limit(eta, lmbda, m)
    assert limit == pytest.approx(float(exact), rel=tolerance, abs=1e-300)


def test_the_limit_is_one():
    """The factor of an epoch tends to it as n_train grows, everything else fixed."""
    limit = theory.exponential_limit(0.1, 5.0, 10)
    distances = [abs(theory.epoch_factor(0.1, 5.0, n, 10) - limit) for n in (100, 10**4, 10**6)]
    assert distances[0] > 50 * distances[1] > 2500 * distances[2]


@settings(max_examples=150)
@given(parameters())
def test_limit_error_is_exact_to_rounding(p):
    part = float(exact_shrink(p["eta"], p["lmbda"], p["n_train"]))
    assume(part < 1)
    exact = float(exact_limit_error(**p))
    assert theory.limit_error(**p) == pytest.approx(exact, rel=4 * rounding(**p), abs=0)


@pytest.mark.parametrize(
    "eta, lmbda, n_train, m",
    [
        (0.1, 5.0, 50_000, 10),
        (0.1, 5.0, 50_000, 7),
        (0.1, 1e-3, 50_000, 10),
        (1e-9, 1e-3, 1000, 10),
        (1e-5, 1e-5, 10**9, 10),
        (1e-5, 1e-5, 10**9, 7),
        (0.5, 2.0, 20, 20),
        (0.5, 2.0, 20, 3),
    ],
)
def test_limit_error_near_rounding(eta, lmbda, n_train, m):
    """Where factor and limit agree to nearly all digits, or to more than a float has."""
    exact = float(exact_limit_error(eta, lmbda, n_train, m))
    assert theory.limit_error(eta, lmbda, n_train, m) == pytest.approx(exact, rel=1e-11, abs=0)


@pytest.mark.parametrize("part", [1, 1.25, 1.5, 2, 2.5])
@pytest.mark.parametrize("n_train, m", [(3, 1), (4, 1), (12, 4), (13, 4)])
def test_limit_error_where_weights_flip(part, n_train, m):
    exact = float(exact_limit_error(1.0, part * n_train, n_train, m))
    error = theory.limit_error(1.0, part * n_train, n_train, m)
    assert error == pytest.approx(exact, rel=1e-13)


def test_limit_error_too_large_for_a_float():
    assert theory.limit_error(1.0, 1e10, 2, 1) == math.inf
    assert theory.limit_error(1.0, 1e10, 3, 1) == -math.inf


def test_no_decay_no_error():
    for n_train, m in ((50_000, 10), (50_000, 7)):
        assert theory.limit_error(0.1, 0.0, n_train, m) == 0
        assert theory.limit_error_leading(0.1, 0.0, n_train, m) == 0
        assert theory.epoch_factor(0.1, 0.0, n_train, m) == 1


@pytest.mark.parametrize("remainder", [0, 1, 3, 9])
def test_leading_term_leaves_an_error_of_second_order(remainder):
    """Ten times the images: a tenth of the error, a hundredth of what the leading term leaves."""
    left, errors = [], []
    for power in range(3, 7):
        p = {"eta": 0.1, "lmbda": 5.0, "n_train": 10**power + remainder, "m": 10}
        exact = exact_limit_error(**p)
        errors.append(float(exact))
        left.append(abs(float(exact - Decimal(theory.limit_error_leading(**p)))))
    for i in range(3):
        assert errors[i] / errors[i + 1] == pytest.approx(10, rel=0.1)
        assert left[i] / left[i + 1] == pytest.approx(100, rel=0.1)


def test_leading_term_of_the_book_is_half_the_square():
    # (eta lmbda)^2 / (2 m n_train) = 0.25 / 10^6
    assert theory.limit_error_leading(**BOOK) == pytest.approx(-2.5e-7, rel=1e-12, abs=0)


def test_last_smaller_mini_batch_is_a_whole_step_for_the_decay():
    leading = theory.limit_error_leading(eta=1.0, lmbda=1e-6, n_train=11, m=10)
    missing = Fraction(9, 10)  # of the second mini-batch, which holds one image
    assert leading == pytest.approx(float(-missing * Fraction(1, 11 * 10**6)), rel=1e-5, abs=0)


# Regimes


@pytest.mark.parametrize(
    "part, expected",
    [
        (0.0, Regime.GENTLE),
        (1e-5, Regime.GENTLE),
        (math.nextafter(0.1, 0), Regime.GENTLE),
        (0.1, Regime.ABRUPT),
        (1.0, Regime.ABRUPT),
        (math.nextafter(1, 2), Regime.FLIPPING),
        (math.nextafter(2, 0), Regime.FLIPPING),
        (2.0, Regime.GROWING),
        (1e300, Regime.GROWING),
    ],
)
def test_borders_of_the_regimes(part, expected):
    assert theory.regime(1.0, part, 1) is expected
    assert theory.shrink(1.0, part, 1) == part


@settings(max_examples=100)
@given(st.floats(1e-9, 5))
def test_regimes_do_what_they_say(part):
    w = 1.0 - part  # a weight of 1 after one step
    flips, shrinks = w < 0, abs(w) < 1
    name = theory.regime(1.0, part, 1)
    assert (name is Regime.GROWING) == (not shrinks)
    assert (name is Regime.FLIPPING) == (flips and shrinks)
    if name is Regime.GENTLE:  # "off by 5 % of the exponent" at most
        assert -math.log(w) / part - 1 < 0.054


# Epochs until a weight has shrunk


def steps_by_repetition(w, w_to, part):
    steps = 0
    while abs(w) > w_to:
        w *= 1 - part
        steps += 1
    return steps


@settings(max_examples=60)
@given(
    part=st.one_of(positive(-3, -0.1), st.floats(1.01, 1.99)),
    w_from=positive(-2, 2),
    ratio=st.floats(0.01, 0.99),
    n_train=st.integers(1, 40),
    data=st.data(),
)
def test_epochs_to_shrink_against_repeated_multiplication(part, w_from, ratio, n_train, data):
    m = data.draw(st.integers(1, n_train))
    w_to = ratio * w_from
    p = {"eta": 0.5, "lmbda": 2 * part * n_train, "n_train": n_train, "m": m}
    steps = theory.epochs_to_shrink(w_from, w_to, **p) * math.ceil(n_train / m)
    counted = steps_by_repetition(w_from, w_to, part)
    assert counted - 1 - 1e-9 <= steps <= counted + 1e-9


def test_epochs_to_shrink_of_the_book():
    # From 1 to 1/sqrt(23,820): m/(eta lmbda) = 20 epochs for each factor e.
    epochs = theory.epochs_to_shrink(1.0, 23_820**-0.5, **BOOK)
    assert epochs == pytest.approx(20 * math.log(23_820) / 2, rel=1e-5)


@pytest.mark.parametrize(
    "part, w_from, w_to, expected",
    [
        (0, 1, 0.5, math.inf),  # no decay
        (0, 0.5, 1, -math.inf),
        (0, 1, 1, 0),
        (1, 1, 0.5, 0),  # the first step takes all
        (2, 1, 0.5, math.inf),  # flips for ever
        (2, 1, 1, 0),
        (0.5, 0.5, 1, -1 / 3),  # it was that large a step ago, and an epoch has three
        (1.5, 1, 0.25, 2 / 3),
        (3, 1, 4, 2 / 3),  # decay that grows
    ],
)
def test_epochs_to_shrink_at_the_borders(part, w_from, w_to, expected):
    p = {"eta": 1.0, "lmbda": 3.0 * part, "n_train": 3, "m": 1}
    assert theory.epochs_to_shrink(w_from, w_to, **p) == pytest.approx(expected)


def test_epochs_to_shrink_between_sizes_whose_ratio_no_float_can_hold():
    epochs = theory.epochs_to_shrink(1e300, 1e-300, **BOOK)
    assert epochs == pytest.approx(20 * 600 * math.log(10), rel=1e-4)


# Claim 1: estimates of the lambda from which on decay dominates


def test_a_message_is_longest_where_the_gradient_stays_as_it_is():
    # A gradient of length 3 for 2 units of time carries weights by 6, and takes 3 * 3 * 2 of cost.
    assert theory.longest_message(18.0, eta=0.1, m=10, n_train=200) == pytest.approx(6.0)
    assert theory.longest_message(18.0, eta=0.1, m=10, n_train=195) == pytest.approx(6.0)
    assert theory.longest_message(0.0, eta=0.1, m=10, n_train=200) == 0


@pytest.mark.parametrize("seed", range(3))
def test_no_descent_against_the_full_gradient_goes_further(seed):
    """A network of old weights, all images in a mini-batch, as many steps as epochs."""
    rng = np.random.default_rng(seed)
    net, x = Network([6, 5, 3], init="old", seed=rng), rng.standard_normal((40, 6))
    y, start, steps = np.eye(3)[rng.integers(0, 3, 40)], net.copy(), 400
    cost = net.total_cost(x, y)
    list(train(net, x, y, epochs=steps, m=40, eta=0.01, lmbda=0.0, seed=seed))
    moved = sum(
        float(np.square(now - before).sum())
        for now, before in zip(net.weights + net.biases, start.weights + start.biases)
    )
    bound = theory.longest_message(cost, eta=0.01 * steps, m=40, n_train=40)
    assert 0.2 * bound < moved**0.5 < bound


def test_at_the_estimate_decay_takes_what_a_random_message_does():
    """Messages drawn at random: root mean square of 2 <w, message>, against decay alone."""
    rng, eta, m, n_train = np.random.default_rng(0), 0.2, 5, 50_000
    w = 3 * rng.standard_normal(400)
    messages = rng.standard_normal((4000, 400))
    messages *= 0.7 / np.linalg.norm(messages, axis=1, keepdims=True)
    data = np.sqrt(np.mean((2 * messages @ w) ** 2))
    lmbda = theory.threshold_estimate(0.7, float(np.linalg.norm(w)), 400, eta=eta, m=m)
    factor = theory.epoch_factor(eta, lmbda, n_train, m)
    assert (1 - factor**2) * (w @ w) == pytest.approx(data, rel=0.05)


def test_a_threshold_by_hand():
    # Weights 1, 1, 1, 1 of length 2, a message of 0.5: 2 * 2 * 0.5 / 2 = 1 of 4, their squares.
    # Decay takes 2 * 0.1 * lmbda / 8 of it: 1 where lmbda = 10.
    assert theory.threshold_estimate(0.5, 2.0, 4, eta=0.1, m=8) == pytest.approx(10.0)
    assert theory.threshold_estimate(0.0, 2.0, 4, eta=0.1, m=8) == 0


# Numbers as large and as small as floats are.

ANY = st.floats(5e-324, 1.7e308)
FORMULAS = {
    theory.shrink: "eta lmbda n_train",
    theory.step_factor: "eta lmbda n_train",
    theory.regime: "eta lmbda n_train",
    theory.epoch_factor: "eta lmbda n_train m",
    theory.exponential_limit: "eta lmbda m",
    theory.limit_error: "eta lmbda n_train m",
    theory.limit_error_leading: "eta lmbda n_train m",
    theory.epochs_to_shrink: "w_from w_to eta lmbda n_train m",
    theory.longest_message: "cost eta m n_train",
    theory.threshold_estimate: "message start n_weights eta m",
}


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
@settings(max_examples=150)
@given(data=st.data())
def test_a_formula_gives_a_number_or_says_which_one_it_can_not_take(formula, data):
    n_train = data.draw(st.integers(1, 10**308))
    wholes = {"n_train": n_train, "n_weights": n_train, "m": data.draw(st.integers(1, n_train))}
    may_be_0 = {name: ANY | st.just(0.0) for name in ("lmbda", "cost", "message")}
    numbers = {
        name: wholes[name] if name in wholes else data.draw(may_be_0.get(name, ANY))
        for name in FORMULAS[formula].split()
    }
    assert_number(formula, **numbers)


def assert_number(formula, **more):
    if math.isfinite(more.get("eta", 1) * more.get("lmbda", 1)):
        number = formula(**more)
        assert isinstance(number, Regime) or number == number  # not nan
    else:
        with pytest.raises(ValueError, match=r"^eta\*lmbda must be finite, got "):
            formula(**more)
