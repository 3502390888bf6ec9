"""The costs and the sigmoid against the same quantities in 400-digit decimal arithmetic."""

import decimal
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nn_core import CrossEntropyCost, Network, QuadraticCost
from nn_core.cost import sigmoid, sigmoid_prime

# 1 - sigma(800) is 4e-348: so many digits are needed to see it beside 1.
DIGITS = 400
TAILS = [-800.0, -709.0, -100.0, -40.0, -37.0, -1.0, 0.0, 0.5, 37.0, 40.0, 100.0, 709.0, 800.0]


@pytest.fixture(autouse=True)
def many_digits():
    with decimal.localcontext(prec=DIGITS, Emin=-10_000, Emax=10_000):
        yield


@pytest.fixture(autouse=True)
def no_floating_point_trouble():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


def exact_sigmoid(z):
    return 1 / (1 + (-Decimal(float(z))).exp())


def exact_cross_entropy(z, y):
    """Equation (57) as it stands in the book, from the activation."""
    a, y = exact_sigmoid(z), Decimal(float(y))
    return -(y * a.ln() + (1 - y) * (1 - a).ln())


def exact_quadratic(z, y):
    return (exact_sigmoid(z) - Decimal(float(y))) ** 2 / 2


EXACT = [(CrossEntropyCost, exact_cross_entropy), (QuadraticCost, exact_quadratic)]


def one_cost(cost, z, y, dtype=np.float64):
    return cost.per_example(np.array([[z]], dtype), np.array([[y]], dtype))[0]


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("z", TAILS)
@pytest.mark.parametrize("dtype, rel", [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_cross_entropy_is_exact_for_saturated_neurons(z, y, dtype, rel):
    value = one_cost(CrossEntropyCost, z, y, dtype)
    assert value.dtype == dtype
    tiny = float(np.finfo(dtype).tiny)
    assert float(value) == pytest.approx(float(exact_cross_entropy(z, y)), rel=rel, abs=tiny)


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("z", TAILS)
def test_quadratic_cost_in_the_tails(z, y):
    # 1 - sigma(z) carries the rounding error of sigma(z) itself, hence an absolute tolerance.
    value = one_cost(QuadraticCost, z, y)
    assert value == pytest.approx(float(exact_quadratic(z, y)), rel=1e-14, abs=1e-31)


@settings(max_examples=60)
@given(z=st.floats(-30, 30), y=st.floats(0, 1))
def test_cost_at_ordinary_weighted_inputs(z, y):
    with decimal.localcontext(prec=60):
        cross_entropy, quadratic = float(exact_cross_entropy(z, y)), float(exact_quadratic(z, y))
    assert one_cost(CrossEntropyCost, z, y) == pytest.approx(cross_entropy, rel=1e-13, abs=1e-30)
    # In a - y, a has a rounding error of its own, which counts when the two are close.
    slack = 1e-30 + 1e-15 * abs(2 * quadratic) ** 0.5
    assert one_cost(QuadraticCost, z, y) == pytest.approx(quadratic, rel=1e-13, abs=slack)


@pytest.mark.parametrize("cost, exact", EXACT)
def test_cost_of_an_example_is_the_sum_over_its_outputs(cost, exact):
    z = np.array([[-2.0, 0.5, 40.0], [1.0, -40.0, 3.0]])
    y = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    expected = [
        float(sum(exact(*pair) for pair in zip(*row, strict=True)))
        for row in zip(z, y, strict=True)
    ]
    assert cost.per_example(z, y) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("z", [z for z in TAILS if z >= -709])
def test_sigmoid_keeps_its_relative_accuracy_in_the_tails(z):
    assert sigmoid(np.array([z]))[0] == pytest.approx(float(exact_sigmoid(z)), rel=1e-15, abs=0)


@pytest.mark.parametrize("dtype, least", [(np.float64, -1e308), (np.float32, -3e38)])
def test_sigmoid_reaches_0_and_1_without_a_warning(dtype, least, recwarn):
    values = sigmoid(np.array([least, -least], dtype))
    assert values.tolist() == [0.0, 1.0]
    assert values.dtype == dtype
    assert len(recwarn) == 0


@settings(max_examples=60)
@given(z=st.floats(-30, 30))
def test_sigmoid_prime_is_the_slope_of_the_sigmoid(z):
    with decimal.localcontext(prec=60):
        h = Decimal("1e-15")
        slope = (exact_sigmoid_at(Decimal(z) + h) - exact_sigmoid_at(Decimal(z) - h)) / (2 * h)
    assert sigmoid_prime(sigmoid(np.array(z))) == pytest.approx(float(slope), rel=1e-12, abs=2e-16)


def exact_sigmoid_at(z):
    return 1 / (1 + (-z).exp())


@pytest.mark.parametrize("cost, exact", EXACT)
@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("z", [-40.0, -3.0, 0.0, 2.0, 30.0])
def test_delta_is_the_slope_of_the_cost(cost, exact, z, y):
    h = 1e-6
    with decimal.localcontext(prec=60):
        slope = (exact(z + h, y) - exact(z - h, y)) / Decimal((z + h) - (z - h))
    delta = cost.delta(sigmoid(np.array([[z]])), np.array([[y]]))[0, 0]
    assert delta == pytest.approx(float(slope), rel=1e-8, abs=1e-15)


@pytest.mark.parametrize("weight", [-800.0, -40.0, 40.0, 800.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_total_cost_of_a_network_with_a_saturated_output(weight, dtype, recwarn):
    net = Network([1, 1], seed=0, dtype=dtype)
    net.weights[0][:], net.biases[0][:] = weight, 0
    for y in (0.0, 1.0):
        cost = net.total_cost([[1.0]], [[y]])
        assert cost == pytest.approx(float(exact_cross_entropy(weight, y)), rel=1e-6, abs=1e-37)
    assert len(recwarn) == 0
